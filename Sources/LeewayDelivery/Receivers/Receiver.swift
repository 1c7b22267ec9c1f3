/// Somebody who is told: one entry under `receivers` in `leeway.yaml`.
package struct Receiver: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
  /// Raw values are the `type` of the configuration.
  package enum Kind: String, Sendable, CaseIterable {
    case log
    case webhook
    case slack
  }

  package let name: String
  package let kind: Kind
  /// Empty for `log`. Secret: use `description` for people.
  package let url: String
  /// Signs a webhook's bodies.
  package let secret: String?
  package let limits: RequestLimits

  /// - Throws: `Invalid`, which names the key of the configuration and never its value.
  package init(
    name: String, kind: Kind, url: String = "", secret: String? = nil, limits: RequestLimits = RequestLimits()
  ) throws(Invalid) {
    if kind == .log {
      guard url.isEmpty else { throw Invalid(key: "url", problem: "means nothing for a log; remove it") }
    } else {
      guard !url.isEmpty else { throw Invalid(key: "url", problem: "is missing; a \(kind.rawValue) needs one") }
      guard URLOrigin(url) != nil else {
        throw Invalid(key: "url", problem: "must be http:// or https:// with a host, without spaces")
      }
    }
    if let secret {
      guard kind == .webhook else { throw Invalid(key: "secret", problem: "is only for webhooks; remove it") }
      guard !secret.isEmpty else { throw Invalid(key: "secret", problem: "is empty; give one or remove the key") }
    }
    self.name = name
    self.kind = kind
    self.url = url
    self.secret = secret
    self.limits = limits
  }

  package struct Invalid: Error, Equatable, CustomStringConvertible {
    /// The key below the receiver's name, as `url`.
    package let key: String
    /// What is wrong and the fix, to follow the key in a sentence.
    package let problem: String
    package var description: String { "\(key) \(problem)" }
  }

  /// As `chat (slack, https://hooks.slack.com)`.
  package var description: String {
    URLOrigin(url).map { "\(name) (\(kind.rawValue), \($0))" } ?? "\(name) (\(kind.rawValue))"
  }

  /// The same, so that a receiver inside another value's dump keeps its secrets too.
  package var debugDescription: String { description }

  /// How this receiver is spoken to.
  package var format: any DeliveryFormat {
    switch kind {
    case .log: LogFormat()
    case .webhook: WebhookFormat(url: url, secret: secret, limits: limits)
    case .slack: SlackFormat(url: url, limits: limits)
    }
  }
}
