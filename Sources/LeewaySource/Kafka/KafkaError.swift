package import LeewayCore

/// What librdkafka, or a broker through it, reported.
package struct KafkaError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What the reader of the error can do about it.
  package enum Kind: Sendable {
    /// The handle is dead: close it and start a new one.
    case fatal
    /// The offset asked for isn't in the partition; that partition stands still until `seek`.
    case offsetOutOfRange
    /// librdkafka goes on trying by itself; worth a log line and a counter.
    case transient
    /// Nothing changes until somebody changes the configuration, the rights or the topic.
    case permanent
  }

  package let kind: Kind
  /// librdkafka's number: positive from a broker, negative from the library.
  package let code: Int32
  /// librdkafka's name for the code, for example `_ALL_BROKERS_DOWN`.
  package let name: String
  /// Plain English; no key, payload or secret.
  package let message: String
  /// The partition concerned, -1 for a whole topic; nil if the error isn't about one.
  package let partition: TopicPartition?
  /// The offset that was asked for, of an error of kind `offsetOutOfRange`; nil if not known.
  package let offset: Int64?

  package var isFatal: Bool { kind == .fatal }
  package var isRetriable: Bool { kind == .transient }
  /// A topic or a partition isn't there; it may come, or come back.
  package var isMissingTopic: Bool {
    ["UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION"].contains(name)
  }
  package var isOffsetOutOfRange: Bool { kind == .offsetOutOfRange }

  package var description: String {
    let place = partition.map { $0.partition < 0 ? "\($0.topic): " : "\($0): " } ?? ""
    return "\(place)\(message) (\(name))"
  }
}
