/// Where a plan stands among its monitor's generations.
package struct GenerationStanding: Sendable {
  /// The name of the generation.
  package var generation: String
  /// The first event time that counts in it.
  package var startsAt = EventTime.distantPast
  /// The generation in which its pairs began.
  package var pairs: String
  /// The first prediction time of its pairs, at or before `startsAt`.
  package var pairsStartAt = EventTime.distantPast
  /// The first prediction time that counts for stage early, at or after `pairsStartAt`.
  package var earlyStartsAt = EventTime.distantPast
  /// Superseded generations whose pairs still wait for labels, the oldest first.
  package var draining: [DrainingPairs] = []

  /// For a generation without one before it.
  init(first generation: String) {
    self.generation = generation
    pairs = generation
  }

  package init(_ record: GenerationRecord, draining: [DrainingPairs] = []) {
    generation = record.generation
    startsAt = record.startsAt
    pairs = record.pairs
    pairsStartAt = record.pairsStartAt
    earlyStartsAt = record.earlyStartsAt
    self.draining = draining
  }
}

/// The pairs of a superseded generation: they take no new predictions, go on taking labels, and their windows are judged until the last
/// of them is mature.
package struct DrainingPairs: Sendable {
  /// The generation's monitor and baseline, with the checks and alerts that the monitor has now.
  package let plan: MonitorPlan
  /// Where the pairs of the next generation begin: windows that end after it are not judged by these.
  package let until: EventTime
  /// Windows that end after it may lack rows that had not been read when the next generation began.
  package let readThrough: EventTime

  package init(plan: MonitorPlan, until: EventTime, readThrough: EventTime) {
    self.plan = plan
    self.until = until
    self.readThrough = readThrough
  }
}
