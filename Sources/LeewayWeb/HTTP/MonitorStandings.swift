import LeewayCore
import LeewayLocks

/// Where a monitor stands by its newest windows, read from the ledger so that every instance says the same.
final class MonitorStandings: Sendable {
  struct Window: Sendable {
    var name: String
    /// End of the newest closed window.
    var end: EventTime
    /// Messages in it over all slices; 0 for an empty window.
    var rows: Int64
    /// The newest performance line of slice `all`, final or not, and the newest final one.
    var performance: String?
    var final: String?
  }

  struct Standing: Sendable {
    var windows: [Window] = []
    /// By check; a check that has given no verdict has no stages.
    var checks: [String: CheckStanding] = [:]
    /// Incidents that are not resolved.
    var openIncidents = 0
  }

  struct Newest: Sendable {
    var drift: [ResultRecord]
    var performance: [ResultRecord]
    var comparison: [ResultRecord]
    var isTruncated: Bool
  }

  /// Verdict lines read for one window end; a check with more subjects and slices than that is judged by the first.
  private static let maximumVerdicts = 10_000
  /// Newest lines of one type in an answer.
  private static let maximumLines = 2000

  let ledger: any Ledger
  /// By monitor, as long as no window closes or matures: a stored verdict never changes.
  private let judged = Mutex<[String: (key: [String], checks: [String: CheckStanding])]>([:])

  init(ledger: any Ledger) { self.ledger = ledger }

  /// Blocks.
  func standing(_ view: MonitorView) throws -> Standing {
    let monitor = view.monitor
    return try ledger.read { reader in
      var standing = Standing()
      standing.openIncidents = try reader.incidents(IncidentQuery(monitor: monitor.name, open: true, limit: 1000)).count
      guard let progress = view.progress else { return standing }
      for window in monitor.windows {
        guard let end = Self.newestEnd(of: window, through: progress.closedThrough) else { continue }
        var query = ResultQuery(
          monitor: monitor.name, type: .drift, window: window.name, slice: "all", subject: monitor.outputName,
          from: end,
          to: end + .milliseconds(1), limit: 1)
        let drift = try reader.results(query).first
        query.type = .performance
        query.subject = nil
        query.stage = .final
        let performance = try reader.results(query).first
        var final: ResultRecord?
        if let mature = Self.newestEnd(of: window, through: progress.maturedThrough) {
          query.from = mature
          query.to = mature + .milliseconds(1)
          final = try reader.results(query).first
        }
        standing.windows.append(
          Window(
            name: window.name, end: end, rows: drift.flatMap(Self.rows) ?? 0, performance: performance?.line,
            final: final?.line))
      }
      standing.checks = try checks(view, progress, reader)
      return standing
    }
  }

  /// Blocks.
  func newest(_ view: MonitorView) throws -> Newest {
    guard let generation = view.generation else {
      return Newest(drift: [], performance: [], comparison: [], isTruncated: false)
    }
    return try ledger.read { reader in
      func lines(_ type: ResultType) throws -> [ResultRecord] {
        let latest = try reader.latestResults(of: generation, type: type)
        // What has had no line for a whole window, such as a retired version, is history. Performance comes later than
        // outputs, and both have lines of comparison.
        func place(_ line: ResultRecord) -> [String] { [line.window, type == .comparison ? line.subject : ""] }
        let newest = Dictionary(latest.map { (place($0), $0.end) }, uniquingKeysWith: max)
        return latest.filter { line in
          newest[place(line)].map { line.end > $0 - .milliseconds(line.size) } ?? false
        }.sorted { a, b in
          (a.slice == "all") != (b.slice == "all") ? a.slice == "all" : a.position < b.position
        }
      }
      let drift = try lines(.drift)
      let performance = try lines(.performance)
      let comparison = try lines(.comparison)
      func first(_ lines: [ResultRecord]) -> [ResultRecord] { Array(lines.prefix(Self.maximumLines)) }
      return Newest(
        drift: first(drift), performance: first(performance), comparison: first(comparison),
        isTruncated: max(drift.count, performance.count, comparison.count) > Self.maximumLines)
    }
  }

