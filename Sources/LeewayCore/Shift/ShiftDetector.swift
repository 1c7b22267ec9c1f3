import LeewayStatistics

/// One slice's detector within a round: it judges by the baseline's null, or by one that it learns from the hours that it takes.
struct ShiftDetector {
  private let plan: MonitorPlan
  private let design: ShiftDesign
  private let slice: NameKey
  private let key: SliceKey
  /// nil: there is no null yet.
  private var judging: ShiftJudging?
  /// The null as it was fitted, beneath what people have accepted.
  private var fitted: ShiftDesign.Unit?
  private var normals = ShiftNormals()
  private var hours: ShiftHours
  /// nil where the baseline has a null.
  private var lesson: ShiftLesson?
  /// What was told under nulls that have been replaced, and before the first.
  private var told: ShiftTold
  /// Hours taken with a null in force.
  private(set) var judged = 0

  // MARK: From the ledger

  /// A detector with the baseline's null.
  ///
  /// - Parameters:
  ///   - from: the first hour that it takes, where nothing is stored.
  ///   - acts: of people, as a log had them.
  ///   - day: what is stored of a day.
  init(
    _ unit: ShiftDesign.Unit, plan: MonitorPlan, _ design: ShiftDesign, stored: [UInt8]?, from: Int,
    acts: [ShiftNormalAct] = [], day: (SliceKey) throws -> [UInt8]?
  ) throws {
    self.plan = plan
    self.design = design
    (slice, key) = (NameKey(unit.slice), unit.key)
    told = ShiftTold(uses: design.uses.count)
    hours = ShiftHours(hash: unit.hash, slice: unit.slice, unit.names)
    fitted = unit
    var standing: ShiftStanding?
    if let stored {
      let (normals, state) = try ShiftNormals.read(stored, streams: unit.null.streams)
      self.normals = normals
      standing = try ShiftStanding(encoded: state, normals.unit(over: unit), design.uses)
    }
    judging = ShiftJudging(
      telling: ShiftTelling(plan: plan, design: design, unit: normals.unit(over: unit)),
      standing: standing ?? ShiftStanding(fold: ShiftFold(unit.null, next: from)))
    try hours.restore(ShiftDay.of(next), try day(hours.key(ofDay: ShiftDay.of(next))))
    pass(to: from)
    normals.pending += acts.filter { $0.from >= next }
    judged = 0
  }

  /// A detector that learns.
  init(
    _ learner: ShiftDesign.Learner, plan: MonitorPlan, _ design: ShiftDesign, stored: [UInt8]?, from: Int,
    acts: [ShiftNormalAct] = [], day: (SliceKey) throws -> [UInt8]?
  ) throws {
    self.plan = plan
    self.design = design
    (slice, key) = (NameKey(learner.slice), learner.key)
    told = ShiftTold(uses: design.uses.count)
    hours = ShiftHours(hash: learner.hash, slice: learner.slice, learner.names)
    var lesson = ShiftLesson(
      learner: learner,
      state: ShiftLearning(streams: learner.streams.count, subjects: learner.subjects.count, next: from))
    if let stored, let known = try learner.stored(stored) {
      (normals, lesson.state) = (known.normals, known.learning)
      if !known.standing.isEmpty {
        let fitted = learner.unit(lesson.state.pieces)
        let unit = normals.unit(over: fitted)
        self.fitted = fitted
        judging = ShiftJudging(
          telling: ShiftTelling(plan: plan, design: design, unit: unit),
          standing: try ShiftStanding(encoded: known.standing, unit, design.uses, before: known.before))
      }
      if let last = lesson.state.last {
        try hours.restore(ShiftDay.of(last), try day(hours.key(ofDay: ShiftDay.of(last))))
      }
    }
    self.lesson = lesson
    pass(to: from)
    normals.pending += acts.filter { $0.from >= next }
    judged = 0
  }

  /// The hour that comes next.
  var next: Int { judging?.standing.fold.next ?? lesson?.state.next ?? ShiftFold.range.upperBound }

  // MARK: Hours

  /// Takes hours without rows up to `hour`, and what people have decided about the normal of hours before it.
  ///
  /// - Parameter earlier: what is stored by the ledger's keys.
  mutating func pass(to hour: Int, earlier: ([SliceKey]) throws -> [[UInt8]?]) throws {
    try settle(before: hour, earlier)
    pass(to: hour)
  }

  private mutating func pass(to hour: Int) {
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
    try settle(before: hour + 1, earlier)
    pass(to: hour)
    let block = slices[slice]
    // A silence that has lasted is a gap.
    if design.feed.hasSilence, block == nil, !(lesson?.state.isSilence(hour) ?? false) { return pass(to: hour + 1) }
    if judging != nil {
      let versions = lesson?.state.learnedVersions ?? design.versions
      let isOutputLeftOut = !design.isMixed(as: slices, versions) && !Slice.isOfVersion(slice.name)
      let sums = judging?.take(block, isOutputLeftOut: isOutputLeftOut, version: version)
      judged += 1
      if lesson == nil, block != nil, let sums { try keep(hour, sums, earlier) }
    }
    guard var lesson else { return }
    if block != nil || design.feed.hasSilence {
      try learn(&lesson, hour, block, ShiftDesign.versionRows(slices), version, earlier)
    } else {
      lesson.state.pass(to: hour + 1, isExcluded: design.isExcluded)
    }
    self.lesson = lesson
  }

