package import LeewayCore

/// What a monitor's checks find and promise, in plain words.
package struct ExplanationText {
  package let text: String

  /// Rows of one tier's table; the rest is in the JSON.
  private static let mostRows = 60

  /// - Parameter now: for how old the null is.
  package init(_ plan: MonitorPlan, now: EventTime) {
    var lines = [
      "monitor \(plan.monitor.name), baseline \(plan.baseline.identity.prefix(19))…",
      "The smallest lasting change that is found with a chance of 80 % within some time of its beginning; what waits comes on top.",
    ]
    for check in plan.explanations {
      lines += ["", "check \(check.check), metric \(check.metric)"]
      lines.append("  null: \(Self.null(check, now))")
      if let sharing = check.sharing {
        let slices = check.slices.count + check.slicesLeftOut
        lines.append(
          sharing == 1
            ? "  budget: 1 stream has that of each tier"
            : "  budget: \(sharing) streams in \(slices) \(slices == 1 ? "slice" : "slices") share that of each tier")
      }
      for wait in check.waits { lines.append("  waits \(Self.wait(wait, check))") }
      let promise = Self.commonPromise(check)
      if let promise { lines.append("  \(promise)") }
      for tier in check.tiers { lines += Self.tier(tier, check, hasPromise: promise == nil) }
      if check.slices.count + check.slicesLeftOut > 1, !check.tiers.isEmpty {
        lines.append("  shown is slice \(check.slices.first ?? ""); --json has \(check.slices.count) slices")
      }
    }
    text = lines.joined(separator: "\n") + "\n"
  }

  private static func null(_ check: CheckExplanation, _ now: EventTime) -> String {
    switch check.null {
    case .hours(let plan, let from, let to):
      let days = (to - from).seconds / 86_400
      let age = max(0, (now - to).seconds / 86_400)
      return "the baseline's hours, plan \(plan): \(number(days.rounded())) days to \(to.description.prefix(10)), "
        + "which is \(number(age.rounded())) days ago"
    case .learned:
      return "learned in production: fitted after 7, 14, 28 and 56 days; until the first, only what no traffic does"
    case .independentRows: return "iid: rows are taken as independent of each other"
    case .none: return "none: a value is held against a number"
    }
  }

  private static func wait(_ wait: CheckExplanation.Wait, _ check: CheckExplanation) -> String {
    switch wait {
    case .lateness(let span):
      "until the end of its \(check.metric.family == .shift ? "hour" : "window") + \(span) (lateness)"
    case .wholeWindow(let span): "for a first whole window of \(span)"
    case .labels(let stage, let span): "for labels: \(span) after the end, at stage \(stage.rawValue)"
    case .minimumRows(let rows): "for windows with at least \(rows) rows (min_rows)"
    case .consecutive(let count, let apart): "for \(count) windows in a row, \(apart) apart (for)"
    case .reference(let span): "for the first \(span) of production (reference)"
    case .usualRows(let count): "for \(count) windows, whose median is the usual"
    case .settle(let span): "\(span) more before a retrain is called for (retrain.settle)"
    }
  }

  /// What is said of false alarms of all tiers alike, where it is a long reason.
  private static func commonPromise(_ check: CheckExplanation) -> String? {
    guard let first = check.tiers.first, case .notPromised = first.falseAlarms,
      check.tiers.allSatisfy({ $0.falseAlarms == first.falseAlarms })
    else { return nil }
    return promise(first)
  }

  private static func promise(_ tier: TierExplanation) -> String {
    switch tier.falseAlarms {
    case .budget(let count): "at most \(alarms(count)) a quarter, its budget"
    case .atMost(let count, let condition): "at most \(alarms(count)) a quarter, if \(condition)"
    case .notPromised(let why): "no number of false alarms can be promised: \(why)"
    }
  }

  private static func alarms(_ count: Double) -> String {
    // So far out in the tail only the rarity is known.
    count < 0.001 ? "0.001 false alarms" : "\(number(count.rounded(to: 3))) false alarm\(count == 1 ? "" : "s")"
  }

  private static func tier(_ tier: TierExplanation, _ check: CheckExplanation, hasPromise: Bool) -> [String] {
    var lines = ["  \(tier.tier.name), \(tier.rule)\(hasPromise ? ": \(promise(tier))" : "")"]
    if let unknown = tier.unknown { lines.append("    \(unknown)") }
    let slice = check.slices.first
    let shown = tier.found.filter { $0.slice == slice }
    let assumed = shown.contains { $0.rowsPerHour == nil }
    if assumed, !shown.isEmpty {
      lines.append("    at 1,000 rows an hour, since the baseline has no times")
    }
    let known = shown.filter { $0.remark == nil }
    if !known.isEmpty {
      var table = [["found within"] + FoundChange.horizons.map { $0 < 24 ? "\($0) h" : "\($0 / 24) d" }]
      for change in known.prefix(mostRows) {
        table.append(["\(change.subject) \(change.stream)"] + change.sizes.map { cell($0, change.unit) })
      }
      lines += columns(table).map { "    " + $0 }
      if known.count > mostRows { lines.append("    and \(known.count - mostRows) more, which --json has") }
    }
    for change in shown where change.remark != nil {
      lines.append("    \(change.subject): \(change.remark ?? "")")
    }
    return lines
  }

  private static func cell(_ size: FoundChange.Size?, _ unit: String) -> String {
    guard let size else { return "-" }
    func percent(_ share: Double) -> String { "\(number((share * 100).rounded(to: 3))) %" }
    let change = zip2(size.was, size.now)
    switch unit {
    case "sd":
      let own = change.map { " (by \(number(abs($1 - $0).rounded(to: 3))))" } ?? ""
      return "\(number(size.size.rounded(to: 3))) sd\(own)"
    case "log_variance":
      return change.map { $0 == 0 ? "-" : "sd × \(number(($1 / $0).rounded(to: 3)))" }
        ?? number(size.size.rounded(to: 3))
    case "arcsine": return change.map { "\(percent($0)) → \(percent($1))" } ?? number(size.size.rounded(to: 3))
    case "share" where change.map { $0.0 <= 1 && $0.1 <= 1 } ?? false:
      return change.map { "\(percent($0)) → \(percent($1))" } ?? percent(size.size)
    case "share": return percent(size.size)
    default: return change.map { "\(number($0.rounded(to: 3))) → \(number($1.rounded(to: 3)))" } ?? "-"
    }
  }

  private static func zip2(_ a: Double?, _ b: Double?) -> (Double, Double)? {
    guard let a, let b else { return nil }
    return (a, b)
  }

  private static func number(_ x: Double) -> String { ShortestText.of(x) }

  /// Cells below each other, two spaces apart.
  private static func columns(_ rows: [[String]]) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
  }
}
