import Foundation
import LeewayTestSupport
import Testing

/// Asks a server on loopback, whatever proxy the environment names.
enum Curl {
  /// - Returns: curl's exit code, which is 0 if an answer came, and the body.
  static func ask(_ address: String, _ more: [String] = []) throws -> (code: Int32, output: String) {
    let curl = Process()
    curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
    curl.arguments = ["-sS", "--noproxy", "*", "-m", "600"] + more + [address]
    let pipe = Pipe()
    curl.standardInput = FileHandle.nullDevice
    curl.standardOutput = pipe
    curl.standardError = FileHandle.nullDevice
    try curl.run()
    let text = pipe.fileHandleForReading.readDataToEndOfFile()
    curl.waitUntilExit()
    return (curl.terminationStatus, String(decoding: text, as: UTF8.self))
  }
}

/// `leeway run`, or whatever else serves pages, and what it answers.
struct RunningService {
  let process: LeewayProcess
  /// `http://127.0.0.1:PORT`
  let base: String
  /// Of reading; nil where it is open.
  let token: String?

  private static var announcement: Regex<(Substring, Substring)> { /(?:on|open) (https?:\/\/[0-9.:]+)\// }

  /// Starts the service and waits for its pages.
  init(
    _ arguments: [String] = ["run"], in folder: URL, environment: [String: String] = [:],
    through wrapper: [String] = [],
    token: String? = nil
  ) throws {
    let process = try LeewayProcess(arguments, in: folder, environment: environment, through: wrapper)
    let base = try eventually { () -> String?? in
      if let found = (process.standardError + process.standardOutput).firstMatch(of: Self.announcement) {
        return String(found.1)
      }
      return process.isRunning ? nil : .some(nil)
    }
    self.process = process
    self.token = token
    self.base = try #require(base ?? nil, "\(process.standardError)")
  }

  private static func authorization(_ token: String?) -> [String] {
    token.map { ["-H", "Authorization: Bearer \($0)"] } ?? []
  }

  /// An answer's body; nil unless its status is good.
  func get(_ path: String, accept: String = "*/*") -> String? {
    let answer = try? Curl.ask(base + path, ["-f", "-H", "Accept: \(accept)"] + Self.authorization(token))
    return answer?.code == 0 ? answer?.output : nil
  }

  /// The body of an answer that must come: asks again until its status is good.
  func answer(_ path: String, accept: String = "*/*", sourceLocation: SourceLocation = #_sourceLocation) throws
    -> String
  {
    let text = try eventually { () -> String?? in
      if let text = get(path, accept: accept) { return text }
      return process.isRunning ? nil : .some(nil)
    }
    return try #require(text ?? nil, "\(path): \(process.standardError)", sourceLocation: sourceLocation)
  }

  /// The status and the body, whatever they are.
  func post(_ path: String, token: String? = nil) throws -> (status: Int, body: String) {
    try ask("POST", path, token)
  }

  func read(_ path: String) throws -> (status: Int, body: String) { try ask("GET", path, token) }

  private func ask(_ method: String, _ path: String, _ token: String?) throws -> (status: Int, body: String) {
    let text = try Curl.ask(base + path, ["-X", method, "-w", "\n%{http_code}"] + Self.authorization(token)).output
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return (Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n"))
  }

  func object(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> [String: Any] {
    let text = try answer(path, sourceLocation: sourceLocation)
    return try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], sourceLocation: sourceLocation)
  }

  /// Result lines.
  ///
  /// - Parameter query: which; all of them unless given, those of open windows too.
  func results(
    _ query: String = "open=true", sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> [String] {
    let text = try answer(
      "/api/v1/results?\(query)", accept: "application/x-ndjson", sourceLocation: sourceLocation)
    return text.split(separator: "\n").map(String.init)
  }

  /// Waits until the drift lines of a feature hold so many rows in all.
  func expectRows(_ wanted: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var rows = 0
    _ = try eventually { () -> Bool? in
      rows = try CarLoan.objects(results("open=true&type=drift&slice=all&subject=amount"))
        .reduce(0) { $0 + ($1["rows"] as? Int ?? 0) }
      return rows == wanted || !process.isRunning ? true : nil
    }
    #expect(rows == wanted, "\(process.standardError)", sourceLocation: sourceLocation)
  }

  /// Samples by their name and labels, as `/metrics` prints them.
  func metrics(sourceLocation: SourceLocation = #_sourceLocation) throws -> [String: Double] {
    let text = try answer("/metrics", sourceLocation: sourceLocation)
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

  /// Waits until the samples of a family are these. They follow the offsets, which are in the ledger first: the thread
  /// that reads adds to them when its commit stands, while another one shows what is in the ledger.
  func expectCounts(
    _ family: String, _ wanted: [String: Int], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var found: [String: Int] = [:]
    _ = try eventually { () -> Bool? in
      found = try counts(family)
      return found == wanted || !process.isRunning ? true : nil
    }
    #expect(found == wanted, "\(process.standardError)", sourceLocation: sourceLocation)
  }

  /// Waits until one sample of a family is this, whatever the others are.
  func expectCount(
    _ family: String, _ name: String, _ wanted: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var found: Int?
    _ = try eventually { () -> Bool? in
      found = try counts(family)[name]
      return found == wanted || !process.isRunning ? true : nil
    }
    #expect(found == wanted, "\(process.standardError)", sourceLocation: sourceLocation)
  }

  /// Waits until the ledger stands at these offsets, by topic, and an evaluation has seen it.
  func awaitOffsets(_ wanted: [String: Int], of monitor: String = "shop") throws {
    var found: [String: Int] = [:]
    let reached = try eventually { () -> Bool? in
      guard process.isRunning else { return false }
      guard let text = get("/api/v1/monitors/\(monitor)"),
        let view = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
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
