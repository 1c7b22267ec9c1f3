import Foundation
import LeewayTestSupport
import Testing

/// What a newcomer sees: `leeway demo` tells its whole story, and cleans up.
@Suite struct DemoTests {
  @Test func storyIsTold() throws {
    let folder = try TemporaryFolder()
    // Temporary files go where this test can see that none is left.
    let temporary = folder.url.appendingPathComponent("tmp")
    try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
    let demo = try LeewayProcess(
      ["demo", "--for", "1h", "--port", "0"], in: folder.url, environment: ["TMPDIR": temporary.path])
    defer { if demo.isRunning { demo.killAtOnce() } }
    // Receivers do not wait for each other, so what is awaited is all that must be there.
    let wanted = [
      ["POST /chat", "WARNING", "input-drift"], ["POST /pager", "CRITICAL"], ["trainer", "answered 200"],
    ]
    let told = try eventually { () -> Bool? in
      let lines = demo.standardOutput.split(separator: "\n")
      let ended = wanted.allSatisfy { words in lines.contains { line in words.allSatisfy { line.contains($0) } } }
      return ended || !demo.isRunning ? true : nil
    }
    #expect(told == true)
    demo.interrupt()
    let code = demo.wait()
    let output = demo.standardOutput
    try #require(code == 0, "\(output)\n\(demo.standardError)")
    #expect(demo.standardError.isEmpty, "\(demo.standardError)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty)

    let lines = output.split(separator: "\n").map(String.init)
    func first(_ words: String...) -> Int? {
      lines.firstIndex { line in words.allSatisfy(line.contains) }
    }
    // The story's order: the shift, its warning, the failing model, its alert and the call, the answer.
    let shift = try #require(first("world", "suburbs: distances grow"), "\(output)")
    let warning = try #require(first("POST /chat", "WARNING", "input-drift", "distance_km"), "\(output)")
    let failing = try #require(first("world", "ring road closes"), "\(output)")
    let critical = try #require(first("POST /pager", "CRITICAL", "auc"), "\(output)")
    let call = try #require(first("POST /retrain", "RETRAIN", "retrain.requested"), "\(output)")
    let answer = try #require(first("trainer", "answered 200"), "\(output)")
    // On a machine that is slow enough the world does not wait for the warning.
    #expect(shift < warning && shift < failing)
    #expect(failing < critical && failing < call && call < answer)
    #expect(!lines[..<shift].contains { $0.contains("POST") }, "something fired while all was quiet")

    try checkRequests(lines)
    let summary = try #require(lines.last)
    let numbers = try #require(
      summary.firstMatch(
        of:
          /^Summary: (\d+) predictions and (\d+) labels produced, (\d+) events read; (\d+) results; (\d+) incidents \((\d+) resolved\); (\d+) of (\d+) deliveries made; retrain: rt-[0-9a-f]+ succeeded\.$/
      ), "\(summary)")
    #expect(try #require(Int(numbers.3)) > 20_000)
    #expect(try #require(Int(numbers.4)) > 1000)
    #expect(try #require(Int(numbers.5)) >= 2)
  }

  /// After every request its key and signature, then its body.
  private func checkRequests(_ lines: [String]) throws {
    // By key: a request whose answer takes too long is sent again as it was.
    var bodies: [String: String] = [:]
    var calls: Set<String> = []
    var requests = 0
    for (index, line) in lines.enumerated() where line.contains(" POST /") {
      requests += 1
      let detail = lines[index + 1]
      let body = lines[index + 2]
      let object = try #require(JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any], "\(body)")
      let key = String(try #require(detail.firstMatch(of: /Idempotency-Key: (\S+)/)).1)
      #expect(bodies[key] ?? body == body, "\(key) came with another body")
      bodies[key] = body
      if line.contains("POST /chat") {
        #expect(object["blocks"] != nil)
        continue
      }
      #expect(detail.hasSuffix("signature: verified"), "\(detail)")
      try Schemas.expectMessage(body)
      #expect(object["monitor"] as? String == "late-orders")
      if line.contains("POST /retrain") {
        calls.insert(key)
        #expect(object["event"] as? String == "retrain.requested")
        #expect(object["tier"] as? String == "critical")
        #expect(object["reason"] as? String == "performance/final")
        #expect(object["model_version"] as? String == "v1")
        #expect((object["callback_url"] as? String)?.hasSuffix("/result") == true)
      }
    }
    // One to each receiver. How many more depends on what a slow machine judges in one step.
    #expect(requests >= 3)
    #expect(calls.count == 1, "\(calls)")
  }

  @Test func interruptEndsItCleanly() throws {
    let folder = try TemporaryFolder()
    let demo = try LeewayProcess(["demo", "--port", "0", "--keep", "kept"], in: folder.url)
    defer { if demo.isRunning { demo.killAtOnce() } }
    let live = try eventually { demo.standardOutput.contains("Live.") || !demo.isRunning ? true : nil }
    try #require(live == true && demo.isRunning, "\(demo.standardError)")
    demo.interrupt()
    #expect(demo.wait() == 0, "\(demo.standardError)")
    #expect(demo.standardOutput.contains("retrain: none."))
    // What is kept is what a user would have written, and `check` finds nothing wrong with it.
    let check = try LeewayProcess.run(["check", "--monitors", "kept/monitors"], in: folder.url)
    #expect(check.code == 0, "\(check.error)")
    let again = try LeewayProcess.run(["demo", "--port", "0", "--keep", "kept"], in: folder.url)
    #expect(again.code == 1)
    #expect(
      again.error
        == "leeway: kept: the folder is not empty, and the demo would mix with what is there; give a new one\n")
  }

  @Test func takenPortIsSaid() throws {
    let folder = try TemporaryFolder()
    let taken = try ListeningSocket()
    let demo = try LeewayProcess.run(["demo", "--port", "\(taken.port)", "--for", "1s"], in: folder.url)
    #expect(demo.code == 3)
    #expect(demo.output.isEmpty)
    #expect(
      demo.error
        == "leeway: port \(taken.port) of 127.0.0.1 is taken; choose another with --port N, or --port 0 for any that is free\n"
    )
  }

  @Test(arguments: [
    (
      ["--for", "soon"],
      "--for is 'soon'; it takes a duration such as 60s or 5m"
    ),
    (["--for", "0s"], "--for 0s is out of range; give 1s to 1d"),
    (["--port", "70000"], "--port 70000 is no port; give 1 to 65535, or 0 for any that is free"),
    (["--speed", "0"], "--speed 0 is out of range; give 60 to 36000 (3600: an hour a second)"),
    (["--log-level", "loud"], "--log-level loud is unknown; known are debug, info, notice, warning and error"),
  ])
  func wrongOptionsAreUsage(arguments: [String], message: String) throws {
    let folder = try TemporaryFolder()
    let demo = try LeewayProcess.run(["demo"] + arguments, in: folder.url)
    #expect(demo.code == 2)
    #expect(demo.error.contains(message), "\(demo.error)")
  }
}

/// A port of 127.0.0.1 that somebody listens on.
private final class ListeningSocket {
  let port: Int
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && listen(descriptor, 1) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard isListening else { throw POSIXError(.EADDRNOTAVAIL) }
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  deinit { close(descriptor) }
}
