import LeewayStatistics
import LeewayTestSupport

@testable import LeewayCore

/// What must come of a simulated world, worked out in one batch from its events and the rules: no partitions' offsets, no
/// panes, no deltas, no joins, no folding, no rounds, no writers of lines. Only the definitions of a window's numbers are the
/// service's own, so that the lines can be compared byte for byte; what those numbers are is tested elsewhere.
struct NaiveBatch {
  /// Lines by their place, of everything that closes until the end.
  private(set) var lines: [ResultPosition: ResultRecord] = [:]
  private(set) var verdicts: [Verdict] = []
  /// What lines show of a metric, by window, end, slice, subject and metric; and the verdicts that say something else.
  private var shown: [String: Double?] = [:]
  private(set) var contradictions: [String] = []
  private(set) var late = 0
  /// For a batch that lets `shift` have them.
  private var tooLate: [SimulatedWorld.Prediction] = []
  /// What each detector makes of all mature errors, fed in one go.
  private(set) var detectors: [DetectorKey: ChangeDetector] = [:]
  private var signals: [DetectorKey: [(time: EventTime, signal: ChangeDetector.Signal)]] = [:]
  private let world: SimulatedWorld
  private let rule: BatchRule?
  private let plan: MonitorPlan
  private let turn: Turn
  /// What has been learnt before.
  private let earlier: [NaiveReferences.Earlier]
  /// What people have done.
  private let inputs: [DecisionRecord]
  /// Of the generation, for drift.
  private var accepted: [SimulatedWorld.Prediction] = []
  /// Of all generations that its pairs went through, for performance.
  private var joined: [SimulatedWorld.Prediction] = []
  private var labels: [String: [SimulatedWorld.Label]] = [:]
  private var closed = EventTime.distantPast
  private var final = EventTime.distantPast
  /// How far each stage of performance has come.
  private var mature: [Stage: EventTime] = [:]
  private var history: [String: [VerdictRecord]] = [:]
  /// Predictions of one id by the champion and the challenger, at most a horizon apart.
  private var pairs: [(champion: SimulatedWorld.Prediction, challenger: SimulatedWorld.Prediction)] = []

  private var monitor: Monitor { plan.monitor }

  /// One generation as the log was divided.
  struct Turn {
    var startsAt = EventTime.distantPast
    /// Where each partition stood when it began; missing: at its beginning.
    var begin: [TopicPartition: Int64] = [:]
    /// Where it stood when the next one did; nil: the generation is the last.
    var end: [TopicPartition: Int64]?
    /// Generations before it that its pairs went through, and when the first began.
    var earlier: [Turn] = []
    var pairsStartAt = EventTime.distantPast
    var earlyStartsAt = EventTime.distantPast
    /// Where the next pairs began, and how far all had been read then; nil: the pairs go on, here or in a later generation.
    var drains: (until: EventTime, readThrough: EventTime)?

    func holds(_ offset: Int, of place: TopicPartition) -> Bool {
      offset >= Int(begin[place] ?? 0) && end.map { offset < Int($0[place] ?? 0) } ?? true
    }
  }

