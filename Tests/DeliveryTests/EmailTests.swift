import Foundation
import LeewayDelivery
import LeewayTestSupport
import Testing

@Suite struct EmailTests {
  private func receiver(_ values: [String: String]) throws -> Receiver {
    try Receiver(
      name: "mail", type: .email,
      values: ["from": "leeway@example.com", "to": "ml-team@example.com, ops@example.com"].merging(values) { $1 })
  }

  private func send(_ json: String, _ receiver: Receiver, key: String = "k") throws -> Result<
    DeliveryAnswer, HTTPFailure
  > {
    let rendered = try receiver.format.render(
      Delivery(key: key, notification: Array(json.utf8)), now: 1_767_225_600_000)
    return try Courier(version: "1", abort: AbortFlag()).deliver(rendered)
  }

  private func decision(_ result: Result<DeliveryAnswer, HTTPFailure>) -> RetrySchedule.Decision {
    RetrySchedule().decide(attempt: 1, delivery: result, spent: 0, now: 0, random: 0)
  }

  @Test func aMailIsReadByAnotherProgram() throws {
    let server = try MailServerProcess()
    let receiver = try receiver(["url": "smtp://127.0.0.1:\(server.port)", "tls": "none"])
    #expect(receiver.description == "mail (email, smtp://127.0.0.1:\(server.port))")
    #expect(try decision(send(Sample.opened, receiver)) == .delivered)
    let mail = try server.next()
    #expect(mail.from == "leeway@example.com" && mail.to == ["ml-team@example.com", "ops@example.com"])
    #expect(mail.defects == [] && mail.bare == 0 && mail.ascii && mail.longest <= 78)
    #expect(mail.type == "multipart/alternative")
    #expect(mail.parts == ["multipart/alternative", "text/plain", "text/html"])
    #expect(mail.date == "2026-01-01T00:00:00+00:00")
    #expect(mail.header("Subject") == "[Leeway] Incident opened: fraud (warning)")
    #expect(mail.header("To") == "ml-team@example.com, ops@example.com")
    #expect(mail.header("Auto-Submitted") == "auto-generated")
    #expect(
      mail.text?.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false) == [
        "Incident opened: fraud (warning): traffic: rows in channel=web 1234567, limit 2000000 (1234567 rows, window 1h) and 1 more",
        "", "What fired:",
        "- traffic: rows in channel=web 1234567, limit 2000000 (1234567 rows, window 1h)",
        "- input-drift: psi of amount 0.3123, limit 0.3 (q 3e-12, 50321 rows, window 7d)", "", "What to do:",
        "- Find out whether the change is real and lasts; retrain if it does.", "", "Monitor: fraud", "Tier: warning",
        "Cause: drift", "Window: 2025-12-25T00:00:00.000Z to 2026-01-01T00:00:00.000Z",
        "Compared with: training data, baseline sha256:abcd", "Since: 2026-01-01T00:00:00.000Z",
        "Incident: fraud-9f2c", "", "https://leeway.example.com/incidents/fraud-9f2c?a=1&b=2", "",
      ])
    #expect(
      mail.html?.contains(
        "<a href=\"https://leeway.example.com/incidents/fraud-9f2c?a=1&amp;b=2\">Open the incident</a>")
        == true)
  }

  /// Attempts of one message are one mail to whoever drops repetitions, and mails of one incident are one thread.
  @Test func messageIDsAreStable() throws {
    let server = try MailServerProcess()
    let receiver = try receiver(["url": "smtp://127.0.0.1:\(server.port)", "tls": "none"])
    for (event, key) in [("incident.opened", "a"), ("incident.opened", "a"), ("incident.resolved", "b")] {
      #expect(try decision(send(Sample.opened(["event": event]), receiver, key: key)) == .delivered)
    }
    let mails = try (0..<3).map { _ in try server.next() }
    let ids = mails.map { $0.header("Message-ID") }
    #expect(ids[0] == ids[1] && ids[1] != ids[2] && ids[0]?.hasSuffix("@example.com>") == true)
    #expect(Set(mails.map { $0.header("References") }).count == 1)
    #expect(Set(mails.map { $0.header("In-Reply-To") }).count == 1)
  }

  /// Names from other people's messages make no header, no part and no recipient.
  @Test(arguments: [
    "n", "é", "👩‍👩‍👧‍👧", "\r\nBcc: evil@example.com\r\n\r\n", "\n.\n", "=?utf-8?B?QQ==?=", "<b>&\"'", "--leeway", "\u{301}",
  ])
  func nothingIsInjected(piece: String) throws {
    let server = try MailServerProcess()
    let receiver = try receiver(["url": "smtp://127.0.0.1:\(server.port)", "tls": "none"])
    let result = try send(Sample.flooded(with: piece), receiver)
    #expect(result == .success(.mail(MailReply(code: 250))))
    let mail = try server.next()
    #expect(mail.to == ["ml-team@example.com", "ops@example.com"])
    #expect(
      mail.headers.map { $0[0] } == [
        "Date", "From", "To", "Message-ID", "References", "In-Reply-To", "Subject", "MIME-Version", "Auto-Submitted",
        "Content-Type",
      ])
    #expect(mail.defects == [] && mail.bare == 0 && mail.ascii && mail.longest <= 78)
    #expect(mail.parts == ["multipart/alternative", "text/plain", "text/html"])
    let monitor = String(repeating: piece, count: 63)
    let shown = String(String.UnicodeScalarView(monitor.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }.prefix(40)))
    let squeezed = { (text: String) in text.split(separator: " ").joined(separator: " ") }
    #expect(squeezed(mail.header("Subject") ?? "").contains(squeezed(shown)), "\(mail.header("Subject") ?? "")")
    #expect(mail.html?.contains("<b>") == false)
    #expect(mail.html?.contains("Bcc: evil") == (piece.contains("Bcc")))
  }

  @Test func mailGoesOverTLSAndLogsIn() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "leeway-mail-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (key, certificate) = (folder.appending(path: "k.pem").path, folder.appending(path: "c.pem").path)
    let openssl = Process()
    openssl.executableURL = URL(filePath: "/usr/bin/openssl")
    openssl.arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
      "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    try #require(openssl.terminationStatus == 0)

    let server = try MailServerProcess(certificate: certificate, key: key, password: "p-secret")
    let url = "smtp://127.0.0.1:\(server.port)"
    let login = ["url": url, "user": "leeway", "password": "p-secret"]
    let good = try receiver(login.merging(["ca_file": certificate]) { $1 })
    #expect(try decision(send(Sample.opened, good)) == .delivered)
    let mail = try server.next()
    #expect(mail.encrypted && mail.user == "leeway")
    // A certificate that nobody trusts ends it before a password or a mail is sent.
    guard case .failure(let failure) = try send(Sample.opened, receiver(login)) else {
      Issue.record("a self-signed certificate was accepted")
      return
    }
    #expect(failure.kind == .tls && failure.text.hasPrefix("mail to \(url): ") && failure.text.contains("certificate"))
    // A password may have been changed on one side first.
    let wrong = try receiver(login.merging(["ca_file": certificate, "password": "w-secret"]) { $1 })
    let result = try send(Sample.opened, wrong)
    guard case .retry = decision(result) else {
      Issue.record("\(result)")
      return
    }
    #expect(!"\(result)".contains("w-secret"))
  }

  @Test func nothingIsSentInTheClear() throws {
    let server = try MailServerProcess()
    let url = "smtp://127.0.0.1:\(server.port)"
    let result = try send(Sample.opened, receiver(["url": url]))
    #expect(
      result
        == .failure(
          HTTPFailure(.tls, "mail to \(url): the server offers no STARTTLS, and mail is not sent in the clear")))
  }

  @Test func whatMayGetBetterIsTriedAgain() throws {
    let server = try MailServerProcess()
    let url = "smtp://127.0.0.1:\(server.port)"
    let busy = try receiver(["url": url, "tls": "none", "to": "busy@example.com"])
    #expect(try decision(send(Sample.opened, busy)) == .retry(after: 500))
    #expect(try send(Sample.opened, busy).problem == "answered 451")
    let bad = try receiver(["url": url, "tls": "none", "to": "ml-team@example.com, bad@example.com"])
    #expect(
      try decision(send(Sample.opened, bad)) == .deadLetter(reason: "the mail server answered 550"))
  }

  @Test(
    arguments: [
      (["url": "http://mail"], "url must be smtp://HOST:PORT or smtps://HOST:PORT, without user, password and path"),
      (
        ["url": "smtp://u:p@mail:587"],
        "url must be smtp://HOST:PORT or smtps://HOST:PORT, without user, password and path"
      ),
      (["from": "a@b, c@d"], "from takes one address"),
      (["to": "Team <a@b>"], "to takes plain addresses, as name@example.com, separated by commas"),
      (["to": "a@b\r\nBcc: c@d"], "to takes plain addresses, as name@example.com, separated by commas"),
      (["to": "a@b,,c@d"], "to takes plain addresses, as name@example.com, separated by commas"),
      (["tls": "none"], "tls is none, and mail leaves this machine only encrypted; remove the key"),
      (["tls": "yes"], "tls takes required or none"),
      (["user": "u"], "user needs password beside it; add it"),
      (["password": "p"], "password needs user beside it; add it"),
    ] as [([String: String], String)])
  func mistakesAreNamed(values: [String: String], message: String) {
    let mistake = #expect(throws: Receiver.Invalid.self) {
      try receiver(["url": "smtp://mail.example.com:587"].merging(values) { $1 })
    }
    #expect(mistake?.description == message)
  }
}
