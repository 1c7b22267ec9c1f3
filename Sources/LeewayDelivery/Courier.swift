import LeewayCore

/// Delivers what formats make: requests over HTTP, and mail over SMTP.
///
/// Not `Sendable` on purpose, as the senders that it holds: whoever makes one keeps it on one thread.
package final class Courier {
  private let http: HTTPRequestSender
  private var mail: MailSender?
  private let abort: AbortFlag

  /// - Throws: `HTTPFailure` where curl cannot be started.
  package init(version: String, abort: AbortFlag) throws(HTTPFailure) {
    http = try HTTPRequestSender(version: version, abort: abort)
    self.abort = abort
  }

  /// A request to a target, with a token that is asked for first where the target wants one.
  ///
  /// - Returns: the answer, and whether it is the request's own: without a token the request was not sent.
  package func call(
    _ request: HTTPRequest, of target: any RetrainTarget
  ) -> (result: Result<HTTPAnswer, HTTPFailure>, wasSent: Bool) {
    var request = request
    // A run's description can be long.
    request.limits.answerBytes = 1 << 20
    if let login = target.login {
      let token = http.send(login)
      guard case .success(let answer) = token, (200..<300).contains(answer.status) else { return (token, false) }
      let value = try? JSONValue(parsing: answer.bodyPrefix)
      guard let header = value.flatMap({ try? target.authorization(from: JSONReader($0)) }) else {
        return (.failure(HTTPFailure(.badAnswer, "the answer to the login has no token")), false)
      }
      request.headers.removeAll { $0.name == header.name }
      request.headers.append(header)
    }
    return (http.send(request), true)
  }

  /// - Parameter rendered: a request or a mail; nothing else is sent to anywhere.
  package func deliver(_ rendered: RenderedDelivery) -> Result<DeliveryAnswer, HTTPFailure> {
    switch rendered {
    case .request(let request): return http.send(request).map(DeliveryAnswer.http)
    case .mail(let message):
      do throws(HTTPFailure) {
        let sender: MailSender
        if let mail { sender = mail } else { sender = try MailSender(abort: abort) }
        mail = sender
        return .success(.mail(try sender.send(message)))
      } catch {
        return .failure(error)
      }
    case .line, .nothing: preconditionFailure("a line of the log is not delivered to anybody else")
    }
  }
}

extension RenderedDelivery {
  /// Whether a ``Courier`` delivers it.
  package var isSent: Bool {
    switch self {
    case .request, .mail: true
    case .line, .nothing: false
    }
  }
}

/// What the other side said.
package enum DeliveryAnswer: Sendable, Equatable {
  case http(HTTPAnswer)
  case mail(MailReply)
}

extension Result where Success == DeliveryAnswer, Failure == HTTPFailure {
  /// The whole answer, as far as it was read: `answered 202: {"status":"success"}`. It may hold what was sent.
  package var shown: String {
    switch self {
    case .success(.http(let answer)):
      let body = String(decoding: answer.bodyPrefix, as: UTF8.self)
      return "answered \(answer.status)" + (body.isEmpty ? "" : ": \(body.onOneLine(limit: 1_000))")
    case .success(.mail(let reply)): return "answered \(reply.code)"
    case .failure(let failure): return failure.text
    }
  }

  /// Why nothing was taken, in a few words; nil where it was.
  package var problem: String? {
    switch self {
    case .success(.http(let answer)): (200..<300).contains(answer.status) ? nil : "answered \(answer.status)"
    case .success(.mail(let reply)): (200..<300).contains(reply.code) ? nil : "answered \(reply.code)"
    case .failure(let failure): failure.text
    }
  }
}
