import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// A full disk stops the service, which says so and loses nothing; room starts it again.
@Suite struct DiskFullTests {
  /// A folder that holds so much and no more, until it is told to hold more.
  private enum SmallDisk {
    /// A file system of its own, which takes the right to mount one.
    case mount
    /// A limit on the length of files.
    case fileLimit

    static let bytes = 3 << 20

    static func here() throws -> SmallDisk {
      let folder = try TemporaryFolder()
      return try shell(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", folder.url.path]) == 0 ? .mount : .fileLimit
    }

    func wrapper(_ folder: URL) -> [String] {
      switch self {
      case .mount:
        let script = "mount -t tmpfs -o size=\(Self.bytes) tmpfs \"$0\" && exec \"$@\""
        return ["unshare", "-m", "sh", "-c", script, folder.path]
      case .fileLimit:
        // The signal of a file that is too long would end the process before it sees the error.
        return ["sh", "-c", "trap '' XFSZ; exec prlimit --fsize=\(Self.bytes): \"$@\"", "sh"]
      }
    }

    func grow(_ folder: URL, of process: Int32) throws {
      let command =
        switch self {
        case .mount: ["nsenter", "-t", "\(process)", "-m", "mount", "-o", "remount,size=256m", folder.path]
        case .fileLimit: ["prlimit", "--pid", "\(process)", "--fsize=unlimited:"]
        }
      try #require(Self.shell(command) == 0)
    }

    private static func shell(_ command: [String]) throws -> Int32 {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = command
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      return process.terminationStatus
    }
  }

  @Test func aFullDiskStopsItUntilThereIsRoom() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    let store = folder.url.appendingPathComponent("store")
    try FileManager.default.createDirectory(at: store, withIntermediateDirectories: true)
    let url = folder.url.appendingPathComponent("leeway.yaml")
    let text = try String(contentsOf: url, encoding: .utf8)
    try folder.write(text.replacing("sqlite:leeway.db", with: "sqlite:store/leeway.db"), to: "leeway.yaml")

    let disk = try SmallDisk.here()
    let service = try RunningService(in: folder.url, through: disk.wrapper(store))
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    // Every prediction waits for its label in the ledger, which grows until the disk is full.
    var sent = 0
    func send(_ count: Int) throws {
      try broker.produce(
        (sent..<sent + count).map { Message(Shop.predictions, Shop.prediction($0), at: Shop.time($0)) })
      sent += count
    }
    func ledgerCondition() -> String? {
      // A status of 503 has a body that says why.
      guard let body = try? service.read("/readyz"), body.status == 503,
        let root = try? JSONSerialization.jsonObject(with: Data(body.body.utf8)) as? [String: Any],
        let conditions = root["conditions"] as? [[String: Any]]
      else { return nil }
      let ledger = conditions.first { $0["name"] as? String == "ledger" }
      return ledger?["holds"] as? Bool == false ? ledger?["detail"] as? String : nil
    }
    let said = try eventually { () -> String? in
      if sent < 30_000 { try send(1000) }
      // The evaluation may meet the full disk first.
      guard try service.metrics()["leeway_flushes_total{outcome=\"failed\"}"] ?? 0 >= 1 else { return nil }
      return ledgerCondition()
    }
    let detail = try #require(said, "\(service.process.standardError)")
    #expect(detail.contains("is full") && detail.hasSuffix("make room or raise the limit"), "\(detail)")
    let told = try eventually {
      service.process.standardError.contains("flush failed and will be tried again: ") ? true : nil
    }
    #expect(told == true, "\(service.process.standardError)")
    #expect(try service.metrics()["leeway_ready"] == 0)
    #expect(service.get("/healthz") != nil)
    let stopped = try #require(try service.counts("leeway_events_total")["accepted"])
    #expect(stopped < sent)

    try disk.grow(store, of: service.process.identifier)
    try service.awaitOffsets([Shop.predictions: sent])
    try service.expectCounts("leeway_events_total", ["accepted": sent])
    let ready = try eventually { service.get("/readyz") }
    #expect(ready != nil, "\(service.process.standardError)")
    try service.expectRows(sent)
    service.stop()
  }
}
