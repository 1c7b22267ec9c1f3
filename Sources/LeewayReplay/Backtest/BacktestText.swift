import LeewayConfiguration
import LeewayCore

/// A backtest in plain words.
package struct BacktestText {
  package let text: String
  private static let mostDates = 20

  package init(_ report: BacktestReport) {
    var lines: [String] = []
    guard let from = report.from, let to = report.to else {
      text = "monitor \(report.monitor.name): nothing could be judged\n"
      return
    }
    lines.append(
      "monitor \(report.monitor.name): \(Self.number(report.weeks)) weeks, \(Self.day(from)) to \(Self.day(to)), "
        + "\(Thousands.text(report.summary.events.accepted)) predictions")
    lines += ["", "ALARMS (a subject in a slice begins to fire, or rises to the tier)"]
    lines += Self.columns([["check", "tier", "rule", "alarms", "a week (95 %)"]] + Self.totals(report)).map {
      "  " + $0
    }
    for (monday, alarms) in report.byWeek {
      lines.append("  week of \(Self.day(monday)): \(Self.count(alarms.count, "alarm"))")
      for alarm in alarms.prefix(Self.mostDates) { lines.append("    \(Self.words(alarm))") }
      if alarms.count > Self.mostDates {
        lines.append("    and \(alarms.count - Self.mostDates) more, which --json has")
      }
    }
    lines += ["", "INCIDENTS: \(report.incidents.count) opened, \(report.retrains.count) retrains asked for"]
    for step in report.transitions where [.opened, .resolved, .retraining, .retrainHeld].contains(step.kind) {
      let held = step.held.map { " (\($0))" } ?? ""
      lines.append(
        "  \(Self.minute(step.at))  \(step.transition)\(held), \(step.group.rawValue), \(step.tier.name): "
          + "\(step.checks.prefix(3).joined(separator: ", ")): \(step.subjects.prefix(3).joined(separator: ", "))")
    }
    if !report.injections.isEmpty {
      lines += ["", "INJECTED CHANGES (found: fires with the change and not without it)"]
      for (place, injection) in report.injections.enumerated() {
        lines.append("  \(injection.text)")
        let rows = report.rows.filter { $0.isCurrent && $0.isJudged }
        let table = rows.compactMap { row in
          row.detections[place].map { found in
            [
              row.check, row.tier.name, "after \(Self.hours(found.end - injection.from))",
              "\(Self.minute(found.end)), \(found.subject) in \(found.slice); "
                + "verdict due after \(Self.hours(found.due - injection.from))",
            ]
          }
        }
        lines += Self.columns(table).map { "    " + $0 }
        let others = rows.filter { $0.detections[place] == nil }.map { "\($0.check) \($0.tier.name)" }
        if !others.isEmpty { lines.append("    not found by \(others.joined(separator: ", "))") }
      }
    }
    lines += ["", "OTHER BUDGETS AND LIMITS (* as the monitor has it)"]
    let names = report.injections.indices.map { "found \($0 + 1)" }
    let table = report.rows.filter(\.isJudged).map { row in
      [row.check, row.tier.name, row.rule + (row.isCurrent ? " *" : ""), "\(row.alarms)", Self.percent(row.firing)]
        + zip(row.detections, report.injections).map { found, injection in
          found.map { Self.hours($0.end - injection.from) } ?? "-"
        }
    }
    lines += Self.columns([["check", "tier", "rule", "alarms", "firing"] + names] + table).map { "  " + $0 }
    for row in Set(report.rows.filter { !$0.isJudged }.map(\.check)).sorted() {
      lines.append("  \(row) judged nothing; leeway replay says why")
    }
    if let wish = report.wish {
      lines += ["", "FOR \(wish.text) OF EACH CHECK AND TIER"]
      lines += report.suggestions.map { "  " + Self.words($0, report) }
      lines.append(
        "  Of rules that fire for at most 10 % of the time. One history says so much; alarms of real changes are among these."
      )
    }
    text = lines.joined(separator: "\n") + "\n"
  }

  private static func totals(_ report: BacktestReport) -> [[String]] {
    report.rows.filter(\.isCurrent).map { row in
      let count = report.alarms.count { $0.check == row.check && $0.tier == row.tier }
      let rate = report.rate(count).map { "\(number($0.perWeek)) (\(number($0.lower)) to \(number($0.upper)))" } ?? ""
      return [
        row.check, row.tier.name, row.rule, row.isJudged ? "\(count)" : "judged nothing", row.isJudged ? rate : "",
      ]
    }
  }

  static func words(_ alarm: Alarm) -> String {
    let stream = alarm.stream.map { " \($0)" } ?? ""
    let since = alarm.since.map { " since \(minute($0))" } ?? ""
    let stage = alarm.stage == .early ? ", early" : ""
    return
      "\(minute(alarm.end))  \(alarm.check) \(alarm.tier.name): \(alarm.subject)\(stream) in \(alarm.slice)\(stage)\(since)"
  }

  static func words(_ suggestion: BacktestReport.Suggestion, _ report: BacktestReport) -> String {
    let rate =
      report.rate(suggestion.alarms).map { ", \(number($0.perWeek)) a week (95 %: up to \(number($0.upper)))" } ?? ""
    let which = "\(suggestion.check) \(suggestion.tier.name)"
    guard let rule = suggestion.rule else {
      return "\(which): none that was tried; the strictest gave \(count(suggestion.alarms, "alarm"))\(rate)"
    }
    return
      "\(which): \(rule)\(suggestion.isCurrent ? ", as it is" : "") gave \(count(suggestion.alarms, "alarm"))\(rate)"
  }

  // MARK: Words

  static func count(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }
  static func percent(_ share: Double) -> String { "\(number((share * 100).rounded(to: 2))) %" }
  static func number(_ x: Double) -> String { ShortestText.of(x.rounded(to: 3)) }
  static func day(_ time: EventTime) -> String { String(time.description.prefix(10)) }
  static func minute(_ time: EventTime) -> String { day(time) + " " + time.description.dropFirst(11).prefix(5) }

  /// `6 h`, and from three days on `3.5 d`.
  static func hours(_ span: TimeSpan) -> String {
    let hours = span.seconds / 3600
    return hours < 72 ? "\(number(hours)) h" : "\(number(hours / 24)) d"
  }

  /// Cells below each other, two spaces apart.
  private static func columns(_ rows: [[String]]) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
  }
}
