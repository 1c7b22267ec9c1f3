import Foundation
import Testing

/// `leeway run`, or whatever else serves pages, and what it answers.
struct RunningService {
  let process: LeewayProcess
  /// `http://127.0.0.1:PORT`
  let base: String

  private static var announcement: Regex<(Substring, Substring)> { /(?:on|open) (http:\/\/[0-9.:]+)\// }

  /// Starts the service and waits for its pages.
  init(
    _ arguments: [String] = ["run"], in folder: URL, environment: [String: String] = [:], through wrapper: [String] = []
  ) throws {
    let process = try LeewayProcess(arguments, in: folder, environment: environment, through: wrapper)
    let base = try eventually { () -> String?? in
      if let found = (process.standardError + process.standardOutput).firstMatch(of: Self.announcement) {
        return String(found.1)
      }
      return process.isRunning ? nil : .some(nil)
    }
    self.process = process
    self.base = try #require(base ?? nil, "\(process.standardError)")
  }

  /// An answer's body; nil unless its status is good.
  ///
  /// - Parameter seconds: how long it may take.
  func get(_ path: String, accept: String = "*/*", seconds: Int = 60) -> String? {
    let curl = Process()
    curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
    curl.arguments = ["-sS", "-f", "-m", "\(seconds)", "-H", "Accept: \(accept)", base + path]
    let pipe = Pipe()
    curl.standardOutput = pipe
    curl.standardError = FileHandle.nullDevice
    guard (try? curl.run()) != nil else { return nil }
    let text = pipe.fileHandleForReading.readDataToEndOfFile()
    curl.waitUntilExit()
    return curl.terminationStatus == 0 ? String(decoding: text, as: UTF8.self) : nil
  }

  /// The status and the body, whatever they are.
  func post(_ path: String, token: String? = nil) throws -> (status: Int, body: String) {
    try ask("POST", path, token)
  }

  func read(_ path: String) throws -> (status: Int, body: String) { try ask("GET", path, nil) }

  private func ask(_ method: String, _ path: String, _ token: String?) throws -> (status: Int, body: String) {
    let curl = Process()
    curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
    curl.arguments =
      ["-sS", "-m", "120", "-X", method, "-w", "\n%{http_code}"]
      + (token.map { ["-H", "Authorization: Bearer \($0)"] } ?? []) + [base + path]
    let pipe = Pipe()
    curl.standardOutput = pipe
    try curl.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    curl.waitUntilExit()
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return (Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n"))
  }

  func object(_ path: String) throws -> [String: Any] {
    let text = try #require(get(path), "\(process.standardError)")
    return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// Result lines, those of open windows too.
  func results() throws -> [String] {
    let text = try #require(
      get("/api/v1/results?open=true", accept: "application/x-ndjson"), "\(process.standardError)")
    return text.split(separator: "\n").map(String.init)
  }

  /// Samples by their name and labels, as `/metrics` prints them.
  func metrics() throws -> [String: Double] {
    let text = try #require(get("/metrics"), "\(process.standardError)")
    var out: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " ") else { continue }
      out[String(line[..<space])] = Double(line[line.index(after: space)...])
    }
    return out
  }

  /// Samples of one family of the shop's monitor that are not 0, by the last label's value.
  func counts(_ family: String) throws -> [String: Int] {
    var out: [String: Int] = [:]
    for (name, value) in try metrics() where value > 0 {
      guard let found = name.wholeMatch(of: /([a-z_]+)\{monitor="shop",[a-z]+="([a-z0-9_]+)"\}/), found.1 == family
      else {
        continue
      }
      out[String(found.2)] = Int(value)
    }
    return out
  }

  /// Waits until the ledger stands at these offsets, by topic, and an evaluation has seen it.
  func awaitOffsets(_ wanted: [String: Int], of monitor: String = "shop") throws {
    var found: [String: Int] = [:]
    let reached = try eventually { () -> Bool? in
      guard process.isRunning else { return false }
      guard let text = get("/api/v1/monitors/\(monitor)"),
        let view = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
        let partitions = view["partitions"] as? [[String: Any]]
      else { return nil }
      for partition in partitions { found[partition["topic"] as? String ?? ""] = partition["next_offset"] as? Int }
      return wanted.allSatisfy { found[$0.key] == $0.value } ? true : nil
    }
    try #require(reached == true, "at \(found), wanted \(wanted): \(process.standardError)")
  }

  /// Ends it as an operator does; what it says must be an exit code of 0.
  func stop() {
    process.terminate()
    #expect(process.wait() == 0, "\(process.standardError)")
  }
}
