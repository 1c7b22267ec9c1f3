import Foundation
import LeewayCore
import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration
@testable import LeewayReplay
@testable import LeewayService

/// `baseline fit --time`: from dated rows to a monitor that judges hours.
@Suite struct HoursFitTests {
  private static let yaml = """
    monitor: m
    task: binary
    predictions: {topic: p, fields: {id: id, time: at, score: score}, time_format: epoch_s}
    features: {a: numeric, c: categorical}
    segments: [c]
    windows: [{size: 1h, every: 1h}]
    baseline: m.json
    time_zone: Europe/Berlin
    checks:
    - {name: moved, on: features, metric: shift, slices: each, warning: 1 per week, critical: 1 per quarter}
    - {name: score, on: score, metric: shift, critical: 1 per quarter}
    alerts: {warning: [log], critical: [log]}

    """

  /// 2026-03-02T00:00Z, a Monday.
  static let monday: Int64 = 1_772_409_600

  /// Rows of so many days in no order; `odd` days have other values of `a`.
  private static func csv(days: Int, rowsPerHour: Int = 60, odd: Range<Int> = 0..<0, rfc: Bool = false) -> String {
    var random = SeededGenerator(seed: 7)
    var lines: [String] = []
    for hour in 0..<days * 24 {
      for row in 0..<rowsPerHour {
        let time = monday + Int64(hour) * 3600 + Int64(row)
        let shown = rfc ? EventTime(milliseconds: time * 1000).description : "\(time)"
        let a = Double(Int.random(in: 0..<100, using: &random)) + (odd.contains(hour / 24) ? 60 : 0)
        let c = ["x", "x", "y"][Int.random(in: 0..<3, using: &random)]
        lines.append("\(shown),\(a),\(c),0.\(Int.random(in: 10..<99, using: &random))")
      }
    }
    lines.shuffle(using: &random)
    return "at,a,c,score\n" + lines.joined(separator: "\n") + "\n"
  }

  private func fit(
    _ csv: String, yaml: String = yaml, leftOut: [ClosedRange<Int>] = []
  ) throws -> (outcome: BaselineFit.Outcome, problems: [String], plan: MonitorPlan?) {
    try TemporaryFolder.use { folder in
      let file = folder.write("m.yaml", yaml)
      let rows = folder.write("rows.csv", csv)
      let monitor = try #require(MonitorFile.load(file, environment: [:]).0)
      do {
        var outcome = try BaselineFit(
          monitor: monitor, paths: [rows], dates: BaselineFit.Dates(field: "at", leftOut: leftOut)
        ).run()
        folder.write("m.json", outcome.baseline.encoded())
        let read = MonitorFile(path: file, baseline: .required, environment: [:])
        return (outcome, read.problems.map { $0.description.replacing(folder.path + "/", with: "") }, read.plan)
      } catch let error as TrainingReader.Unusable {
        throw TrainingReader.Unusable(description: error.description.replacing(folder.path + "/", with: ""))
      }
    }
  }

