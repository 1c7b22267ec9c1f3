import LeewayStatistics
import LeewayTestSupport

@testable import LeewayCore

/// `shift` without panes, rounds and a ledger: from the first hour to the last, each taken once by a detector that is never stored.
struct NaiveShifts {
  let plan: MonitorPlan
  let design: ShiftDesign
  let rule: BatchRule?

  /// - Parameters:
  ///   - begins: the first moment of the generation; the hours after it are judged.
  ///   - through: hours that end at or before it are.
  ///   - rows: what a stretch of time held, by slice.
  func judge(
    from begins: EventTime, through: EventTime,
    rows: (Range<EventTime>) -> (slices: [NameKey: CellBlock], version: String?)
  ) -> (lines: [ResultRecord], verdicts: [Verdict]) {
    let length = design.hour
    var start = begins.floor(to: length)
    if start < begins { start = start + length }
    let first = Int(start.milliseconds / length.milliseconds)
    var lines: [ResultRecord] = []
    var verdicts: [Verdict] = []
    var learners = design.learners.map { NaiveLearner(plan: plan, design: design, learner: $0) }
    var standings = design.units.map { ShiftStanding(fold: ShiftFold($0.null, next: first)) }
    while start + length <= through {
      let (slices, version) = rows(start..<start + length)
      for (place, unit) in design.units.enumerated() {
        var block = slices[NameKey(unit.slice)]
        if rule == .hoursOnce, let once = block { block? += once }
        let isLeftOut = !isMixed(slices) && !unit.slice.hasPrefix("version=")
        let sums = unit.sums(block, plan.drift, isOutputLeftOut: isLeftOut)
        let outcome = standings[place].fold.take(sums, unit.null)
        var telling = ShiftTelling(plan: plan, design: design, unit: unit)
        telling.tell(outcome, block == nil ? nil : sums, &standings[place], version: version)
        lines += telling.told.lines
        verdicts += telling.told.verdicts
      }
      for place in learners.indices {
        learners[place].take(
          Int(start.milliseconds / length.milliseconds), slices[NameKey(learners[place].learner.slice)], version)
      }
      start = start + length
    }
    return (lines + learners.flatMap(\.lines), verdicts + learners.flatMap(\.verdicts))
  }

  /// Every version's share within 5 points of the baseline's, where that tells them.
  private func isMixed(_ slices: [NameKey: CellBlock]) -> Bool {
    let known = plan.baseline.hours?.versions ?? []
    let all = slices[NameKey("all")]?.counts[0] ?? 0
    guard !known.isEmpty, all > 0 else { return true }
    var names = Set(known.map(\.name))
    for slice in slices.keys where slice.name.hasPrefix("version=") {
      names.insert(String(slice.name.dropFirst("version=".count)))
    }
    return names.allSatisfy { name in
      let found = Double(slices[NameKey("version=\(name)")]?.counts[0] ?? 0) / Double(all)
      return abs(found - (known.first { $0.name == name }?.share ?? 0)) <= 0.05
    }
  }
}
