import LeewayStatistics

/// What is said of a slice whose null is not learned yet: once a day how far it has come, and what no traffic does (plan `iid`).
struct LearningTelling {
  let plan: MonitorPlan
  let design: ShiftDesign
  let learner: ShiftDesign.Learner
  private(set) var told: ShiftTold

  init(plan: MonitorPlan, design: ShiftDesign, learner: ShiftDesign.Learner) {
    self.plan = plan
    self.design = design
    self.learner = learner
    told = ShiftTold(uses: design.uses.count)
  }

  /// Looks at an hour with rows, and tells of it in the first hour of a day and where something began or ended.
  mutating func look(
    at values: ShiftValues, _ sums: [ShiftSums], _ learning: inout ShiftLearning, first: Set<Int>, version: String?
  ) {
    let (opened, closed) = learning.look(at: values, learner.streams)
    guard !first.isEmpty || !opened.isEmpty || !closed.isEmpty else { return }
    tell(values, sums, learning, opened: opened, closed: closed, first: first, version: version)
  }

  /// - Parameters:
  ///   - values: of the hour, whose rows `learning` has looked at and not counted yet.
  ///   - closed: what has ended in this hour.
  ///   - first: subjects of which the hour is the first of its day.
  mutating func tell(
    _ values: ShiftValues, _ sums: [ShiftSums], _ learning: ShiftLearning, opened: [ShiftLearning.Part],
    closed: [ShiftLearning.Part: ShiftLearning.Gross], first: Set<Int>, version: String?
  ) {
    let end = design.start(of: values.first + 1)
    for watch in learner.watches where !learning.isLearned(watch.subject) {
      let part = ShiftLearning.Part(subject: watch.subject, isOfFeed: watch.isOfFeed)
      let gross = learning.gross[part]
      guard
        opened.contains(part) || closed[part] != nil
          || (first.contains(watch.subject) && (!watch.isOfFeed || gross != nil))
      else {
        continue
      }
      let rows = sums[watch.subject].rows
      let name = learner.subjects[watch.subject].name
      guard let gross = gross ?? closed[part] else {
        told.verdicts.append(
          Verdict(
            check: watch.check, hour: design.hour, end: end, slice: learner.slice, subject: name,
            learning: learning.shortfall(watch.subject, learner.feed), rows: rows
          ).with(version: version))
        continue
      }
      let isOpen = closed[part] == nil
      var open = Self.open(
        watch, gross, learner.subjects, learner.streams, design,
        size: values.n[gross.stream] > 0 ? values.y[gross.stream] : nil)
      if !isOpen {
        open.tier = .ok
        open.finding.since = nil
      }
      var verdict = Verdict(
        check: watch.check, hour: design.hour, end: end, slice: learner.slice, subject: name, shift: open.finding,
        value: open.evidence, rows: rows, tier: open.tier)
      verdict.threshold = open.level
      verdict.measuredFrom = .baseline(learner.slice == Slice.all ? .all : .slice)
      verdict.version = version
      told.verdicts.append(verdict)
      guard opened.contains(part) else { continue }
      if let use = watch.uses.last { told.opened[use] += 1 }
      told.lines.append(
        ShiftLine(plan: plan, design: design, slice: learner.slice, subject: name, check: watch.check).record(
          open.finding, evidence: open.evidence, levels: [(open.tier, open.level)], alarm: open.tier, end: end,
          rows: rows))
    }
  }

  /// What stands of a subject: the highest tier of the check, since nothing else explains it.
  ///
  /// - Parameter size: what the stream says now; nil: nothing.
  static func open(
    _ watch: ShiftDesign.Watch, _ gross: ShiftLearning.Gross, _ subjects: [ShiftDesign.Subject],
    _ streams: ShiftStreams, _ design: ShiftDesign, size: Double?
  ) -> ShiftStanding.Open {
    let subject = subjects[watch.subject]
    let stream = streams.all[gross.stream]
    // What is usual is 0 of a number's streams, and of a share not known.
    let own = size.flatMap { subject.own(stream.kind, size: $0, expected: nil) }
    let finding = ShiftFinding(
      stream: subject.name(of: stream), size: size, since: design.start(of: gross.since), was: own?.was, now: own?.now,
      null: ShiftPlan.iid.rawValue)
    let limit = ShiftLearning.limit(stream.kind)
    return ShiftStanding.Open(
      tier: watch.uses.last.map { design.uses[$0].budget.tier } ?? .critical, finding: finding,
      evidence: size.map(abs) ?? limit, level: limit)
  }
}

extension ShiftLearning {
  /// Why nothing of a subject is judged yet.
  func shortfall(_ subject: Int, _ feed: ShiftFeed) -> Shortfall {
    if let tooFew = subjects[subject].tooFew {
      return Shortfall(.rows, [("rows_per_hour", .count(tooFew)), ("needed", .count(feed.minimumRows))])
    }
    return Shortfall(
      .learning, [("hours", .count(Int64(count(subject)))), ("needed", .count(Int64(needed(subject) ?? 0)))])
  }
}