  /// - Parameters:
  ///   - earlier: what the generations before had, for what is measured from the first days.
  ///   - inputs: what came from outside into the logs.
  ///   - rule: what this batch leaves out, to see that its lines then differ.
  init(
    _ world: SimulatedWorld, plan: MonitorPlan, turn: Turn = Turn(), earlier: [NaiveReferences.Earlier] = [],
    inputs: [DecisionRecord] = [], without rule: BatchRule? = nil
  ) {
    self.earlier = earlier
    self.inputs = inputs
    self.rule = rule
    self.world = world
    self.plan = plan
    self.turn = turn
    var watermarks: [(role: StreamRole, time: EventTime, idle: Bool)] = []
    for partition in world.partitions {
      var watermark = EventTime.distantPast
      for (offset, entry) in partition.entries.enumerated() {
        switch entry.event {
        case .junk: break
        case .label(let label):
          watermark = max(watermark, label.time)
          // Labels go to whatever predictions wait for them, whenever they are read.
          let isOfAnother = rule == .labelsAcrossGenerations && !turn.holds(offset, of: partition.place)
          if !isOfAnother { labels[label.id, default: []].append(label) }
        case .prediction, .rows:
          // Rows of one message are judged against the watermark before it.
          var before = watermark
          for prediction in entry.event.predictions {
            if rule == .rowsAgainstTheirMessage { before = watermark }
            if let record = prediction.recordTime, prediction.time > record + .hours(1) { continue }
            if before > .distantPast, prediction.time < before - SimulatedWorld.lateness {
              late += 1
              if rule == .hoursWithoutLateRows { tooLate.append(prediction) }
              continue
            }
            watermark = max(watermark, prediction.time)
            for (i, part) in ([turn] + turn.earlier).enumerated() where part.holds(offset, of: partition.place) {
              let isOfGeneration = prediction.time >= part.startsAt
              if i == 0, isOfGeneration { accepted.append(prediction) }
              let isOfPairs = prediction.time >= turn.pairsStartAt
              if rule == .pairsBetweenGenerations ? isOfGeneration : isOfPairs { joined.append(prediction) }
            }
          }
        }
      }
      watermarks.append((partition.role, watermark, partition.endsIdle))
    }
    func least(_ role: StreamRole, idle: Bool) -> EventTime {
      watermarks.filter { $0.role == role && (idle || !$0.idle) }.map(\.time).min() ?? .distantPast
    }
    func back(_ time: EventTime, _ span: TimeSpan) -> EventTime { time == .distantPast ? time : time - span }
    closed = back(least(.predictions, idle: false), SimulatedWorld.lateness)
    final = min(closed, back(least(.predictions, idle: true), SimulatedWorld.lateness))
    for (stage, age) in ages {
      mature[stage] = min(
        turn.drains?.until ?? closed, back(least(.labels, idle: false), SimulatedWorld.lateness + age))
    }
    let best = standing()
    feed(best)
    if let versions = monitor.comparison {
      for champion in best where champion.version == versions.champion {
        for challenger in best where challenger.version == versions.challenger && challenger.id == champion.id {
          let apart = abs((champion.time - challenger.time).milliseconds)
          if apart <= SimulatedWorld.horizon.milliseconds { pairs.append((champion, challenger)) }
        }
      }
    }
    for window in monitor.windows {
      judgeDrift(window)
      judgePerformance(window, best)
    }
    judgeHours()
    verdicts.sort(by: Verdict.precedes)
  }

  func position(of verdict: Verdict) -> ResultPosition {
    guard verdict.shift == nil, let window = monitor.window(named: verdict.window) else {
      return ResultLines(plan: plan).verdict(verdict).position
    }
    return NaiveLines(plan: plan).verdict(verdict, window).position
  }

  /// The hours of `shift` in one go, each from its rows.
  private mutating func judgeHours() {
    guard let design = plan.shift(.subjects), let begins, final > .distantPast else { return }
    let rows = accepted + tooLate
    let found = NaiveShifts(plan: plan, design: design, rule: rule, inputs: inputs).judge(
      from: begins, through: final
    ) { range -> (slices: [NameKey: CellBlock], version: String?) in
      let mine = rows.filter { range.contains($0.time) }
      let slices = grouped(mine, kept(mine))
      return (slices.mapValues(block), version(slices))
    }
    for line in found.lines + found.verdicts.map(ResultLines(plan: plan).verdict) { lines[line.position] = line }
    verdicts += found.verdicts
  }

  private mutating func judgeDrift(_ window: WindowDefinition) {
    guard let begins else { return }
    for end in ends(window, accepted, through: closed) {
      let range = end - window.size..<end
      let rows = accepted.filter { range.contains($0.time) }
      drift(window, end, rows, range.lowerBound >= begins)
      comparison(window, end, rows, range.lowerBound >= begins)
    }
  }

  private mutating func judgePerformance(_ window: WindowDefinition, _ best: [SimulatedWorld.Prediction]) {
    for end in ends(window, joined, through: turn.drains?.until ?? closed) {
      let range = end - window.size..<end
      let isRead = turn.drains.map { end <= $0.readThrough } ?? true
      for (stage, _) in ages {
        guard let begins = begins(stage) else { continue }
        let rows = joined.filter { range.contains($0.time) && counts($0, stage) }
        performance(
          window, end, stage, rows, best.filter { range.contains($0.time) && counts($0, stage) },
          isRead && range.lowerBound >= begins)
        guard stage == .final else { continue }
        comparison(
          window, end, best: best.filter { range.contains($0.time) }, isRead && range.lowerBound >= begins)
      }
    }
  }

