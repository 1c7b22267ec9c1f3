import LeewayConfiguration
import LeewayCore

/// A backtest as one page that needs nothing else: no script, no font, no picture.
package struct BacktestHTML {
  package let text: String
  /// Alarms that are listed one by one.
  private static let mostAlarms = 500

  package init(_ report: BacktestReport) {
    let title = "Backtest of \(report.monitor.name)"
    var body = "<h1>\(Self.escaped(title))</h1>\n"
    if let from = report.from, let to = report.to {
      body +=
        "<p>\(BacktestText.number(report.weeks)) weeks, \(BacktestText.day(from)) to \(BacktestText.day(to)), "
        + "\(Thousands.text(report.summary.events.accepted)) predictions. Baseline <code>\(Self.escaped(report.baseline))</code>.</p>\n"
      body += Self.timeline(report, from, to)
    } else {
      body += "<p>Nothing could be judged.</p>\n"
    }
    body += Self.table(
      "Alarms", ["check", "tier", "rule", "alarms", "a week", "95 %"],
      report.rows.filter(\.isCurrent).map { row in
        let count = report.alarms.count { $0.check == row.check && $0.tier == row.tier }
        let rate = report.rate(count)
        return [
          row.check, row.tier.name, row.rule, row.isJudged ? "\(count)" : "judged nothing",
          rate.map { BacktestText.number($0.perWeek) } ?? "",
          rate.map { "\(BacktestText.number($0.lower)) to \(BacktestText.number($0.upper))" } ?? "",
        ]
      })
    body += Self.table(
      "By week", ["end", "check", "tier", "subject", "slice", "since"],
      report.alarms.prefix(Self.mostAlarms).map { alarm in
        [
          BacktestText.minute(alarm.end), alarm.check, alarm.tier.name,
          alarm.subject + (alarm.stream.map { " \($0)" } ?? ""), alarm.slice,
          alarm.since.map(BacktestText.minute) ?? "",
        ]
      })
    if report.alarms.count > Self.mostAlarms {
      body += "<p>\(report.alarms.count - Self.mostAlarms) more alarms are in the JSON.</p>\n"
    }
    body += Self.table(
      "Incidents", ["at", "step", "cause", "tier", "checks", "subjects"],
      report.transitions.filter { [.opened, .resolved, .retraining, .retrainHeld].contains($0.kind) }.map { step in
        [
          BacktestText.minute(step.at), step.transition, step.group.rawValue, step.tier.name,
          step.checks.joined(separator: ", "), step.subjects.joined(separator: ", "),
        ]
      })
    for (place, injection) in report.injections.enumerated() {
      body += Self.table(
        "Injected \(place + 1): \(injection.text)",
        ["check", "tier", "found after", "at", "verdict due after", "where"],
        report.rows.filter { $0.isCurrent && $0.isJudged }.map { row in
          guard let found = row.detections[place] else { return [row.check, row.tier.name, "not found", "", "", ""] }
          return [
            row.check, row.tier.name, BacktestText.hours(found.end - injection.from), BacktestText.minute(found.end),
            BacktestText.hours(found.due - injection.from), "\(found.subject) in \(found.slice)",
          ]
        })
    }
    body += Self.table(
      "Other budgets and limits",
      ["check", "tier", "rule", "alarms", "firing"] + report.injections.indices.map { "found \($0 + 1)" },
      report.rows.filter(\.isJudged).map { row in
        [
          row.check, row.tier.name, row.rule + (row.isCurrent ? " (as it is)" : ""), "\(row.alarms)",
          BacktestText.percent(row.firing),
        ]
          + zip(row.detections, report.injections).map { found, injection in
            found.map { BacktestText.hours($0.end - injection.from) } ?? "-"
          }
      })
    if let wish = report.wish {
      body += "<h2>For \(Self.escaped(wish.text)) of each check and tier</h2>\n<ul>\n"
      for suggestion in report.suggestions {
        body += "<li>\(Self.escaped(BacktestText.words(suggestion, report)))</li>\n"
      }
      body += "</ul>\n"
    }
    text = """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>\(Self.escaped(title))</title>
      <style>
      body { font: 15px/1.5 system-ui, sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; }
      table { border-collapse: collapse; } td, th { text-align: left; padding: .2em 1em .2em 0; border-bottom: 1px solid #ccc; }
      div { overflow-x: auto; } .warning { fill: #d80; } .critical { fill: #c22; } .info { fill: #48c; }
      </style></head><body>
      \(body)</body></html>

      """
  }

  /// A mark for each alarm, a line for each check.
  private static func timeline(_ report: BacktestReport, _ from: EventTime, _ to: EventTime) -> String {
    let span = (to - from).seconds
    guard span > 0 else { return "" }
    let checks = report.monitor.checks.map(\.name)
    var marks = ""
    for (row, check) in checks.enumerated() {
      let y = 20 + row * 22
      marks += "<text x=\"0\" y=\"\(y + 4)\" font-size=\"12\">\(escaped(check))</text>"
      marks += "<line x1=\"200\" x2=\"900\" y1=\"\(y)\" y2=\"\(y)\" stroke=\"#ccc\"/>"
      for alarm in report.alarms.lazy.filter({ $0.check == check }).prefix(mostAlarms) {
        let x = 200 + Int((alarm.end - from).seconds / span * 700)
        marks +=
          "<circle class=\"\(alarm.tier.name)\" cx=\"\(x)\" cy=\"\(y)\" r=\"4\"><title>\(escaped(BacktestText.words(alarm)))</title></circle>"
      }
    }
    return
      "<div><svg width=\"910\" height=\"\(20 + checks.count * 22)\" role=\"img\" aria-label=\"Alarms over time\">\(marks)</svg></div>\n"
  }

  private static func table(_ title: String, _ head: [String], _ rows: [[String]]) -> String {
    var out = "<h2>\(escaped(title))</h2>\n"
    guard !rows.isEmpty else { return out + "<p>None.</p>\n" }
    out += "<div><table><tr>" + head.map { "<th>\(escaped($0))</th>" }.joined() + "</tr>\n"
    for row in rows { out += "<tr>" + row.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>\n" }
    return out + "</table></div>\n"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
