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
  private var detectors: [ShiftDetector]
  /// Hours taken by a detector that judges.
  private var taken = 0

  /// The hour that comes next: hours before it are taken by now.
  ///
  /// - Parameter progress: of the pairs where the feed is of errors, which are known once labels are due; else of drift.
  static func through(_ progress: EvaluationProgress, _ design: ShiftDesign) -> Int? {
    guard design.feed != .errors else {
      guard progress.maturedThrough > .earliestWritable else { return nil }
      return min(design.index(of: progress.maturedThrough), ShiftFold.range.upperBound - 1)
    }
    guard progress.closedThrough > .distantPast else { return nil }
    let settled = max(progress.finalThrough, progress.closedThrough - design.hour * patience)
    guard settled > .earliestWritable else { return nil }
    return min(design.index(of: settled), ShiftFold.range.upperBound - 1)
  }

  /// The first hour that is judged: a whole one of the generation.
  static func first(_ begins: EventTime, _ design: ShiftDesign) -> Int {
    let index = design.index(of: begins)
    return design.start(of: index) == begins ? index : index + 1
  }

  /// - Parameters:
  ///   - begins: the first pane of the generation; hours that it does not have as a whole are taken without rows.
  ///   - known: hours before it were taken in earlier rounds; nil: none.
  ///   - acts: what a log had of people's acts about the normal of hours that are taken now, by slice.
  init(
    plan: MonitorPlan, _ design: ShiftDesign, begins: EventTime, known: Int?, acts: [NameKey: [ShiftNormalAct]] = [:],
    in reader: any LedgerReader
  ) throws {
    self.plan = plan
    self.design = design
    let from = max(Self.first(begins, design), known ?? ShiftFold.range.lowerBound)
    let monitor = plan.monitor.name
    let stored = try reader.shiftStates(monitor: monitor, keys: design.units.map(\.key) + design.learners.map(\.key))
    detectors = []
    let day: (SliceKey) throws -> [UInt8]? = { try reader.shiftStates(monitor: monitor, keys: [$0])[0] }
    for (unit, state) in zip(design.units, stored) {
      detectors.append(
        try ShiftDetector(
          unit, plan: plan, design, stored: state, from: from, acts: acts[NameKey(unit.slice)] ?? [], day: day))
    }
    for (learner, state) in zip(design.learners, stored.dropFirst(design.units.count)) {
      detectors.append(
        try ShiftDetector(
          learner, plan: plan, design, stored: state, from: from, acts: acts[NameKey(learner.slice)] ?? [], day: day))
    }
  }

  /// Takes all hours before `end`.
  ///
  /// - Parameter version: the one that most rows of an hour's slices came from.
  mutating func feed(
    through end: Int, in reader: any LedgerReader, version: ([NameKey: CellBlock]) -> String?
  ) throws {
    guard let first = detectors.map(\.next).min(), first < end else { return }
    let hours = try Self.hours(first..<end, plan, design, in: reader)
    let kind = design.feed.panes
    guard let shape = plan.shape(of: kind) else { return }
    var merge = WindowMerge(kind, plan: plan, shape: shape)
    for hour in design.feed.hasSilence ? Self.withSilence(hours, in: first..<end) : hours
    where !design.isExcluded(hour) {
      try merge.move(to: design.start(of: hour)..<design.start(of: hour + 1), in: reader)
      let slices = try merge.view()
      let version = design.feed == .errors ? nil : version(slices)
      for place in detectors.indices where detectors[place].next <= hour {
        try detectors[place].take(hour, slices, version: version) {
          try reader.shiftStates(monitor: plan.monitor.name, keys: $0)
        }
      }
    }
    for place in detectors.indices {
      try detectors[place].pass(to: end) { try reader.shiftStates(monitor: plan.monitor.name, keys: $0) }
    }
    taken = detectors.map(\.judged).max() ?? 0
  }

  /// Hours with rows, ascending.
  ///
  /// - Parameter most: the first so many, and one more where there is one.
  static func hours(
    _ range: Range<Int>, _ plan: MonitorPlan, _ design: ShiftDesign, most: Int = .max - 1, in reader: any LedgerReader
  ) throws -> [Int] {
    let kind = design.feed.panes
    let starts = try reader.paneStarts(
      kind, monitor: plan.monitor.name, generation: plan.key(of: kind),
      in: design.start(of: range.lowerBound)..<design.start(of: range.upperBound))
    var hours: [Int] = []
    for hour in starts.lazy.map(design.index(of:)) where hours.last != hour {
      hours.append(hour)
      if hours.count > most { break }
    }
    return hours
  }

  /// The same and every hour of silence, as far as any can still be one.
  private static func withSilence(_ hours: [Int], in range: Range<Int>) -> [Int] {
    var out: [Int] = []
    // Before the first may be silence that an earlier round began to take.
    for hour in [range.lowerBound] + hours {
      let begin = max(out.last.map { $0 + 1 } ?? hour, hour)
      let end = min(range.upperBound, hour + ShiftLearning.longestGap + 1)
      if begin < end { out += begin..<end }
    }
    return out
  }

  /// What the hours have come to, slice by slice.
  var told: ShiftTold { detectors.reduce(into: ShiftTold(uses: design.uses.count)) { $0 += $1.outcome } }

  /// What is known now.
  var records: [ShiftRecord] { detectors.flatMap(\.records) }

  var spending: [ShiftSpending] {
    let opened = told.opened
    return design.uses.enumerated().map { place, use in
      ShiftSpending(
        check: use.check, tier: use.budget.tier, expected: Double(taken) / use.budget.hours,
        alarms: Int64(opened[place]))
    }
  }
}
