import LeewayStatistics

/// The labelled rows of a model of several classes in one window and slice, as its metrics read them.
struct MulticlassRows {
  /// Labels by predictions, the last class for all that the monitor does not name.
  let confusion: MulticlassConfusion
  /// For rows that carry the probabilities of the classes.
  let logLoss: MeanSums
  /// The predicted class's probability, and how often it was right.
  let reliability: ReliabilityTable

  /// - Parameter classCount: of the classes that the monitor names, and one for the others.
  init(_ rows: PartCells, classCount: Int) {
    confusion = rows.confusion(classes: classCount)
    logLoss = rows.logLoss(classes: classCount)
    let offsets = MulticlassOffset.of(classes: classCount)
    reliability = ReliabilityTable(
      counts: rows.counts(offsets.bins, 10), scoreSums: (0..<10).map { rows.fraction(MulticlassSum.bins + $0) },
      positives: rows.counts(offsets.correct, 10))
  }

  /// That the probabilities are what they claim to be, by the bins.
  var calibrationPValue: Double? { reliability.chiSquared?.pValue }
}
