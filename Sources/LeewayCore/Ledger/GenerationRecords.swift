/// A monitor with one baseline, from one pane boundary on.
package struct GenerationRecord: Sendable, Equatable {
  package var monitor: String
  /// Its name: the definition's hash, with a number behind it where the monitor has come back to a definition.
  package var generation: String
  /// Hash of what shapes panes: the monitor's streams, features, segments, windows' pane, and the baseline.
  package var definition: String
  /// Events before it belong to an earlier generation.
  package var startsAt: EventTime
  package var baseline: String
  /// The generation in which its pairs began.
  package var pairs: String
  package var pairsStartAt: EventTime
  /// The first prediction time that counts for stage early.
  package var earlyStartsAt: EventTime
  /// `PairShape.text`; empty without labels, and in ledgers of versions that did not keep it.
  package var pairShape: String
  /// How far every prediction partition had been read when the generation began, less the lateness: later windows of the one
  /// before may lack rows.
  package var readThrough: EventTime
  /// Nothing waits among its pairs any more, and its files are gone.
  package var isDrained: Bool

  /// - Parameter pairs: nil: they begin with the generation.
  package init(
    monitor: String, generation: String, definition: String? = nil, startsAt: EventTime, baseline: String,
    pairs: String? = nil, pairsStartAt: EventTime? = nil, earlyStartsAt: EventTime? = nil, pairShape: String = "",
    readThrough: EventTime = .distantPast, isDrained: Bool = false
  ) {
    self.monitor = monitor
    self.generation = generation
    self.definition = definition ?? generation
    self.startsAt = startsAt
    self.baseline = baseline
    self.pairs = pairs ?? generation
    self.pairsStartAt = pairsStartAt ?? startsAt
    self.earlyStartsAt = earlyStartsAt ?? self.pairsStartAt
    self.pairShape = pairShape
    self.readThrough = readThrough
    self.isDrained = isDrained
  }
}

extension GenerationRecord {
  /// The names under which results of a type are kept: those of drift under the generation's, those of performance under that of
  /// its pairs.
  package func keys(of type: ResultType) -> [String] {
    switch type {
    case .drift, .shift, .incident: [generation]
    case .performance: [pairs]
    case .comparison, .verdict: pairs == generation ? [generation] : [generation, pairs]
    }
  }
}

/// What a generation was made of, kept for as long as its pairs wait for labels.
package struct GenerationFiles: Sendable, Equatable {
  /// The text of the monitor's file.
  package var monitor: String
  /// The baseline's JSON.
  package var baseline: [UInt8]

  package init(monitor: String, baseline: [UInt8]) {
    self.monitor = monitor
    self.baseline = baseline
  }
}
