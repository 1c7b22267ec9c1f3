import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Early and final performance: two incidents that meet in what final verdicts say of the early one's opening.
@Suite struct StageIncidentTests {
  private typealias Desk = IncidentTests.Desk

  private func decide(_ desk: Desk, _ hour: Int64, _ stage: Stage, _ tier: Tier) throws -> [String] {
    try desk.decide([try #require(desk.verdict(hour, "auc", "performance", tier, stage: stage))])
  }

  @Test func aFinalIncidentLinksToItsEarlyTwinAndPagesNobodyAgain() throws {
    let desk = try Desk(
      retrain: RetrainPolicy(cooldown: .hours(24), maximumPerWeek: 3, deadline: .hours(6)))
    #expect(try decide(desk, 1, .early, .critical) == ["performance/early opened critical"])
    // What is found early asks for no retrain.
    #expect(try desk.retrains().isEmpty)
    #expect(try decide(desk, 5, .early, .critical) == [])
    #expect(
      try decide(desk, 1, .final, .critical) == [
        "performance/final opened critical", "performance/early confirmed critical",
        "performance/final retraining critical",
      ])
    let incidents = try desk.incidents()
    let early = try #require(incidents.first { $0.group == .performanceEarly })
    let final = try #require(incidents.first { $0.group == .performanceFinal })
    #expect(early.id != final.id && early.openedAt == final.openedAt)
    #expect(early.twin == #"{"final":"confirmed"}"# && early.state == .open)
    #expect(final.twin == #"{"early":"\#(early.id)"}"#)
    #expect(
      try desk.deliveries().map { String($0.key.split(separator: "/")[1...].joined(separator: "/")) }.sorted() == [
        "0-opened/chat", "0-opened/pager", "1-retrain/retrain",
      ])
    let line = try #require(try desk.lines().first { $0.contains(final.id) })
    #expect(line.contains(#""tier":"critical","reason":"performance/final","early":"\#(early.id)","checks""#))
  }

  /// Receivers know of the early twin, which asks for no retrain; that the final one's is held is news to them.
  @Test func aHeldRetrainIsToldToThoseWhoHeardEarly() throws {
    let desk = try Desk(
      retrain: RetrainPolicy(cooldown: .hours(24), maximumPerWeek: 3, deadline: .hours(6)))
    #expect(try decide(desk, 1, .early, .critical) == ["performance/early opened critical"])
    try desk.decide(1, [("missing", "amount", .warning)])
    #expect(
      try decide(desk, 1, .final, .critical) == [
        "performance/final opened critical", "performance/early confirmed critical",
        "performance/final retrain_held critical",
      ])
    let incidents = try desk.incidents()
    let early = try #require(incidents.first { $0.group == .performanceEarly })
    let final = try #require(incidents.first { $0.group == .performanceFinal })
    let told = try desk.deliveries().filter { $0.incident == final.id }
    #expect(told.map(\.receiver).sorted() == ["chat", "pager"])
    for delivery in told {
      #expect(delivery.body.contains(#""event":"incident.retrain_held""#))
      #expect(delivery.body.contains(#""held":"retrain held: data incident "#))
      #expect(delivery.body.contains(#""early":"\#(early.id)""#))
    }
    // Whoever has heard of it hears how it ends.
    #expect(try decide(desk, 2, .final, .ok).last == "performance/final resolved critical")
    let last = try desk.deliveries().filter { $0.incident == final.id }.suffix(2)
    #expect(last.map(\.receiver).sorted() == ["chat", "pager"])
    #expect(last.allSatisfy { $0.body.contains(#""event":"incident.resolved""#) })
  }

  @Test func whatFinalVerdictsDoNotShowIsWithdrawn() throws {
    let desk = try Desk()
    _ = try decide(desk, 1, .early, .warning)
    #expect(try decide(desk, 2, .early, .ok) == ["performance/early resolved warning"])
    // The incident has ended by then; those who were told of it hear that it was none.
    #expect(try decide(desk, 1, .final, .ok) == ["performance/early withdrawn warning"])
    #expect(try desk.incidents().map(\.twin) == [#"{"final":"withdrawn"}"#])
    #expect(try desk.incidents().map(\.state) == [.resolved])
    let told = try #require(try desk.deliveries().last { $0.key.hasSuffix("-withdrawn/chat") })
    #expect(told.body.contains(#""event":"incident.withdrawn""#) && told.body.contains(#""evidence":[],"window":null"#))
    // Said once.
    #expect(try decide(desk, 2, .final, .ok) == [])
  }

  @Test func tooFewLabelsSayNothing() throws {
    let desk = try Desk()
    _ = try decide(desk, 1, .early, .warning)
    #expect(try decide(desk, 1, .final, .insufficientData) == [])
    #expect(try desk.incidents().map(\.twin) == ["null"])
  }

  /// The stages never wait for each other, and what they say of each other is of the same end.
  @Test func backlogsOfBothStagesDecideAlike() throws {
    let tiers: [Tier] = [.ok, .ok, .warning, .critical, .insufficientData]
    let scratch = try Desk()
    for seed in Mutation.seeds(100) {
      var random = SeededGenerator(seed: seed)
      func made(_ stage: Stage) -> [Verdict] {
        (1...20).compactMap {
          scratch.verdict(
            Int64($0), "auc", "performance", tiers[Int.random(in: 0..<tiers.count, using: &random)], stage: stage)
        }
      }
      let early = made(.early)
      let final = made(.final)
      func run(_ rounds: Bool) throws -> [String] {
        let desk = scratch.again
        var (i, j) = (0, 0)
        while i < early.count || j < final.count {
          let a = rounds ? min(early.count, i + Int.random(in: 0...5, using: &random)) : early.count
          let b = rounds ? min(final.count, j + Int.random(in: 0...2, using: &random), max(a, j)) : final.count
          _ = try desk.decide(Array(early[i..<a] + final[j..<b]))
          (i, j) = (a, b)
        }
        return try desk.lines() + desk.incidents().map { "\($0.id) \($0.state) \($0.twin) \($0.tier)" }
          + desk.deliveries().filter { !$0.key.contains("-spread/") }.map(\.key)
      }
      let whole = try run(false)
      #expect(try run(true) == whole, "seed \(seed)")
    }
  }
}