  /// What each check says, by name.
  func checks(
    _ view: MonitorView, _ progress: EvaluationProgress, _ reader: any LedgerReader
  ) throws -> [String: CheckStanding] {
    let monitor = view.monitor
    let key =
      [view.generation?.generation ?? "", view.generation?.pairs ?? ""]
      + Stage.allCases.flatMap { stage in
        [true, false].map { "\(progress.judgedThrough(ofLabels: $0, stage)?.milliseconds ?? 0)" }
      }
    if let known = judged.withLock({ $0[monitor.name] }), known.key == key { return known.checks }
    var found: [String: CheckStanding] = [:]
    var read: [String: [ResultRecord]] = [:]
    func verdicts(_ window: WindowDefinition, _ end: EventTime) throws -> [ResultRecord] {
      let place = "\(window.name) \(end.milliseconds)"
      if let known = read[place] { return known }
      let records = try self.verdicts(of: monitor, window, at: end, reader)
      read[place] = records
      return records
    }
    let shifts =
      try monitor.checks.contains { $0.metric.family == .shift }
      ? view.generation.map { try reader.latestResults(of: $0, type: .verdict) } ?? [] : []
    for check in monitor.checks {
      if check.metric.family == .shift {
        // The newest verdict of each subject, however old: one is given only where something is new, and once a day.
        let through = ShiftFeed(check) == .errors ? progress.maturedThrough : progress.finalThrough
        let end = through == .distantPast ? .distantPast : through.floor(to: .hours(1))
        var standing = CheckStanding()
        if let judged = CheckStanding.Judged(shifts, of: check.name, .final, end) { standing.stages = [judged] }
        found[check.name] = standing
        continue
      }
      guard let window = check.window(of: monitor) else { continue }
      var standing = CheckStanding()
      for stage in Stage.allCases {
        guard let through = progress.judgedThrough(ofLabels: check.metric.isOfLabels, stage),
          let end = Self.newestEnd(of: window, through: through)
        else { continue }
        if let judged = CheckStanding.Judged(try verdicts(window, end), of: check.name, stage, end) {
          standing.stages.append(judged)
        }
      }
      if standing.stages.isEmpty { standing.due = Self.due(check, window, monitor, progress) }
      found[check.name] = standing
    }
    judged.withLock { $0[monitor.name] = (key, found) }
    return found
  }

  private func verdicts(
    of monitor: Monitor, _ window: WindowDefinition, at end: EventTime, _ reader: any LedgerReader
  ) throws -> [ResultRecord] {
    try reader.results(
      ResultQuery(
        monitor: monitor.name, type: .verdict, window: window.name, from: end, to: end + .milliseconds(1),
        limit: Self.maximumVerdicts))
  }

  /// When a check that waits for labels can give its first verdict, in event time of the labels.
  private static func due(
    _ check: Check, _ window: WindowDefinition, _ monitor: Monitor, _ progress: EvaluationProgress
  ) -> EventTime? {
    guard check.metric.isOfLabels, let labels = monitor.labels, let first = progress.firstPane else { return nil }
    // The first window that began after the first event; a check of partial windows takes the first that holds it.
    let least = check.partial ? first + monitor.pane : first + window.size
    let floor = least.floor(to: window.every)
    let end = floor < least ? floor + window.every : floor
    let age = check.isJudged(at: .early) ? labels.early : nil
    return end + (age ?? labels.horizon) + monitor.lateness
  }

  /// The newest end of a window up to a time.
  static func newestEnd(of window: WindowDefinition, through time: EventTime) -> EventTime? {
    guard time != .distantPast, window.every.milliseconds > 0 else { return nil }
    return time.floor(to: window.every)
  }

  private static func rows(_ record: ResultRecord) -> Int64? {
    guard let root = try? JSONValue(parsing: Array(record.line.utf8)) else { return nil }
    return try? JSONReader(root).member("rows").integer()
  }
}
