/// A record as it lies in librdkafka's buffers: a view, valid only inside the closure it is handed to.
package struct KafkaMessage: ~Copyable {
  /// Index into `KafkaConsumer.topics`.
  package let topic: Int
  package let partition: Int32
  package let offset: Int64
  /// The record's timestamp in milliseconds since the epoch; nil if it has none.
  package let timestamp: Int64?
  /// nil if the record has no key.
  package let key: UnsafeRawBufferPointer?
  /// nil for a tombstone; a value of no bytes is not a tombstone.
  package let value: UnsafeRawBufferPointer?

  package init(
    topic: Int, partition: Int32, offset: Int64, timestamp: Int64?, key: UnsafeRawBufferPointer?,
    value: UnsafeRawBufferPointer?
  ) {
    self.topic = topic
    self.partition = partition
    self.offset = offset
    self.timestamp = timestamp
    self.key = key
    self.value = value
  }
}
