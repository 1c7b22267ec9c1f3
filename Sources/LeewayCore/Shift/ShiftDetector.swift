import LeewayStatistics

/// One slice's detector within a round: it judges by the baseline's null, or by one that it learns from the hours that it takes.
struct ShiftDetector {
  private let plan: MonitorPlan
  private let design: ShiftDesign
  private let slice: NameKey
  /// nil: there is no null yet.
  private var judging: ShiftJudging?
  /// nil where the baseline has a null.
  private var lesson: ShiftLesson?
  /// What was told under nulls that have been replaced, and before the first.
  private var told: ShiftTold
  /// Hours taken with a null in force.
  private(set) var judged = 0

  // MARK: From the ledger

  /// A detector with the baseline's null.
  ///
  /// - Parameter from: the first hour that it takes, where nothing is stored.
  init(_ unit: ShiftDesign.Unit, plan: MonitorPlan, _ design: ShiftDesign, stored: [UInt8]?, from: Int) throws {
    self.plan = plan
    self.design = design
    slice = NameKey(unit.slice)
    told = ShiftTold(uses: design.uses.count)
    judging = ShiftJudging(
      telling: ShiftTelling(plan: plan, design: design, unit: unit),
      standing: try stored.map { try ShiftStanding(encoded: $0, unit, design.uses) }
        ?? ShiftStanding(fold: ShiftFold(unit.null, next: from)))
    pass(to: from)
    judged = 0
  }

  /// A detector that learns.
  ///
  /// - Parameter day: what is stored of a day.
  init(
    _ learner: ShiftDesign.Learner, plan: MonitorPlan, _ design: ShiftDesign, stored: [UInt8]?, from: Int,
    day: (Int) throws -> [UInt8]?
  ) throws {
    self.plan = plan
    self.design = design
    slice = NameKey(learner.slice)
    told = ShiftTold(uses: design.uses.count)
    var lesson = ShiftLesson(learner: learner, state: ShiftLearning(streams: learner.streams.count, next: from))
    if let stored {
      let (state, standing) = try ShiftLearning.read(stored, streams: learner.streams.count)
      lesson.state = state
      if let null = state.null {
        let unit = try learner.unit(encoded: null.bytes)
        judging = ShiftJudging(
          telling: ShiftTelling(plan: plan, design: design, unit: unit),
          standing: try ShiftStanding(encoded: standing, unit, design.uses))
      }
      if let last = state.last { try lesson.restore(ShiftDay.of(last), try day(ShiftDay.of(last))) }
    }
    self.lesson = lesson
    pass(to: from)
    judged = 0
  }

  /// The hour that comes next.
  var next: Int { judging?.standing.fold.next ?? lesson?.state.next ?? ShiftFold.range.upperBound }

  // MARK: Hours

  /// Takes hours without rows.
  mutating func pass(to hour: Int) {
    guard next < hour else { return }
    if judging != nil { judged += hour - next }
    judging?.pass(to: hour)
    lesson?.state.pass(to: hour, isExcluded: design.isExcluded)
  }

  /// Takes an hour that some slice has rows in.
  ///
  /// - Parameters:
  ///   - slices: all of its rows, by slice.
  ///   - earlier: what is stored by the ledger's keys.
  mutating func take(
    _ hour: Int, _ slices: [NameKey: CellBlock], version: String?, earlier: ([SliceKey]) throws -> [[UInt8]?]
  ) throws {
    pass(to: hour)
    let block = slices[slice]
    if judging != nil {
      let versions = lesson?.state.null?.versions ?? design.versions
      let isOutputLeftOut = !design.isMixed(as: slices, versions) && !Slice.isOfVersion(slice.name)
      judging?.take(block, plan.drift, isOutputLeftOut: isOutputLeftOut, version: version)
      judged += 1
    }
    guard var lesson else { return }
    if let block {
      try learn(&lesson, hour, block, ShiftDesign.versionRows(slices), version, earlier)
    } else {
      lesson.state.pass(to: hour + 1, isExcluded: design.isExcluded)
    }
    self.lesson = lesson
  }

