import Foundation
import LeewayTestSupport
import Testing

/// A broker with retention, deletable topics and growing partitions, none of which the embedded one has: `noida-db` from
/// PyPI, which `deploy/setup.sh test` installs.
final class NoidaBroker {
  let bootstrap: String
  private let process = Process()

  /// The program itself, not Python's way to it: that one would leave it running.
  private static let executable: URL? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let library = root.appendingPathComponent(".build/venv/lib")
    let pythons = (try? FileManager.default.contentsOfDirectory(atPath: library.path)) ?? []
    return pythons.map { library.appendingPathComponent("\($0)/site-packages/noida_db/noida-db") }
      .first { FileManager.default.fileExists(atPath: $0.path) }
  }()

  static var isInstalled: Bool { executable != nil }

  init(in folder: URL) throws {
    let executable = try #require(Self.executable)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: executable.path)
    let output = folder.appendingPathComponent("noida.out")
    try Data().write(to: output)
    process.executableURL = executable
    process.arguments = [
      "start", "--only", "kafka", "--kafka-port", "0", "--data-dir", folder.appendingPathComponent("noida").path,
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = FileHandle.nullDevice
    try process.runBound()
    let address = try eventually { () -> String? in
      let text = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
      return text.firstMatch(of: /kafka +(127\.0\.0\.1:[0-9]+)\n/).map { String($0.1) }
    }
    // Without an address there is nothing that `deinit` could end.
    if address == nil { kill(process.processIdentifier, SIGKILL) }
    bootstrap = try #require(address)
  }

  deinit {
    // It takes minutes to end by itself, and what it holds is nobody's.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  var admin: KafkaAdmin { KafkaAdmin(bootstrap: bootstrap) }
}
