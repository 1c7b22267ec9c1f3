/// The hours that `shift` takes, within a round.
extension Evaluator {
  /// Lowers how far a round goes to as many hours with rows as it takes.
  ///
  /// - Returns: false if some were left for the next.
  func cutHours(
    _ before: EvaluationProgress, _ firstPane: EventTime?, _ closedThrough: inout EventTime,
    _ finalThrough: inout EventTime, _ reader: any LedgerReader
  ) throws -> Bool {
    guard draining == nil, let design = plan.shift, let firstPane else { return true }
    var wanted = before
    (wanted.closedThrough, wanted.finalThrough) = (closedThrough, finalThrough)
    guard let through = ShiftFeeding.through(wanted, design) else { return true }
    let from = max(ShiftFeeding.through(before, design) ?? .min, design.index(of: firstPane))
    guard from < through else { return true }
    let most = min(ShiftFeeding.mostHours, maximumWindows)
    let starts = try reader.paneStarts(
      .drift, monitor: plan.monitor.name, generation: plan.generation,
      in: design.start(of: from)..<design.start(of: through))
    var hours: [Int] = []
    for hour in starts.lazy.map(design.index(of:)) where hours.last != hour {
      hours.append(hour)
      if hours.count > most { break }
    }
    guard hours.count > most else { return true }
    closedThrough = max(before.closedThrough, min(closedThrough, design.start(of: hours[most - 1] + 1)))
    finalThrough = min(finalThrough, closedThrough)
    return false
  }

  /// Takes the hours that have ended by now for good.
  func judgeHours(_ before: EvaluationProgress, _ reader: any LedgerReader, _ round: inout Round) throws {
    guard draining == nil, let design = plan.shift, let firstPane = round.progress.firstPane,
      let through = ShiftFeeding.through(round.progress, design)
    else { return }
    let known = ShiftFeeding.through(before, design)
    guard known.map({ $0 < through }) ?? true else { return }
    let begins = max(firstPane, round.standing.startsAt)
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
    round.shift = feeding
  }
}