  /// Ends of windows that hold a prediction, and of those of silence that are judged for a while.
  private func ends(
    _ window: WindowDefinition, _ predictions: [SimulatedWorld.Prediction], through last: EventTime
  ) -> [EventTime] {
    guard let first = predictions.map(\.time).min() else { return [] }
    var out: [EventTime] = []
    var end = first.floor(to: monitor.pane).floor(to: window.every)
    let reach = window.size * 29
    while end <= last {
      let isWatched = predictions.contains { p in
        let pane = p.time.floor(to: monitor.pane)
        return pane < end && end <= (pane + reach).floor(to: window.every)
      }
      if isWatched { out.append(end) }
      end = end + window.every
    }
    return out
  }

  /// Whether a prediction has a stage: those from before `labels.early` was set have no early one.
  private func counts(_ prediction: SimulatedWorld.Prediction, _ stage: Stage) -> Bool {
    stage == .final || prediction.time >= turn.earlyStartsAt || rule == .earlyFromItsBeginning
  }

  // MARK: Slices

  /// Versions that keep a slice of their own: the smallest hashes.
  private func kept(_ predictions: [SimulatedWorld.Prediction]) -> Set<String> {
    let versions = Set(predictions.map(\.version))
    let compared = monitor.comparison.map { [$0.champion, $0.challenger] } ?? []
    return Set(
      versions.subtracting(compared).sorted { (Digest64.hash($0), $0) < (Digest64.hash($1), $1) }
        .prefix(monitor.maximumSegments)
    ).union(compared)
  }

  private func grouped(
    _ rows: [SimulatedWorld.Prediction], _ kept: Set<String>
  ) -> [NameKey: [SimulatedWorld.Prediction]] {
    var out: [NameKey: [SimulatedWorld.Prediction]] = [:]
    for row in rows {
      out[NameKey("all"), default: []].append(row)
      out[NameKey("version=\(kept.contains(row.version) ? row.version : "__other__")"), default: []].append(row)
    }
    return out
  }

  private func version(_ slices: [NameKey: [SimulatedWorld.Prediction]]) -> String? {
    slices.filter { $0.key.name.hasPrefix("version=") && $0.key.name != "version=__other__" }
      .sorted { $0.value.count == $1.value.count ? $0.key.name < $1.key.name : $0.value.count > $1.value.count }
      .first.map { String($0.key.name.dropFirst("version=".count)) }
  }

  // MARK: Drift

  private mutating func drift(
    _ window: WindowDefinition, _ end: EventTime, _ rows: [SimulatedWorld.Prediction], _ complete: Bool
  ) {
    let slices = grouped(rows, kept(rows))
    let blocks = slices.mapValues(block)
    var view = WindowView(definition: window, end: end, complete: complete, begins: begins)
    view.setDrift(blocks, plan)
    let references = NaiveReferences(plan: plan, rule: rule)
    let beside = references.drift(window, end, blocks, days: days, final: final, counted: block)
    view.references = beside.states
    for (line, metrics) in NaiveLines(plan: plan, rule: rule).drift(
      window, end, blocks, complete: complete, final: end <= final, beside: beside.metrics)
    {
      lines[line.position] = line
      show(metrics, line)
      for (name, metrics) in beside.metrics[NaiveReferences.Place(line.slice, line.subject)] ?? [] {
        show(metrics, line, reference: name)
      }
    }
    for check in monitor.checks
    where check.window == window.name && !check.metric.isOfLabels && check.on != .comparison {
      let isTraffic = check.metric.family == .traffic
      guard isTraffic || !slices.isEmpty else { continue }
      add(
        CheckEvaluation(check: check, plan: plan)
          .verdicts(view, usualRows: isTraffic ? usual(check, window, end) : [:])
          .map { $0.with(version: version(slices)) },
        check, window, end)
    }
  }

