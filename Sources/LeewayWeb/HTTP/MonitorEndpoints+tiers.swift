import HTTPTypes
import Hummingbird
import LeewayCore

/// A map of tiers: subjects by time.
extension MonitorEndpoints {
  /// Columns of a map, and windows that it may be made of: more of them take a column together.
  static let maximumColumns = 336
  static let maximumSteps = 336 * 7

  /// The rows of a map, each with its cells by column; nil: no verdict.
  private struct Row: Sendable {
    var subject: String
    var check: String
    var cells: [Tier?]
  }

  @Sendable func tiers(_ request: Request, _ context: ServiceContext) async throws -> Response {
    let parameters = try request.query("window", "from", "to")
    let view = try monitor(named: context.segment("monitor"))
    let window = try parameters.text("window") ?? view.monitor.windows.first?.name ?? ""
    let query = try Self.query(
      view, window, from: try parameters.time("from"), to: try parameters.time("to"), now: self.view.now())
    let ledger = self.view.ledger
    let (cells, thinned) = try await threads.run {
      try ledger.read { (try $0.tiers(query), try $0.thinning(of: query.monitor)?.before) }
    }
    let columns = Int((query.through - query.from).milliseconds / query.every.milliseconds)
    let rows = Self.rows(cells, columns, view.monitor)
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.member("monitor", query.monitor)
      json.member("window", window)
      json.member("from", query.from)
      json.member("to", query.through)
      json.member("every_ms", query.every.milliseconds)
      json.member("columns", columns)
      json.member("tiers", Tier.allCases.map(\.name))
      json.members("rows", rows) { json, row in
        json.beginObject()
        json.member("subject", row.subject.isEmpty ? nil : row.subject)
        json.member("check", row.subject.isEmpty ? row.check : nil)
        json.members("cells", row.cells) { json, tier in
          if let tier { json.number(Tier.allCases.firstIndex(of: tier) ?? 0) } else { json.null() }
        }
        json.endObject()
      }
      json.member("thinned_before", thinned)
      json.endObject()
    }
  }

  /// Columns of the window's own step, or of so many steps that they fit.
  private static func query(
    _ view: MonitorView, _ window: String, from: EventTime?, to: EventTime?, now: EventTime
  ) throws -> TierMapQuery {
    let monitor = view.monitor
    let isOfShifts = window == Check.hour && monitor.checks.contains { $0.metric == .shift }
    guard let step = monitor.window(named: window)?.every ?? (isOfShifts ? .hours(1) : nil) else {
      throw QueriedNames.unknown(
        "window", window, "The monitor \(monitor.name) has no window", among: monitor.windows.map(\.name))
    }
    let closed = view.progress.map(\.closedThrough).flatMap { $0 == .distantPast ? nil : $0 }
    // Both on the window's own grid: its ends are multiples of its step.
    let last = (to ?? closed ?? now).floor(to: step)
    let first = (from ?? last - step * Int64(maximumColumns)).floor(to: step)
    guard first < last else {
      throw Problem(
        .badParameter, "The parameter to is \(last), which is not a step of \(step) after from, \(first).",
        parameter: "to", value: "\(last)", fix: "Windows count whose end is after from, up to to; give a later to.")
    }
    let steps = (last - first).milliseconds / step.milliseconds
    guard steps <= maximumSteps else {
      throw Problem(
        .badParameter,
        "From \(first) to \(last) window \(window) ends \(steps) times, and the limit is \(maximumSteps).",
        parameter: "from", value: "\(first)", fix: "Give a later from.")
    }
    let together = (steps + Int64(maximumColumns) - 1) / Int64(maximumColumns)
    let every = step * together
    let columns = (steps + together - 1) / together
    return TierMapQuery(
      monitor: monitor.name, window: window, from: last - every * columns, through: last, every: every)
  }

  /// What verdicts have for a subject that are about no distribution.
  private static let wholes: Set<String> = [
    "", "performance", "errors", "fairness", "traffic", Check.comparisonSubject,
  ]

  /// Features and output in the monitor's order, then other subjects, then checks that are about none.
  private static func rows(_ cells: [TierCell], _ columns: Int, _ monitor: Monitor) -> [Row] {
    let known = monitor.features.map(\.name) + [monitor.outputName]
    let order = Dictionary(known.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var rows: [Row] = []
    var places: [[UInt8]: Int] = [:]
    for cell in cells where cell.column < columns {
      let isWhole = order[cell.subject] == nil && wholes.contains(cell.subject)
      let (subject, check) = isWhole ? ("", cell.check) : (cell.subject, "")
      let key = Array(subject.utf8) + [0xFF] + Array(check.utf8)
      let place = places[key] ?? rows.count
      if place == rows.count {
        places[key] = place
        rows.append(Row(subject: subject, check: check, cells: Array(repeating: nil, count: columns)))
      }
      rows[place].cells[cell.column] = max(rows[place].cells[cell.column] ?? cell.tier, cell.tier)
    }
    func rank(_ row: Row) -> Int { row.subject.isEmpty ? .max : order[row.subject] ?? known.count }
    return rows.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }.map(\.element)
  }
}
