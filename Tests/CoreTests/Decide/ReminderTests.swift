import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Who is told again of an incident that no person acknowledges, and when.
@Suite struct ReminderTests {
  private typealias Desk = IncidentTests.Desk

  private func desk(escalating: Bool = false) throws -> Desk {
    var desk = try Desk()
    try desk.reload {
      $0.alerts = [.info: ["log"], .warning: ["chat"], .critical: ["chat", "pager"]]
      $0.reminder = .hours(4)
      $0.incidents = IncidentPolicy(reopen: .hours(6), flapping: .init(moreThan: 2, within: .hours(8)))
      if escalating { $0.escalations = [EscalationStep(after: .hours(4), receivers: ["boss"])] }
    }
    desk.context.receivers = ["log", "chat", "pager", "boss"]
    return desk
  }

  private func lease(_ desk: Desk, _ holder: String) throws -> EvaluationLease {
    let name = EvaluationLease.name(monitor: "fraud")
    let epoch = try #require(try desk.ledger.write { try $0.acquire(lease: name, holder: holder, lasting: .days(9)) })
    return EvaluationLease(name: name, epoch: epoch)
  }

  private func tick(
    _ timers: inout EscalationTimers, _ minutes: Int64, _ desk: Desk, _ lease: EvaluationLease
  ) throws -> EscalationTimers.Outcome {
    try timers.tick(
      .minutes(minutes), plan: desk.plan, context: desk.context, ledger: desk.ledger, lease: lease,
      now: IncidentTests.wall)
  }

  private func told(_ desk: Desk) throws -> [String] {
    try desk.deliveries().map { "\($0.message) \($0.receiver)" }.sorted()
  }

  private func reminders(_ desk: Desk) throws -> [String] { try told(desk).filter { $0.contains("reminder") } }

  private func acknowledge(_ desk: Desk) throws {
    let id = try #require(try desk.incidents().first?.id)
    try desk.ledger.write { tx in
      let act = try PersonActs.queue(
        PersonAct(incident: id, by: "alice", .acknowledge(note: nil)), now: IncidentTests.wall, in: tx)
      _ = try Decision(plan: desk.plan, context: desk.context).fold(
        queued: [act], decided: [:], now: IncidentTests.wall, in: tx)
    }
  }

