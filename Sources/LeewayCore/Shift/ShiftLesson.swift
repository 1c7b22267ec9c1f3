import LeewayStatistics

/// The learning of one slice within a round: how far it has come.
struct ShiftLesson {
  let learner: ShiftDesign.Learner
  var state: ShiftLearning

  /// Fits the null of the stage of subjects that began together from the hours that were kept.
  ///
  /// - Parameters:
  ///   - group: subjects.
  ///   - normals: what people have accepted: the hours since then are taken back to what was normal before, as it is put on top of the
  ///     null again.
  ///   - earlier: what is stored by the ledger's keys.
  /// - Returns: whether there were hours and rows enough.
  mutating func fit(
    _ group: [Int], _ hours: ShiftHours, _ normals: ShiftNormals, isExcluded: (Int) -> Bool,
    _ earlier: ([SliceKey]) throws -> [[UInt8]?]
  ) throws -> Bool {
    guard let progress = group.first.map({ state.subjects[$0] }), let first = progress.first else { return false }
    let end = state.next
    let start = max(first, ShiftHours.first(keptAt: end - 1))
    let skipped = start == first ? progress.skipped : (start..<end).count(where: isExcluded)
    // With many excluded days, what is kept may be less than what was counted.
    guard ShiftPlan(hours: end - start - skipped) != .iid else { return false }
    let (found, rows) = try hours.values(
      start..<end, takesLeftOut: { normals.isAccepted(hour: $0, learner.streams.all[$1]) }, earlier)
    // An hour of silence has no rows.
    let middle = Int64(median(rows.filter { !learner.feed.hasSilence || $0 > 1 }.map(Double.init)))
    guard middle >= learner.feed.minimumRows else {
      for subject in group { state.subjects[subject].tooFew = middle }
      return false
    }
    let values = normals.movedBack(found)
    guard let null = ShiftNull(values, learner.streams, learner.configuration, skipped: skipped) else { return false }
    let streams = learner.streams.all.indices.filter { group.contains(learner.streams.all[$0].subject) }
    state.pieces.removeAll { streams.contains($0.stream) }
    state.pieces = (state.pieces + streams.map(null.piece(of:))).sorted { $0.stream < $1.stream }
    for subject in group {
      state.subjects[subject].tooFew = nil
      state.subjects[subject].stage += 1
    }
    if group.contains(where: { utf8Equal(learner.subjects[$0].name, learner.outputName) })
      || state.learnedVersions.isEmpty
    {
      state.learnedVersions = state.shares
    }
    return true
  }
}
