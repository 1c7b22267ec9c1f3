import Crypto
import Foundation

/// A mail that waits for a ``MailSender``.
package struct MailMessage: Sendable, Equatable {
  package var server: MailServer
  /// The address in the envelope and in the header.
  package var from: String
  package var to: [String]
  /// Headers and body, lines ended by CR LF.
  package var content: [UInt8]
}

/// How a mail server is reached.
package struct MailServer: Sendable, Equatable {
  /// `smtp://HOST:PORT` or `smtps://HOST:PORT`.
  package var url: String
  /// Whether the connection must be encrypted by STARTTLS before anything else is said. With `smtps://` it always is.
  package var demandsTLS = true
  package var user: String?
  package var password: String?
  /// Path of a PEM file of those who may sign the server's certificate; nil: the system's.
  package var authorities: String?
  /// Milliseconds.
  package var connect: Int64 = 5_000
  package var total: Int64 = 30_000
}

/// What a mail server said last.
package struct MailReply: Sendable, Equatable {
  /// Three digits; 2yz is done, 4yz may be later, 5yz never.
  package var code: Int

  package init(code: Int) { self.code = code }

  var summary: String { "the mail server answered \(code)" }
}

extension MailMessage {
  /// Plain text, and the same as HTML for those who show that.
  ///
  /// Every byte of both is in base64, and every header is ASCII on one line: no text can add a header, a part or a recipient.
  ///
  /// - Parameters:
  ///   - id: makes the `Message-ID`; the same for every attempt.
  ///   - thread: mails with one thread are shown together.
  ///   - now: milliseconds since the epoch.
  init(
    server: MailServer, from: String, to: [String], subject: String, text: String, html: String, id: String,
    thread: String, now: Int64
  ) {
    let domain = from.split(separator: "@").last ?? "localhost"
    func messageID(_ name: String) -> String {
      "<\(hexadecimal(SHA256.hash(data: Array(name.utf8)).prefix(16)))@\(domain)>"
    }
    let boundary = "leeway-" + hexadecimal(SHA256.hash(data: Array("boundary \(id)".utf8)).prefix(16))
    var lines = [
      "Date: \(Self.date(now))", "From: \(from)", "To: \(to.joined(separator: ",\r\n "))",
      "Message-ID: \(messageID("message \(id)"))", "References: \(messageID("thread \(thread)"))",
      "In-Reply-To: \(messageID("thread \(thread)"))", "Subject: \(Self.encoded(subject))", "MIME-Version: 1.0",
      "Auto-Submitted: auto-generated", "Content-Type: multipart/alternative;\r\n boundary=\"\(boundary)\"", "",
    ]
    for (type, body) in [("plain", text), ("html", html)] {
      lines += [
        "--\(boundary)", "Content-Type: text/\(type); charset=utf-8", "Content-Transfer-Encoding: base64", "",
        Data(body.utf8).base64EncodedString(options: [
          .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
        ]),
      ]
    }
    lines += ["--\(boundary)--", ""]
    self.init(server: server, from: from, to: to, content: Array(lines.joined(separator: "\r\n").utf8))
  }

  /// RFC 5322, in UTC.
  private static func date(_ now: Int64) -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(secondsFromGMT: 0)
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss '+0000'"
    return format.string(from: Date(timeIntervalSince1970: Double(now) / 1000))
  }

  /// A text on one line as a header's value: as it is where it is plain ASCII, else in encoded words of at most 75 characters
  /// (RFC 2047), none of which splits a character.
  static func encoded(_ text: String) -> String {
    let text = text.onOneLine(limit: 200)
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }), !text.contains("=?"), text.utf8.count <= 900 {
      return text
    }
    var words: [String] = []
    var word = ""
    for character in text.unicodeScalars {
      // 42 bytes are 56 characters of base64.
      if word.utf8.count + String(character).utf8.count > 42 {
        words.append(word)
        word = ""
      }
      word.unicodeScalars.append(character)
    }
    words.append(word)
    return words.map { "=?utf-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: "\r\n ")
  }
}
