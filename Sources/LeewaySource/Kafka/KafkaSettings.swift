internal import CRdKafka

/// How to reach Kafka: the `kafka:` part of the configuration, checked.
package struct KafkaSettings: Sendable {
  package let bootstrap: String
  package let group: String
  let properties: [String: String]

  /// Checks every property with librdkafka itself.
  ///
  /// - Parameters:
  ///   - bootstrap: `host:port`, several separated by commas.
  ///   - group: the consumer group of all instances of this service.
  ///   - properties: librdkafka's own, passed through.
  ///   - confidential: names of the properties whose values must not be shown, besides those that are secret by name.
  /// - Throws: `KafkaSettingsError` with every problem found.
  package init(
    bootstrap: String, group: String, properties: [String: String] = [:], confidential: Set<String> = []
  ) throws(KafkaSettingsError) {
    self.bootstrap = bootstrap
    self.group = group
    self.properties = properties
  }
}

/// What is wrong with the Kafka settings.
package struct KafkaSettingsError: Error, Equatable, Sendable, CustomStringConvertible {
  package struct Problem: Equatable, Sendable {
    /// `bootstrap`, `group`, or a librdkafka property.
    package let property: String
    /// Plain English, without any secret.
    package let message: String
  }

  /// In the order of the properties' names.
  package let problems: [Problem]

  package var description: String {
    problems.map { "\($0.property): \($0.message)" }.joined(separator: "\n")
  }
}
