/// The hours that `shift` takes, within a round.
extension Evaluator {
  /// Lowers how far a round goes to as many hours with rows as it takes.
  ///
  /// - Returns: false if some were left for the next.
  func cutHours(
    _ before: EvaluationProgress, _ firstPane: EventTime?, _ closedThrough: inout EventTime,
    _ finalThrough: inout EventTime, _ reader: any LedgerReader
  ) throws -> Bool {
    // Traffic is of the same panes.
    guard draining == nil, let design = plan.shift(.subjects) ?? plan.shift(.traffic) else { return true }
    var wanted = before
    (wanted.closedThrough, wanted.finalThrough) = (closedThrough, finalThrough)
    guard let end = try cut(design, before, wanted, firstPane, reader) else { return true }
    closedThrough = max(before.closedThrough, min(closedThrough, end))
    finalThrough = min(finalThrough, closedThrough)
    return false
  }

  /// The same for the hours of errors.
  func cutHoursOfErrors(
    _ before: EvaluationProgress, _ firstPane: EventTime?, _ maturedThrough: inout EventTime, _ reader: any LedgerReader
  ) throws -> Bool {
    guard let design = plan.shift(.errors) else { return true }
    var wanted = before
    wanted.maturedThrough = maturedThrough
    guard let end = try cut(design, before, wanted, firstPane, reader) else { return true }
    maturedThrough = max(before.maturedThrough, min(maturedThrough, end))
    return false
  }

  /// The end of the last hour that a round takes; nil where it takes all.
  private func cut(
    _ design: ShiftDesign, _ before: EvaluationProgress, _ wanted: EvaluationProgress, _ firstPane: EventTime?,
    _ reader: any LedgerReader
  ) throws -> EventTime? {
    guard let firstPane, let through = ShiftFeeding.through(wanted, design) else { return nil }
    let from = max(ShiftFeeding.through(before, design) ?? .min, design.index(of: firstPane))
    guard from < through else { return nil }
    let most = min(ShiftFeeding.mostHours, maximumWindows)
    let hours = try ShiftFeeding.hours(from..<through, plan, design, most: most, in: reader)
    return hours.count > most ? design.start(of: hours[most - 1] + 1) : nil
  }

  /// Takes the hours that have ended by now for good, and those whose labels are due.
  func judgeHours(
    _ before: EvaluationProgress, _ pairsBefore: EvaluationProgress, _ reader: any LedgerReader, _ round: inout Round
  ) throws {
    for design in plan.shifts {
      let isOfErrors = design.feed == .errors
      // Pairs of an earlier generation still become known; what it was given is over.
      guard isOfErrors || draining == nil else { continue }
      try judgeHours(
        of: design, from: isOfErrors ? pairsBefore : before, to: isOfErrors ? round.pairs : round.progress,
        begins: isOfErrors ? round.standing.pairsStartAt : round.standing.startsAt, reader, &round)
    }
  }

  private func judgeHours(
    of design: ShiftDesign, from before: EvaluationProgress, to now: EvaluationProgress, begins: EventTime,
    _ reader: any LedgerReader, _ round: inout Round
  ) throws {
    guard let firstPane = now.firstPane, let through = ShiftFeeding.through(now, design) else { return }
    let known = ShiftFeeding.through(before, design)
    guard known.map({ $0 < through }) ?? true else { return }
    let begins = max(firstPane, begins)
    guard design.index(of: begins) < through else { return }
    let from = max(ShiftFeeding.first(begins, design), known ?? .min)
    let acts =
      from >= through || recorded.isEmpty
      ? [:] : try ShiftNormalAct.acts(in: recorded, of: design, monitor: plan.monitor.name, hours: from..<through)
    var feeding = try ShiftFeeding(plan: plan, design, begins: begins, known: known, acts: acts, in: reader)
    try feeding.feed(through: through, in: reader) { mostFrequentVersion($0) { $0.counts[DriftLayout.rows] } }
    let told = feeding.told
    round.verdicts.append(contentsOf: told.verdicts)
    round.results.append(contentsOf: told.lines)
    round.shifts.append(feeding)
  }
}
