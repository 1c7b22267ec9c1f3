import LeewayCore

/// Where one monitor stands, for a list of many.
struct FleetRow: Sendable {
  /// The newest value of the metric that says most of the model, beside the baseline's.
  struct Quality: Sendable {
    var metric: Metric
    var value: Double
    /// On the baseline's labelled rows; nil: it has none.
    var baseline: Double?
    var window: String
    var end: EventTime
    /// Whether all labels are in.
    var isFinal: Bool
  }

  /// The newest performance of a window over all rows, with the metrics that checks look at.
  struct Performance: Sendable {
    var window: String
    var end: EventTime
    var coverage: Double?
    var metrics: [(name: String, value: Double)]
  }

  /// Rows of the newest window.
  struct Traffic: Sendable {
    var window: String
    var end: EventTime
    var rows: Int64
  }

  var checks: [String: CheckStanding] = [:]
  var openIncidents = 0
  /// The worst of those that are open, the newest first among equals.
  var worst: [IncidentRecord] = []
  /// Retrains that have made a candidate.
  var approvals: [RetrainRecord] = []
  var traffic: Traffic?
  var quality: Quality?
  var performance: [Performance] = []
  /// The last seven days of the monitor's own time.
  var weekFrom: EventTime
  var weekTo: EventTime
  var week: [IncidentSpan] = []
}

extension MonitorStandings {
  private static let weekLength = TimeSpan.days(7)
  /// Open incidents of which more is read than from when to when they are open.
  private static let mostIncidents = 200
  private static let mostOfMonitor = 3

  /// Where every monitor stands, parallel to `views`, from one snapshot. Blocks.
  func fleet(_ views: [MonitorView], now: EventTime) throws -> [FleetRow] {
    try ledger.read { reader in
      var rows = views.map { view in
        let end = view.progress.map(\.closedThrough) ?? now
        let to = end == .distantPast ? now : max(end, view.watermark ?? end)
        return FleetRow(weekFrom: to - Self.weekLength, weekTo: to)
      }
      let places = Dictionary(
        views.indices.map { (views[$0].monitor.name, $0) }, uniquingKeysWith: { first, _ in first })
      let since = rows.map(\.weekFrom).min() ?? now
      for span in try reader.incidentSpans(openAfter: since) {
        guard let i = places[span.monitor] else { continue }
        if span.resolvedAt == nil { rows[i].openIncidents += 1 }
        if span.resolvedAt.map({ $0 >= rows[i].weekFrom }) ?? true { rows[i].week.append(span) }
      }
      if rows.contains(where: { $0.openIncidents > 0 }) {
        let open = try reader.incidents(IncidentQuery(open: true, limit: Self.mostIncidents))
        for tier in Tier.allCases.reversed() {
          for incident in open where incident.tier == tier {
            guard let i = places[incident.monitor], rows[i].worst.count < Self.mostOfMonitor else { continue }
            rows[i].worst.append(incident)
          }
        }
      }
      for retrain in try reader.retrains(monitor: nil, state: .candidate, limit: DecisionEndpoints.maximumLimit) {
        if let i = places[retrain.monitor] { rows[i].approvals.append(retrain) }
      }
      for (i, view) in views.enumerated() {
        guard let progress = view.progress else { continue }
        rows[i].checks = try checks(view, progress, reader)
        try fill(&rows[i], of: view, progress, reader)
      }
      return rows
    }
  }

  /// Traffic, quality and performance: a handful of lines, each by its place.
  private func fill(
    _ row: inout FleetRow, of view: MonitorView, _ progress: EvaluationProgress, _ reader: any LedgerReader
  ) throws {
    guard let generation = view.generation, let first = view.monitor.windows.first else { return }
    let monitor = view.monitor
    func place(
      _ type: ResultType, _ generation: String, _ window: WindowDefinition, _ end: EventTime, _ subject: String
    ) -> ResultPosition {
      ResultPosition(
        end: end, size: window.size.milliseconds, slice: Slice.all, type: type.rawValue, subject: subject, check: "",
        metric: "", sequence: 0, monitor: monitor.name, window: window.name, generation: generation)
    }
    func line(_ place: ResultPosition) throws -> JSONReader? {
      try reader.results(at: [place]).first.flatMap { $0 }.flatMap { record in
        (try? JSONValue(parsing: Array(record.line.utf8))).map { JSONReader($0) }
      }
    }
    if let end = Self.newestEnd(of: first, through: progress.closedThrough) {
      let drift = try line(place(.drift, generation.generation, first, end, monitor.outputName))
      row.traffic = .init(window: first.name, end: end, rows: (try? drift?.member("rows").integer()) ?? 0)
    }
    guard monitor.labels != nil else { return }
    let judged = monitor.checks.filter(\.metric.isOfLabels)
    let names = Set(judged.map { check in check.place.map { check.metric.name(at: $0) } ?? check.metric.name })
    let shown = Self.metric(of: monitor)
    let window = shown.flatMap { shown in judged.first { $0.metric == shown }?.window(of: monitor) } ?? first
    for definition in monitor.windows where definition == window || judged.contains(where: { $0.isOn(definition) }) {
      var newest: JSONReader?
      if let end = Self.newestEnd(of: definition, through: progress.closedThrough) {
        newest = try line(place(.performance, generation.pairs, definition, end, ""))
        if let newest { row.performance.append(.init(newest, definition, end, names)) }
      }
      guard definition == window, let shown else { continue }
      var final: JSONReader?
      let mature = Self.newestEnd(of: definition, through: progress.maturedThrough)
      if let mature { final = try line(place(.performance, generation.pairs, definition, mature, "")) }
      func value(_ line: JSONReader?) -> Double? { try? line?.member("metrics").member(shown.name).double() }
      let known = view.baselinePerformance[shown.name]
      if let mature, let value = value(final) {
        row.quality = .init(
          metric: shown, value: value, baseline: known, window: definition.name, end: mature, isFinal: true)
      } else if let end = row.performance.last?.end, let value = value(newest) {
        row.quality = .init(
          metric: shown, value: value, baseline: known, window: definition.name, end: end, isFinal: false)
      }
    }
  }

  /// What the monitor's first check of performance looks at; without one, what the task is usually measured by.
  private static func metric(of monitor: Monitor) -> Metric? {
    let checked = monitor.checks.first { $0.metric.family == .performance && $0.place == nil }?.metric
    let usual =
      switch monitor.task {
      case .binary: "auc"
      case .multiclass: "accuracy"
      case .regression: "mae"
      }
    return checked ?? Metric.named(usual)
  }
}

extension FleetRow.Performance {
  fileprivate init(_ line: JSONReader, _ window: WindowDefinition, _ end: EventTime, _ names: Set<String>) {
    self.window = window.name
    self.end = end
    coverage = try? line.member("coverage").double()
    metrics = names.sorted { utf8Order($0, $1) }.compactMap { name in
      (try? line.member("metrics").member(name).double()).map { (name, $0) }
    }
  }
}