  /// Keeps an hour that was judged by the baseline's null: what people accept is read from it.
  private mutating func keep(
    _ hour: Int, _ sums: [ShiftSums], _ earlier: ([SliceKey]) throws -> [[UInt8]?]
  ) throws {
    guard let judging else { return }
    let streams = judging.telling.unit.null.streams
    var values = ShiftValues(first: hour, streams: streams.count)
    values.append(sums, streams)
    let isFirstOfDay = hours.isFirst(hour)
    let shifted = Set(judging.standing.fold.incidents.map(\.subject))
    hours.keep(values) { shifted.contains(streams.all[$0].subject) }
    if isFirstOfDay { try fitNormals(earlier) }
  }

  private mutating func learn(
    _ lesson: inout ShiftLesson, _ hour: Int, _ block: CellBlock?, _ versions: [NameKey: Int64], _ version: String?,
    _ earlier: ([SliceKey]) throws -> [[UInt8]?]
  ) throws {
    let learner = lesson.learner
    let sums = design.sums(block, plan, learner.subjects, learner.streams)
    var values = ShiftValues(first: hour, streams: learner.streams.count)
    values.append(sums, learner.streams)
    let isFirstOfDay = hours.isFirst(hour)
    let first = block == nil ? [] : lesson.state.first(of: ShiftDay.of(hour))
    if lesson.state.subjects.indices.contains(where: { !lesson.state.isLearned($0) }) {
      // What no traffic does, as long as there is no null.
      var telling = LearningTelling(plan: plan, design: design, learner: learner)
      telling.look(at: values, sums, &lesson.state, first: first, version: version)
      told += telling.told
    }
    let shifted = Set(judging?.standing.fold.incidents.map(\.subject) ?? [])
      .union(lesson.state.gross.keys.map(\.subject))
    hours.keep(values) { shifted.contains(learner.streams.all[$0].subject) }
    if block == nil { lesson.state.noteSilence() } else { lesson.state.note(versions: versions) }
    for group in lesson.state.due(isFirstOfDay: isFirstOfDay) {
      let isNew = !lesson.state.isLearned(group[0])
      guard try lesson.fit(group, hours, normals, isExcluded: design.isExcluded, earlier) else { continue }
      takeUp(group, isNew: isNew, learner, &lesson.state)
    }
    if isFirstOfDay { try fitNormals(earlier) }
  }

  /// Puts what was learned of subjects in force.
  ///
  /// - Parameter isNew: whether it is their first null.
  private mutating func takeUp(
    _ group: [Int], isNew: Bool, _ learner: ShiftDesign.Learner, _ state: inout ShiftLearning
  ) {
    let fitted = learner.unit(state.pieces)
    let unit = normals.unit(over: fitted)
    self.fitted = fitted
    let streams = unit.null.streams.all.indices.filter { group.contains(unit.null.streams.all[$0].subject) }
    if judging == nil {
      var standing = ShiftStanding(fold: ShiftFold(unit.null, next: state.next))
      standing.day = ShiftDay.of(state.next - 1)
      judging = ShiftJudging(telling: ShiftTelling(plan: plan, design: design, unit: unit), standing: standing)
    } else {
      judging?.telling.unit = unit
      judging?.standing.fold.begin(streams, unit.null)
    }
    guard isNew else { return }
    // What was open before there was a null, so that the first verdict by it can end it.
    for watch in unit.watches where group.contains(watch.subject) {
      let part = ShiftLearning.Part(subject: watch.subject, isOfFeed: watch.isOfFeed)
      guard let gross = state.gross[part] else { continue }
      let key = ShiftStanding.Key(
        check: watch.check, subject: unit.subjects[watch.subject].name, isOfFeed: watch.isOfFeed)
      judging?.standing.open[key] = LearningTelling.open(
        watch, gross, unit.subjects, unit.null.streams, design, size: nil)
    }
    state.gross = state.gross.filter { !group.contains($0.key.subject) }
  }

  // MARK: What people have accepted

  /// Does what people have decided about the normal of hours before `hour`.
  private mutating func settle(before hour: Int, _ earlier: ([SliceKey]) throws -> [[UInt8]?]) throws {
    while let act = normals.pending.first, act.from < hour {
      pass(to: act.from)
      normals.pending.removeFirst()
      try apply(act, earlier)
    }
  }