  @Test func fourWeeksGiveANullOfHours() throws {
    let (outcome, problems, found) = try fit(Self.csv(days: 29))
    #expect(problems == [])
    let plan = try #require(found)
    let hours = try #require(outcome.baseline.hours)
    #expect(hours.first == Int(Self.monday) / 3600 && hours.count == 29 * 24 && hours.zone == "Europe/Berlin")
    #expect(hours.field == "at" && hours.leftOut == [] && hours.versions == [])
    // A third of 60 rows an hour are too few.
    #expect(hours.slices.map(\.slice) == ["all"] && hours.slices[0].rows == 60)
    #expect(hours.slices[0].subjects == ["a", "c", "score"])
    #expect(
      outcome.remarks.prefix(2) == [
        "slice c=x has a median of 40 rows an hour and is left out of shift, which needs 50",
        "slice c=y has a median of 20 rows an hour and is left out of shift, which needs 50",
      ])
    #expect(hours.summary == "696 (29 days) from 2026-03-02 in Europe/Berlin, plan hours, 60 rows an hour")
    // The clock changes within the profile, and after it.
    let null = try #require(plan.shift(.subjects)?.units.first?.null)
    #expect(null.configuration.calendar.minutes == 60)
    #expect(null.configuration.calendar.transitions.first == .init(hour: 492_985, minutes: 120))
    #expect(null.configuration.calendar.transitions.count >= 4)
    // a: location, spread, missing, invalid, outside; c: x, y, missing, invalid, unseen; the score as a.
    #expect(
      ShiftSummary(plan).lines == [
        "monitor m: check moved: 10 streams in 1 slice share warning 1 per week, critical 1 per quarter false alarms; null hours",
        "monitor m: check score: 5 streams in 1 slice share critical 1 per quarter false alarms; null hours",
      ])
    #expect(FitReport(outcome.baseline, hasLabels: false).text.contains("  hours        \(hours.summary)\n"))
    // In RFC 3339 the same comes of it.
    #expect(try fit(Self.csv(days: 29, rfc: true)).outcome.baseline.hours == hours)
  }

  @Test func whatIsNoNormalTrafficIsNamedAndCanBeLeftOut() throws {
    let csv = Self.csv(days: 28, odd: 5..<9)
    let found = try fit(csv).outcome.remarks.filter { $0.contains("is unlike the other half") }
    let named = try #require(
      found.first { $0.hasPrefix("a is unlike the other half of the rows in 2026-03-07..2026-03-1") })
    #expect(
      named.hasSuffix(
        "if that was no normal traffic, fit again with --leave-out \(named.split(separator: " ").last ?? "")"))
    let days = try #require(BaselineFit.Dates.days("2026-03-07..2026-03-11"))
    let (outcome, problems, _) = try fit(csv, leftOut: [days])
    #expect(outcome.remarks.filter { $0.contains("is unlike") } == [] && problems == [])
    #expect(outcome.baseline.hours?.leftOut == [days])
    #expect(
      outcome.baseline.hours?.summary
        == "672 (28 days) from 2026-03-02 in Europe/Berlin, plan short, 60 rows an hour, 5 days left out")
    #expect(BaselineFit.Dates.days("2026-03-07") == days.lowerBound...days.lowerBound)
    for bad in ["", "2026-03-07..", "2026-03-08..2026-03-07", "7", "2026-03-07...2026-03-08"] {
      #expect(BaselineFit.Dates.days(bad) == nil, "\(bad)")
    }
  }

  @Test func rowsThatGiveNoNull() throws {
    func problem(_ csv: String) -> String {
      do {
        _ = try fit(csv)
        return ""
      } catch { return "\(error)" }
    }
    #expect(
      problem(Self.csv(days: 13))
        == "rows.csv: at spans 312 hours; a null of hours needs 336, which is 14 days, and 28 days to keep its budget as measured; give rows of more days, or fit without --time and take the checks on shift out of the monitor until there are"
    )
    #expect(
      problem(Self.csv(days: 15, rowsPerHour: 20))
        == "rows.csv: half of the hours have 20 rows or fewer; a null of hours needs 50, so fit without --time, and remove "
        + "checks on metric: shift")
    #expect(
      problem(Self.csv(days: 1).replacing("at,a", with: "when,a")).hasPrefix(
        "rows.csv:1: no column for the rows' time: looked for at; the file has when, a, c, score"))
    #expect(
      problem("at,a,c,score\nsoon,1,x,0.5\n")
        == "rows.csv:2: at is soon, which is no time in epoch_s or rfc3339")
    #expect(
      problem("at,a,c,score\n1672531200,1,x,0.5\n1772409600,1,x,0.5\n")
        == "rows.csv: at goes from 2023-01-01T00:00:00.000Z to 2026-03-02T00:00:00.000Z, which is more than two years; check the column and time_format, or give fewer rows"
    )
  }
}
