import LeewayStatistics

/// What an hour of one slice comes to in lines and verdicts (rule H1): written only at an alarm, a change of tier, a close, and in the
/// first hour with rows of a day.
struct ShiftTelling {
  let plan: MonitorPlan
  let design: ShiftDesign
  /// Whose null is in force.
  var unit: ShiftDesign.Unit
  private(set) var told: ShiftTold

  init(plan: MonitorPlan, design: ShiftDesign, unit: ShiftDesign.Unit) {
    self.plan = plan
    self.design = design
    self.unit = unit
    told = ShiftTold(uses: design.uses.count)
  }

  /// - Parameters:
  ///   - rows: of the hour, and their sums by subject; nil: it had none.
  ///   - standing: after the fold has taken the hour.
  ///   - isAccepted: whether a person has accepted something that was open before it.
  ///   - version: that most rows of the hour came from.
  mutating func tell(
    _ outcome: ShiftOutcome, _ rows: (block: CellBlock, sums: [ShiftSums])?, _ standing: inout ShiftStanding,
    isAccepted: Bool = false, version: String? = nil
  ) {
    for incident in outcome.opened { told.opened[incident.tier] += 1 }
    let hour = outcome.evidence.hour
    let day = Int(Int64(hour).dividedRoundingDown(by: 24))
    let isFirstOfDay = rows != nil && standing.day.map { $0 < day } ?? true
    if isFirstOfDay { standing.day = day }
    guard isFirstOfDay || isAccepted || !outcome.alarms.isEmpty || !outcome.closed.isEmpty else { return }
    // Values whose fault had a name, and that are as they were.
    var released: Set<ShiftStanding.Key> = []
    for watch in unit.watches {
      let key = ShiftStanding.Key(
        check: watch.check, subject: unit.subjects[watch.subject].name, isOfFeed: watch.isOfFeed)
      let values = ShiftStanding.Key(check: key.check, subject: key.subject, isOfFeed: false)
      // The values speak for both as long as their fault has a name: it is one key of one incident.
      let isCovered = watch.isOfFeed && standing.open[values]?.finding.cause != nil
      let alarms = strongest(
        outcome.alarms.filter { watch.uses.contains($0.tier) && watch.streams.contains($0.stream) })
      let before = standing.open[key]
      let tier = tier(watch, standing.fold)
      guard
        !alarms.isEmpty || tier != before?.tier ?? .ok
          || (isFirstOfDay && (!watch.isOfFeed || tier > .ok || before != nil))
          || (watch.isOfFeed && released.contains(values))
      else { continue }
      let said = said(watch, alarms.first, before, tier, outcome.evidence, standing.fold)
      var open = self.open(said, before, tier, alarms.first)
      if !isCovered {
        open.finding.cause = cause(watch, before?.finding.cause, tier, rows?.block, standing.fold)
        standing.open[key] = tier > .ok ? open : nil
      }
      if tier == .ok {
        open.finding.since = nil
        if !watch.isOfFeed, before?.finding.cause != nil { released.insert(key) }
      }
      let count = rows.map { $0.sums[watch.subject].rows } ?? 0
      let end = design.start(of: hour + 1)
      var verdict = Verdict(
        check: watch.check, hour: design.hour, end: end, slice: unit.slice, subject: key.subject, shift: open.finding,
        value: open.evidence, rows: count, tier: tier)
      verdict.threshold = open.level
      verdict.measuredFrom = .baseline(unit.slice == Slice.all ? .all : .slice)
      verdict.version = version
      if !isCovered { told.verdicts.append(verdict) }
      guard !alarms.isEmpty else {
        told.lines.append(line(watch, said, open.finding.cause, nil, end, count))
        continue
      }
      for alarm in alarms {
        let of = self.said(watch, alarm, before, tier, outcome.evidence, standing.fold)
        told.lines.append(line(watch, of, open.finding.cause, design.uses[alarm.tier].budget.tier, end, count))
      }
    }
  }

  /// What the verdict says of a subject: as long as its tier is open, the alarm that reached it, since when it was first.
  private func open(
    _ said: Said, _ before: ShiftStanding.Open?, _ tier: Tier, _ alarm: ShiftAlarm?
  ) -> ShiftStanding.Open {
    var open = said.open
    guard let before, tier > .ok else { return open }
    let (old, new) = (before.finding, said.open.finding)
    if alarm.map({ design.uses[$0.tier].budget.tier <= before.tier }) ?? true {
      open = before
      open.tier = tier
      // How far it is now.
      if alarm == nil, old.stream == new.stream {
        (open.finding.size, open.finding.was, open.finding.now) = (new.size, new.was, new.now)
      }
    }
    if old.stream == open.finding.stream, old.direction == open.finding.direction, let since = old.since {
      open.finding.since = min(since, open.finding.since ?? since)
    }
    return open
  }

