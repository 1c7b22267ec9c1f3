extension ReceiverType {
  /// `email`: mail over SMTP.
  package static let email = ReceiverType(name: "email", keys: EmailFormat.keys) { values throws(Receiver.Invalid) in
    var server = MailServer(url: values["url"] ?? "")
    guard server.shown != nil else {
      throw Receiver.Invalid(
        key: "url", problem: "must be smtp://HOST:PORT or smtps://HOST:PORT, without user, password and path")
    }
    switch values["tls"] ?? "required" {
    case "required": break
    case "none":
      guard server.isLoopback else {
        throw Receiver.Invalid(
          key: "tls", problem: "is none, and mail leaves this machine only encrypted; remove the key")
      }
      server.demandsTLS = false
    default: throw Receiver.Invalid(key: "tls", problem: "takes required or none")
    }
    server.user = values["user"]
    server.password = values["password"]
    server.authorities = values["ca_file"]
    guard (server.user == nil) == (server.password == nil) else {
      let missing = server.user == nil ? "user" : "password"
      throw Receiver.Invalid(
        key: missing == "user" ? "password" : "user", problem: "needs \(missing) beside it; add it")
    }
    let from = try EmailFormat.addresses(in: values, key: "from")
    guard from.count == 1 else { throw Receiver.Invalid(key: "from", problem: "takes one address") }
    return EmailFormat(server: server, from: from[0], to: try EmailFormat.addresses(in: values, key: "to"))
  }
}

/// A mail in plain text and HTML. Mails of one incident are one thread.
package struct EmailFormat: DeliveryFormat {
  let server: MailServer
  let from: String
  let to: [String]

  private static let mostRecipients = 50

  static let keys: [ReceiverKey] = [
    ReceiverKey(
      name: "url", help: "`smtp://HOST:587`, encrypted by STARTTLS, or `smtps://HOST:465`",
      example: "url: \"smtp://mail.example.com:587\"", isRequired: true),
    ReceiverKey(
      name: "from", help: "address of the sender", example: "from: leeway@example.com", isRequired: true),
    ReceiverKey(
      name: "to", help: "addresses, separated by commas", example: "to: ml-team@example.com", isRequired: true),
    ReceiverKey(name: "user", help: "name to log in with", example: "user: leeway"),
    ReceiverKey(
      name: "password", help: "to log in with", example: "password: \"${NAME}\"", isSecret: true),
    ReceiverKey(
      name: "tls", help: "`none` for a mail server on this machine that has no certificate", example: "tls: none",
      standard: "required"),
    ReceiverKey(
      name: "ca_file", help: "PEM file of those who sign the server's certificate, in place of the system's",
      example: "ca_file: /etc/ssl/certs/our-ca.pem"),
  ]

  /// Plain addresses only: a name beside an address could hold a header of its own.
  static func addresses(in values: [String: String], key: String) throws(Receiver.Invalid) -> [String] {
    let addresses = (values[key] ?? "").split(separator: ",", omittingEmptySubsequences: false).map {
      String($0).trimmingPrefix(" ").description
    }.map { $0.last == " " ? String($0.dropLast()) : $0 }
    guard (1...mostRecipients).contains(addresses.count) else {
      throw Receiver.Invalid(key: key, problem: "has \(addresses.count) addresses; it takes at most \(mostRecipients)")
    }
    for address in addresses {
      let parts = address.split(separator: "@", omittingEmptySubsequences: false)
      let isPlain = address.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"()<>,;:\\\"[]".utf8.contains($0) }
      guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), isPlain, address.utf8.count <= 254 else {
        throw Receiver.Invalid(key: key, problem: "takes plain addresses, as name@example.com, separated by commas")
      }
    }
    return addresses
  }

  package func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let stored = try StoredNotification.read(delivery.notification)
    if stored.event == "incident.confirmed" { return .nothing }
    let content = MessageContent(stored)
    return .mail(
      MailMessage(
        server: server, from: from, to: to, subject: "[Leeway] \(content.title) (\(stored.tier))",
        text: Self.text(content), html: Self.html(content), id: delivery.key, thread: stored.incident, now: now))
  }

  private static func text(_ content: MessageContent) -> String {
    var lines = [content.summary, ""]
    for (title, texts) in content.paragraphs {
      lines.append("\(title):")
      lines += texts.map { "- \($0)" }
      lines.append("")
    }
    lines += content.facts.map { "\($0.name): \($0.value)" }
    if let link = content.link { lines += ["", link] }
    return lines.joined(separator: "\r\n") + "\r\n"
  }

  private static func html(_ content: MessageContent) -> String {
    var html =
      "<!DOCTYPE html>\r\n<html><body style=\"font-family:sans-serif\">\r\n<h2>\(escaped(content.title))</h2>\r\n"
    html += "<p>\(escaped(content.summary))</p>\r\n"
    for (title, texts) in content.paragraphs {
      html += "<h3>\(escaped(title))</h3>\r\n<ul>\r\n"
      for text in texts { html += "<li>\(escaped(text))</li>\r\n" }
      html += "</ul>\r\n"
    }
    html += "<table>\r\n"
    for fact in content.facts {
      html += "<tr><th align=\"left\">\(escaped(fact.name))</th><td>\(escaped(fact.value))</td></tr>\r\n"
    }
    html += "</table>\r\n"
    if let link = content.link { html += "<p><a href=\"\(escaped(link))\">Open the incident</a></p>\r\n" }
    return html + "</body></html>\r\n"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
  }
}