  private func block(_ rows: [SimulatedWorld.Prediction]) -> CellBlock {
    var block = CellBlock(plan.drift.shape)
    for row in rows {
      block.counts[DriftLayout.rows] += 1
      for subject in plan.drift.subjects {
        let value = subject.name == "amount" ? row.amount.map(Double.init) : Double(row.output)
        guard case .numeric(let domain) = subject.domain else { continue }
        if subject.name == "amount", value == nil {
          block.counts[subject.missing] += 1
          continue
        }
        guard let value, subject.name != "amount" || abs(value) <= 1000 else {
          block.counts[subject.invalid] += 1
          continue
        }
        let below = domain.binning.knots.count { $0 < value }
        let isKnot = domain.binning.knots.contains(value)
        block.counts[subject.firstCount + 2 * below + (isKnot ? 1 : 0)] += 1
        guard let units = domain.fixedPoint.quantise(value) else {
          block.counts[subject.outlying] += 1
          continue
        }
        block.squares[subject.square] += Int192(squareOf: units)
        if !isKnot { block.sums[subject.firstSum + below] += Int128(units) }
      }
    }
    return block
  }

  // MARK: Performance

  /// Of the predictions with one id and version the smallest stands.
  private func standing() -> [SimulatedWorld.Prediction] {
    func precedes(_ a: SimulatedWorld.Prediction, _ b: SimulatedWorld.Prediction) -> Bool {
      if a.time != b.time { return a.time < b.time }
      if a.output != b.output { return Array(a.output.utf8).lexicographicallyPrecedes(Array(b.output.utf8)) }
      let digests = [a, b].map { $0.digest.isEmpty ? SHA256.hash(Array($0.event.json.utf8)).bytes : $0.digest }
      return digests[0].lexicographicallyPrecedes(digests[1])
    }
    var best: [String: SimulatedWorld.Prediction] = [:]
    for prediction in joined where prediction.output != "[1]" {
      let key = "\(prediction.id) \(prediction.version)"
      if let known = best[key], !precedes(prediction, known) { continue }
      best[key] = prediction
    }
    return Array(best.values)
  }

  /// The stages that the monitor has, and how old predictions are then.
  private var ages: [(stage: Stage, age: TimeSpan)] {
    (monitor.labels?.early == nil ? [] : [(.early, SimulatedWorld.early)]) + [(.final, SimulatedWorld.horizon)]
  }

  private func said(of prediction: SimulatedWorld.Prediction, _ stage: Stage) -> [SimulatedWorld.Label] {
    let last = prediction.time + (stage == .early ? SimulatedWorld.early : SimulatedWorld.horizon)
    let earliest = prediction.time - SimulatedWorld.lateness - .hours(1)
    let said = (labels[prediction.id] ?? []).filter { $0.time >= earliest && $0.time <= last }
    guard rule == .labelsBeyondTheCap else { return said }
    var first: [SimulatedWorld.Label] = []
    for label in labels[prediction.id] ?? []
    where first.count < 256 && !first.contains(where: { $0.time == label.time && $0.value == label.value }) {
      first.append(label)
    }
    return first.filter { $0.time <= last }
  }

  /// Of more than 256 different labels none counts.
  private func hasTooMany(_ prediction: SimulatedWorld.Prediction, _ stage: Stage) -> Bool {
    Set(said(of: prediction, stage).map { "\($0.time.milliseconds) \($0.value)" }).count > 256
  }

  /// What a prediction without a label is: known at the horizon.
  private func absent(_ stage: Stage) -> LabelValue? {
    stage == .final || rule == .absentAtTheHorizon ? monitor.labels?.absent : nil
  }

  private func label(of prediction: SimulatedWorld.Prediction, _ stage: Stage = .final) -> SimulatedWorld.Label? {
    let best = said(of: prediction, stage).max { a, b in
      if a.time != b.time { return a.time < b.time }
      if (a.value == "null") != (b.value == "null") { return b.value == "null" }
      return a.value.utf8.lexicographicallyPrecedes(b.value.utf8)
    }
    return best?.value == "null" ? nil : best
  }