  /// What the hour looks like. A name stays for as long as the shift is open: what it was goes on in one incident. At its end it clears
  /// there, unless the feed goes on.
  private func cause(
    _ watch: ShiftDesign.Watch, _ known: ShiftCause?, _ tier: Tier, _ block: CellBlock?, _ fold: ShiftFold
  ) -> ShiftCause? {
    if tier == .ok {
      let feed = unit.watches.first { $0.check == watch.check && $0.subject == watch.subject && $0.isOfFeed }
      return feed.map { self.tier($0, fold) > .ok } == true && !watch.isOfFeed ? nil : known
    }
    guard known == nil, let block, let index = unit.subjects[watch.subject].index else { return known }
    let subject = plan.drift.subjects[index]
    let search = ShiftCauseSearch(
      domain: subject.domain, baseline: plan.baselineSide(subject: index, slice: NameKey(unit.slice)).side.cells,
      hour: plan.drift.cells(of: subject, in: block))
    return watch.isOfFeed ? search.ofFeed() : search.ofValues()
  }

  /// The highest tier that is open.
  private func tier(_ watch: ShiftDesign.Watch, _ fold: ShiftFold) -> Tier {
    fold.incidents.lazy.filter { incident in
      watch.uses.contains(incident.tier) && incident.subject == watch.subject
        && unit.null.streams.all[incident.stream].kind.isShare == watch.isOfFeed
    }.map { design.uses[$0.tier].budget.tier }.max() ?? .ok
  }

  /// One alarm of each stream, of the highest tier, then with the most evidence; the worst stream first.
  private func strongest(_ alarms: [ShiftAlarm]) -> [ShiftAlarm] {
    func isWorse(_ a: ShiftAlarm, _ b: ShiftAlarm) -> Bool {
      let (x, y) = (design.uses[a.tier].budget.tier, design.uses[b.tier].budget.tier)
      if x != y { return x > y }
      if a.evidence != b.evidence { return a.evidence > b.evidence }
      return (a.stream, a.view) < (b.stream, b.view)
    }
    var seen: Set<Int> = []
    return alarms.sorted(by: isWorse).filter { seen.insert($0.stream).inserted }
  }

  private struct Said {
    var open: ShiftStanding.Open
    /// Where its levels are.
    var view: Int
    var stream: Int
  }

  private func said(
    _ watch: ShiftDesign.Watch, _ alarm: ShiftAlarm?, _ before: ShiftStanding.Open?, _ tier: Tier,
    _ evidence: ShiftEvidence, _ fold: ShiftFold
  ) -> Said {
    if let alarm {
      let finding = finding(
        watch, alarm.stream, size: alarm.size, since: design.start(of: alarm.start), hour: alarm.start)
      return Said(
        open: .init(tier: tier, finding: finding, evidence: alarm.evidence, level: alarm.level), view: alarm.view,
        stream: alarm.stream)
    }
    // No alarm: the stream that was told of, else the one nearest to a level, with the evidence of now.
    let streams =
      before.flatMap { before in
        watch.streams.filter { name(watch, $0) == before.finding.stream }.first.map { [$0] }
      } ?? watch.streams
    var best = (share: -1.0, evidence: 0.0, level: 0.0, view: 0, stream: streams.first ?? 0)
    for stream in streams {
      for use in watch.uses {
        for view in 0..<2 {
          let held = evidence.held[(use * 2 + view) * unit.null.streams.count + stream]
          let level = unit.null.level(tier: use, view: view, stream: stream)
          if held / level > best.share { best = (held / level, held, level, view, stream) }
        }
      }
    }
    let finding = finding(
      watch, best.stream, size: fold.lastDay(of: best.stream), since: before?.finding.since, hour: evidence.hour)
    return Said(
      open: .init(tier: tier, finding: finding, evidence: best.evidence, level: best.level), view: best.view,
      stream: best.stream)
  }

  private func name(_ watch: ShiftDesign.Watch, _ stream: Int) -> ShiftStreamName {
    unit.subjects[watch.subject].name(of: unit.null.streams.all[stream])
  }

  /// - Parameter hour: for the share that is expected.
  private func finding(
    _ watch: ShiftDesign.Watch, _ stream: Int, size: Double?, since: EventTime?, hour: Int
  ) -> ShiftFinding {
    let name = name(watch, stream)
    let expected = unit.null.fit.profile.expected(unit.null.configuration.calendar.weekHour(hour), stream)
    let isKnown = expected.isFinite || name.kind == .location || name.kind == .spread
    let normal = unit.accepted[ShiftLearning.Part(subject: watch.subject, isOfFeed: watch.isOfFeed)]
    let own = size.flatMap {
      isKnown
        ? unit.subjects[watch.subject].own(
          name.kind, size: $0, expected: expected, moved: normal?.move(of: stream) ?? 0) : nil
    }
    var finding = ShiftFinding(
      stream: name, size: size, since: since, was: own?.was, now: own?.now, null: unit.null.plan(of: stream).rawValue)
    finding.accepted = normal.map { ShiftFinding.Accepted(since: design.start(of: $0.since), by: $0.by) }
    return finding
  }

  // MARK: Lines

  private func line(
    _ watch: ShiftDesign.Watch, _ said: Said, _ cause: ShiftCause?, _ alarm: Tier?, _ end: EventTime, _ rows: Int64
  ) -> ResultRecord {
    var finding = said.open.finding
    finding.cause = cause
    return ShiftLine(
      plan: plan, design: design, slice: unit.slice, subject: unit.subjects[watch.subject].name, check: watch.check
    ).record(
      finding, evidence: said.open.evidence,
      levels: watch.uses.map {
        (design.uses[$0].budget.tier, unit.null.level(tier: $0, view: said.view, stream: said.stream))
      }, alarm: alarm, end: end, rows: rows)
  }
}
