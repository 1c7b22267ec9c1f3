/// What became of labels and duplicate predictions, for counters.
package struct JoinCounts: Sendable, Equatable {
  /// A prediction got its first counting label.
  package var matched: Int64 = 0
  /// Labels that had to wait for their prediction.
  package var early: Int64 = 0
  /// The same label again.
  package var repeated: Int64 = 0
  /// By the labels' times, a counting value took another one's place.
  package var corrected: Int64 = 0
  /// By the labels' times, a counting value was taken back.
  package var retracted: Int64 = 0
  /// Past the horizon of every prediction known by then.
  package var expired: Int64 = 0
  /// Earlier than every prediction known by then by more than a label may be.
  package var implausible: Int64 = 0
  /// More labels than may count for one id, or more versions than are kept.
  package var overLimit: Int64 = 0
  /// Predictions whose (id, version) was known.
  package var duplicates: Int64 = 0

  package init() {}

  /// What labels did to predictions; without what became of the messages themselves.
  var ofPredictions: JoinCounts {
    var out = JoinCounts()
    out.matched = matched
    out.corrected = corrected
    out.retracted = retracted
    return out
  }

  package static func += (a: inout JoinCounts, b: JoinCounts) {
    a.matched &+= b.matched
    a.early &+= b.early
    a.repeated &+= b.repeated
    a.corrected &+= b.corrected
    a.retracted &+= b.retracted
    a.expired &+= b.expired
    a.implausible &+= b.implausible
    a.overLimit &+= b.overLimit
    a.duplicates &+= b.duplicates
  }
}

/// The difference that a change of join state makes to performance panes.
struct PerformanceChange {
  /// Whose cells.
  var stage = Stage.final
  var pane: EventTime
  var slice: String
  var row: PerformanceRow
  var subtract: Bool
}

/// Applies changes to one id's state and says what they do to panes. Pure: the panes' change is the difference between
/// what the states before and after contribute, whatever happened in between.
struct Join {
  let pane: TimeSpan
  let horizon: TimeSpan
  /// How much earlier than its prediction a label may be.
  var lead: TimeSpan
  /// The age at which a prediction counts for stage early; nil: there is no such stage.
  var early: TimeSpan?
  /// Predictions before it have no stage early: they were made when the monitor had none.
  var earlyStartsAt = EventTime.distantPast
  /// The value of predictions without a label at their horizon.
  let absent: LabelValue?
  /// Versions whose predictions of one id are a pair.
  var comparison: VersionComparison?

  func apply(
    _ changes: [JoinChange], to state: inout JoinState, counts: inout JoinCounts, into out: inout [PerformanceChange]
  ) {
    let before = state
    count(changes, merging: &state, &counts)
    move(from: before, to: state, .final, at: horizon, into: &out)
    if let early { move(from: before, to: state, .early, at: early, into: &out) }
    let pair = pair(in: before)
    let now = self.pair(in: state)
    if pair != now {
      if let pair { out.append(contentsOf: pair.changes(subtract: true)) }
      if let now { out.append(contentsOf: now.changes(subtract: false)) }
    }
    touch(changes, after: state, .final, into: &out)
    if early != nil { touch(changes, after: state, .early, into: &out) }
  }

  /// What a stage's cells lose and gain. Both stages follow from the predictions' times and the labels' times and values.
  private func move(
    from before: JoinState, to state: JoinState, _ stage: Stage, at age: TimeSpan, into out: inout [PerformanceChange]
  ) {
    func counts(_ prediction: JoinedPrediction) -> Bool { stage == .final || prediction.time >= earlyStartsAt }
    for old in before.predictions where counts(old) {
      let was = before.standing(for: old, at: age, lead: lead)
      if let new = state.predictions.first(where: { utf8Equal($0.version, old.version) }), counts(new) {
        let now = state.standing(for: new, at: age, lead: lead)
        if old == new, was == now { continue }
        contribute(old, was, stage, subtract: true, into: &out)
        contribute(new, now, stage, subtract: false, into: &out)
      } else {
        contribute(old, was, stage, subtract: true, into: &out)
      }
    }
    for new in state.predictions
    where counts(new) && !before.predictions.contains(where: { utf8Equal($0.version, new.version) && counts($0) }) {
      contribute(new, state.standing(for: new, at: age, lead: lead), stage, subtract: false, into: &out)
    }
  }

  /// What the champion and the challenger gave for one id.
  private struct Pair: Equatable {
    var pane: EventTime
    /// `all`, and the values of segments that both predictions have.
    var slices: [String]
    var row: PerformanceRow

    func changes(subtract: Bool) -> [PerformanceChange] {
      slices.map { PerformanceChange(pane: pane, slice: $0, row: row, subtract: subtract) }
    }
  }

  /// The pair of an id, if both versions scored it at most a horizon apart: were they further apart, the first might be
  /// reclaimed before the second comes. It lies in the later one's pane, whose window cannot close before both are there; its
  /// label is the one that counts for the earlier.
  private func pair(in state: JoinState) -> Pair? {
    guard let comparison,
      let champion = state.predictions.first(where: { utf8Equal($0.version, comparison.champion) }),
      let challenger = state.predictions.first(where: { utf8Equal($0.version, comparison.challenger) })
    else { return nil }
    let (earlier, later) =
      champion.time <= challenger.time ? (champion, challenger) : (challenger, champion)
    guard later.time <= earlier.time + horizon else { return nil }
    // With too many labels for the later one, nothing is known of either.
    var label: JoinedLabel?
    let isKnown = state.standing(for: later, at: horizon, lead: lead) != .overLimit
    if isKnown, case .label(let found) = state.standing(for: earlier, at: horizon, lead: lead) { label = found }
    return Pair(
      pane: later.time.floor(to: pane),
      slices: [Slice.all]
        + champion.slices.filter { name in
          !Slice.isOfVersion(name) && challenger.slices.contains { utf8Equal($0, name) }
        },
      row: PerformanceRow(
        output: champion.output, challenger: challenger.output,
        label: label?.value, implied: isKnown ? absent : nil))
  }

