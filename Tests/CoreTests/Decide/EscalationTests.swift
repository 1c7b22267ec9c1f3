import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Who hears of an incident that no person acknowledges, and when.
@Suite struct EscalationTests {
  private typealias Desk = IncidentTests.Desk

  private func desk() throws -> Desk {
    var desk = try Desk()
    try desk.reload {
      $0.alerts = [.warning: ["chat"], .critical: ["chat", "pager"]]
      $0.escalations = [
        EscalationStep(after: .minutes(30), receivers: ["pager", "boss"]),
        EscalationStep(after: .hours(2), receivers: ["head"], tier: .critical),
      ]
    }
    desk.context.receivers = ["chat", "pager", "boss", "head"]
    return desk
  }

  private func lease(_ desk: Desk, _ holder: String) throws -> EvaluationLease {
    let name = EvaluationLease.name(monitor: "fraud")
    let epoch = try #require(try desk.ledger.write { try $0.acquire(lease: name, holder: holder, lasting: .days(9)) })
    return EvaluationLease(name: name, epoch: epoch)
  }

  private func tick(_ timers: inout EscalationTimers, _ minutes: Int64, _ desk: Desk, _ lease: EvaluationLease) throws
    -> Int
  {
    try timers.tick(
      .minutes(minutes), plan: desk.plan, context: desk.context, ledger: desk.ledger, lease: lease,
      now: IncidentTests.wall
    ).handedOn.count
  }

  private func told(_ desk: Desk) throws -> [String] {
    try desk.deliveries().map { "\($0.message) \($0.receiver)" }.sorted()
  }

  @Test func itGoesOnWhenItHasWaitedLongEnough() throws {
    let desk = try desk()
    let lease = try lease(desk, "a")
    var timers = EscalationTimers(monitor: "fraud")
    try desk.decide(1, [("auc", "performance", .warning)])
    #expect(try tick(&timers, 60, desk, lease) == 0, "the first tick sees it, and counts from there")
    #expect(try tick(&timers, 29, desk, lease) == 0)
    #expect(try told(desk) == ["0-opened chat"])
    #expect(try tick(&timers, 1, desk, lease) == 1)
    #expect(try told(desk) == ["0-opened boss", "0-opened chat", "0-opened pager"])
    let body = try #require(try desk.deliveries().first { $0.receiver == "boss" }?.body)
    #expect(body.contains(#""because":"no person has acknowledged it within 30m""#))
    #expect(try tick(&timers, 300, desk, lease) == 0, "the second step is of critical incidents only")
    try desk.decide(2, [("auc", "performance", .critical)])
    #expect(try tick(&timers, 0, desk, lease) == 1)
    #expect(try told(desk).filter { $0.hasSuffix("head") } == ["1-opened head"])
    // Whoever has heard of it hears of its end.
    try desk.decide(3, [("auc", "performance", .ok)])
    #expect(
      try told(desk).filter { $0.hasPrefix("2-resolved") }.map { String($0.dropFirst(11)) } == [
        "boss", "chat", "head", "pager",
      ])
    #expect(try tick(&timers, 300, desk, lease) == 0)
  }

  @Test func anIncidentInHandStaysThere() throws {
    let desk = try desk()
    let lease = try lease(desk, "a")
    var timers = EscalationTimers(monitor: "fraud")
    try desk.decide(1, [("auc", "performance", .critical)])
    #expect(try tick(&timers, 0, desk, lease) == 0)
    let id = try #require(try desk.incidents().first?.id)
    try desk.ledger.write { tx in
      let act = try PersonActs.queue(
        PersonAct(incident: id, by: "alice", .acknowledge(note: nil)), now: IncidentTests.wall, in: tx)
      _ = try Decision(plan: desk.plan, context: desk.context).fold(
        queued: [act], decided: [:], now: IncidentTests.wall, in: tx)
    }
    #expect(try tick(&timers, 600, desk, lease) == 0)
    #expect(try desk.deliveries().allSatisfy { ["chat", "pager"].contains($0.receiver) })
  }

  /// Whoever judges the monitor next goes on with what was stored, at most ten seconds behind; time between the two is not counted.
  @Test func anotherInstanceGoesOn() throws {
    let desk = try desk()
    let first = try lease(desk, "a")
    var timers = EscalationTimers(monitor: "fraud")
    try desk.decide(1, [("auc", "performance", .warning)])
    #expect(try tick(&timers, 0, desk, first) == 0)
    #expect(try tick(&timers, 20, desk, first) == 0)
    try desk.ledger.write { try $0.release(lease: first.name, holder: "a") }
    let second = try lease(desk, "b")
    var other = EscalationTimers(monitor: "fraud")
    #expect(try tick(&other, 500, desk, second) == 0)
    #expect(throws: LeaseLost.self) { try tick(&timers, 20, desk, first) }
    #expect(try tick(&other, 9, desk, second) == 0)
    #expect(try tick(&other, 1, desk, second) == 1)
    #expect(try tick(&other, 100, desk, second) == 0)
  }
}
