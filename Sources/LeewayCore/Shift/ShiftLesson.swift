import LeewayStatistics

/// The learning of one slice within a round: how far it has come.
struct ShiftLesson {
  let learner: ShiftDesign.Learner
  var state: ShiftLearning

  /// Fits the null of the stage from the hours that were kept.
  ///
  /// - Parameters:
  ///   - normals: what people have accepted: the hours since then are taken back to what was normal before, as it is put on top of the
  ///     null again.
  ///   - earlier: what is stored by the ledger's keys.
  /// - Returns: nil where there are too few hours or rows.
  mutating func fit(
    _ hours: ShiftHours, _ normals: ShiftNormals, isExcluded: (Int) -> Bool,
    _ earlier: ([SliceKey]) throws -> [[UInt8]?]
  ) throws -> ShiftNull? {
    guard let first = state.first else { return nil }
    let end = state.next
    let start = max(first, ShiftHours.first(keptAt: end - 1))
    let skipped = start == first ? state.skipped : (start..<end).count(where: isExcluded)
    // With many excluded days, what is kept may be less than what was counted.
    guard ShiftPlan(hours: end - start - skipped) != .iid else { return nil }
    let (found, rows) = try hours.values(
      start..<end, takesLeftOut: { normals.isAccepted(hour: $0, learner.streams.all[$1]) }, earlier)
    let middle = Int64(median(rows.map(Double.init)))
    guard middle >= BaselineHours.minimumRows else {
      state.tooFew = middle
      return nil
    }
    let values = normals.movedBack(found)
    guard let null = ShiftNull(values, learner.streams, learner.configuration, skipped: skipped) else { return nil }
    state.tooFew = nil
    state.stage += 1
    state.null = .init(bytes: null.encoded(withTables: false), versions: state.shares)
    return null
  }
}
