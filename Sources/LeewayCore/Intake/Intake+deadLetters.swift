extension Intake {
  /// Rejected messages that are not known to be in the dead-letter topic. Until they are, the offset that passes them is
  /// not committed.
  package var deadLetters: [DeadLetter] { places.flatMap { self[$0].deadLetters } }

  /// Forgets those that have arrived.
  package func delivered(_ wasDelivered: (_ source: PartitionKey, _ offset: Int64) -> Bool) {
    for place in places where !self[place].deadLetters.isEmpty {
      self[place].removeDeadLetters { wasDelivered($0.source, $0.offset) }
    }
  }
}