  /// A prediction that does not stand leaves nothing in its panes, but its slices were there: which slices a cap keeps
  /// must not depend on whether it stood until a better one came.
  private func touch(
    _ changes: [JoinChange], after state: JoinState, _ stage: Stage, into out: inout [PerformanceChange]
  ) {
    for case .prediction(let prediction) in changes
    where !state.predictions.contains(prediction) && (stage == .final || prediction.time >= earlyStartsAt) {
      contribute(prediction, .label(nil), stage, subtract: false, into: &out)
      contribute(prediction, .label(nil), stage, subtract: true, into: &out)
    }
  }

  /// Merges a batch, predictions first, and counts what it did. What labels did to predictions is counted as if they had
  /// come in the order of their times, so that reading one before the other changes no counter but `early`.
  private func count(_ changes: [JoinChange], merging state: inout JoinState, _ counts: inout JoinCounts) {
    let before = state
    for case .prediction(let prediction) in changes {
      let isFirst = state.predictions.isEmpty
      switch state.merge(prediction) {
      case .accepted:
        // It was not known yet for those that waited.
        if isFirst {
          counts.expired &+= Int64(state.labels.count { $0.time > prediction.time + horizon })
          counts.implausible &+= Int64(state.labels.count { $0.time < prediction.time - lead })
        }
      case .duplicate: counts.duplicates &+= 1
      case .overLimit: counts.overLimit &+= 1
      }
    }
    for case .label(let label) in changes {
      switch state.merge(label) {
      case .accepted:
        if state.predictions.isEmpty {
          counts.early &+= 1
        } else if state.predictions.allSatisfy({ label.time > $0.time + horizon }) {
          counts.expired &+= 1
        } else if state.predictions.allSatisfy({ label.time < $0.time - lead }) {
          counts.implausible &+= 1
        }
      case .repeated: counts.repeated &+= 1
      case .overLimit: counts.overLimit &+= 1
      }
    }
    for prediction in state.predictions {
      let history = history(of: prediction, in: state)
      let known =
        before.predictions.first { utf8Equal($0.version, prediction.version) }
        .map { self.history(of: $0, in: before) } ?? LabelHistory()
      // Less than before is of a prediction that gave way to an earlier one, or of labels beyond the limit.
      counts.matched &+= max(0, history.matched &- known.matched)
      counts.corrected &+= max(0, history.corrected &- known.corrected)
      counts.retracted &+= max(0, history.retracted &- known.retracted)
    }
  }

  /// What the labels that count for a prediction did to it, one after the other by their times. None of the three becomes
  /// less with another label, wherever it comes between.
  private struct LabelHistory {
    /// 1 if any gave a value.
    var matched: Int64 = 0
    /// Values that took the place of another, retractions aside.
    var corrected: Int64 = 0
    /// Values that were taken back.
    var retracted: Int64 = 0
  }

  private func history(of prediction: JoinedPrediction, in state: JoinState) -> LabelHistory {
    var out = LabelHistory()
    var value: LabelValue?
    var isTakenBack = true
    for label in state.labels.reversed()
    where label.time <= prediction.time + horizon && label.time >= prediction.time - lead {
      guard let next = label.value else {
        if !isTakenBack { out.retracted += 1 }
        isTakenBack = true
        continue
      }
      out.matched = 1
      if let value, value != next { out.corrected += 1 }
      value = next
      isTakenBack = false
    }
    return out
  }

  private func contribute(
    _ prediction: JoinedPrediction, _ standing: JoinState.Standing, _ stage: Stage, subtract: Bool,
    into out: inout [PerformanceChange]
  ) {
    var row = PerformanceRow(output: prediction.output)
    // With too many labels it is a prediction of which nothing is known, and not one that has none.
    if case .label(let label) = standing {
      row.label = label?.value
      row.delay = label.map { $0.time - prediction.time }
      // What is absent is known at the horizon.
      if stage == .final { row.implied = absent }
    }
    // A slice of one version has nothing to compare, and versions are compared at the horizon.
    var compared = row
    if stage == .final { compared.rows = rows(of: prediction.version) }
    let start = prediction.time.floor(to: pane)
    out.append(PerformanceChange(stage: stage, pane: start, slice: Slice.all, row: compared, subtract: subtract))
    for slice in prediction.slices {
      out.append(
        PerformanceChange(
          stage: stage, pane: start, slice: slice, row: Slice.isOfVersion(slice) ? row : compared, subtract: subtract))
    }
  }

  private func rows(of version: String) -> PerformanceLayout.Rows {
    guard let comparison else { return .every }
    if utf8Equal(version, comparison.champion) { return .champion }
    return utf8Equal(version, comparison.challenger) ? .challenger : .every
  }

  /// When the row may go: once no label can count any more for its predictions, or, parked without one, once no
  /// prediction can come any more for its labels. Both are compared with watermarks less the lateness.
  func reclaimAfter(_ state: JoinState) -> EventTime {
    if let last = state.predictions.map(\.time).max() { return last + horizon }
    return state.labels.first.map { $0.time + lead } ?? .distantPast
  }
}