  private mutating func performance(
    _ window: WindowDefinition, _ end: EventTime, _ stage: Stage, _ rows: [SimulatedWorld.Prediction],
    _ best: [SimulatedWorld.Prediction], _ complete: Bool
  ) {
    guard let layout = plan.performance else { return }
    let slices = grouped(best, kept(rows.filter { $0.output != "[1]" }))
    let isMature = end <= mature[stage] ?? .distantPast
    let summaries = slices.mapValues { rows in
      PerformanceSummary(
        layout: layout, block: block(rows, layout, stage), withImplied: isMature && absent(stage) != nil,
        longestDelay: stage == .early ? SimulatedWorld.early : SimulatedWorld.horizon)
    }
    var view = WindowView(definition: window, end: end, complete: complete, begins: begins(stage))
    view.readThrough = turn.drains?.readThrough
    view.stage = stage
    view.performance = summaries
    view.fed = isMature && stage == .final ? signals.mapValues { counts($0, in: end - window.size..<end) } : [:]
    for line in NaiveLines(plan: plan).performance(window, end, stage, summaries, mature: isMature, fed: view.fed) {
      lines[line.position] = line
      if let summary = summaries[NameKey(line.slice)] { show(summary.metrics, line, subject: "performance") }
    }
    guard isMature, !summaries.isEmpty else { return }
    view.performanceReferences = NaiveReferences(plan: plan, rule: rule).performance(
      window, end, stage, Array(slices.keys), days: performanceDays(stage), mature: mature[stage] ?? .distantPast
    ) { rows in
      PerformanceSummary(
        layout: layout, block: block(rows, layout, stage), withImplied: absent(stage) != nil,
        longestDelay: stage == .early ? SimulatedWorld.early : SimulatedWorld.horizon)
    }
    for check in monitor.checks
    where check.window == window.name && check.metric.isOfLabels && check.on != .comparison && isJudged(check, stage) {
      add(
        CheckEvaluation(check: check, plan: plan).verdicts(view)
          .map { $0.with(version: version(slices)) }, check, window, end, stage)
    }
  }

  private func isJudged(_ check: Check, _ stage: Stage) -> Bool {
    let hasStages = check.on == .performance && check.metric.family == .performance
    return hasStages ? check.stages.contains(stage) : stage == .final
  }

  // MARK: The first days

  /// The rows of every slice, pane by pane, of this generation and of those before that count a subject alike.
  private func days(_ subject: String) -> [NaiveReferences.Day] {
    let before = rule == .referencesAcrossGenerations ? [] : earlier.filter { $0.counts(subject, as: plan) }
    return before.flatMap(\.drift) + driftDays
  }

  private var driftDays: [NaiveReferences.Day] {
    Dictionary(grouping: accepted) { $0.time.floor(to: monitor.pane) }.sorted { $0.key < $1.key }
      .map { (pane: $0.key, slices: grouped($0.value, kept($0.value))) }
  }

  /// The same of what stands.
  private func performanceDays(_ stage: Stage) -> [NaiveReferences.Day] {
    let before = rule == .performanceAcrossGenerations ? [] : earlier.filter { $0.countsPerformance(as: plan) }
    return before.flatMap { $0.performance[stage] ?? [] } + standingDays(stage)
  }

  private func standingDays(_ stage: Stage) -> [NaiveReferences.Day] {
    let panes = Dictionary(grouping: joined.filter { $0.output != "[1]" && counts($0, stage) }) {
      $0.time.floor(to: monitor.pane)
    }
    let standing = Dictionary(grouping: standing().filter { counts($0, stage) }) { $0.time.floor(to: monitor.pane) }
    return panes.sorted { $0.key < $1.key }.map {
      (pane: $0.key, slices: grouped(standing[$0.key] ?? [], kept($0.value)))
    }
  }

  /// What later generations are measured from, too.
  func taken(isLastOfItsPairs: Bool) -> NaiveReferences.Earlier {
    let performance = isLastOfItsPairs ? ages.map { ($0.stage, standingDays($0.stage)) } : []
    return NaiveReferences.Earlier(
      plan: plan, drift: driftDays, performance: Dictionary(uniqueKeysWithValues: performance))
  }

  // MARK: Errors

