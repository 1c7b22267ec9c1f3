package import LeewayCore

/// What `KafkaConsumer.poll` met besides messages.
package enum KafkaEvent: Equatable, Sendable {
  /// The group gave these partitions in addition to those held. Answer with `assign`, before the next poll.
  /// Empty if the group had none to give; that one needs no answer.
  case assigned([TopicPartition])
  /// The group takes these partitions back. Flush, then answer with `unassign`, before the next poll.
  case revoked([TopicPartition])
  /// These partitions are gone already and may have another owner: discard, then answer with `unassign`.
  case lost([TopicPartition])
  /// All records up to and without `offset` have been read. Comes again after further records.
  case partitionEnd(TopicPartition, offset: Int64)
  /// See `KafkaError.Kind` for what to do.
  case error(KafkaError)
}
