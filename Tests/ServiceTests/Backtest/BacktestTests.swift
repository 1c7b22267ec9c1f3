import Foundation
import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration
@testable import LeewayReplay

/// A policy over history, and over history with changes in it.
@Suite struct BacktestTests {
  private let scene: BacktestScene

  init() throws { scene = try BacktestScene.shared.get() }

  private func after(_ days: Double) -> EventTime {
    EventTime(milliseconds: BacktestScene.monday + Int64(days * 86_400_000))
  }

  /// The current row of a check's tier.
  private func row(_ report: BacktestReport, _ check: String, _ tier: Tier) throws -> BacktestReport.Row {
    try #require(report.rows.first { $0.check == check && $0.tier == tier && $0.isCurrent })
  }

  @Test func everyChangeIsFoundByTheCheckForIt() throws {
    let report = try scene.backtest([
      "amount:+1sd@2026-03-09", "amount:sdx2@2026-03-09", "amount:x1000@2026-03-09", "amount:missing=30%@2026-03-09",
      "country:DE<->US@2026-03-09", "label:flip=40%@2026-03-09", "amount:+2sd@2026-03-09..2026-03-12",
    ])
    /// Hours from the change to the end of what fired.
    func hours(_ check: String, _ tier: Tier) throws -> [Double?] {
      zip(try row(report, check, tier).detections, report.injections).map { found, injection in
        found.map { ($0.end - injection.from).seconds / 3600 }
      }
    }
    let shift = try hours("moved", .critical)
    #expect(shift[5] == nil, "labels move no feature")
    for place in [0, 1, 2, 3, 4] {
      #expect(try #require(shift[place]) <= 24, "\(report.injections[place].text): \(shift)")
    }
    // A third of the way after a day.
    #expect(try #require(shift[6]) <= 48)
    // A window of a day has moved within the day.
    let distance = try hours("drift", .warning)
    for place in [0, 1, 2, 4] { #expect(try #require(distance[place]) <= 24, "\(report.injections[place].text)") }
    let missing = try hours("missing", .warning)
    #expect(try #require(missing[3]) <= 12 && missing[0] == nil && missing[5] == nil)
    let auc = try row(report, "auc", .warning).detections
    let flipped = try #require(auc[5])
    #expect(auc[0] == nil && flipped.subject == "performance" && flipped.slice == "all")
    // Verdicts on labels wait for the horizon.
    #expect(flipped.due == flipped.end + .hours(6) + scene.monitor.lateness)
    #expect(flipped.end > after(7) && flipped.end <= after(9))
    #expect(try row(report, "silence", .critical).detections.allSatisfy { $0 == nil })
    #expect(try row(report, "moved", .critical).detections[4]?.subject == "country")
  }

  @Test func thePolicyIsWhatReplayGives() throws {
    let report = try scene.backtest()
    var lines: [JSONReader] = []
    _ = try Replay(plan: scene.plan, predictions: [scene.predictions], labels: [scene.labels], asOf: nil, threads: 1)
      .run { lines.append(JSONReader(try JSONValue(parsing: Array($0.utf8)))) }
    let opened = try lines.count {
      try $0.member("type").string() == "incident" && $0.member("transition").string() == "opened"
    }
    #expect(report.incidents.count == opened && report.retrains.isEmpty)
    // Tiers by themselves give the alarms that they give together: no alarm here rises from one to the other.
    for row in report.rows
    where row.isCurrent && report.alarms.allSatisfy({ $0.check != row.check || $0.tier <= .warning }) {
      #expect(row.alarms == report.alarms.count { $0.check == row.check && $0.tier == row.tier }, "\(row)")
    }
    #expect(report.rows.allSatisfy { $0.isJudged && $0.detections.isEmpty })
    #expect(report.weeks > 1.2 && report.weeks < 1.5)
    // Nothing changes here, so nothing may alarm but what its budget allows.
    #expect(report.alarms.count { $0.check != "moved" } == 0 && report.alarms.count <= 5)
  }

  @Test func aRunIsTheSameWhateverReadsIt() throws {
    let injections = ["amount:missing=10%@2026-03-09..2026-03-11", "country:DE<->US@2026-03-10..2026-03-12"]
    let one = try BacktestJSON(scene.backtest(injections, threads: 1)).text
    #expect(try BacktestJSON(scene.backtest(injections, threads: 4)).text == one)
    let root = JSONReader(try JSONValue(parsing: Array(one.utf8)))
    #expect(try root.member("monitor").string() == "shop")
    #expect(
      try root.member("injections").array { (e) throws(JSONFailure) in try e.member("inject").string() } == injections)
  }

