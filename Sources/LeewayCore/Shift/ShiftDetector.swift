import LeewayStatistics

/// One slice's detector within a round: it judges by the baseline's null, or by one that it learns from the hours that it takes.
struct ShiftDetector {
  private let plan: MonitorPlan
  private let design: ShiftDesign
  /// nil where the baseline has a null.
  private let learner: ShiftDesign.Learner?
  /// The null in force; nil: none yet.
  private var telling: ShiftTelling?
  private var standing: ShiftStanding?
  private var learning: ShiftLearning?
  /// Days whose hours this round has added to, and the newest that was stored before.
  private var days: [Int: ShiftDay] = [:]
  /// What was told under nulls that have been replaced, and before the first.
  private var told: (verdicts: [Verdict], lines: [ResultRecord], opened: [Int])
  /// Hours taken with a null in force.
  private(set) var judged = 0

  // MARK: From the ledger

  /// A detector with the baseline's null.
  ///
  /// - Parameter from: the first hour that it takes, where nothing is stored.
  init(_ unit: ShiftDesign.Unit, plan: MonitorPlan, _ design: ShiftDesign, stored: [UInt8]?, from: Int) throws {
    self.plan = plan
    self.design = design
    learner = nil
    told = ([], [], design.uses.map { _ in 0 })
    telling = ShiftTelling(plan: plan, design: design, unit: unit)
    standing =
      try stored.map { try ShiftStanding(encoded: $0, unit, design.uses) }
      ?? ShiftStanding(fold: ShiftFold(unit.null, next: from))
    pass(to: from)
    judged = 0
  }

  /// A detector that learns.
  ///
  /// - Parameter day: what is stored of the day of the next hour.
  init(
    _ learner: ShiftDesign.Learner, plan: MonitorPlan, _ design: ShiftDesign, stored: [UInt8]?, from: Int,
    day: (Int) throws -> [UInt8]?
  ) throws {
    self.plan = plan
    self.design = design
    self.learner = learner
    told = ([], [], design.uses.map { _ in 0 })
    if let stored {
      let (learning, bytes) = try ShiftLearning.read(stored, streams: learner.streams.count)
      self.learning = learning
      if let null = learning.null {
        let unit = try learner.unit(encoded: null.bytes)
        telling = ShiftTelling(plan: plan, design: design, unit: unit)
        standing = try ShiftStanding(encoded: bytes, unit, design.uses)
      }
      if let last = learning.last, let bytes = try day(ShiftDay.of(last)) {
        let found = try ShiftDay(encoded: bytes)
        if found.day == ShiftDay.of(last), found.streams == learner.streams.count { days[found.day] = found }
      }
    } else {
      learning = ShiftLearning(streams: learner.streams.count, next: from)
    }
    pass(to: from)
    judged = 0
  }

  /// The hour that comes next.
  var next: Int { standing?.fold.next ?? learning?.next ?? ShiftFold.range.upperBound }

  // MARK: Hours

  /// Takes hours without rows.
  mutating func pass(to hour: Int) {
    guard next < hour else { return }
    let before = next
    if let closing = standing?.fold.skip(to: hour, telling!.unit.null) {
      for outcome in closing { telling?.tell(outcome, nil, &standing!) }
      judged += hour - before
    }
    learning?.pass(to: hour, isExcluded: design.isExcluded)
  }

  /// Takes an hour that some slice has rows in.
  ///
  /// - Parameters:
  ///   - slices: all of its rows, by slice.
  ///   - earlier: what is stored of a day by the ledger's key.
  mutating func take(
    _ hour: Int, _ slices: [NameKey: CellBlock], version: String?, earlier: ([SliceKey]) throws -> [[UInt8]?]
  ) throws {
    pass(to: hour)
    let block = slices[NameKey(learner?.slice ?? telling!.unit.slice)]
    if let unit = telling?.unit {
      let versions = learning?.null?.versions ?? design.versions
      let sums = unit.sums(
        block, plan.drift,
        isOutputLeftOut: !design.isMixed(as: slices, versions) && !Slice.isOfVersion(unit.slice))
      let outcome = standing!.fold.take(sums, unit.null)
      telling?.tell(outcome, block == nil ? nil : sums, &standing!, version: version)
      judged += 1
    }
    guard let learner else { return }
    guard let block else {
      learning?.pass(to: hour + 1, isExcluded: design.isExcluded)
      return
    }
    try learn(hour, block, ShiftDesign.versionRows(slices), version, learner, earlier)
  }

  // MARK: Learning

  private mutating func learn(
    _ hour: Int, _ block: CellBlock, _ versions: [NameKey: Int64], _ version: String?,
    _ learner: ShiftDesign.Learner, _ earlier: ([SliceKey]) throws -> [[UInt8]?]
  ) throws {
    let sums = ShiftDesign.sums(block, plan.drift, learner.subjects, learner.streams)
    var values = ShiftValues(first: hour, streams: learner.streams.count)
    values.append(sums, learner.streams)
    let day = ShiftDay.of(hour)
    let isFirstOfDay = learning!.day.map { $0 < day } ?? true
    learning!.day = day
    if telling == nil { look(at: values, sums, isFirstOfDay: isFirstOfDay, version, learner) }
    let shifted = Set(standing?.fold.incidents.map(\.subject) ?? learning!.gross.keys.map(\.subject))
    days[day, default: ShiftDay(day: day, streams: learner.streams.count)].append(values) {
      shifted.contains(learner.streams.all[$0].subject)
    }
    learning!.note(versions: versions)
    guard learning!.isDue(isFirstOfDay: isFirstOfDay) else { return }
    try fit(learner, earlier)
  }

