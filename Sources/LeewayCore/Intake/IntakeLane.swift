/// A share of an intake's partitions, for every monitor, with decoders and columns of its own: what one thread works on.
final class IntakeLane {
  /// Parallel to the intake's plans.
  var monitors: [MonitorIntake]

  init(_ monitors: [MonitorIntake]) { self.monitors = monitors }

  /// Takes messages of one partition. Each monitor takes them all before the next one does, so that what it works on stays
  /// in the processor's caches.
  func take(_ messages: some RandomAccessCollection<SourceMessage>, _ places: [Intake.Place], quarantineRows: Int) {
    for place in places {
      monitors[place.monitor].take(messages, partition: place.partition, quarantineRows: quarantineRows)
    }
  }
}
