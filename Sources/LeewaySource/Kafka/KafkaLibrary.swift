internal import CRdKafka

/// The librdkafka this process runs with.
package enum KafkaLibrary {
  /// For example `2.0.2`.
  package static var version: String { String(cString: rd_kafka_version_str()) }

  /// Major, minor, revision and pre-release, a byte each.
  static var number: Int32 { rd_kafka_version() }
}

/// A line of librdkafka's own log.
package struct KafkaLog: Sendable {
  /// As in syslog: 0 emergency … 3 error, 4 warning, 6 info, 7 debug.
  package let level: Int
  /// librdkafka's short word for where it comes from, for example `FAIL` or `REQTMOUT`.
  package let facility: String
  package let text: String
}

/// Takes librdkafka's log lines. Called on whichever thread writes the line, mostly librdkafka's own, and at times on
/// several at once: return soon and call nothing of the handle that logs.
package typealias KafkaLogReceiver = @Sendable (KafkaLog) -> Void
