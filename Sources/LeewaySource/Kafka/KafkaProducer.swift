internal import CRdKafka

/// Writes records: the dead-letter topic, and the demo's world. Not Sendable: one thread uses it, and delivery reports
/// are served on that thread, inside `produce`, `poll` and `flush`.
package final class KafkaProducer {
  package enum Outcome: Sendable {
    /// Copied into the send queue.
    case queued
    /// No room: the record was not taken. `poll`, then try again.
    case queueFull
  }

  /// Records a broker has confirmed.
  package private(set) var delivered = 0
  /// Records given up.
  package private(set) var failed = 0
  /// Why the latest of the failed records was given up.
  package private(set) var latestFailure: KafkaError?

  /// - Parameter log: called on librdkafka's threads; without it librdkafka's log is dropped.
  package init(_ settings: KafkaSettings, log: KafkaLogReceiver? = nil) throws(KafkaError) {}

  /// Copies a record into the send queue.
  ///
  /// - Parameters:
  ///   - partition: nil lets the key decide.
  ///   - value: nil writes a tombstone.
  ///   - timestampMilliseconds: nil takes the time of the call.
  package func produce(
    topic: String, partition: Int32? = nil, key: UnsafeRawBufferPointer? = nil, value: UnsafeRawBufferPointer?,
    timestampMilliseconds: Int64? = nil, headers: [(name: String, value: [UInt8])] = []
  ) throws(KafkaError) -> Outcome { preconditionFailure("not built yet") }

  /// Serves delivery reports, waiting for the first up to the time given.
  package func poll(timeoutMilliseconds: Int32) {}

  /// Records in the send queue or on their way.
  package var pending: Int { 0 }

  /// Waits until all records are delivered or failed.
  ///
  /// - Returns: false if some are still on their way.
  package func flush(timeoutMilliseconds: Int32) -> Bool { true }
}
