/// A message that was not counted, on its way to the dead-letter topic. It waits with its partition's deltas: the offset
/// that passes it is committed only once it has been delivered.
package struct DeadLetter: Sendable, Equatable {
  package var source: PartitionKey
  package var offset: Int64
  /// The Kafka record's timestamp.
  package var recordTime: EventTime?
  /// Short and stable: `not_json`, `future`, `tombstone`.
  package var code: String
  package var reason: String
  /// nil if the message had none.
  package var key: [UInt8]?
  /// The payload's first bytes; nil for a tombstone.
  package var value: [UInt8]?
  /// Bytes of the whole payload.
  package var valueSize: Int

  package init(
    source: PartitionKey, offset: Int64, recordTime: EventTime?, code: String, reason: String, key: [UInt8]?,
    value: [UInt8]?, valueSize: Int
  ) {
    self.source = source
    self.offset = offset
    self.recordTime = recordTime
    self.code = code
    self.reason = reason
    self.key = key
    self.value = value
    self.valueSize = valueSize
  }

  package var isTruncated: Bool { (value?.count ?? 0) < valueSize }

  var residentBytes: Int { (key?.count ?? 0) + (value?.count ?? 0) + 256 }
}

/// Which of a message a dead letter keeps.
package struct DeadLetterLimits: Sendable, Equatable {
  /// A payload's first bytes.
  package var valueBytes: Int
  /// A key's.
  package var keyBytes: Int

  /// The defaults fit into a record of 1 MB, the most that a broker takes unless it is told otherwise.
  package init(valueBytes: Int = 900_000, keyBytes: Int = 64 << 10) {
    self.valueBytes = valueBytes
    self.keyBytes = keyBytes
  }
}