  /// Fits the null of the stage from the hours that were kept.
  private mutating func fit(_ learner: ShiftDesign.Learner, _ earlier: ([SliceKey]) throws -> [[UInt8]?]) throws {
    guard let first = learning!.first else { return }
    let end = learning!.next
    let last = ShiftDay.of(end - 1)
    let begin = max(ShiftDay.of(first), last - ShiftLearning.keptDays + 1)
    let wanted = Array(begin...last)
    let stored = try earlier(wanted.map(learner.key(ofDay:)))
    let start = max(first, begin * 24)
    let k = learner.streams.count
    var y = [Double](repeating: 0, count: (end - start) * k)
    var (n, w) = (y, y)
    var rows: [Int64] = []
    for (day, bytes) in zip(wanted, stored) {
      // What this round has added to a day is not stored yet; a day of ten weeks ago is in the place of one without rows.
      guard let found = try days[day] ?? bytes.map({ try ShiftDay(encoded: $0) }), found.day == day, found.streams == k
      else { continue }
      found.fill(&y, &n, &w, first: start)
      rows += found.rows
    }
    rows.sort()
    let median = rows.isEmpty ? 0 : rows[rows.count / 2]
    guard median >= BaselineHours.minimumRows else {
      learning!.tooFew = median
      return
    }
    let values = ShiftValues(first: start, streams: k, y: y, n: n, w: w)
    let skipped = first == start ? learning!.skipped : (start..<end).count(where: design.isExcluded)
    guard let null = ShiftNull(values, learner.streams, learner.configuration, skipped: skipped) else { return }
    learning!.tooFew = nil
    learning!.stage += 1
    learning!.null = .init(bytes: null.encoded(withTables: false), versions: learning!.shares)
    replaceNull(learner.unit(null))
  }

  private mutating func replaceNull(_ unit: ShiftDesign.Unit) {
    if let old = telling { add(old) }
    telling = ShiftTelling(plan: plan, design: design, unit: unit)
    let next = learning!.next
    guard let before = standing else {
      var fresh = ShiftStanding(fold: ShiftFold(unit.null, next: next))
      fresh.day = learning!.day
      fresh.open = openParts(unit)
      learning!.gross = [:]
      standing = fresh
      return
    }
    standing = before
    standing!.fold = before.fold.refitted(to: unit.null)
  }

  private mutating func add(_ telling: ShiftTelling) {
    told.verdicts += telling.verdicts
    told.lines += telling.lines
    for (use, count) in telling.opened.enumerated() { told.opened[use] += count }
  }

  /// What was open before there was a null, so that the first verdict by it can end it.
  private func openParts(_ unit: ShiftDesign.Unit) -> [ShiftStanding.Key: ShiftStanding.Open] {
    var open: [ShiftStanding.Key: ShiftStanding.Open] = [:]
    let learningTelling = LearningTelling(plan: plan, design: design, learner: learner!)
    for watch in unit.watches {
      let part = ShiftLearning.Part(subject: watch.subject, isOfFeed: watch.isOfFeed)
      guard let gross = learning?.gross[part] else { continue }
      let key = ShiftStanding.Key(
        check: watch.check, subject: unit.subjects[watch.subject].name, isOfFeed: watch.isOfFeed)
      open[key] = learningTelling.open(watch, gross, size: nil)
    }
    return open
  }

  /// Looks for what no traffic does, as long as there is no null.
  private mutating func look(
    at values: ShiftValues, _ sums: [ShiftSums], isFirstOfDay: Bool, _ version: String?, _ learner: ShiftDesign.Learner
  ) {
    let (opened, closed) = learning!.look(at: values, learner.streams)
    guard isFirstOfDay || !opened.isEmpty || !closed.isEmpty else { return }
    var telling = LearningTelling(plan: plan, design: design, learner: learner)
    telling.tell(
      values, sums, learning!, opened: opened, closed: closed, isFirstOfDay: isFirstOfDay, version: version)
    told.verdicts += telling.verdicts
    told.lines += telling.lines
    for (use, count) in telling.opened.enumerated() { told.opened[use] += count }
  }

  // MARK: What came of it

  var verdicts: [Verdict] { told.verdicts + (telling?.verdicts ?? []) }
  var lines: [ResultRecord] { told.lines + (telling?.lines ?? []) }
  /// Shifts that opened, by use.
  var opened: [Int] { zip(told.opened, telling?.opened ?? told.opened.map { _ in 0 }).map(+) }

  /// What is known now.
  var records: [ShiftRecord] {
    let state = telling.flatMap { telling in standing.map { $0.encoded(telling.unit, design.uses) } } ?? []
    let through = design.start(of: next)
    guard let learner, let learning else {
      return telling.map { [ShiftRecord(key: $0.unit.key, through: through, state: state)] } ?? []
    }
    return [ShiftRecord(key: learner.key, through: through, state: learning.encoded(standing: state))]
      + days.values.sorted { $0.day < $1.day }.suffix(ShiftLearning.keptDays).map {
        ShiftRecord(key: learner.key(ofDay: $0.day), through: design.start(of: $0.end), state: $0.encoded)
      }
  }
}
