/// Where reading a partition starts.
package enum KafkaPosition: Hashable, Sendable {
  /// The offset of the next record to read, at least 0.
  case offset(Int64)
  /// The oldest record the broker still has.
  case beginning
  /// Behind the newest record.
  case end
}
