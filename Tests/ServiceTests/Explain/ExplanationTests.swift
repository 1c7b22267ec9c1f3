import Foundation
import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration

/// What `check --explain` says of a monitor.
@Suite struct ExplanationTests {
  private let plan: MonitorPlan

  init() throws { plan = try BacktestScene.shared.get().plan }

  private func explained(_ check: String) throws -> CheckExplanation {
    try #require(plan.explanations.first { $0.check == check })
  }

  private func sizes(_ tier: TierExplanation, _ subject: String, _ stream: String) throws -> [FoundChange.Size?] {
    try #require(tier.found.first { $0.subject == subject && $0.stream == stream }).sizes
  }

  @Test func budgetsAreShared() throws {
    let moved = try explained("moved")
    // amount: location, spread, missing, invalid, outside; country: three shares, missing, invalid, unseen.
    #expect(moved.sharing == 11 && moved.slices == ["all"] && moved.window == .hours(1))
    let monday = EventTime(milliseconds: BacktestScene.monday)
    #expect(moved.null == .hours(plan: "hours", from: monday - .days(28), to: monday))
    #expect(moved.tiers.map(\.falseAlarms) == [.budget(perQuarter: 13), .budget(perQuarter: 1)])
    #expect(moved.tiers.map(\.found.count) == [11, 11])
    #expect(moved.waits == [.lateness(plan.monitor.lateness)])
    let (warning, critical) = (moved.tiers[0].found, moved.tiers[1].found)
    for (a, b) in zip(warning, critical) {
      #expect(a.rowsPerHour == 60 && a.stream == b.stream)
      for (mild, strict) in zip(a.sizes, b.sizes) {
        if let mild, let strict { #expect(mild.size <= strict.size, "\(a)") }
      }
      // Never less within more time.
      let found = a.sizes.compactMap { $0?.size }
      #expect(zip(found, found.dropFirst()).allSatisfy { $0 >= $1 }, "\(a)")
    }
    let amount = try #require(plan.baseline.subject(named: "amount"))
    let day = try #require(try sizes(moved.tiers[0], "amount", "location")[1])
    let own = try #require(day.now) - (try #require(day.was))
    #expect(abs(own - day.size * (try #require(amount.standardDeviation))) < 1e-6)
    let share = try #require(try sizes(moved.tiers[0], "country", "category=DE")[1])
    let (was, now) = (try #require(share.was), try #require(share.now))
    /// Of k in 60 rows (k + 3/8) / (60 + 3/4).
    func arcsine(_ share: Double) -> Double { 2 * asin(((60 * share + 0.375) / 60.75).squareRoot()) }
    #expect(abs(was - 0.5) < 0.02)
    #expect(abs(arcsine(now) - arcsine(was) - share.size) < 1e-6)
    // What the baseline never had is 0.
    let invalid = try #require(try sizes(moved.tiers[0], "amount", "invalid")[1])
    #expect(try #require(invalid.was) < 1e-3)
    #expect(try #require(invalid.now) > 0.01)
  }

  @Test func windowsHaveRows() throws {
    let drift = try explained("drift")
    #expect(drift.null == .independentRows && drift.sharing == nil)
    let hourly = try sizes(drift.tiers[0], "amount", "mean").map { $0?.size }
    // One hour of a window of a day is too little; from a day on there is no more to come.
    #expect(hourly[1] == hourly[2] && hourly[2] == hourly[3])
    #expect(try #require(hourly[1]) < 0.5 && (hourly[0].map { $0 > 1 } ?? true))
    guard case .notPromised(let why) = drift.tiers[0].falseAlarms else {
      Issue.record("\(drift.tiers[0].falseAlarms)")
      return
    }
    #expect(why.contains("rows as independent"))
    // 1,440 rows a day: what is lost of them for 720 or fewer to be left with a chance of 80 %.
    let lost = try #require(try sizes(try explained("silence").tiers[0], "traffic", "rows lost")[1])
    let z80 = 0.8416212335729143
    let root = (-z80 + (z80 * z80 + 4 * 720).squareRoot()) / 2
    let rest = root * root / 1440
    #expect(abs(lost.size - (1 - rest)) < 1e-9)
    let missing = try #require(try sizes(try explained("missing").tiers[0], "amount", "missing_ratio")[2])
    #expect(missing.now! > 0.05 && missing.now! < 0.09)
  }

  /// The standard error that is made up from the baseline is that of windows which are drawn.
  @Test func performanceRestsOnItsStandardError() throws {
    let auc = try explained("auc")
    #expect(auc.waits.contains(.labels(.final, .hours(6))))
    let found = try #require(try sizes(auc.tiers[0], "performance", "auc")[1])
    let was = try #require(found.was)
    let slack = 2.3263478740408408 + 0.8416212335729143
    let error = (found.size - 0.05 * was) / slack
    // Seeds were written down before the first run.
    var drawn: [Double] = []
    for seed: UInt64 in 3001...3300 {
      var random = SeededGenerator(seed: seed)
      func unit() -> Double { Double.random(in: 0..<1, using: &random) }
      let rows = (0..<1440).map { _ -> (Double, Bool) in
        let score = ((unit() + unit()) / 2 * 1000).rounded() / 1000
        return (score, unit() < score)
      }
      drawn.append(area(rows))
    }
    let mean = drawn.reduce(0, +) / Double(drawn.count)
    let deviation = (drawn.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(drawn.count - 1)).squareRoot()
    // Three standard deviations of a standard deviation of 300 draws, and what the baseline's own rows are off.
    #expect(abs(error / deviation - 1) < 0.15, "\(error), drawn \(deviation)")
    #expect(abs(mean - was) < 0.02)
    guard case .atMost(let count, _) = auc.tiers[0].falseAlarms else {
      Issue.record("\(auc.tiers[0].falseAlarms)")
      return
    }
    let z = 0.05 * was / error + 2.3263478740408408
    let expected = 2184 * erfc(z / 2.0.squareRoot()) / 2
    #expect(abs(count - expected) < 1e-6 * max(count, 1e-9))
  }

  /// Mann and Whitney's count.
  private func area(_ rows: [(Double, Bool)]) -> Double {
    let sorted = rows.sorted { $0.0 < $1.0 }
    var (below, area, i) = (0.0, 0.0, 0)
    let (p, n) = (Double(rows.count { $0.1 }), Double(rows.count { !$0.1 }))
    while i < sorted.count {
      var j = i
      while j < sorted.count, sorted[j].0 == sorted[i].0 { j += 1 }
      let positive = Double(sorted[i..<j].count { $0.1 })
      let negative = Double(j - i) - positive
      area += positive * (below + negative / 2)
      below += negative
      i = j
    }
    return area / (p * n)
  }

  @Test func whatPeopleAndProgramsRead() throws {
    let now = EventTime(milliseconds: BacktestScene.monday) + .days(12)
    let text = ExplanationText(plan, now: now).text
    for part in [
      "monitor shop, baseline sha256:", "\ncheck moved, metric shift\n",
      "  null: the baseline's hours, plan hours: 28 days to 2026-03-02, which is 12 days ago\n",
      "  budget: 11 streams in 1 slice share that of each tier\n",
      "  warning, 1 per week: at most 13 false alarms a quarter, its budget\n",
      "  critical, 1 per quarter: at most 1 false alarm a quarter, its budget\n", "    found within", "  1 h",
      "  21 d\n",
      "  null: iid: rows are taken as independent of each other\n",
      "  no number of false alarms can be promised: rows that come together", "\n  critical, 0.2 or more\n",
      "  waits for labels: 6h after the end, at stage final\n", "  waits for 3 windows, whose median is the usual\n",
      "  warning, a drop of 5 % or more, with 99 % certainty: at most ",
    ] {
      #expect(text.contains(part), "\(part) in \(text)")
    }
    let json = try JSONReader(JSONValue(parsing: Array(ExplanationJSON(plan, now: now).text.utf8)))
    let checks = try json.member("checks").array { (e) throws(JSONFailure) in e }
    #expect(try checks.map { try $0.member("check").string() } == plan.monitor.checks.map(\.name))
    #expect(try checks[0].member("null").member("age_days").double() == 12)
    let tiers = try checks[0].member("tiers").array { (e) throws(JSONFailure) in e }
    #expect(try tiers[1].member("false_alarms_per_quarter").double() == 1)
    let found = try tiers[1].member("found").array { (e) throws(JSONFailure) in e }
    let smallest = try found[0].member("smallest").array { (e) throws(JSONFailure) in
      try e.member("within_hours").double()
    }
    #expect(smallest == [1, 24, 168, 504])
  }
}
