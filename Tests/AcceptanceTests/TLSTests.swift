import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// The listener over TLS: who renews the certificate need not tell, a bad one is refused with the file's name and the fix.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"))) struct TLSTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func prepare(_ tls: String = "tls: {certificate: a.crt, key: a.key}", bootstrap: String) throws {
    try Shop.prepare(in: folder, bootstrap: bootstrap)
    try Shop.configure(
      folder, "http: {listen: \"127.0.0.1:0\"}", "http: {listen: \"127.0.0.1:0\", probes: \"127.0.0.1:0\", \(tls)}")
  }

  private func replace(_ name: String, with other: String) throws {
    for suffix in ["crt", "key"] {
      let bytes = try Data(contentsOf: folder.url.appendingPathComponent("\(other).\(suffix)"))
      try bytes.write(to: folder.url.appendingPathComponent("\(name).\(suffix)"), options: .atomic)
    }
  }

  @Test func aRenewedCertificateIsShownWithoutARestart() throws {
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    for (name, serial) in [("a", "0A01"), ("b", "0B02"), ("c", "0C03"), ("d", "0D04")] {
      try Certificates.make(name, serial: serial, in: folder)
    }
    try prepare(bootstrap: broker.bootstrap)
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    #expect(service.base.hasPrefix("https://127.0.0.1:"))
    let port = try #require(service.base.split(separator: ":").last.flatMap { Int($0) })
    #expect(try Certificates.served(by: port) == "0A01")
    // Against its own certificate the listener stands, with HTTP/1.1 and TLS 1.2 or newer.
    let trusted = folder.url.appendingPathComponent("a.crt").path
    let answer = try Curl.ask(service.base + "/healthz", ["--cacert", trusted, "-w", " %{http_version} %{http_code}"])
    #expect(answer.code == 0 && answer.output.hasSuffix(" 1.1 200"), "\(answer)")
    #expect(try Curl.ask(service.base + "/healthz").code == 60, "not trusted by itself")
    #expect(try Curl.ask(service.base + "/healthz", ["-k", "--tls-max", "1.1"]).code == 35)
    // Nothing in the clear but that.
    let clear = try Curl.ask("http://127.0.0.1:\(port)/healthz", ["-w", "%{http_code}"])
    #expect(clear.code == 0 && clear.output == "This port speaks HTTPS: use https:// in the address.\n400", "\(clear)")
    let probes = try #require(
      service.process.standardError.firstMatch(of: /health and metrics at (http:\/\/[0-9.:]+)\//)?.output.1)
    #expect(try Curl.ask("\(probes)/healthz", ["-f"]).code == 0, "probes are in the clear")

    // The files change, and nobody says so.
    let held = try HeldConnection(port: port)
    try replace("a", with: "b")
    let renewed = try eventually { try Certificates.served(by: port) == "0B02" ? true : nil }
    #expect(renewed == true, "\(service.process.standardError)")
    #expect(service.process.standardError.contains("a.crt was renewed: serial 0b02, valid until "))
    // A connection from before goes on with what it was shown.
    #expect(try held.ask("/healthz").contains("\"status\":\"alive\""))

    // Only one of both has come: what was there stays, and that is said.
    let key = folder.url.appendingPathComponent("c.key")
    try Data(contentsOf: key).write(to: folder.url.appendingPathComponent("a.key"), options: .atomic)
    let said = try eventually {
      service.process.standardError.contains(
        "http.tls.key: a.key: is not the key of the first certificate in a.crt; name two files that belong together; the "
          + "certificate from before stays in force") ? true : nil
    }
    #expect(said == true, "\(service.process.standardError)")
    #expect(try Certificates.served(by: port) == "0B02")
    try replace("a", with: "c")
    let third = try eventually { try Certificates.served(by: port) == "0C03" ? true : nil }
    #expect(third == true, "\(service.process.standardError)")
    // One that is removed ends the next start: whoever did it hears of it now.
    let removed = folder.url.appendingPathComponent("a.key")
    let kept = try Data(contentsOf: removed)
    try FileManager.default.removeItem(at: removed)
    let missed = try eventually {
      service.process.standardError.contains(
        "does not exist; check the path; the certificate from before stays in force")
        ? true : nil
    }
    #expect(missed == true, "\(service.process.standardError)")
    #expect(try Certificates.served(by: port) == "0C03")
    try kept.write(to: removed)

    // Other files, by a reload.
    let configuration = folder.url.appendingPathComponent("leeway.yaml")
    let text = try String(contentsOf: configuration, encoding: .utf8)
    try folder.write(
      text.replacing("certificate: a.crt, key: a.key", with: "certificate: d.crt, key: none.key"), to: "leeway.yaml")
    service.process.hangUp()
    let refused = try eventually {
      service.process.standardError.contains("http.tls.key: none.key: the key does not exist; check the path")
        ? true : nil
    }
    #expect(refused == true, "\(service.process.standardError)")
    #expect(try Certificates.served(by: port) == "0C03")
    try folder.write(
      text.replacing("certificate: a.crt, key: a.key", with: "certificate: d.crt, key: d.key"), to: "leeway.yaml")
    service.process.hangUp()
    let reloaded = try eventually { try Certificates.served(by: port) == "0D04" ? true : nil }
    #expect(reloaded == true, "\(service.process.standardError)")
    // Whether there is TLS at all takes a restart.
    try folder.write(text.replacing(", tls: {certificate: a.crt, key: a.key}", with: ""), to: "leeway.yaml")
    service.process.hangUp()
    let restart = try eventually {
      service.process.standardError.contains(
        "http.tls has changed, which a reload cannot do; restart the service, or undo it") ? true : nil
    }
    #expect(restart == true, "\(service.process.standardError)")
    service.stop()
  }

  /// `openssl s_client` with a connection that stays.
  private final class HeldConnection {
    private let process = Process()
    private let (question, output) = (Pipe(), Pipe())

    init(port: Int) throws {
      process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
      process.arguments = ["s_client", "-quiet", "-connect", "127.0.0.1:\(port)"]
      process.standardInput = question
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.runBound()
      #expect(try ask("/healthz").contains("\"status\":\"alive\""))
    }

    deinit {
      process.terminate()
      process.waitUntilExit()
    }

    func ask(_ path: String) throws -> String {
      try question.fileHandleForWriting.write(contentsOf: Data("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
      var said = ""
      while !said.hasSuffix("}") {
        let more = output.fileHandleForReading.availableData
        guard !more.isEmpty else { break }
        said += String(decoding: more, as: UTF8.self)
      }
      return said
    }
  }

  /// What `check` calls good must start, so both say the same of certificates.
  private func expect(_ lines: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let text = lines.map { "leeway.yaml:3:\($0)\n" }.joined()
    let run = try LeewayProcess.run(["run"], in: folder.url)
    #expect(run.code == 1, sourceLocation: sourceLocation)
    #expect(run.error == text, sourceLocation: sourceLocation)
    let check = try LeewayProcess.run(["check"], in: folder.url)
    #expect(check.code == 1, sourceLocation: sourceLocation)
    #expect(check.error == text + "leeway: 1 error\n", sourceLocation: sourceLocation)
  }

  @Test func unusableCertificates() throws {
    try Certificates.make("a", serial: "0A01", in: folder)
    try Certificates.make("b", serial: "0B02", in: folder)
    try prepare(bootstrap: "127.0.0.1:1")
    func configure(_ certificate: String, _ key: String) throws {
      try folder.write(
        """
        kafka: {bootstrap: "127.0.0.1:1"}
        ledger: sqlite:leeway.db
        http: {listen: "127.0.0.1:0", tls: {certificate: \(certificate), key: \(key)}}

        """, to: "leeway.yaml")
    }
    try configure("no.crt", "a.key")
    try expect(["50: http.tls.certificate: no.crt: the certificate does not exist; check the path"])
    try configure("a.crt", "monitors")
    try expect(["62: http.tls.key: monitors: the key is a folder; name a file"])
    try configure("train.csv", "a.key")
    try expect([
      "50: http.tls.certificate: train.csv: holds no certificate in PEM (BEGIN CERTIFICATE); name the file that does"
    ])
    try configure("a.key", "a.crt")
    try expect([
      "50: http.tls.certificate: a.key: holds no certificate in PEM (BEGIN CERTIFICATE); name the file that does"
    ])
    try configure("a.crt", "a.crt")
    try expect(["62: http.tls.key: a.crt: holds no private key in PEM (BEGIN PRIVATE KEY); name the file that does"])
    try configure("a.crt", "b.key")
    try expect([
      "62: http.tls.key: b.key: is not the key of the first certificate in a.crt; name two files that belong together"
    ])
    try Certificates.openssl(
      "ec", "-in", "\(folder.url.path)/a.key", "-aes256", "-passout", "pass:secret", "-out",
      "\(folder.url.path)/secret.key")
    try configure("a.crt", "secret.key")
    try expect([
      "62: http.tls.key: secret.key: the key has a passphrase, which the service cannot ask for; write it without one, with mode 600"
    ])
    try folder.write(
      """
      kafka: {bootstrap: "127.0.0.1:1"}
      ledger: sqlite:leeway.db
      http: {listen: "127.0.0.1:0", tls: {certificate: a.crt}}

      """, to: "leeway.yaml")
    let found = try LeewayProcess.run(["check"], in: folder.url)
    #expect(found.code == 1)
    #expect(found.error == "leeway.yaml:3:36: http.tls.key is missing; add key: FILE\nleeway: 1 error\n")
  }

  /// Clients refuse it, and alerts go on: counting does not hang on a certificate.
  @Test func anExpiredCertificateIsWarnedOf() throws {
    try Certificates.make("a", serial: "0A01", days: -3, in: folder)
    try Certificates.make("b", serial: "0B02", days: 3, in: folder)
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    try prepare(bootstrap: broker.bootstrap)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder.url.path + "/a.key")
    let expired =
      /leeway.yaml:3:\d+: warning: http.tls.certificate: a.crt: the certificate expired at [-0-9T:.]+Z, so clients refuse it; renew it\n/
    let check = try LeewayProcess.run(["check"], in: folder.url)
    #expect(check.code == 0)
    #expect(check.error.contains(expired), "\(check.error)")
    #expect(
      check.error.contains(
        "warning: http.tls.key: a.key: other users of this machine may read or write it (mode 644); run chmod 600 a.key\n"
      ),
      "\(check.error)")
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    #expect(service.process.standardError.contains(expired), "\(service.process.standardError)")
    let port = try #require(service.base.split(separator: ":").last.flatMap { Int($0) })
    #expect(try Certificates.served(by: port) == "0A01")
    let probes = try #require(
      service.process.standardError.firstMatch(of: /health and metrics at (http:\/\/[0-9.:]+)\//)?.output.1)
    let expiry = try eventually {
      try Curl.ask("\(probes)/metrics").output.firstMatch(
        of: /\nleeway_tls_certificate_expiry_timestamp_seconds ([0-9.e+]+)\n/
      )
      .flatMap { Double($0.output.1) }
    }
    #expect(abs((expiry ?? 0) - (Date().timeIntervalSince1970 - 3 * 86_400)) < 3600)
    try replace("a", with: "b")
    let soon = try eventually {
      service.process.standardError.contains(
        /http.tls.certificate: a.crt: the certificate expires at [-0-9T:.]+Z; renew it/) ? true : nil
    }
    #expect(soon == true, "\(service.process.standardError)")
    #expect(try Certificates.served(by: port) == "0B02")
    service.stop()
  }
}