  /// By event time, id and version.
  private mutating func feed(_ best: [SimulatedWorld.Prediction]) {
    var errors: [(prediction: SimulatedWorld.Prediction, error: Double)] = []
    for prediction in best
    where prediction.time.floor(to: monitor.pane) + monitor.pane <= mature[.final] ?? .distantPast
      && !hasTooMany(prediction, .final)
    {
      let value = label(of: prediction).map { LabelValue.number(Double($0.value) ?? 0) } ?? absent(.final)
      guard case .number(let y) = value, let score = Double(prediction.output) else { continue }
      errors.append(
        (prediction, world.task == .binary ? ((score >= monitor.threshold) == (y == 1) ? 0 : 1) : abs(score - y)))
    }
    errors.sort { a, b in
      if a.prediction.time != b.prediction.time { return a.prediction.time < b.prediction.time }
      let (i, j) = (Array(a.prediction.id.utf8), Array(b.prediction.id.utf8))
      return i != j ? i.lexicographicallyPrecedes(j) : a.prediction.version < b.prediction.version
    }
    for key in plan.detectors {
      var detector = ChangeDetector(key.method)
      signals[key] = []
      for (prediction, error) in errors where key.isOfAll || key.slice.name == "version=\(prediction.version)" {
        signals[key]?.append((prediction.time, detector.update(error)))
      }
      detectors[key] = detector
    }
  }

  private func counts(
    _ signals: [(time: EventTime, signal: ChangeDetector.Signal)], in range: Range<EventTime>
  ) -> FedCounts {
    let mine = signals.filter { range.contains($0.time) }
    return FedCounts(
      errors: Int64(mine.count), warnings: Int64(mine.count { $0.signal == .warning }),
      changes: Int64(mine.count { $0.signal == .change }), lastChange: mine.last { $0.signal == .change }?.time)
  }

  private func block(
    _ rows: [SimulatedWorld.Prediction], _ layout: PerformanceLayout, _ stage: Stage = .final
  ) -> CellBlock {
    var block = CellBlock(layout.shape)
    for row in rows {
      let isKnown = !hasTooMany(row, stage)
      let label = isKnown ? label(of: row, stage) : nil
      let whose: PerformanceLayout.Rows =
        stage == .early
        ? .every
        : row.version == monitor.comparison?.champion
          ? .champion : row.version == monitor.comparison?.challenger ? .challenger : .every
      layout.apply(
        PerformanceRow(
          output: .number(Double(row.output) ?? 0), label: label.map { .number(Double($0.value) ?? 0) },
          delay: label.map { $0.time - row.time }, implied: isKnown ? absent(stage) : nil, rows: whose), to: &block)
    }
    return block
  }

  // MARK: Champion and challenger

  /// Of the outputs.
  private mutating func comparison(
    _ window: WindowDefinition, _ end: EventTime, _ rows: [SimulatedWorld.Prediction], _ complete: Bool
  ) {
    guard let versions = monitor.comparison,
      let drift = VersionDrift(plan, versions, grouped(rows, kept(rows)).mapValues(block))
    else { return }
    let view = WindowView(definition: window, end: end, complete: complete, begins: begins)
    let line = NaiveLines(plan: plan).comparison(window, end, drift, complete: complete, final: end <= final)
    lines[line.position] = line
    for check in comparisons(window) where check.metric.family != .performance {
      add([ComparisonEvaluation(check: check, plan: plan).verdict(view, drift)], check, window, end)
    }
  }

  /// Of performance.
  private mutating func comparison(
    _ window: WindowDefinition, _ end: EventTime, best: [SimulatedWorld.Prediction], _ complete: Bool
  ) {
    guard monitor.comparison != nil, let layout = plan.performance else { return }
    let isMature = end <= mature[.final] ?? .distantPast
    var all = block(best, layout)
    for (champion, challenger) in pairs {
      let (earlier, later) = champion.time <= challenger.time ? (champion, challenger) : (challenger, champion)
      guard later.time >= end - window.size, later.time < end else { continue }
      let isKnown = !hasTooMany(later, .final)
      layout.apply(
        PerformanceRow(
          output: .number(Double(champion.output) ?? 0), challenger: .number(Double(challenger.output) ?? 0),
          label: isKnown ? label(of: earlier).map { .number(Double($0.value) ?? 0) } : nil,
          implied: isKnown ? absent(.final) : nil),
        to: &all)
    }
    let found = VersionDifferences.bySlice(
      layout: layout, performance: [NameKey("all"): all], withImplied: isMature)
    var view = WindowView(definition: window, end: end, complete: complete, begins: begins(.final))
    view.readThrough = turn.drains?.readThrough
    for line in NaiveLines(plan: plan).comparison(window, end, found, mature: isMature) { lines[line.position] = line }
    for check in comparisons(window) where check.metric.family == .performance && isMature {
      add(ComparisonEvaluation(check: check, plan: plan).verdicts(view, found), check, window, end)
    }
  }

