import LeewayTestSupport
import Testing

@testable import LeewayCore

/// A backlog is decided as the service would have decided it day by day.
@Suite struct RoundsTests {
  private typealias Desk = IncidentTests.Desk

  private static func desk() throws -> Desk {
    let adwin = Check(
      name: "adwin", on: .errors, metric: .adwin, window: "1h", limits: [TierLimit(.critical, .above(.absolute(1)))])
    return try Desk(
      checks: IncidentTests.checks + [adwin],
      retrain: RetrainPolicy(cooldown: .hours(5), maximumPerWeek: 4, deadline: .hours(6)))
  }

  /// What came of it, but for the times of the outbox's clock and what was gathered by it.
  private static func outcome(_ desk: Desk) throws -> [String] {
    try desk.lines() + desk.incidents().map { "\($0)" }
      + desk.retrains().map { "\($0.id) \($0.requestedAt)" }.sorted()
      + CauseGroup.allCases.map { group in
        let bytes = try desk.ledger.read { try $0.machine(monitor: "fraud", group: group) }
        return String(decoding: bytes ?? [], as: UTF8.self)
      }
      + desk.deliveries().filter { !$0.key.contains("-spread/") }.map { "\($0.key) \($0.body)" }
  }

  /// Data were broken at the first end and are fixed at the third; performance was lost at the second.
  @Test func aBacklogDoesNotRetrainOnDataThatWereBroken() throws {
    let ends: [[(String, String, Tier)]] = [
      [("missing", "amount", .critical)], [("missing", "amount", .critical), ("auc", "performance", .critical)],
      [("missing", "amount", .ok), ("auc", "performance", .ok)],
    ]
    let days = try Self.desk()
    for (i, verdicts) in ends.enumerated() { try days.decide(Int64(i + 1), verdicts) }
    let backlog = try Self.desk()
    _ = try backlog.decide(ends.enumerated().flatMap { backlog.made(Int64($0 + 1), $1) })
    #expect(try days.retrains().isEmpty)
    #expect(try backlog.retrains().isEmpty)
    #expect(try Self.outcome(backlog) == Self.outcome(days))
  }

  /// Labels come days after the data: what the data are by then is not what they were.
  @Test func aGuardLooksAtTheEndThatAsks() throws {
    let desk = try Self.desk()
    try desk.decide(1, [("missing", "amount", .critical)])
    try desk.decide(2, [("missing", "amount", .ok)])
    for hour in 3...9 { try desk.decide(Int64(hour), [("missing", "amount", .ok)]) }
    try desk.decide(10, [("missing", "amount", .critical)])
    // Performance of the first hour, of the third, and of the tenth.
    try desk.decide(1, [("auc", "performance", .critical)])
    #expect(try desk.retrains().isEmpty)
    try desk.decide(3, [("auc", "performance", .critical)])
    #expect(try desk.retrains().map(\.requestedAt) == [IncidentTests.hour(3)])
  }

  @Test func roundsOfOneEndAndOfManyDecideAlike() throws {
    let tiers: [Tier] = [.insufficientData, .ok, .ok, .info, .warning, .critical]
    var retrains = 0
    var held = 0
    var spread = 0
    let scratch = try Self.desk()
    for seed in Mutation.seeds(150) {
      var random = SeededGenerator(seed: seed)
      let hours = 24
      let atClose = [("missing", "amount"), ("missing", "country"), ("drift", "amount"), ("drift", "country")]
      let atMaturity = [("auc", "performance"), ("ece", "performance"), ("adwin", "errors")]
      func verdicts(_ names: [(String, String)]) -> [[Verdict]] {
        (1...hours).map { hour in
          names.compactMap { check, subject in
            guard Int.random(in: 0..<6, using: &random) > 0 else { return nil }
            let tier = tiers[Int.random(in: 0..<tiers.count, using: &random)]
            let beyond = tier == .ok && Int.random(in: 0..<4, using: &random) == 0
            return scratch.verdict(Int64(hour), check, subject, tier, value: beyond ? 2 : nil)
          }
        }
      }
      let closing = verdicts(atClose)
      let maturing = verdicts(atMaturity)
      // Whatever rounds: labels are never ahead of what is closed.
      func run(_ steps: (inout SeededGenerator) -> (closed: Int, matured: Int)) throws -> Desk {
        let desk = scratch.again
        var (closed, matured) = (0, 0)
        while closed < hours || matured < hours {
          let step = steps(&random)
          let toClosed = min(hours, closed + step.closed)
          let toMatured = min(toClosed, matured + step.matured)
          _ = try desk.decide(
            closing[closed..<toClosed].flatMap { $0 } + maturing[matured..<toMatured].flatMap { $0 })
          (closed, matured) = (toClosed, toMatured)
        }
        return desk
      }
      let whole = try run { _ in (hours, hours) }
      let wanted = try Self.outcome(whole)
      let single = try run { _ in (1, 1) }
      #expect(try Self.outcome(single) == wanted, "seed \(seed)")
      let late = try run { random in (Int.random(in: 0...4, using: &random), Int.random(in: 0...2, using: &random)) }
      #expect(try Self.outcome(late) == wanted, "seed \(seed)")
      retrains += try whole.retrains().count
      held += wanted.count { $0.contains("\"transition\":\"retrain_held\"") }
      spread += wanted.count { $0.contains("\"transition\":\"spread\"") }
    }
    #expect(retrains > 20 && held > 50 && spread > 50, "\(retrains) retrains, \(held) held, \(spread) spread")
  }
}
