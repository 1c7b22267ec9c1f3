import Foundation
import LeewayDelivery
import Testing

/// Against OpenSSL's own test server, because only a real handshake shows that a certificate was looked at.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"))) struct CertificateTests {
  @Test func certificateOfNobodyIsRefused() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "leeway-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let key = folder.appending(path: "key.pem").path
    let certificate = folder.appending(path: "certificate.pem").path
    let request = try openssl([
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
      "/CN=localhost",
      "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
    ])
    request.process.waitUntilExit()
    try #require(request.process.terminationStatus == 0)

    let server = try openssl(["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www"])
    defer {
      // A thread of Swift's pool blocks SIGTERM, and its child inherits that.
      kill(server.process.processIdentifier, SIGKILL)
      server.process.waitUntilExit()
    }
    // It says `ACCEPT 127.0.0.1:PORT` once it listens.
    var said = ""
    while !said.contains(/ACCEPT \S+:\d+\n/) {
      let more = server.output.availableData
      try #require(!more.isEmpty, "openssl s_server ended: \(said)")
      said += String(decoding: more, as: UTF8.self)
    }
    let port = try #require(said.firstMatch(of: /ACCEPT \S+:(\d+)\n/)?.output.1)

    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    let result = sender.send(HTTPRequest(url: "https://127.0.0.1:\(port)/", headers: [], body: [1]))
    guard case .failure(let failure) = result else {
      Issue.record("a self-signed certificate was accepted")
      return
    }
    #expect(failure.kind == .tls)
    #expect(failure.text.hasPrefix("POST https://127.0.0.1:\(port): "))
    #expect(failure.text.contains("certificate"))
  }

  private func openssl(_ arguments: [String]) throws -> (process: Process, output: FileHandle) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return (process, pipe.fileHandleForReading)
  }
}