  private mutating func learn(
    _ lesson: inout ShiftLesson, _ hour: Int, _ block: CellBlock, _ versions: [NameKey: Int64], _ version: String?,
    _ earlier: ([SliceKey]) throws -> [[UInt8]?]
  ) throws {
    let learner = lesson.learner
    let sums = ShiftDesign.sums(block, plan.drift, learner.subjects, learner.streams)
    var values = ShiftValues(first: hour, streams: learner.streams.count)
    values.append(sums, learner.streams)
    let isFirstOfDay = lesson.state.isFirst(of: ShiftDay.of(hour))
    if judging == nil {
      // What no traffic does, as long as there is no null.
      var telling = LearningTelling(plan: plan, design: design, learner: learner)
      telling.look(at: values, sums, &lesson.state, isFirstOfDay: isFirstOfDay, version: version)
      told += telling.told
    }
    let shifted =
      judging.map { Set($0.standing.fold.incidents.map(\.subject)) } ?? Set(lesson.state.gross.keys.map(\.subject))
    lesson.keep(values, versions) { shifted.contains(learner.streams.all[$0].subject) }
    guard lesson.state.isDue(isFirstOfDay: isFirstOfDay),
      let null = try lesson.fit(isExcluded: design.isExcluded, earlier)
    else { return }
    replaceNull(learner.unit(null), &lesson.state)
  }

  private mutating func replaceNull(_ unit: ShiftDesign.Unit, _ state: inout ShiftLearning) {
    var standing: ShiftStanding
    if let before = judging {
      told += before.telling.told
      standing = before.standing
      standing.fold = before.standing.fold.refitted(to: unit.null)
    } else {
      standing = ShiftStanding(fold: ShiftFold(unit.null, next: state.next))
      standing.day = state.day
      // What was open before there was a null, so that the first verdict by it can end it.
      for watch in unit.watches {
        let part = ShiftLearning.Part(subject: watch.subject, isOfFeed: watch.isOfFeed)
        guard let gross = state.gross[part] else { continue }
        let key = ShiftStanding.Key(
          check: watch.check, subject: unit.subjects[watch.subject].name, isOfFeed: watch.isOfFeed)
        standing.open[key] = LearningTelling.open(watch, gross, unit.subjects, unit.null.streams, design, size: nil)
      }
      state.gross = [:]
    }
    judging = ShiftJudging(telling: ShiftTelling(plan: plan, design: design, unit: unit), standing: standing)
  }

  // MARK: What came of it

  /// Verdicts, lines, and shifts that opened.
  var outcome: ShiftTold { judging.map { told + $0.telling.told } ?? told }

  /// What is known now.
  var records: [ShiftRecord] {
    let through = design.start(of: next)
    let state = judging.map { $0.standing.encoded($0.telling.unit, design.uses) } ?? []
    if let lesson { return lesson.records(standing: state, through: through, design) }
    return judging.map { [ShiftRecord(key: $0.telling.unit.key, through: through, state: state)] } ?? []
  }
}

/// A null in force, and what it has come to.
private struct ShiftJudging {
  var telling: ShiftTelling
  var standing: ShiftStanding

  mutating func pass(to hour: Int) {
    for outcome in standing.fold.skip(to: hour, telling.unit.null) { telling.tell(outcome, nil, &standing) }
  }

  mutating func take(_ block: CellBlock?, _ layout: DriftLayout, isOutputLeftOut: Bool, version: String?) {
    let sums = telling.unit.sums(block, layout, isOutputLeftOut: isOutputLeftOut)
    let outcome = standing.fold.take(sums, telling.unit.null)
    telling.tell(outcome, block == nil ? nil : sums, &standing, version: version)
  }
}
