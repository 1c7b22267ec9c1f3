package import LeewayCore

/// Somebody who is told: one entry under `receivers` in `leeway.yaml`.
package struct Receiver: Sendable {
  package let name: String
  package let type: ReceiverType
  /// Least time between two messages about the spread of one incident; nil: as usual.
  package let groupInterval: TimeSpan?
  /// The receiver that is told when a message to this one is given up; nil: none.
  package let fallback: String?
  /// How it is spoken to.
  package let format: any DeliveryFormat
  /// As configured. Some are secret: use `description` for people.
  private let values: [String: String]

  /// - Parameter values: of the type's keys, by their names.
  /// - Throws: ``Invalid``, which names the key of the configuration and never its value.
  package init(
    name: String, type: ReceiverType, values: [String: String] = [:], groupInterval: TimeSpan? = nil,
    fallback: String? = nil
  ) throws(Invalid) {
    for key in type.keys where key.isRequired && values[key.name] == nil {
      throw Invalid(key: key.name, problem: "is missing; add \(key.example)")
    }
    for key in values.keys.sorted(by: utf8Order) where !type.keys.contains(where: { $0.name == key }) {
      throw Invalid(key: key, problem: "is no key of a \(type.name) receiver; remove it")
    }
    self.name = name
    self.type = type
    self.values = values
    self.groupInterval = groupInterval
    self.fallback = fallback
    format = try type.makeFormat(values)
  }

  /// The text with every secret of the configuration replaced by `***`: what a receiver answers may repeat what it was sent.
  package func redacted(_ text: String) -> String {
    var text = text
    for key in type.keys where key.isSecret {
      let value = values[key.name] ?? ""
      // Of a map, each value, and its last word: `Bearer` is no secret.
      var secrets = [value]
      if key.isMap {
        for line in value.split(separator: "\n") {
          let value = line.drop { $0 != ":" }.drop { $0 == ":" || $0 == " " }
          secrets += [String(value), String(value.split(separator: " ").last ?? "")]
        }
      }
      for secret in secrets where secret.utf8.count >= 4 { text = text.replacing(secret, with: "***") }
    }
    return text
  }

  package struct Invalid: Error, Equatable, CustomStringConvertible {
    /// The key below the receiver's name, as `url`.
    package let key: String
    /// What is wrong and the fix, to follow the key in a sentence.
    package let problem: String
    package var description: String { "\(key) \(problem)" }
  }
}

extension Receiver: Equatable {
  /// The format follows from type and values.
  package static func == (a: Receiver, b: Receiver) -> Bool {
    a.name == b.name && a.type.name == b.type.name && a.values == b.values && a.groupInterval == b.groupInterval
      && a.fallback == b.fallback
  }
}

extension Receiver: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// As `chat (slack, https://hooks.slack.com)`.
  package var description: String {
    let origin = values["url"].flatMap { URLOrigin($0)?.description ?? MailServer(url: $0).shown }
    return origin.map { "\(name) (\(type.name), \($0))" } ?? "\(name) (\(type.name))"
  }

  /// The same, so that a receiver inside another value's dump keeps its secrets too.
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
