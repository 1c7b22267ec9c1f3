import LeewayStatistics

/// What a round's hours have come to under one budget.
package struct ShiftSpending: Sendable, Equatable {
  package var check: String
  package var tier: Tier
  /// False alarms to expect in these hours.
  package var expected: Double
  /// Shifts that opened.
  package var alarms: Int64

  package init(check: String, tier: Tier, expected: Double, alarms: Int64) {
    self.check = check
    self.tier = tier
    self.expected = expected
    self.alarms = alarms
  }
}

/// One round's hours: each is taken once, in order, when nothing can change it any more (rule H3), and what is known after it is
/// committed with what was said of it. Late rows of an hour that has been taken are not judged.
struct ShiftFeeding {
  /// Hours with rows that one round takes.
  static let mostHours = 168
  /// Hours in which a partition that is silent may still speak before its silence is passed over.
  static let patience: Int64 = 24

  private let plan: MonitorPlan
  private let design: ShiftDesign
  private var standings: [ShiftStanding]
  private var tellings: [ShiftTelling]
  /// Hours taken.
  private var taken = 0

  /// The hour that comes next: hours before it are taken by now.
  static func through(_ progress: EvaluationProgress, _ design: ShiftDesign) -> Int? {
    guard progress.closedThrough > .distantPast else { return nil }
    let settled = max(progress.finalThrough, progress.closedThrough - design.hour * patience)
    guard settled > .earliestWritable else { return nil }
    return min(design.index(of: settled), ShiftFold.range.upperBound - 1)
  }

  /// The first hour that is judged: a whole one of the generation.
  private static func first(_ begins: EventTime, _ design: ShiftDesign) -> Int {
    let index = design.index(of: begins)
    return design.start(of: index) == begins ? index : index + 1
  }

  /// - Parameters:
  ///   - begins: the first pane of the generation; hours that it does not have as a whole are taken without rows.
  ///   - known: hours before it were taken in earlier rounds; nil: none.
  init(
    plan: MonitorPlan, _ design: ShiftDesign, begins: EventTime, known: Int?, in reader: any LedgerReader
  ) throws {
    self.plan = plan
    self.design = design
    let from = max(Self.first(begins, design), known ?? ShiftFold.range.lowerBound)
    let stored = try reader.shiftStates(monitor: plan.monitor.name, keys: design.units.map(\.key))
    standings = []
    tellings = design.units.map { ShiftTelling(plan: plan, design: design, unit: $0) }
    for (place, unit) in design.units.enumerated() {
      standings.append(
        try stored[place].map { try ShiftStanding(encoded: $0, unit, design.uses) }
          ?? ShiftStanding(fold: ShiftFold(unit.null, next: from)))
      pass(place, to: from)
    }
  }

  /// Takes hours without rows.
  private mutating func pass(_ place: Int, to hour: Int) {
    guard standings[place].fold.next < hour else { return }
    for closing in standings[place].fold.skip(to: hour, design.units[place].null) {
      tellings[place].tell(closing, nil, &standings[place])
    }
  }

  /// Takes all hours before `end`.
  ///
  /// - Parameter version: the one that most rows of an hour's slices came from.
  mutating func feed(
    through end: Int, in reader: any LedgerReader, version: ([NameKey: CellBlock]) -> String?
  ) throws {
    guard let first = standings.map(\.fold.next).min(), first < end else { return }
    let starts = try reader.paneStarts(
      .drift, monitor: plan.monitor.name, generation: plan.generation,
      in: design.start(of: first)..<design.start(of: end))
    var merge = WindowMerge(.drift, plan: plan, shape: plan.drift.shape)
    var hours: [Int] = []
    for start in starts {
      let hour = design.index(of: start)
      if hours.last != hour { hours.append(hour) }
    }
    for hour in hours where !design.isExcluded(hour) {
      try merge.move(to: design.start(of: hour)..<design.start(of: hour + 1), in: reader)
      let slices = try merge.view()
      let isMixed = design.isMixed(as: slices)
      let version = version(slices)
      for (place, unit) in design.units.enumerated() where standings[place].fold.next <= hour {
        pass(place, to: hour)
        let block = slices[NameKey(unit.slice)]
        let sums = unit.sums(
          block, plan.drift, isOutputLeftOut: !isMixed && !Slice.isOfVersion(unit.slice))
        let outcome = standings[place].fold.take(sums, unit.null)
        tellings[place].tell(outcome, block == nil ? nil : sums, &standings[place], version: version)
      }
    }
    for place in standings.indices { pass(place, to: end) }
    taken = end - first
  }

  var verdicts: [Verdict] { tellings.flatMap(\.verdicts) }
  var lines: [ResultRecord] { tellings.flatMap(\.lines) }

  /// What is known now; empty where no hour was taken.
  var records: [ShiftRecord] {
    zip(design.units, standings).map { unit, standing in
      ShiftRecord(
        key: unit.key, through: design.start(of: standing.fold.next), state: standing.encoded(unit, design.uses))
    }
  }

  var spending: [ShiftSpending] {
    design.uses.enumerated().map { place, use in
      ShiftSpending(
        check: use.check, tier: use.budget.tier, expected: Double(taken) / use.budget.hours,
        alarms: tellings.reduce(0) { $0 + Int64($1.opened[place]) })
    }
  }
}