  /// Injected rows are those of a history that was changed by hand.
  @Test func anInjectionIsTheSameAsAnotherHistory() throws {
    let text = try String(contentsOfFile: scene.predictions, encoding: .utf8)
    let moved = text.split(separator: "\n").map { line -> String in
      guard let time = line.split(separator: "\"at\":")[1].split(separator: ",").first.flatMap({ Int64($0) }),
        time >= BacktestScene.monday + 7 * 86_400_000
      else { return String(line) }
      return String(line).replacing("\"country\":\"DE\"", with: "\"country\":\"?\"")
        .replacing("\"country\":\"US\"", with: "\"country\":\"DE\"").replacing(
          "\"country\":\"?\"", with: "\"country\":\"US\"")
    }
    try TemporaryFolder.use { folder in
      let file = folder.write("p.jsonl", moved.joined(separator: "\n") + "\n")
      func lines(_ monitor: Monitor, _ file: String) throws -> [String] {
        var lines: [String] = []
        _ = try Replay(
          plan: MonitorPlan(monitor: monitor, baseline: scene.baseline), predictions: [file], labels: [scene.labels],
          asOf: nil, threads: 2
        ).run { lines.append($0) }
        return lines
      }
      var monitor = scene.monitor
      monitor.injections = [try InjectionSpec.read("country:DE<->US@2026-03-09", monitor, scene.baseline)]
      let injected = try lines(monitor, scene.predictions)
      #expect(injected == (try lines(scene.monitor, file)))
      #expect(injected != (try lines(scene.monitor, scene.predictions)))
    }
  }

  @Test func otherBudgetsAndAWish() throws {
    let report = try scene.backtest(wish: ShiftBudget(.warning, 1, per: .quarter))
    let budgets = report.rows.filter { $0.check == "moved" && $0.tier == .warning }
    #expect(budgets.map(\.rule) == ["1 per day", "1 per week", "1 per month", "1 per quarter", "1 per year"])
    #expect(budgets.map(\.isCurrent) == [false, true, false, false, false])
    let limits = report.rows.filter { $0.check == "drift" && $0.tier == .warning }
    #expect(
      limits.map(\.rule) == [
        "0.05 or more", "0.071 or more", "0.1 or more", "0.141 or more", "0.2 or more", "0.283 or more", "0.4 or more",
      ])
    #expect(
      report.rows.filter { $0.check == "silence" }.map(\.rule).first == "100 % of the usual or less")
    // Fewer alarms the stricter the limit.
    for rows in [budgets, limits] { #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.alarms >= $1.alarms }) }
    #expect(report.suggestions.count == 7)
    for suggestion in report.suggestions {
      let rule = try #require(suggestion.rule, "\(suggestion)")
      let chosen = try #require(
        report.rows.first { $0.check == suggestion.check && $0.tier == suggestion.tier && $0.rule == rule })
      // Ten days of a quarter allow none.
      #expect(chosen.alarms == 0 && suggestion.alarms == 0)
    }
    let usual = report.rows.filter { $0.check == "silence" }
    // As many rows as ever: it begins once, and never ends.
    #expect(usual[0].firing > 0.5)
    #expect(usual[0].alarms == 1 && usual[1].firing == 0)
    #expect(report.suggestions.first { $0.check == "silence" }?.rule == "70.4 % of the usual or less")
    #expect(report.suggestions.first { $0.check == "moved" }?.rule == "1 per quarter")
    let rate = try #require(report.rate(3))
    // SciPy: chi2.ppf(0.025, 6) / 2 and chi2.ppf(0.975, 8) / 2.
    let (lower, upper) = (rate.lower * report.weeks, rate.upper * report.weeks)
    #expect(abs(lower - 0.6186721228956014) < 1e-9)
    #expect(abs(upper - 8.767273069742323) < 1e-9)
    #expect(try #require(report.rate(0)).lower == 0)
  }

  @Test func whatPeopleRead() throws {
    var report = try scene.backtest(["amount:+1sd@2026-03-09"], wish: ShiftBudget(.warning, 1, per: .week))
    let text = BacktestText(report).text
    for part in [
      "monitor shop: ", " weeks, 2026-03-0", "14,400 predictions\n", "\nINCIDENTS: ", "\nINJECTED CHANGES",
      "  amount:+1sd@2026-03-09\n",
      "\nOTHER BUDGETS AND LIMITS", "\nFOR 1 per week OF EACH CHECK AND TIER\n", "1 per quarter *",
    ] {
      #expect(text.contains(part), "\(part) in \(text)")
    }
    report.monitor.name = "<script>alert(1)</script>"
    let page = BacktestHTML(report).text
    #expect(
      !page.contains("<script") && !page.contains("http") && page.contains("&lt;script&gt;")
        && page.utf8.count < 100_000)
    #expect(page.contains("Injected 1: amount:+1sd@2026-03-09"))
  }
}
