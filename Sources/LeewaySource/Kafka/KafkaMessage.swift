internal import CRdKafka
package import LeewayCore

/// Records of one partition, one after another, as they lie in librdkafka's buffers: a view, valid only inside the
/// closure it is handed to. Keys and values are valid until the batch has settled.
package struct KafkaRun: ~Copyable {
  /// Index into `KafkaConsumer.topics`.
  package let topic: Int
  package let partition: Int32
  private let messages: ArraySlice<UnsafeMutablePointer<rd_kafka_message_t>>

  init(topic: Int, partition: Int32, _ messages: ArraySlice<UnsafeMutablePointer<rd_kafka_message_t>>) {
    self.topic = topic
    self.partition = partition
    self.messages = messages
  }

  package var count: Int { messages.count }

  /// By ascending offset.
  package func forEach(_ body: (borrowing KafkaMessage) -> Void) {
    for message in messages { body(KafkaMessage(message)) }
  }
}

/// One record of a run.
package struct KafkaMessage: ~Copyable {
  package let offset: Int64
  /// The record's timestamp in milliseconds since the epoch; nil if it has none.
  package let timestamp: Int64?
  /// nil if the record has no key.
  package let key: UnsafeRawBufferPointer?
  /// nil for a tombstone; a value of no bytes is not a tombstone.
  package let value: UnsafeRawBufferPointer?
  /// Parsed when one is asked for.
  package let headers: RecordHeaders

  fileprivate init(_ message: UnsafePointer<rd_kafka_message_t>) {
    let content = message.pointee
    let milliseconds = rd_kafka_message_timestamp(message, nil)
    offset = content.offset
    timestamp = milliseconds < 0 ? nil : milliseconds
    key = content.key.map { UnsafeRawBufferPointer(start: $0, count: content.key_len) }
    value = content.payload.map { UnsafeRawBufferPointer(start: $0, count: content.len) }
    headers = RecordHeaders(record: message) { record, name, count in
      var headers: OpaquePointer?
      let message = record.assumingMemoryBound(to: rd_kafka_message_t.self)
      guard rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
      var (value, length): (UnsafeRawPointer?, Int) = (nil, 0)
      guard rd_kafka_header_get_last(headers, name, &value, &length) == RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
      count.pointee = value == nil ? -1 : length
      return value ?? record
    }
  }
}
