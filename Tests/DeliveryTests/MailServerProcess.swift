import Foundation
import LeewayTestSupport
import Testing

/// A mail server in Python, whose parser of mails is another program's reading of ours.
final class MailServerProcess {
  struct Mail: Decodable {
    var from: String
    var to: [String]
    var encrypted: Bool
    var user: String?
    var headers: [[String]]
    var date: String
    var text: String?
    var html: String?
    var type: String
    var parts: [String]
    var defects: [String]
    /// Bytes of the longest line.
    var longest: Int
    /// Line breaks that are not CR LF.
    var bare: Int
    var ascii: Bool

    func header(_ name: String) -> String? { headers.first { $0[0] == name }?[1] }
  }

  let port: Int
  private let process = Process()
  private let output: FileHandle
  private var read = Data()

  init(certificate: String? = nil, key: String? = nil, password: String? = nil) throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/mail_server.py")
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments =
      [script.path] + (certificate.map { ["--certificate", $0] } ?? []) + (key.map { ["--key", $0] } ?? [])
      + (password.map { ["--password", $0] } ?? [])
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardInput = FileHandle.nullDevice
    output = pipe.fileHandleForReading
    try process.run()
    var first = Data()
    while !first.contains(UInt8(ascii: "\n")) {
      let more = output.availableData
      try #require(!more.isEmpty, "the mail server ended")
      first += more
    }
    let line = first.firstIndex(of: UInt8(ascii: "\n")).map { first[..<$0] } ?? first
    port = try #require(Int(String(decoding: line, as: UTF8.self)))
    read = Data(first[line.endIndex...].dropFirst())
  }

  deinit {
    // A thread of Swift's pool blocks SIGTERM, and its child inherits that.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// The next mail that it took; waits for it.
  func next() throws -> Mail {
    while true {
      if let end = read.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Data(read[..<end])
        read = Data(read[end...].dropFirst())
        return try JSONDecoder().decode(Mail.self, from: line)
      }
      let more = output.availableData
      try #require(!more.isEmpty, "the mail server ended")
      read += more
    }
  }
}