  @Test func thoseWhoHeardOfItAreToldAgainEachTime() throws {
    let desk = try desk()
    let lease = try lease(desk, "a")
    var timers = EscalationTimers(monitor: "fraud")
    try desk.decide(1, [("drift", "amount", .warning)])
    let id = try #require(try desk.incidents().first?.id)
    #expect(try tick(&timers, 500, desk, lease) == .init(), "the first tick sees it, and counts from there")
    #expect(try tick(&timers, 239, desk, lease) == .init())
    #expect(try tick(&timers, 1, desk, lease) == .init(reminded: [id]))
    #expect(try tick(&timers, 239, desk, lease) == .init())
    try desk.decide(2, [("drift", "amount", .warning), ("drift", "country", .critical)])
    #expect(try tick(&timers, 1, desk, lease) == .init(reminded: [id]))
    #expect(
      try told(desk) == [
        "0-opened chat", "1-reminder chat", "2-escalated chat", "2-escalated pager", "3-reminder chat",
        "3-reminder pager",
      ])
    // The whole story.
    let body = try #require(try desk.deliveries().first { $0.message == "3-reminder" }?.body)
    #expect(
      body.hasPrefix(
        #"{"version":1,"event":"incident.reminder","incident":"\#(id)","monitor":"fraud","tier":"critical","#))
    #expect(body.contains(#""because":"it has been open for 8h, and no person has acknowledged it""#))
    #expect(body.contains(#""checks":["drift"],"subjects":["amount","country"]"#))
    // It is no transition.
    #expect(try desk.lines().count == 2)
    try acknowledge(desk)
    #expect(try tick(&timers, 900, desk, lease) == .init())
    #expect(try reminders(desk).count == 3)
    // The log leads to the same machine.
    let log = try desk.ledger.read {
      try $0.decisions(monitor: "fraud", group: .drift, outside: false, after: nil, limit: .max)
    }
    #expect(
      log.filter { $0.kind == "remind" }.map(\.body) == [
        #"{"after_ms":14400000,"count":1,"incident":"\#(id)","told":["chat"]}"#,
        #"{"after_ms":28800000,"count":2,"incident":"\#(id)","told":["chat","pager"]}"#,
      ])
    let bytes = try desk.ledger.read { try $0.machine(monitor: "fraud", group: .drift) }
    #expect(try DecisionLog.fold(log, monitor: "fraud", group: .drift).machine.encoded() == bytes)
  }

  /// A round that took long makes one reminder, not several.
  @Test func oneIsEnough() throws {
    let desk = try desk()
    let lease = try lease(desk, "a")
    var timers = EscalationTimers(monitor: "fraud")
    try desk.decide(1, [("drift", "amount", .warning)])
    _ = try tick(&timers, 0, desk, lease)
    #expect(try tick(&timers, 900, desk, lease).reminded.count == 1)
    #expect(try tick(&timers, 0, desk, lease).reminded.isEmpty)
    #expect(try tick(&timers, 59, desk, lease).reminded.isEmpty)
    #expect(try tick(&timers, 1, desk, lease).reminded.count == 1)
    #expect(try reminders(desk) == ["1-reminder chat", "2-reminder chat"])
  }

  @Test func belowWarningNoReminderIsSent() throws {
    let desk = try desk()
    let lease = try lease(desk, "a")
    var timers = EscalationTimers(monitor: "fraud")
    try desk.decide(1, [("drift", "amount", .info)])
    _ = try tick(&timers, 0, desk, lease)
    #expect(try tick(&timers, 600, desk, lease).reminded.isEmpty)
    // What is worse now was told of now: the next reminder comes when it would have come.
    try desk.decide(2, [("drift", "amount", .warning)])
    #expect(try tick(&timers, 119, desk, lease).reminded.isEmpty)
    #expect(try tick(&timers, 1, desk, lease).reminded.count == 1)
    #expect(try reminders(desk).map { String($0.dropFirst(2)) } == ["reminder chat", "reminder log"])
  }

  /// A crash after the reminder sends no second one, and one before it loses none.
  @Test func aCrashNeitherDoublesNorLosesOne() throws {
    let desk = try desk()
    var lease = try lease(desk, "a")
    var timers = EscalationTimers(monitor: "fraud")
    try desk.decide(1, [("drift", "amount", .warning)])
    _ = try tick(&timers, 0, desk, lease)
    _ = try tick(&timers, 241, desk, lease)
    #expect(try reminders(desk).count == 1)
    for holder in ["b", "c", "d"] {
      try desk.ledger.write { [lease] in
        try $0.release(lease: lease.name, holder: holder == "b" ? "a" : holder == "c" ? "b" : "c")
      }
      lease = try self.lease(desk, holder)
      timers = EscalationTimers(monitor: "fraud")
      #expect(
        try tick(&timers, 300, desk, lease).reminded.isEmpty, "what passed before it held the lease is not counted")
      #expect(try tick(&timers, 60, desk, lease).reminded.isEmpty)
    }
    // 241 min and three times 60.
    #expect(try tick(&timers, 58, desk, lease).reminded.isEmpty)
    #expect(try tick(&timers, 1, desk, lease).reminded.count == 1)
    #expect(try reminders(desk) == ["1-reminder chat", "2-reminder chat"])
    // One whose lease has gone writes nothing.
    var late = EscalationTimers(monitor: "fraud")
    let old = EvaluationLease(name: lease.name, epoch: lease.epoch - 1)
    #expect(throws: LeaseLost.self) {
      for minutes in [0, 500, 500] as [Int64] { _ = try tick(&late, minutes, desk, old) }
    }
    #expect(try reminders(desk).count == 2)
  }

  /// Whoever hears of it now has no need to be reminded now.
  @Test func furtherReceiversAreRemindedFromThenOn() throws {
    let desk = try desk(escalating: true)
    let lease = try lease(desk, "a")
    var timers = EscalationTimers(monitor: "fraud")
    try desk.decide(1, [("drift", "amount", .warning)])
    _ = try tick(&timers, 0, desk, lease)
    let outcome = try tick(&timers, 240, desk, lease)
    #expect(outcome.handedOn == outcome.reminded && outcome.reminded.count == 1)
    #expect(try told(desk) == ["0-opened chat", "1-opened boss", "1-reminder chat"])
    _ = try tick(&timers, 240, desk, lease)
    #expect(try reminders(desk) == ["1-reminder chat", "2-reminder boss", "2-reminder chat"])
  }

  /// One that reopens has just been told of, also where it did so between two ticks.
  @Test func oneThatReopensStartsAgain() throws {
    let desk = try desk(escalating: true)
    let lease = try lease(desk, "a")
    var timers = EscalationTimers(monitor: "fraud")
    try desk.decide(1, [("drift", "amount", .warning)])
    _ = try tick(&timers, 0, desk, lease)
    #expect(try tick(&timers, 239, desk, lease) == .init())
    try desk.decide(2, [("drift", "amount", .ok)])
    try desk.decide(3, [("drift", "amount", .warning)])
    #expect(try tick(&timers, 100, desk, lease) == .init())
    #expect(try tick(&timers, 239, desk, lease) == .init())
    let outcome = try tick(&timers, 1, desk, lease)
    #expect(outcome.handedOn.count == 1 && outcome.reminded.count == 1)
    #expect(
      try told(desk) == ["0-opened chat", "1-resolved chat", "2-reopened chat", "3-opened boss", "3-reminder chat"])
  }

  /// While it flaps and nothing fires there is nothing to do.
  @Test func noReminderIsSentOfOneThatIsQuiet() throws {
    let desk = try desk(escalating: true)
    let lease = try lease(desk, "a")
    var timers = EscalationTimers(monitor: "fraud")
    for hour in 1...6 { try desk.decide(Int64(hour), [("drift", "amount", hour % 2 == 1 ? .warning : .ok)]) }
    #expect(try desk.transitions(.drift).last?.kind == .flapping)
    _ = try tick(&timers, 0, desk, lease)
    #expect(try tick(&timers, 250, desk, lease) == .init())
    try desk.decide(7, [("drift", "amount", .warning)])
    let outcome = try tick(&timers, 0, desk, lease)
    #expect(outcome.handedOn.count == 1 && outcome.reminded.isEmpty)
    #expect(try tick(&timers, 230, desk, lease).reminded.count == 1)
  }

  /// What waits for the interval of `spread` goes before it, since messages of an incident go in order.
  @Test func whatWaitsGoesFirst() throws {
    let desk = try desk()
    let lease = try lease(desk, "a")
    var timers = EscalationTimers(monitor: "fraud")
    try desk.decide(1, [("drift", "amount", .warning)])
    _ = try tick(&timers, 0, desk, lease)
    try desk.decide(2, [("drift", "amount", .warning), ("drift", "country", .warning)])
    try desk.decide(3, [("drift", "amount", .warning), ("drift", "score", .warning)])
    try desk.ledger.write { tx in
      for row in try tx.leaseDeliveries(receiver: "chat", due: .distantFuture, lasting: .minutes(1), limit: 9)
      where row.message == "1-spread" {
        var row = row
        row.state = .delivered
        _ = try tx.settle(delivery: row)
      }
    }
    _ = try tick(&timers, 240, desk, lease)
    let rows = try desk.deliveries().filter { $0.receiver == "chat" && $0.state == .owed }
    #expect(
      rows.allSatisfy { $0.nextAttemptAt <= IncidentTests.wall }, "\(rows.map { "\($0.message) \($0.nextAttemptAt)" })")
  }

  @Test func withoutTheKeyNoReminderIsSent() throws {
    var desk = try desk()
    try desk.reload { $0.reminder = nil }
    let lease = try lease(desk, "a")
    var timers = EscalationTimers(monitor: "fraud")
    try desk.decide(1, [("drift", "amount", .warning)])
    for _ in 0..<3 { #expect(try tick(&timers, 9999, desk, lease) == .init()) }
  }
}
