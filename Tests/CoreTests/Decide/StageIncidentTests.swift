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

  private func told(_ desk: Desk, _ group: CauseGroup = .performanceFinal) throws -> [String] {
    let incidents = try desk.incidents().filter { $0.group == group }.map(\.id)
    return try desk.deliveries().filter { incidents.contains($0.incident) && $0.receiver != "retrain" }
      .map { String($0.key.split(separator: "/")[1...].joined(separator: "/")) }.sorted()
  }

  /// Whatever an early incident has come to by an end is known when the final verdicts of that end say the same.
  @Test func escalationsAndSpreadsThatWereHeardEarlyAreNotHeardAgain() throws {
    let desk = try Desk()
    func both(_ stage: Stage) throws -> [String] {
      try decide(desk, 1, stage, .warning) + decide(desk, 2, stage, .critical)
        + desk.decide([
          try #require(desk.verdict(3, "auc", "performance", .critical, stage: stage)),
          try #require(desk.verdict(3, "ece", "performance", .warning, stage: stage)),
        ])
    }
    #expect(
      try both(.early) == [
        "performance/early opened warning", "performance/early escalated critical", "performance/early spread warning",
      ])
    #expect(
      try told(desk, .performanceEarly) == ["0-opened/chat", "1-escalated/chat", "1-escalated/pager", "2-spread/chat"])
    // The early one has ended when the final verdicts come; what it had reached is kept.
    _ = try desk.decide([
      try #require(desk.verdict(4, "auc", "performance", .ok, stage: .early)),
      try #require(desk.verdict(4, "ece", "performance", .ok, stage: .early)),
    ])
    #expect(
      try both(.final).filter { $0.contains("/final") } == [
        "performance/final opened warning", "performance/final escalated critical", "performance/final spread warning",
      ])
    #expect(try told(desk) == [])
  }

  @Test func whatTheEarlyTwinHadNotReachedByThenIsTold() throws {
    let desk = try Desk()
    _ = try decide(desk, 1, .early, .warning)
    // Critical early, and only after the end at which it is critical in the end.
    _ = try decide(desk, 5, .early, .critical)
    #expect(try decide(desk, 2, .final, .critical) == ["performance/final opened critical"])
    #expect(try told(desk) == ["0-opened/chat", "0-opened/pager"])
    _ = try desk.decide([
      try #require(desk.verdict(3, "auc", "performance", .critical)),
      try #require(desk.verdict(3, "ece", "performance", .warning)),
    ])
    #expect(try told(desk) == ["0-opened/chat", "0-opened/pager", "1-spread/chat"])
  }

  /// A verdict at info that only the final stage has, such as one of fairness, has opened the incident before.
  @Test func anIncidentThatOpenedBeforeItsTwinLinksToItLater() throws {
    let desk = try Desk()
    _ = try desk.decide([try #require(desk.verdict(1, "ece", "performance", .info))])
    _ = try decide(desk, 2, .early, .critical)
    let early = try #require(try desk.incidents().first { $0.group == .performanceEarly })
    #expect(
      try decide(desk, 2, .final, .critical)
        == ["performance/final escalated critical", "performance/early confirmed critical"])
    let final = try #require(try desk.incidents().first { $0.group == .performanceFinal })
    #expect(final.twin == #"{"early":"\#(early.id)"}"#)
    #expect(try told(desk) == [])
    let line = try #require(try desk.lines().first { $0.contains(#""transition":"escalated""#) })
    #expect(line.contains(#""early":"\#(early.id)""#))
    // What it comes to after that is new to them.
    _ = try desk.decide([
      try #require(desk.verdict(3, "auc", "performance", .critical)),
      try #require(desk.verdict(3, "ece", "performance", .critical)),
    ])
    #expect(try told(desk) == ["2-spread/chat", "2-spread/pager"])
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

  /// The model has been replaced, perhaps, when the final verdicts on its last windows come; they say the same again.
  @Test(arguments: [false, true]) func whatAnEarlyIncidentHasAskedForIsNotAskedForAgain(_ isOver: Bool) throws {
    var checks = IncidentTests.checks
    for i in checks.indices { checks[i].retrainsEarly = true }
    let desk = try Desk(
      checks: checks, retrain: RetrainPolicy(cooldown: .hours(1), maximumPerWeek: 3, deadline: .hours(6)))
    #expect(
      try decide(desk, 1, .early, .critical) == [
        "performance/early opened critical", "performance/early retraining critical",
      ])
    _ = try decide(desk, 5, .early, .critical)
    if isOver { #expect(try decide(desk, 6, .early, .ok) == ["performance/early resolved critical"]) }
    // The cooldown is over at this end, and only the twin holds it.
    #expect(
      try decide(desk, 5, .final, .critical)
        == ["performance/final opened critical", "performance/final retrain_held critical"])
    let early = try #require(try desk.incidents().first { $0.group == .performanceEarly })
    let final = try #require(try desk.incidents().first { $0.group == .performanceFinal })
    let asked = try desk.retrains().map(\.id)
    #expect(asked.count == 1)
    #expect(final.retrain.contains("early incident \(early.id) has asked for \(asked[0])"), "\(final.retrain)")
    // An end at which it was not open any more is another matter.
    if isOver { #expect(try decide(desk, 6, .final, .critical).last == "performance/final retraining critical") }
    #expect(try desk.retrains().count == (isOver ? 2 : 1))
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
