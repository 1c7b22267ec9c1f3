internal import CRdKafka
internal import LeewayCore

/// Writes records, to the dead-letter topic and for the demo; owns an `rd_kafka_t`.
///
/// Not Sendable: one thread uses it, and delivery reports are served on that thread, inside `produce`, `poll` and
/// `flush`. What is still queued when it is released is lost: `flush` first.
package final class KafkaProducer {
  package enum Outcome: Sendable {
    /// Copied into the send queue.
    case queued
    /// No room: the record was not taken. `poll`, then try again.
    case queueFull
  }

  /// What became of a record that was given a token.
  struct Report {
    let token: Int
    /// nil: a broker has confirmed it.
    let failure: KafkaError?
  }

  private let handle: OpaquePointer
  private let callbacks: KafkaCallbacks
  private var sinceServed = 0

  /// Records a broker has confirmed.
  package var delivered: Int { callbacks.delivered }
  /// Records given up.
  package var failed: Int { callbacks.failed }
  /// Why the latest of the failed records was given up.
  package var latestFailure: KafkaError? { callbacks.latestFailure }
  /// Records in the send queue or on their way, and what librdkafka has to report besides: reports, errors of brokers.
  package var pending: Int { Int(rd_kafka_outq_len(handle)) }

  /// Starts librdkafka's threads; connects in the background.
  ///
  /// - Parameter log: called on librdkafka's threads; without it librdkafka's log is dropped.
  package init(_ settings: KafkaSettings, log: KafkaLogReceiver? = nil) throws(KafkaError) {
    let callbacks = KafkaCallbacks(log: log, redaction: settings.redaction)
    let configuration = try settings.producerConfiguration()
    configuration.withPointer { pointer in
      callbacks.registerLog(pointer)
      callbacks.registerProducer(pointer)
    }
    handle = try configuration.makeHandle(RD_KAFKA_PRODUCER, settings.redaction)
    self.callbacks = callbacks
  }

  deinit { rd_kafka_destroy(handle) }

  /// Copies a record into the send queue.
  ///
  /// - Parameters:
  ///   - partition: nil lets the key decide.
  ///   - value: nil writes a tombstone.
  ///   - timestampMilliseconds: since the epoch; nil or 0 takes the time of the call.
  ///   - token: above 0 asks for a report of this record's own.
  /// - Throws: if this record can't be sent however long one waits: too large, no such partition, a dead handle.
  package func produce(
    topic: String, partition: Int32? = nil, key: UnsafeRawBufferPointer? = nil, value: UnsafeRawBufferPointer?,
    timestampMilliseconds: Int64? = nil, headers: [(name: String, value: [UInt8])] = [],
    token: UInt = 0
  ) throws(KafkaError) -> Outcome {
    sinceServed += 1
    if sinceServed >= 64 { poll(timeoutMilliseconds: 0) }

    var list: OpaquePointer?
    if !headers.isEmpty {
      list = rd_kafka_headers_new(headers.count)
      for header in headers {
        header.value.withUnsafeBytes {
          _ = rd_kafka_header_add(list, header.name, -1, Self.start(of: $0), $0.count)
        }
      }
    }
    let code = leeway_rd_kafka_produce(
      handle, topic, partition ?? unassignedPartition, Self.start(of: key), key?.count ?? 0, Self.start(of: value),
      value?.count ?? 0, timestampMilliseconds ?? 0, list, token)
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return .queued }
    if let list { rd_kafka_headers_destroy(list) }
    switch code {
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return .queueFull
    case RD_KAFKA_RESP_ERR__FATAL:
      throw KafkaError(fatalErrorOf: handle, redaction: callbacks.redaction)
    default:
      throw KafkaError(code, partition: TopicPartition(topic, partition ?? unassignedPartition))
    }
  }

  /// librdkafka takes a null pointer for a missing key or value, so no bytes need an address too.
  private static func start(of bytes: UnsafeRawBufferPointer?) -> UnsafeRawPointer? {
    bytes.map { $0.baseAddress ?? UnsafeRawPointer(rd_kafka_version_str()) }
  }

  /// What has become of records with a token since the last call; `poll` first.
  func takeReports() -> [Report] { callbacks.takeReports() }

  /// Serves delivery reports, waiting for the first up to the time given.
  package func poll(timeoutMilliseconds: Int32) {
    sinceServed = 0
    rd_kafka_poll(handle, timeoutMilliseconds)
  }

  /// Waits until all records are delivered or failed.
  ///
  /// - Returns: false if some are still on their way.
  package func flush(timeoutMilliseconds: Int32) -> Bool {
    rd_kafka_flush(handle, timeoutMilliseconds) == RD_KAFKA_RESP_ERR_NO_ERROR
  }
}
