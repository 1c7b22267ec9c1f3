import LeewayCore
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

/// Checks on `shift` in monitor files: what is read, and what is said of everything that is wrong.
@Suite struct ShiftChecksTests {
  private func load(_ checks: String, _ more: String = "") -> (Monitor?, [String]) {
    let text = """
      monitor: m
      task: binary
      predictions: {topic: p, fields: {time: at, score: s, version: v}}
      labels: {topic: l, fields: {id: id, time: at, value: y}, horizon: 1d}
      features: {a: numeric, c: categorical}
      segments: [c]
      windows: [{size: 1h, every: 5m}]
      alerts: {info: [log], warning: [log], critical: [log]}
      checks:
      \(checks)
      \(more)
      """.replacing("labels: {topic: l, fields: {id: id", with: "labels: {topic: l, fields: {id: id")
      .replacing("fields: {time: at, score", with: "fields: {id: id, time: at, score")
    let file = MonitorFile(path: "m.yaml", baseline: .none, environment: [:], content: Array(text.utf8))
    return (file.monitor, file.problems.map { $0.description.replacing("m.yaml:", with: "") })
  }

  @Test func whatIsRead() throws {
    let (monitor, problems) = load(
      """
      - {name: moved, on: features, except: [c], metric: shift, warning: 1 per week, critical: 1 per quarter}
      - {name: score, on: score, metric: shift, slices: each, info: 2 per day}
      - {name: some, on: [a, score], metric: shift, slices: [all, c=x], critical: 3 per year}
      """, "time_zone: Europe/Berlin\nexcluded: [2026-12-24/2026-12-26, 2026-01-01, 2026-12-27]")
    #expect(problems == [])
    let checks = try #require(monitor?.checks)
    #expect(checks.map(\.metric) == [.shift, .shift, .shift] && checks.map(\.window) == ["1h", "1h", "1h"])
    #expect(
      checks[0].on == .features(except: ["c"]) && checks[1].on == .output && checks[2].on == .named(["a", "score"]))
    #expect(checks[0].budgets == [ShiftBudget(.warning, 1, per: .week), ShiftBudget(.critical, 1, per: .quarter)])
    #expect(checks[1].budgets == [ShiftBudget(.info, 2, per: .day)] && checks[1].slices == .each)
    #expect(checks[2].budgets == [ShiftBudget(.critical, 3, per: .year)])
    #expect(checks[0].budgets.map(\.hours) == [168, 2184] && checks[1].budgets[0].hours == 12)
    #expect(checks[2].budgets[0].hours == 2912 && ShiftBudget(.info, 1, per: .month).hours == 728)
    #expect(monitor?.timeZone == "Europe/Berlin")
    // 1970-01-01 is day 0.
    #expect(monitor?.excluded == [20_454...20_454, 20_811...20_814])
    #expect(checks.allSatisfy { $0.limits.isEmpty })
  }

  @Test func whatIsWrongWithBudgets() {
    func problem(_ tier: String) -> [String] {
      load("- {name: x, on: a, metric: shift, critical: \(tier)}").1
    }
    let rule = "it takes how many false alarms are allowed and per what, such as 1 per quarter"
    #expect(problem("0.3") == ["10:45: checks[0].critical is 0.3; \(rule)"])
    #expect(problem("often") == ["10:45: checks[0].critical is often; \(rule)"])
    #expect(problem("1 each week") == ["10:45: checks[0].critical is 1 each week; \(rule)"])
    #expect(problem("1 per week day") == ["10:45: checks[0].critical is 1 per week day; \(rule)"])
    #expect(problem("{above: 1}") == ["10:45: checks[0].critical is a map; \(rule)"])
    #expect(
      problem("1") == ["10:45: checks[0].critical is 1; it takes a unit of time as well, such as 1 per quarter"])
    #expect(
      problem("2 per") == ["10:45: checks[0].critical is 2 per; it takes a unit of time as well, such as 2 per quarter"]
    )
    #expect(
      problem("1 per quater") == [
        "10:45: checks[0].critical is 1 per quater; no unit is called quater; the units are day, week, month, quarter, year. Did you mean quarter?"
      ])
    #expect(
      problem("0 per week") == [
        "10:45: checks[0].critical is 0 per week; it takes 1 or more; no detector gives no false alarm at all"
      ])
    #expect(problem("25 per day") == ["10:45: checks[0].critical is 25 per day; it takes one an hour at most"])
  }

  @Test func whatIsWrongWithChecks() {
    func problem(_ more: String, on: String = "a") -> [String] {
      load("- {name: x, on: \(on), metric: shift\(more)}").1
    }
    #expect(
      problem("") == [
        "10:3: checks[0] has no tier, so it never fires; add critical: 1 per quarter, warning: 1 per week, or both"
      ])
    #expect(
      problem(", warning: 1 per year, critical: 1 per week") == [
        "10:44: checks[0].warning is 1 per year, rarer than that of critical, 1 per week; the milder tier must allow more false alarms"
      ])
    #expect(
      problem(", warning: 7 per week, critical: 1 per day") == [
        "10:44: warning: checks[0].warning is 7 per week, the same as that of critical, so warning never shows"
      ])
    for (key, value, why) in [
      ("window", "1h", "which judges every hour by itself"),
      ("for", "3", "which adds up evidence over hours by itself"),
      ("min_rows", "100", "which knows how sure an hour of few rows is"),
      ("significance", "0.01", "whose tiers are budgets of false alarms"),
      ("reference", "baseline", "which is measured from the baseline's hours"),
      ("partial", "true", "which judges whole hours"), ("certain", "true", "which is no performance metric"),
      ("stages", "[final]", "which judges every hour once"),
      ("retrain", "early", "which calls for one as alerts and retrain.settle say"),
    ] {
      #expect(
        problem(", critical: 1 per week, \(key): \(value)").map {
          $0.split(separator: " ", maxSplits: 1).last.map(String.init)
        } == [
          "checks[0].\(key) has no effect on shift, \(why); remove it"
        ], "\(key)")
    }
    #expect(
      problem(", critical: 1 per week", on: "performance").first?.contains(
        "is shift; it is computed on features, score, traffic, errors or a list of features, not on performance.")
        == true)
    for on in ["traffic", "errors"] { #expect(problem(", critical: 1 per week", on: on).isEmpty, "\(on)") }
  }

  @Test func panesZonesAndDays() {
    let check = "- {name: x, on: a, metric: shift, critical: 1 per week}"
    #expect(
      load(check, "panes: 7m").1.contains {
        $0.hasSuffix(
          "checks[0].metric is shift, which judges hours, and panes are 7m, which do not divide one; write panes: 5m")
      })
    #expect(
      load(check, "time_zone: Europe/Berlim").1 == [
        "11:12: time_zone is Europe/Berlim; it takes IANA's name of a zone, such as Europe/Berlin or UTC. Did you mean Europe/Berlin?"
      ])
    #expect(
      load(check, "excluded: [2026-02-30]").1 == [
        "11:12: excluded[0] is 2026-02-30; it takes a day, such as 2026-12-24, or the first and the last, such as 2026-12-24/2026-12-26"
      ])
    #expect(
      load(check, "excluded: [2026-03-02/2026-03-01]").1 == [
        "11:12: excluded[0] is 2026-03-02/2026-03-01; it takes the earlier day first"
      ])
    let other = "- {name: x, on: a, metric: psi, window: 1h, critical: 0.2}"
    #expect(
      load(other, "excluded: [2026-03-01]").1 == [
        "11:11: excluded has an effect only on checks with metric: shift, and there is none; add one, or remove it"
      ])
    #expect(
      load(other, "time_zone: UTC").1 == [
        "11:12: time_zone has an effect only on checks with metric: shift, and there is none; add one, or remove it"
      ])
  }
}
