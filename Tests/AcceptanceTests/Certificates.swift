import Foundation
import Testing

/// Certificates that nobody but a test trusts, made by the openssl command.
enum Certificates {
  private static let clock = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

  /// Writes `NAME.crt` and `NAME.key` for 127.0.0.1 and localhost.
  ///
  /// - Parameters:
  ///   - serial: in hexadecimal digits.
  ///   - days: from now until it expires; below 0: it expired so long ago.
  static func make(_ name: String, serial: String, days: Int = 30, in folder: TemporaryFolder) throws {
    let path = folder.url.path
    try openssl(
      "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
      "-keyout", "\(path)/\(name).key", "-out", "\(path)/\(name).csr")
    try folder.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n", to: "names.ext")
    try openssl(
      "x509", "-req", "-in", "\(path)/\(name).csr", "-signkey", "\(path)/\(name).key", "-set_serial", "0x\(serial)",
      "-days", "\(max(days, 1))", "-extfile", "\(path)/names.ext", "-out", "\(path)/\(name).crt",
      // It signs for no number of days below 0, so it is done as long ago as that takes.
      environment: days < 0 ? ["LD_PRELOAD": clock, "FAKETIME": "\(days - 1)d"] : [:])
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(path)/\(name).key")
  }

  /// The serial of the certificate that a server shows, in hexadecimal digits; nil if none was shown.
  static func served(by port: Int) throws -> String? {
    let shown = try openssl(
      "s_client", "-connect", "127.0.0.1:\(port)", "-servername", "localhost", fails: true)
    guard let begin = shown.range(of: "-----BEGIN CERTIFICATE-----"),
      let end = shown.range(of: "-----END CERTIFICATE-----")
    else { return nil }
    let text = try openssl("x509", "-noout", "-serial", input: String(shown[begin.lowerBound..<end.upperBound]))
    return text.trimmingCharacters(in: .newlines).split(separator: "=").last.map(String.init)
  }

  @discardableResult
  static func openssl(
    _ arguments: String..., input: String = "", environment: [String: String] = [:], fails: Bool = false
  ) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (question, output, error) = (Pipe(), Pipe(), Pipe())
    process.standardInput = question
    process.standardOutput = output
    process.standardError = error
    try process.run()
    try question.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try question.fileHandleForWriting.close()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let said = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(fails || process.terminationStatus == 0, "openssl \(arguments): \(said)")
    return text
  }
}
