import LeewayCore
import LeewayTestSupport
import Testing

@Suite("Ledger: silences")
struct SilenceConformance {
  private func silence(_ starts: Int64, _ ends: Int64, _ pattern: String = "é*") throws -> SilenceRecord {
    SilenceRecord(
      matchers: SilenceMatchers([.subject: [try #require(NamePattern(pattern))]]), author: "alice", reason: "a\nß",
      createdAt: .at(0), starts: .at(starts), ends: .at(ends))
  }

  private func message(_ key: String, _ sequence: Int64, created: Int64 = 0) -> OutboxRecord {
    OutboxRecord(
      key: key, monitor: "m", incident: "i", receiver: "chat", sequence: sequence,
      body: OutboxRecord.messagePrefix + "opened\",\"key\":\"\(key)\"}", createdAt: .at(created),
      nextAttemptAt: .at(created))
  }

  private func lease(_ ledger: any Ledger, due: Int64 = 0, limit: Int = 9) throws -> [OutboxRecord] {
    try ledger.write {
      try $0.leaseDeliveries(receiver: "chat", due: .at(due), lasting: .seconds(100), limit: limit)
    }
  }

  private func settle(_ row: OutboxRecord, _ ledger: any Ledger) throws -> Bool {
    try ledger.write { try $0.settle(delivery: row) }
  }

  @Test(arguments: ledgers)
  func silencesAreReadByStateAndEndOnce(_ store: LedgerUnderTest) throws {
    let clock = ManualClock()
    let ledger = try store.make(clock)
    let base = try ledger.read { try $0.now() }.milliseconds
    var made = [(-1000, 500_000), (600_000, 900_000), (-9000, 200_000)].map { try? silence(base + $0.0, base + $0.1) }
      .compactMap(\.self)
    try #require(made.count == 3)
    for i in made.indices { made[i].number = try ledger.write { [made] in try $0.add(silence: made[i]) } }
    #expect(made.map(\.number) == made.map(\.number).sorted() && Set(made.map(\.number)).count == 3)
    func found(_ states: Set<SilenceState>, _ limit: Int = 9) throws -> [SilenceRecord] {
      try ledger.read { try $0.silences(states, limit: limit) }
    }
    #expect(try found([.active]) == [made[2], made[0]])
    #expect(try found([.pending]) == [made[1]])
    #expect(try found([.expired]) == [])
    #expect(try found([.active, .pending], 2) == [made[2], made[1]])
    #expect(try found([]) == [])
    #expect(try ledger.read { try $0.silence(made[1].number) } == made[1])
    #expect(try ledger.read { try $0.silence(99) } == nil)

    func expire(_ record: SilenceRecord, _ at: Int64) throws -> Bool {
      try ledger.write { try $0.expire(silence: record.number, by: "bob", at: .at(at)) }
    }
    #expect(try expire(made[0], base + 0))
    #expect(try !expire(made[0], base + 0))
    (made[0].ends, made[0].expiredBy) = (.at(base), "bob")
    #expect(try ledger.read { try $0.silence(made[0].number) } == made[0])
    clock.advance(.seconds(300))
    #expect(try Set(found([.expired]).map(\.number)) == [made[0].number, made[2].number])

    func reclaim(_ before: Int64, _ limit: Int = 9) throws -> Int {
      try ledger.write { try $0.reclaimSilences(endedBefore: .at(before), limit: limit) }
    }
    #expect(try reclaim(base) == 0)
    #expect(try reclaim(base + 300_000, 1) == 1)
    #expect(try ledger.read { try $0.silence(made[0].number) } == nil)
    #expect(try reclaim(base + 300_000) == 1)
    #expect(try found(Set(SilenceState.allCases)) == [made[1]])
  }

  /// A held message keeps back the messages behind it, and no call.
  @Test(arguments: ledgers)
  func whatIsHeldHoldsBackMessagesAndNoCalls(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    var call = message("c", 3)
    call.body = #"{"version":1,"event":"model.promote"}"#
    try ledger.write { [call] in try $0.enqueue([message("a", 1), message("b", 2), call]) }
    func due(_ at: Int64) throws -> [String] {
      try ledger.read { try $0.dueDeliveries(receiver: "chat", due: .at(at), limit: 9) }.map(\.key)
    }
    #expect(try due(0) == ["a"])
    var held = try #require(try lease(ledger).first)
    #expect(try due(0) == ["a"], "whoever has leased it")
    held.silence = "silence 1 of ß"
    held.nextAttemptAt = .at(60_000)
    held.waitingSince = .at(0)
    let isHeld = try ledger.write { [held] in try $0.settle(delivery: held) }
    #expect(isHeld)
    #expect(try due(0) == [])
    #expect(try ledger.read { try $0.delivery(key: "a") }?.silence == "silence 1 of ß")
    // b is before it, and waits as what it would be told with does.
    #expect(try lease(ledger).isEmpty)
    let backlog = try #require(try ledger.read { try $0.outboxBacklog() }.first)
    #expect(backlog.owed == 3 && backlog.oldest == .at(0))
    var dropped = try #require(try ledger.read { try $0.delivery(key: "b") })
    dropped.state = .silenced
    dropped.silence = held.silence
    #expect(try settle(dropped, ledger))
    #expect(try due(0) == ["c"])
    #expect(try lease(ledger).map(\.key) == ["c"])
    #expect(try ledger.read { try $0.deliveries(state: .silenced, limit: 9) }.map(\.key) == ["b"])
  }

  @Test(arguments: ledgers)
  func aNewMessageWakesWhatIsHeldBeforeIt(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    try ledger.write { try $0.enqueue([message("a", 1)]) }
    func hold(_ until: Int64) throws {
      var row = try #require(try lease(ledger, due: 1_000_000).first { $0.key == "a" })
      row.silence = "maintenance m"
      (row.nextAttemptAt, row.waitingSince) = (.at(until), .at(0))
      _ = try ledger.write { [row] in try $0.settle(delivery: row) }
    }
    func next() throws -> EventTime? { try ledger.read { try $0.delivery(key: "a") }?.nextAttemptAt }
    try hold(500_000)
    var call = message("c", 2, created: 10)
    call.body = "{}"
    try ledger.write { [call] in try $0.enqueue([call]) }
    #expect(try next() == .at(500_000))
    try ledger.write { try $0.enqueue([message("b", 3, created: 40)]) }
    #expect(try next() == .at(40))
    try hold(500_000)
    var later = message("b", 3)
    later.nextAttemptAt = .at(70)
    let amended = try ledger.write { [later] in try $0.amend(delivery: later) }
    #expect(amended)
    #expect(try next() == .at(70))
    try hold(500_000)
    try ledger.write { try $0.wakeSilenced(at: .at(90)) }
    #expect(try next() == .at(90))
    try ledger.write { try $0.wakeSilenced(at: .at(200)) }
    #expect(try next() == .at(90), "what is due sooner stays so")
  }

  @Test(arguments: ledgers)
  func aDeliveryIsLeasedWithAnotherBodyWhereNobodyElseHasIt(_ store: LedgerUnderTest) throws {
    let clock = ManualClock()
    let ledger = try store.make(clock)
    try ledger.write { try $0.enqueue([message("a", 1)]) }
    var row = try #require(try ledger.read { try $0.delivery(key: "a") })
    row.body = OutboxRecord.messagePrefix + "resolved\"}"
    row.silence = "silence 1 of alice"
    func take() throws -> OutboxRecord? {
      try ledger.write { [row] in try $0.lease(delivery: row, lasting: .seconds(100)) }
    }
    let leased = try #require(try take())
    #expect(leased.body == row.body && leased.silence == nil && leased.leases == 1 && leased.state == .owed)
    #expect(try ledger.read { try $0.delivery(key: "a") } == leased)
    #expect(try lease(ledger).isEmpty)
    #expect(try take() == nil)
    clock.advance(.seconds(101))
    #expect(try lease(ledger).map(\.leases) == [2])
  }

  /// Who has heard of an incident must be known as long as something may be told of it.
  @Test(arguments: ledgers)
  func whoHasHeardOfAnOpenIncidentIsNotForgotten(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    func incident(_ state: IncidentState) -> IncidentRecord {
      IncidentRecord(
        id: "i", monitor: "m", group: .drift, state: state, tier: .warning, openedAt: .at(0), changedAt: .at(0),
        resolvedAt: state == .resolved ? .at(0) : nil, checks: ["c"], subjects: ["s"], slices: ["all"], evidence: "[]",
        retrain: "null", twin: "null", people: "null")
    }
    try ledger.write {
      try $0.put(incident: incident(.open))
      try $0.enqueue([message("a", 1)])
    }
    var sent = try #require(try lease(ledger).first)
    sent.state = .delivered
    #expect(try settle(sent, ledger))
    func reclaim() throws -> Int { try ledger.write { try $0.reclaimDeliveries(createdBefore: .at(1000), limit: 9) } }
    #expect(try reclaim() == 0)
    try ledger.write {
      try $0.put(incident: incident(.resolved))
      try $0.enqueue([message("b", 2, created: 5000)])
    }
    #expect(try reclaim() == 0, "its end is owed to the same receiver")
    var end = try #require(try lease(ledger, due: 5000).first)
    end.state = .silenced
    #expect(try settle(end, ledger))
    #expect(try reclaim() == 1)
  }
}