  private mutating func apply(_ act: ShiftNormalAct, _ earlier: ([SliceKey]) throws -> [[UInt8]?]) throws {
    // A null that is learned all over again has nothing to be moved.
    guard let unit = judging?.telling.unit else { return }
    let next = next
    guard let parts = act.parts else { return restart(normals.undo(act.incident)) }
    var changed: Set<ShiftLearning.Part> = []
    for accepted in parts {
      guard let subject = unit.subjects.firstIndex(where: { utf8Equal($0.name, accepted.subject) }) else { continue }
      let part = ShiftLearning.Part(subject: subject, isOfFeed: accepted.isOfFeed)
      let since = min(max(accepted.since, ShiftHours.first(keptAt: next)), next)
      let (values, _) = try hours.values(since..<next, takesLeftOut: { _, _ in true }, earlier)
      let moves = unit.null.acceptances(streams(of: part, unit.null), values)
      guard !moves.isEmpty else { continue }
      normals.layers.append(
        .init(
          part: part,
          normal: ShiftNormal(incident: act.incident, by: act.by, since: since, from: next, moves: moves)))
      changed.insert(part)
    }
    restart(changed)
  }

  private func streams(of part: ShiftLearning.Part, _ null: ShiftNull) -> [Int] {
    null.streams.all.indices.filter {
      null.streams.all[$0].subject == part.subject && null.streams.all[$0].kind.isShare == part.isOfFeed
    }
  }

  /// Puts the null in force again, of which parts have changed.
  private mutating func restart(_ parts: Set<ShiftLearning.Part>) {
    guard !parts.isEmpty, let fitted else { return }
    let unit = normals.unit(over: fitted)
    let streams = parts.sorted().flatMap { self.streams(of: $0, unit.null) }
    judging?.telling.unit = unit
    let ended = judging?.standing.fold.restart(streams, unit.null) ?? []
    judging?.ended += ended
  }

  /// Fits what was accepted 28 days ago to all that has come since, unless it shifts just then.
  private mutating func fitNormals(_ earlier: ([SliceKey]) throws -> [[UInt8]?]) throws {
    guard let unit = judging?.telling.unit else { return }
    let next = next
    for (since, places) in normals.due(at: next, isExcluded: design.isExcluded) {
      let open = judging?.standing.fold.incidents ?? []
      let calm = places.filter { place in
        let own = streams(of: normals.layers[place].part, unit.null)
        return !open.contains { own.contains($0.stream) }
      }
      guard !calm.isEmpty else { continue }
      let start = max(since, ShiftHours.first(keptAt: next - 1))
      let skipped = (start..<next).count(where: design.isExcluded)
      let (values, rows) = try hours.values(
        start..<next, takesLeftOut: { normals.isAccepted(hour: $0, unit.null.streams.all[$1]) }, earlier)
      guard Int64(median(rows.map(Double.init))) >= BaselineHours.minimumRows,
        let null = ShiftNull(values, unit.null.streams, unit.null.configuration, skipped: skipped)
      else { continue }
      for place in calm {
        normals.layers[place].normal.pieces = streams(of: normals.layers[place].part, unit.null).map(null.piece(of:))
      }
      restart(Set(calm.map { normals.layers[$0].part }))
    }
  }

  // MARK: What came of it

  /// Verdicts, lines, and shifts that opened.
  var outcome: ShiftTold { judging.map { told + $0.telling.told } ?? told }

  /// What is known now.
  var records: [ShiftRecord] {
    let through = design.start(of: next)
    var state = judging.map { $0.standing.encoded($0.telling.unit, design.uses) } ?? []
    if let lesson { state = lesson.state.encoded(standing: state, lesson.learner.names) }
    return [ShiftRecord(key: key, through: through, state: normals.encoded(around: state))] + hours.records(design)
  }
}

/// A null in force, and what it has come to.
private struct ShiftJudging {
  var telling: ShiftTelling
  var standing: ShiftStanding
  /// What ended as a person accepted it, until the next hour tells.
  var ended: [ShiftIncident] = []

  mutating func pass(to hour: Int) {
    if !ended.isEmpty, standing.fold.next < hour { _ = take(nil, isOutputLeftOut: false, version: nil) }
    guard standing.fold.next < hour else { return }
    for outcome in standing.fold.skip(to: hour, telling.unit.null) { telling.tell(outcome, nil, &standing) }
  }

  /// - Returns: the sums of the hour, by subject.
  mutating func take(_ block: CellBlock?, isOutputLeftOut: Bool, version: String?) -> [ShiftSums] {
    let unit = telling.unit
    let sums = telling.design.sums(
      block, telling.plan, unit.subjects, unit.null.streams, leftOut: isOutputLeftOut ? unit.outputName : nil)
    let outcome = standing.fold.take(sums, telling.unit.null)
    telling.tell(outcome, block.map { ($0, sums) }, &standing, isAccepted: !ended.isEmpty, version: version)
    ended = []
    return sums
  }
}
