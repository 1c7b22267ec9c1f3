extension Intake {
  /// Rejected messages that are not known to be in the dead-letter topic. Until they are, the offset that passes them is
  /// not committed.
  package var deadLetters: [DeadLetter] { monitors.flatMap { $0.partitions.flatMap(\.deadLetters) } }

  /// Forgets those that have arrived.
  package func delivered(_ wasDelivered: (_ source: PartitionKey, _ offset: Int64) -> Bool) {
    for m in monitors.indices {
      for p in monitors[m].partitions.indices where !monitors[m].partitions[p].deadLetters.isEmpty {
        monitors[m].partitions[p].removeDeadLetters { wasDelivered($0.source, $0.offset) }
      }
    }
  }
}
