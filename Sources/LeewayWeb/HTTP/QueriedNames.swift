import LeewayConfiguration
import LeewayCore

/// Names that a query is about. One that nothing has is a mistake of whoever asks, and no empty answer: an empty list
/// of incidents reads as good news.
struct QueriedNames: Sendable {
  var monitor: String?
  var window: String?
  var slice: String?
  var subject: String?

  /// Whether the configuration has every one of them, so that an empty answer is a true one. Answers at once.
  func areConfigured(in view: ServiceView) -> Bool {
    let monitors = asked(of: view.monitors())
    return (monitor == nil || !monitors.isEmpty) && (slice ?? "all") == "all"
      && (window.map { Self.windows(monitors).contains($0) } ?? true)
      && (subject.map { Self.subjects(monitors).contains($0) } ?? true)
  }

  /// Refuses the first name that neither the configuration nor the ledger has: what was removed from the
  /// configuration keeps its results. Blocks.
  /// - Throws: ``Problem`` that names the parameter, its value and near names; what the ledger throws.
  func verify(in view: ServiceView) throws {
    guard !areConfigured(in: view) else { return }
    let all = view.monitors()
    let monitors = asked(of: all)
    try view.ledger.read { reader in
      if let monitor, monitors.isEmpty, try !Self.has(reader, monitor) {
        throw Self.unknown("monitor", monitor, "There is no monitor named", among: all.map(\.monitor.name))
      }
      if let window, !Self.windows(monitors).contains(window),
        try reader.results(ResultQuery(monitor: monitor, window: window, limit: 1)).isEmpty
      {
        throw Self.unknown("window", window, lacks("window"), among: Self.windows(monitors))
      }
      if let subject, !Self.subjects(monitors).contains(subject),
        try reader.results(ResultQuery(monitor: monitor, subject: subject, limit: 1)).isEmpty
      {
        throw Self.unknown("subject", subject, lacks("subject"), among: Self.subjects(monitors))
      }
      if let slice, slice != "all" { try verify(slice: slice, of: monitors, reader) }
    }
  }

  private func verify(slice: String, of monitors: [MonitorView], _ reader: any LedgerReader) throws {
    var known: Set<String> = ["all"]
    var hasLines = false
    for monitor in monitors {
      known.formUnion(monitor.versions.map { "version=\($0)" })
      guard let generation = monitor.generation else { continue }
      for type in [ResultType.drift, .performance] {
        let lines = try reader.latestResults(of: generation, type: type)
        hasLines = hasLines || !lines.isEmpty
        known.formUnion(lines.map(\.slice))
      }
    }
    if known.contains(slice) { return }
    if try !reader.results(ResultQuery(monitor: monitor, slice: slice, limit: 1)).isEmpty { return }
    let segments = monitors.flatMap { view in
      view.monitor.segments.map(\.name) + (view.monitor.predictions.version == nil ? [] : ["version"])
    }
    // Before the first lines it is not known which values there are; whether the segment is one is known.
    if !hasLines, segments.contains(where: { slice.hasPrefix($0 + "=") }) { return }
    throw Self.unknown("slice", slice, lacks("slice"), among: known.sorted())
  }

  private func lacks(_ what: String) -> String {
    monitor.map { "The monitor \($0.prefix(200)) has no \(what)" } ?? "No monitor here has a \(what)"
  }

  private func asked(of all: [MonitorView]) -> [MonitorView] {
    guard let monitor else { return all }
    return all.filter { $0.monitor.name == monitor }
  }

  private static func windows(_ monitors: [MonitorView]) -> [String] {
    distinct(
      monitors.flatMap { view in
        // What lines of `shift` have for one.
        view.monitor.windows.map(\.name)
          + (view.monitor.checks.contains { $0.metric == .shift } ? [Check.hour] : [])
      })
  }

  private static func subjects(_ monitors: [MonitorView]) -> [String] {
    distinct(monitors.flatMap { $0.monitor.features.map(\.name) + [$0.monitor.outputName] })
  }

  private static func distinct(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }

  /// Whether the ledger has anything of a monitor.
  private static func has(_ reader: any LedgerReader, _ monitor: String) throws -> Bool {
    if try !reader.partitions(of: monitor).isEmpty { return true }
    if try !reader.results(ResultQuery(monitor: monitor, limit: 1)).isEmpty { return true }
    if try !reader.incidents(IncidentQuery(monitor: monitor, limit: 1)).isEmpty { return true }
    if try !reader.retrains(monitor: monitor, limit: 1).isEmpty { return true }
    if try !reader.quarantined(monitor: monitor, limit: 1).isEmpty { return true }
    return try !reader.decisions(monitor: monitor, group: nil, outside: false, after: nil, limit: 1).isEmpty
  }

  /// What to say of a name that is none: the near one, or those there are.
  static func unknown(_ parameter: String, _ value: String, _ what: String, among names: [String]) -> Problem {
    Problem(
      .badParameter, "\(what) \"\(value.prefix(200))\".", parameter: parameter, value: value,
      fix: fix(for: value, among: names))
  }

  /// `Did you mean fraud? Use fraud, prices.`
  static func fix(for value: String, among names: [String]) -> String {
    guard !names.isEmpty else { return "There is none." }
    let near = Spelling.suggestion(for: value, among: names)
    return (near.isEmpty ? "" : near.dropFirst() + " ") + "Use \(ShortList.text(names, atMost: 20))."
  }
}
