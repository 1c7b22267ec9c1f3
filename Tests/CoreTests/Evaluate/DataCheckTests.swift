import Glibc
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Ratios and traffic.
@Suite struct DataCheckTests {
  private static func check(
    _ metric: Metric, _ limits: [TierLimit], on: Check.Subjects = .named(["amount"]), significance: Double? = 0.01,
    partial: Bool = true
  ) -> Check {
    Check(
      name: "c", on: on, metric: metric, window: "15m", limits: limits, significance: significance, partial: partial)
  }

  /// P(X ≥ k) of a binomial, term by term.
  private func tail(_ k: Int, _ n: Int, _ p: Double) -> Double {
    (k...n).map { i -> Double in
      let (a, b) = (Double(i), Double(n - i))
      let ways = lgamma(Double(n + 1)) - lgamma(a + 1) - lgamma(b + 1)
      return exp(ways + a * log(p) + b * log(1 - p))
    }.sorted().reduce(0, +)
  }

  @Test(arguments: [(3, 40), (6, 40), (12, 40), (40, 40), (1, 3)])
  func ratiosHaveAnExactTest(_ missing: Int, _ rows: Int) throws {
    let scene = try Scene(
      checks: [Self.check(.missingRatio, [Check.above(0.05)])],
      predictions: [Scene.predictions(rows) { i, event in if i < missing { event.amount = nil } }])
    try scene.read()
    let verdict = try scene.judge(at: Scene.minute(20)).only("c", 15)
    let expected = tail(missing, rows, 0.05)
    let p = try #require(verdict.pValue)
    #expect(abs(p - expected) <= 1e-10 * expected)
    #expect(verdict.value == Double(missing) / Double(rows) && verdict.rows == rows)
    // However few the rows: the test knows.
    #expect(verdict.tier == (expected <= 0.01 ? .warning : .ok))
  }

  @Test func aRatioBelowItsThresholdNeverFires() throws {
    let scene = try Scene(
      checks: [Self.check(.missingRatio, [Check.above(0.5)], significance: nil)],
      predictions: [Scene.predictions(1000) { i, event in if i < 499 { event.amount = nil } }])
    try scene.read()
    #expect(try scene.judge(at: Scene.minute(20)).only("c", 15).tier == .ok)
  }

  @Test func ratiosAreOfTheRowsThatTheyAreAbout() throws {
    // Of 100 rows 10 are missing, 20 invalid, 35 above the last knot.
    let events = Scene.predictions(100) { i, event in
      switch i {
      case ..<10: event.amount = "null"
      case ..<30: event.amount = "\"ten\""
      case ..<65: event.amount = "77"
      default: event.amount = "3"
      }
      event.country = i < 25 ? "\"PL\"" : i < 50 ? nil : "\"DE\""
    }
    func value(_ metric: Metric, _ subject: String) throws -> Double? {
      let scene = try Scene(
        checks: [Self.check(metric, [Check.above(0.9)], on: .named([subject]))], predictions: [events])
      try scene.read()
      return try scene.judge(at: Scene.minute(20)).only("c", 15).value
    }
    #expect(try value(.missingRatio, "amount") == 0.1)
    #expect(try value(.invalidRatio, "amount") == 0.2)
    #expect(try value(.outsideRatio, "amount") == 0.5)
    #expect(try value(.unseenRatio, "country") == 25.0 / 75)
  }

  // MARK: Traffic

  private func traffic(
    _ limits: [TierLimit], _ counts: [Int], through: Int, partial: Bool = false
  ) throws -> [Int64: Verdict] {
    var events: [PredictionEvent] = []
    for (i, count) in counts.enumerated() {
      events += Scene.predictions(count, from: Int64(i) * 15, to: Int64(i + 1) * 15, id: "\(i)-")
    }
    let scene = try Scene(
      checks: [Self.check(.rows, limits, on: .traffic, partial: partial)], predictions: [events]
    ) { monitor in
      monitor.windows = [WindowDefinition(name: "15m", size: .minutes(15), every: .minutes(15))]
    }
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(Int64(through) * 15 + 5))
    return Dictionary(uniqueKeysWithValues: verdicts.map { (($0.end - World.start).milliseconds / 900_000, $0) })
  }

  @Test func emptyWindowsAreTrafficToo() throws {
    let found = try traffic([Check.below(10)], [30, 9, 0, 10, 0, 0], through: 6)
    #expect((1...6).map { found[$0]?.tier } == [.ok, .warning, .warning, .warning, .warning, .warning])
    #expect((1...6).map { found[$0]?.value } == [30, 9, 0, 10, 0, 0])
    // A limit that is reached fires; one row more does not.
    #expect(try traffic([Check.below(10)], [30, 11], through: 2)[2]?.tier == .ok)
  }

  @Test func silenceIsJudgedForTwentyEightWindows() throws {
    let found = try traffic([Check.below(10)], [30], through: 60)
    #expect(found.keys.max() == 29)
    #expect(found[29]?.tier == .warning)
  }

  @Test func aShareIsOfTheMedianOfTheLastTwentyEight() throws {
    let limits = [TierLimit(.warning, .below(.relative(0.5)))]
    let found = try traffic(limits, [10, 20, 30, 10, 11, 60], through: 7)
    // Three windows are the least that have a median.
    #expect((1...3).map { found[$0]?.tier } == [.insufficientData, .insufficientData, .insufficientData])
    #expect(
      (1...3).map { found[$0]?.why }
        == [0, 1, 2].map { Shortfall(.reference, [("windows", .count($0)), ("needed", .count(3))]) })
    // Half of 20, of 15, of 11, of 15.
    #expect((4...7).map { found[$0]?.tier } == [.warning, .ok, .ok, .warning])
    #expect((4...7).map { found[$0]?.threshold } == [10, 7.5, 5.5, 7.75])
    let long = try traffic(limits, [1000, 1000, 1000] + Array(repeating: 10, count: 28) + [7], through: 32)
    #expect(long[32]?.threshold == 5)
  }

  @Test func aPartOfAWindowIsNoTraffic() throws {
    let scene = try Scene(
      checks: [Self.check(.rows, [Check.below(10)], on: .traffic, partial: false)],
      predictions: [Scene.predictions(9, from: 0, to: 15)])
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(20))
    #expect(try verdicts.only("c", 5).tier == .insufficientData)
    #expect(try verdicts.only("c", 5).value == nil)
    #expect(try verdicts.only("c", 15).tier == .warning)
  }
}