  private func comparisons(_ window: WindowDefinition) -> [Check] {
    monitor.checks.filter { $0.window == window.name && $0.on == .comparison }
  }

  // MARK: Verdicts

  private static func place(
    _ window: WindowDefinition, _ end: EventTime, _ slice: String, _ subject: String, _ metric: String, _ stage: Stage,
    reference: String = ""
  ) -> String {
    [window.name, end.description, slice, subject, metric, stage.rawValue, reference].joined(separator: "|")
  }

  private mutating func show(
    _ metrics: MetricValues, _ line: ResultRecord, subject: String? = nil, reference: String = ""
  ) {
    guard let window = monitor.window(named: line.window) else { return }
    for (name, value) in metrics.entries {
      let place = Self.place(
        window, line.end, line.slice, subject ?? line.subject, name, line.stage, reference: reference)
      shown[place] = value
    }
  }

  /// Where windows of drift are complete from.
  private var begins: EventTime? {
    accepted.map(\.time).min().map { max($0.floor(to: monitor.pane), turn.startsAt) }
  }

  /// Where windows of a stage of performance are.
  private func begins(_ stage: Stage) -> EventTime? {
    joined.map(\.time).min().map {
      max($0.floor(to: monitor.pane), stage == .early ? turn.earlyStartsAt : turn.pairsStartAt)
    }
  }

  /// Applies `for: N`, which looks at windows a size apart and passes over those that say nothing.
  private mutating func add(
    _ found: [Verdict], _ check: Check, _ window: WindowDefinition, _ end: EventTime, _ stage: Stage = .final
  ) {
    let earlier = history[series(check, stage)] ?? []
    for var verdict in found {
      if check.consecutive > 1, verdict.rawTier > .ok {
        var tiers = [verdict.rawTier]
        for step in 1...4 * check.consecutive where tiers.count < check.consecutive {
          let record = earlier.first {
            $0.end == end - window.size * Int64(step) && $0.slice == verdict.slice && $0.subject == verdict.subject
          }
          guard let record, record.rawTier != .insufficientData else { continue }
          if record.rawTier == .ok { break }
          tiers.append(record.rawTier)
        }
        verdict.tier = tiers.count == check.consecutive ? tiers.min() ?? .ok : .ok
      }
      verdicts.append(verdict)
      let line = NaiveLines(plan: plan).verdict(verdict, window)
      if (verdict.tier == .insufficientData) != (verdict.why != nil) {
        contradictions.append("it says why if nothing is known, and only then: \(line.line)")
      }
      // A distance is in the line beside what it was measured from.
      let place = Self.place(
        window, end, verdict.slice, verdict.subject, verdict.metric.name, stage,
        reference: verdict.metric.family == .distance && check.on != .comparison ? verdict.reference ?? "" : "")
      if let value = shown[place]
        ?? (verdict.reference != nil && verdict.metric.family == .distance ? .some(nil) : nil),
        value != verdict.value
      {
        contradictions.append("the line has \(value.map { "\($0)" } ?? "null"): \(line.line)")
      }
      lines[line.position] = line
      let value = verdict.value
      history[series(check, stage), default: []].append(
        VerdictRecord(
          end: end, slice: verdict.slice, subject: verdict.subject, rawTier: verdict.rawTier, value: value))
    }
  }

  /// Verdicts that follow each other.
  private func series(_ check: Check, _ stage: Stage) -> String {
    rule == .historyOfAStage ? check.name : "\(check.name) \(stage)"
  }

  private func usual(_ check: Check, _ window: WindowDefinition, _ end: EventTime) -> [String: UsualRows] {
    var values: [String: [Double]] = [:]
    for record in history[series(check, .final)] ?? [] where record.end >= end - window.size * 28 && record.end < end {
      let steps = (end - record.end).milliseconds
      guard steps % window.size.milliseconds == 0, let value = record.value else { continue }
      values[record.slice, default: []].append(value)
    }
    return values.mapValues { values in
      let sorted = values.sorted()
      let median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
      return UsualRows(windows: sorted.count, median: sorted.count >= 3 ? median : nil)
    }
  }
}

extension ResultPosition: Hashable {
  public func hash(into hasher: inout Hasher) {
    hasher.combine(end)
    hasher.combine(type)
    hasher.combine(slice)
    hasher.combine(check)
  }
}
