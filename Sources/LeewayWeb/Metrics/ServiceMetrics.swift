package import LeewayCore
import LeewayLocks

/// Everything that `/metrics` shows.
///
/// Updated once per flush, evaluation, delivery or request, never per event, so a lock is cheap enough. Label values
/// come from the configuration and from fixed sets; what comes from messages (slices, subjects) is capped by
/// ``SeriesPlan``.
package final class ServiceMetrics: Sendable {
  private struct State {
    /// Counters and gauges by family and label values.
    var values: [MetricFamily: [[String]: Double]] = [:]
    var histograms: [MetricFamily: [[String]: MetricHistogram]] = [:]
    /// Gauges that stay, at 0, when an update that replaces all of a family leaves them out.
    var announced: [MetricFamily: Set<[String]>] = [:]
    var results: [String: ResultSeries] = [:]
    /// Series of partitions, by monitor: to look for them among those of a thousand monitors takes the evaluation's time.
    var partitions: [String: [[String]]] = [:]
  }

  private let state: Mutex<State>
  private let residentMemory: @Sendable () -> Int64?

  /// - Parameters:
  ///   - version: The service's version.
  ///   - swift: The Swift that it was built with.
  ///   - librdkafka: The version that the process runs with.
  ///   - startedAt: Wall-clock time of the process's start.
  ///   - residentMemory: Bytes, or nil where unknown; the kernel's word unless a test says otherwise.
  package init(
    version: String, swift: String = ServiceMetrics.swiftVersion, librdkafka: String, startedAt: EventTime,
    residentMemory: @escaping @Sendable () -> Int64? = ProcessMemory.resident
  ) {
    self.residentMemory = residentMemory
    var state = State()
    state.values[.buildInfo] = [[version, swift, librdkafka]: 1]
    state.values[.processStartTime] = [[]: startedAt.seconds]
    state.values[.ready] = [[]: 0]
    // A listener without HTTPS has no certificate that could expire.
    state.values[.certificateExpiry] = [[]: .infinity]
    self.state = Mutex(state)
  }

  /// The series of Swift that this was built with.
  package static var swiftVersion: String {
    #if compiler(>=6.5)
      "6.5+"
    #elseif compiler(>=6.4)
      "6.4"
    #else
      "6.3"
    #endif
  }

  // MARK: Before anything happens

  /// Shows counters and gauges at 0 from now on: a rate, and an alert on it, misses the first event of a series that
  /// begins with that event. What has a value keeps it.
  package func announce(_ family: MetricFamily, _ series: some Sequence<[String]>) {
    state.withLock { state in
      for labels in series {
        state.announced[family, default: []].insert(labels)
        if state.values[family]?[labels] == nil { state.values[family, default: [:]][labels] = 0 }
      }
    }
  }

  /// The same for a histogram.
  package func announce(_ family: MetricFamily, _ labels: [String], empty: MetricHistogram) {
    observe(family, labels, empty)
  }

  // MARK: Intake

  package func count(events: Int64, _ outcome: EventOutcome, monitor: String) {
    add(events, to: .events, [monitor, outcome.rawValue])
  }

  /// Fields that no prediction of a monitor had, and those that have come since.
  package func set(unseenFields unseen: [WatchedField], seen: [WatchedField], monitor: String) {
    state.withLock { state in
      for field in seen { state.values[.fieldUnseen, default: [:]][[monitor, field.path]] = 0 }
      for field in unseen { state.values[.fieldUnseen, default: [:]][[monitor, field.path]] = 1 }
    }
  }

  package func count(deadLetters: Int, delivered: Bool, monitor: String) {
    add(Int64(deadLetters), to: .deadLetters, [monitor, delivered ? "delivered" : "failed"])
  }

  /// Messages that the broker no longer had; 0 where that many cannot be known.
  package func count(lost messages: Int64, of key: PartitionKey) {
    add(messages, to: .lostMessages, [key.monitor, key.topic, String(key.partition)])
  }

  package func count(gap decision: GapDecision, of key: PartitionKey) {
    add(1, to: .gaps, [key.monitor, key.topic, String(key.partition), decision.rawValue])
  }

  /// Errors that detectors of concept drift never see, since their pane had been fed.
  package func count(lateErrors: Int64, monitor: String) { add(lateErrors, to: .lateErrors, [monitor]) }

  package func count(changes: Int64, of detector: MonitorDetector, monitor: String) {
    add(changes, to: .detectorChanges, [monitor, detector.slice, detector.method])
  }

  /// What hours of a check on `shift` were expected to cost, and did.
  package func count(_ spending: ShiftSpending, monitor: String) {
    let labels = [monitor, spending.check, spending.tier.name]
    add(spending.alarms, to: .shiftAlarms, labels)
    state.withLock { $0.values[.shiftExpected, default: [:]][labels, default: 0] += spending.expected }
  }

  /// `reason` is one of a fixed set, such as a quarantine record's code.
  package func count(rejected events: Int64, reason: String, monitor: String) {
    add(events, to: .eventsRejected, [monitor, reason])
  }

  package func count(labels: Int64, _ outcome: LabelOutcome, monitor: String) {
    add(labels, to: .labels, [monitor, outcome.rawValue])
  }

  /// What has become of a monitor's labels since this instance started, and the seconds from prediction to label.
  package func labels(of monitor: String) -> (counts: [(LabelOutcome, Int64)], delays: MetricHistogram) {
    state.withLock { state in
      let values = state.values[.labels] ?? [:]
      return (
        LabelOutcome.allCases.map { ($0, Int64(values[[monitor, $0.rawValue]] ?? 0)) },
        state.histograms[.labelDelay]?[[monitor]] ?? .labelDelay
      )
    }
  }

  /// Seconds from prediction to label, collected over a flush in a ``MetricHistogram/labelDelay``.
  package func add(labelDelays: MetricHistogram, monitor: String) {
    var delays = MetricHistogram.labelDelay
    delays.add(labelDelays)
    observe(.labelDelay, [monitor], delays)
  }

  package func flushed(seconds: Double, _ outcome: FlushOutcome) {
    observe(.flush, [], seconds, in: .work)
    add(1, to: .flushes, [outcome.rawValue])
  }

  /// `outcome` is one of ``announceSchemas()``'s.
  package func count(schemaRequest outcome: String) { add(1, to: .schemaRequests, [outcome]) }

  package func set(schemaHolds: Int) { replace(.schemaHolds, [([], Double(schemaHolds))]) }

  package func count(rebalance outcome: RebalanceOutcome) { add(1, to: .rebalances, [outcome.rawValue]) }

  package func count(claim outcome: ClaimOutcome) { add(1, to: .partitionClaims, [outcome.rawValue]) }

  /// What the intake's threads have spent since the last call.
  package func spent(_ seconds: Double, on stage: IntakeStage) {
    state.withLock { $0.values[.stageSeconds, default: [:]][[stage.rawValue], default: 0] += max(0, seconds) }
  }

  /// Where the time of the intake's threads went: `wait 4.0 s, poll 0.3 s, decode 1.1 s, aggregate 0.5 s, commit 0.2 s`.
  package var stageSummary: String {
    let seconds = state.withLock { $0.values[.stageSeconds] ?? [:] }
    return IntakeStage.allCases.map { stage in
      let tenths = Int64(((seconds[[stage.rawValue]] ?? 0) * 10).rounded())
      return "\(stage.rawValue) \(tenths / 10).\(tenths % 10) s"
    }.joined(separator: ", ")
  }

  /// What has become of all messages so far: `12 accepted, 1 late`.
  package var intakeSummary: String {
    let counts = state.withLock { $0.values[.events] ?? [:] }
    let parts = EventOutcome.allCases.compactMap { outcome -> String? in
      let count = counts.filter { $0.key.last == outcome.rawValue }.values.reduce(0, +)
      return count > 0 || outcome == .accepted ? "\(Int64(count)) \(outcome.rawValue)" : nil
    }
    return parts.joined(separator: ", ")
  }

  /// Replaces the lag of all partitions.
  package func set(lag: [(topic: String, partition: Int32, messages: Int64)]) {
    replace(.consumerLag, lag.map { ([$0.topic, String($0.partition)], Double($0.messages)) })
  }

  /// Replaces what is known of a monitor's partitions that this instance owns: at most `limit` of them.
  package func set(partitions: [PartitionRecord], of monitor: String, limit: Int) {
    let shown = partitions.prefix(max(0, limit / 2))
    func labels(_ key: PartitionKey) -> [String] { [monitor, key.topic, String(key.partition)] }
    state.withLock { state in
      for family in [MetricFamily.partitionOwned, .partitionWatermark] {
        for series in state.partitions[monitor] ?? [] { state.values[family, default: [:]][series] = nil }
      }
      state.partitions[monitor] = shown.map { labels($0.key) }
      for partition in shown {
        state.values[.partitionOwned, default: [:]][labels(partition.key)] = 1
        guard partition.watermark > .distantPast else { continue }
        state.values[.partitionWatermark, default: [:]][labels(partition.key)] = partition.watermark.seconds
      }
    }
  }

  /// Instances that use this ledger.
  package func set(instances: Int) { replace(.instances, [([], Double(instances))]) }

  /// nil, and the sentinels, remove the series.
  package func set(watermark: EventTime?, monitor: String, stream: StreamRole) {
    let known = watermark.flatMap { $0 == .distantPast || $0 == .distantFuture ? nil : $0.seconds }
    state.withLock { $0.values[.watermark, default: [:]][[monitor, stream.rawValue]] = known }
  }

  // MARK: Evaluation

  package func evaluated(seconds: Double, monitor: String) { observe(.evaluation, [monitor], seconds, in: .work) }

  /// Which series of a monitor are exported from now on. What windows and checks have shown of it is dropped, and not what was
  /// counted; without a plan no series of its results are exported.
  package func export(_ plan: SeriesPlan) {
    forgetResults(monitor: plan.monitor.name)
    state.withLock { $0.results[plan.monitor.name] = ResultSeries(plan) }
  }

  /// Takes an evaluation's lines over. Costs a sort of the monitor's newest lines.
  ///
  /// - Returns: what the limit on series leaves out, the first time that it leaves out anything under this plan.
  @discardableResult
  package func apply(_ update: MetricsUpdate) -> SeriesLeftOut? {
    state.withLock { state in
      guard var series = state.results[update.monitor] else { return nil }
      // The only copy, so that nothing is copied by the change.
      state.results[update.monitor] = nil
      series.apply(update)
      state.values[.seriesDropped, default: [:]][[update.monitor], default: 0] += Double(series.dropped)
      for (key, tier) in series.tiers {
        state.values[.checkTier, default: [:]][[update.monitor, key.check, key.stage.rawValue]] = Double(tier.rawValue)
      }
      let news = series.newsOfDropped()
      state.results[update.monitor] = series
      return news
    }
  }

  // MARK: The service

  package func set(ready: Bool) { replace(.ready, [([], ready ? 1 : 0)]) }

  package func set(stalled: Set<ServicePart>) {
    replace(.stalled, ServicePart.allCases.map { ([$0.rawValue], stalled.contains($0) ? 1 : 0) })
  }

  /// A call to the ledger could not read what is stored.
  package func countDamagedCall() { add(1, to: .ledgerDamagedCalls, []) }

  /// What a look through the ledger's pages has come to.
  package func set(damagedTables: Int, left: Int, at now: EventTime) {
    replace(.ledgerDamagedTables, [([], Double(damagedTables))])
    replace(.ledgerTablesLeft, [([], Double(left))])
    replace(.ledgerLook, [([], now.seconds)])
  }

  package func reloaded(successfully: Bool, at now: EventTime) {
    replace(.configLastReloadSuccessful, [([], successfully ? 1 : 0)])
    if successfully { replace(.configLastReloadTimestamp, [([], now.seconds)]) }
  }

  /// For the certificate that the listener shows.
  package func set(certificateExpiry: EventTime) { replace(.certificateExpiry, [([], certificateExpiry.seconds)]) }

  /// Whether another instance runs a newer configuration.
  package func set(outdated: Bool) { replace(.configOutdated, [([], outdated ? 1 : 0)]) }

  /// `route` is a route's pattern, never a path.
  package func count(request route: String, status: Int) { add(1, to: .httpRequests, [route, String(status)]) }

  func count(cut: ConnectionCut) { add(1, to: .httpConnectionsCut, [cut.rawValue]) }

  private func forgetResults(monitor: String) {
    state.withLock { state in
      state.results[monitor] = nil
      state.values[.checkTier] = state.values[.checkTier]?.filter { $0.key.first != monitor }
    }
  }

  /// Drops what is known of a monitor that is configured no longer.
  package func forget(monitor: String) {
    state.withLock { state in
      state.results[monitor] = nil
      state.partitions[monitor] = nil
      for family in MetricFamily.allCases where family.labelNames.first == "monitor" {
        state.values[family] = state.values[family]?.filter { $0.key.first != monitor }
        state.histograms[family] = state.histograms[family]?.filter { $0.key.first != monitor }
        state.announced[family] = state.announced[family]?.filter { $0.first != monitor }
      }
    }
  }

  /// The text format 0.0.4: families in the order of their names, samples in the order of their labels. The same
  /// updates give the same bytes.
  package func render() -> [UInt8] {
    let resident = residentMemory()
    let state = state.withLock { $0 }
    var text = Exposition(capacity: 1 << 16)
    for family in MetricFamily.allCases.sorted(by: { precedes($0.rawValue, $1.rawValue) }) {
      let results = state.results.sorted { precedes($0.key, $1.key) }.compactMap { $0.value.rendered[family] }
      var values = state.values[family] ?? [:]
      if family == .processResidentMemory, let resident { values[[]] = Double(resident) }
      let histograms = state.histograms[family] ?? [:]
      guard !results.isEmpty || !values.isEmpty || !histograms.isEmpty else { continue }
      text.open(family.rawValue, family.kind, help: family.help)
      for rendered in results { text.append(rendered: rendered) }
      for (labels, value) in values.sorted(by: { precedes($0.key, $1.key) }) {
        text.sample(family.rawValue, labels: Self.named(labels, in: family), value)
      }
      for (labels, histogram) in histograms.sorted(by: { precedes($0.key, $1.key) }) {
        text.histogram(family.rawValue, labels: Self.named(labels, in: family), histogram)
      }
    }
    return text.bytes
  }

  private static func named(_ labels: [String], in family: MetricFamily) -> [(name: String, value: String)] {
    zip(family.labelNames, labels).map { (name: $0, value: $1) }
  }

  // MARK: -

  func add(_ count: Int64, to family: MetricFamily, _ labels: [String]) {
    state.withLock { $0.values[family, default: [:]][labels, default: 0] += Double(count) }
  }

  func replace(_ family: MetricFamily, _ samples: [([String], Double)]) {
    state.withLock { state in
      var values = Dictionary(uniqueKeysWithValues: (state.announced[family] ?? []).map { ($0, 0.0) })
      for (labels, value) in samples { values[labels] = value }
      state.values[family] = values
    }
  }

  func observe(_ family: MetricFamily, _ labels: [String], _ seconds: Double, in empty: MetricHistogram) {
    var one = empty
    one.observe(seconds)
    observe(family, labels, one)
  }

  func observe(_ family: MetricFamily, _ labels: [String], _ histogram: MetricHistogram) {
    state.withLock { state in
      if state.histograms[family]?[labels] == nil {
        state.histograms[family, default: [:]][labels] = histogram
      } else {
        state.histograms[family]?[labels]?.add(histogram)
      }
    }
  }
}
