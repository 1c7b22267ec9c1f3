import LeewayCore
import LeewayTestSupport
import Testing

@Suite("Ledger: outbox")
struct OutboxConformance {
  private func owed(
    _ key: String, _ incident: String, _ sequence: Int64, to receiver: String = "chat", due: Int64 = 0,
    created: Int64 = 0
  ) -> OutboxRecord {
    OutboxRecord(
      key: key, monitor: "m", incident: incident, receiver: receiver, sequence: sequence, body: "{\"k\":\"\(key)\"}",
      createdAt: .at(created), nextAttemptAt: .at(due))
  }

  private func lease(
    _ ledger: any Ledger, _ receiver: String = "chat", due: Int64 = 0, lasting seconds: Int64 = 100, limit: Int = 100
  ) throws -> [OutboxRecord] {
    try ledger.write {
      try $0.leaseDeliveries(receiver: receiver, due: .at(due), lasting: .seconds(seconds), limit: limit)
    }
  }

  @discardableResult
  private func settle(
    _ ledger: any Ledger, _ record: OutboxRecord?, _ state: DeliveryState, next: Int64 = 0
  ) throws -> Bool {
    var record = try #require(record)
    record.state = state
    record.attempts += 1
    record.firstAttemptAt = .at(1)
    record.nextAttemptAt = .at(next)
    record.lastError = state == .delivered ? "" : "503"
    return try ledger.write { [record] in try $0.settle(delivery: record) }
  }

  @Test(arguments: ledgers)
  func anIncidentsDeliveriesToAReceiverGoInOrderOthersBesideThem(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let rows = [
      owed("a2", "a", 2), owed("a1", "a", 1), owed("b1", "b", 1, due: 5), owed("b2", "b", 2),
      owed("p1", "a", 1, to: "pager"), owed("c9", "c", 9, due: -1),
    ]
    try ledger.write { try $0.enqueue(rows) }
    // b2 is due, b1 before it is not.
    let first = try lease(ledger)
    #expect(first.map(\.key) == ["c9", "a1"])
    let b1 = try lease(ledger, due: 5)
    #expect(b1.map(\.key) == ["b1"])
    #expect(try lease(ledger, due: 9).isEmpty)
    #expect(try lease(ledger, "pager").map(\.key) == ["p1"])
    #expect(try settle(ledger, first.last, .delivered))
    let second = try lease(ledger, due: 9)
    #expect(second.map(\.key) == ["a2"])
    // A failed attempt is tried again at its time, and holds back those behind it until then.
    #expect(try settle(ledger, b1.first, .owed, next: 50))
    #expect(try lease(ledger, due: 49).isEmpty)
    let again = try lease(ledger, due: 50)
    #expect(again.map(\.key) == ["b1"])
    // A dead letter releases the next.
    #expect(try settle(ledger, again.first, .dead))
    #expect(try lease(ledger, due: 51).map(\.key) == ["b2"])
  }

  @Test(arguments: ledgers)
  func aLeaseLapsesAtItsEndAndTheLimitBoundsAStep(_ store: LedgerUnderTest) throws {
    let clock = ManualClock()
    let ledger = try store.make(clock)
    try ledger.write { try $0.enqueue((0..<5).map { owed("k\($0)", "i\($0)", 1, due: Int64($0)) }) }
    func leased(_ due: Int64, _ limit: Int = 100) throws -> [String] {
      try lease(ledger, due: due, lasting: 100, limit: limit).map(\.key)
    }
    #expect(try leased(10, 2) == ["k0", "k1"])
    clock.advance(.seconds(60))
    #expect(try leased(10, 2) == ["k2", "k3"])
    clock.advance(.seconds(41))
    #expect(try leased(10, 2) == ["k0", "k1"])
    #expect(try leased(10, 0) == [])
    #expect(try leased(3) == [])
    #expect(try leased(10) == ["k4"])
    // Settling ends it at once.
    clock.advance(.seconds(101))
    let k0 = try lease(ledger, due: 0)
    #expect(try settle(ledger, k0.first, .owed, next: 22))
    #expect(try leased(21) == ["k1", "k2", "k3", "k4"])
    #expect(try leased(22) == ["k0"])
  }

  /// Whoever sets the ledger's clock back by days keeps nobody waiting for days.
  @Test(arguments: ledgers)
  func aClockThatComesBackHoldsUpNeitherRetriesNorLeases(_ store: LedgerUnderTest) throws {
    let clock = ManualClock()
    let ledger = try store.make(clock)
    let day: Int64 = 86_400_000
    try ledger.write { try $0.enqueue([owed("k", "i", 1), owed("l", "j", 1)]) }
    clock.advance(.days(2))
    let ahead = try lease(ledger, due: 2 * day)
    #expect(ahead.map(\.key) == ["k", "l"])
    // One fails and waits for ten seconds of a clock that is two days ahead; the other's sender dies.
    var failed = try #require(ahead.first)
    failed.waitingSince = .at(2 * day)
    failed.nextAttemptAt = .at(2 * day + 10_000)
    failed.triedFor = .seconds(11)
    let settled = try ledger.write { [failed] in try $0.settle(delivery: failed) }
    #expect(settled)
    #expect(try lease(ledger, due: 2 * day + 9_999).isEmpty)
    clock.advance(.days(-2))
    let back = try lease(ledger, due: 0)
    #expect(back.map(\.key) == ["l", "k"])
    #expect(back.map(\.triedFor) == [.zero, .seconds(11)])
    #expect(try lease(ledger, due: 0).isEmpty)
  }

  @Test(arguments: ledgers)
  func aSenderWhoseLeaseAnotherHasTakenSettlesNothing(_ store: LedgerUnderTest) throws {
    let clock = ManualClock()
    let ledger = try store.make(clock)
    try ledger.write { try $0.enqueue([owed("k", "i", 1)]) }
    func stored() throws -> OutboxRecord? { try ledger.read { try $0.deliveries(incident: nil, limit: 1) }.first }
    let slow = try lease(ledger).first
    #expect(slow?.leases == 1)
    clock.advance(.seconds(101))
    let quick = try lease(ledger).first
    #expect(quick?.leases == 2)
    // The slow one is late: the row is the other's, before and after that one has settled it.
    #expect(try !settle(ledger, slow, .dead))
    #expect(try stored()?.state == .owed)
    #expect(try settle(ledger, quick, .delivered))
    #expect(try !settle(ledger, slow, .dead))
    #expect(try !settle(ledger, quick, .owed))
    #expect(try stored()?.state == .delivered)
    #expect(try stored()?.attempts == 1)
    // Late and alone it may.
    try ledger.write { try $0.enqueue([owed("l", "i", 2)]) }
    let late = try lease(ledger).first
    clock.advance(.seconds(1000))
    #expect(try settle(ledger, late, .delivered))
  }

  @Test(arguments: ledgers)
  func aKeyIsEnqueuedOnceWhateverBecameOfIt(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let first = owed("k", "i", 1)
    try ledger.write { try $0.enqueue([first]) }
    try settle(ledger, lease(ledger).first, .delivered, next: 7)
    var again = first
    again.body = "other"
    try ledger.write { try $0.enqueue([again, again, owed("l", "i", 2)]) }
    let stored = try ledger.read { try $0.deliveries(incident: "i", limit: 9) }
    #expect(stored.map(\.key) == ["l", "k"])
    var expected = first
    expected.state = .delivered
    expected.attempts = 1
    expected.firstAttemptAt = .at(1)
    expected.nextAttemptAt = .at(7)
    expected.leases = 1
    #expect(stored.last == expected)
    #expect(try !settle(ledger, owed("unknown", "i", 1), .delivered))
  }

  @Test(arguments: ledgers)
  func whatWasDeliveredOrGivenUpIsReclaimedByAge(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    try ledger.write { try $0.enqueue((0..<5).map { owed("k\($0)", "i\($0)", 1, created: Int64($0)) }) }
    for row in try lease(ledger) where row.key != "k1" { try settle(ledger, row, row.key == "k2" ? .dead : .delivered) }
    func reclaim(_ before: Int64, _ limit: Int) throws -> Int {
      try ledger.write { try $0.reclaimDeliveries(createdBefore: .at(before), limit: limit) }
    }
    #expect(try reclaim(4, 0) == 0)
    #expect(try reclaim(4, 2) == 2)
    #expect(try ledger.read { try $0.deliveries(incident: nil, limit: 9) }.map(\.key) == ["k4", "k3", "k1"])
    #expect(try reclaim(4, 2) == 1)
    #expect(try reclaim(4, 2) == 0)
    #expect(try ledger.read { try $0.deliveries(incident: nil, limit: 9) }.map(\.key) == ["k4", "k1"])
  }

  @Test(arguments: ledgers)
  func theBacklogCountsWhatIsOwedAndWhatIsDead(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    #expect(try ledger.read { try $0.outboxBacklog() } == [])
    let rows = [
      owed("a", "i", 1, created: 30), owed("b", "i", 2, created: 10), owed("c", "j", 1, created: 20),
      owed("d", "i", 1, to: "pager", created: 5), owed("e", "i", 1, to: "am", created: 5),
    ]
    try ledger.write { try $0.enqueue(rows) }
    let leased = try lease(ledger) + lease(ledger, "pager") + lease(ledger, "am")
    for row in leased {
      if row.key == "a" { try settle(ledger, row, .delivered) }
    }
    try settle(ledger, lease(ledger).first { $0.key == "b" }, .dead)
    try settle(ledger, leased.first { $0.key == "d" }, .dead)
    try settle(ledger, leased.first { $0.key == "e" }, .delivered)
    #expect(
      try ledger.read { try $0.outboxBacklog() } == [
        OutboxBacklog(receiver: "chat", owed: 1, dead: 1, oldest: .at(20)),
        OutboxBacklog(receiver: "pager", owed: 0, dead: 1, oldest: nil),
      ])
    #expect(try ledger.read { try $0.deliveries(incident: nil, limit: 3) }.map(\.key) == ["a", "c", "b"])
    #expect(try ledger.read { try $0.deliveries(incident: "j", limit: 3) }.map(\.key) == ["c"])
    #expect(try ledger.read { try $0.deliveries(incident: "z", limit: 3) } == [])
  }

  @Test(arguments: ledgers)
  func aRowIsAmendedUntilItIsLeased(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    try ledger.write { try $0.enqueue([owed("a1", "a", 1, due: 5)]) }
    var row = owed("a1", "a", 9, due: 7)
    row.body = "{}"
    func amend(_ row: OutboxRecord) throws -> Bool { try ledger.write { try $0.amend(delivery: row) } }
    #expect(try amend(row))
    // Body and time only.
    let stored = try ledger.read { try $0.deliveries(incident: "a", limit: 9) }
    #expect(stored.map(\.body) == ["{}"] && stored.map(\.nextAttemptAt) == [.at(7)] && stored.map(\.sequence) == [1])
    #expect(try amend(owed("z", "a", 1)) == false)
    let leased = try lease(ledger, due: 7, lasting: -100)
    #expect(leased.map(\.body) == ["{}"])
    // Its lease has run out, and the message may have been sent before that.
    row.body = "{\"late\":true}"
    #expect(try amend(row) == false)
    #expect(try ledger.read { try $0.deliveries(incident: "a", limit: 9) }.map(\.body) == ["{}"])
  }

  @Test(arguments: ledgers)
  func aRowIsFoundByItsKeyHoweverManyCameAfterIt(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    try ledger.write { tx in
      try tx.enqueue([owed("first", "i", 1)])
      try tx.enqueue((2...1500).map { owed("later-\($0)", "i", Int64($0)) })
    }
    let found = try #require(try ledger.read { try $0.delivery(key: "first") })
    #expect(found.key == "first" && found.incident == "i" && found.sequence == 1)
    #expect(try ledger.read { try $0.delivery(key: "later-700") }?.sequence == 700)
    #expect(try ledger.read { try $0.delivery(key: "FIRST") } == nil)
    #expect(try ledger.read { try $0.delivery(key: "") } == nil)
    // A transaction sees what it has changed.
    try ledger.write { tx in
      try tx.enqueue([owed("last", "i", 2000)])
      #expect(try tx.delivery(key: "last")?.sequence == 2000)
    }
  }

  /// What stands is sent again at its time by one sender, until a later message of its incident takes its place.
  @Test(arguments: ledgers)
  func whatStandsIsLeasedAgainUntilALaterOneTakesItsPlace(_ store: LedgerUnderTest) throws {
    let clock = ManualClock()
    let ledger = try store.make(clock)
    func standing(_ due: Int64, _ receiver: String = "chat", limit: Int = 9) throws -> [OutboxRecord] {
      try ledger.write {
        try $0.leaseStanding(receiver: receiver, due: .at(due), lasting: .seconds(100), limit: limit)
      }
    }
    func states() throws -> [String] {
      try ledger.read { try $0.deliveries(incident: nil, limit: 9) }.map { "\($0.key) \($0.state)" }.sorted()
    }
    try ledger.write {
      try $0.enqueue([
        owed("a1", "a", 1), owed("a2", "a", 2), owed("b1", "b", 1), owed("p1", "a", 1, to: "pager"),
      ])
    }
    #expect(try standing(1000).isEmpty)
    for row in try lease(ledger) { try settle(ledger, row, .standing, next: row.incident == "a" ? 10 : 20) }
    try settle(ledger, lease(ledger, "pager").first, .standing, next: 10)
    #expect(try states() == ["a1 standing", "a2 owed", "b1 standing", "p1 standing"])
    // It holds back nothing that comes after it.
    #expect(try standing(9).isEmpty)
    #expect(try standing(20, limit: 1).map(\.key) == ["a1"])
    let b1 = try standing(20)
    #expect(b1.map(\.key) == ["b1"])
    #expect(try standing(20).isEmpty)
    clock.advance(.seconds(101))
    let again = try standing(20)
    #expect(again.map(\.key) == ["a1", "b1"] && again.map(\.leases) == [3, 3])
    #expect(try !settle(ledger, b1.first, .delivered))
    #expect(try settle(ledger, again.last, .standing, next: 30))
    // A later one takes the place of those before it for its receiver, whoever is sending them.
    #expect(try settle(ledger, lease(ledger).first, .standing, next: 40))
    #expect(try !settle(ledger, again.first, .standing))
    #expect(try states() == ["a1 delivered", "a2 standing", "b1 standing", "p1 standing"])
    #expect(try settle(ledger, standing(30).first, .delivered))
    #expect(try standing(100).map(\.key) == ["a2"])
    let backlog = try ledger.read { try $0.outboxBacklog() }
    #expect(backlog.map(\.receiver) == ["chat", "pager"] && backlog.map(\.standing) == [1, 1])
    #expect(backlog.map(\.owed) == [0, 0] && backlog.map(\.dead) == [0, 0])
    // It is kept, however old.
    #expect(try ledger.write { try $0.reclaimDeliveries(createdBefore: .at(1_000_000), limit: 9) } == 2)
    #expect(try states() == ["a2 standing", "p1 standing"])
  }

  @Test(arguments: ledgers)
  func aDeadRowIsOwedOnceMoreButForACall(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    var call = owed("c", "i", 3)
    call.retrain = "rt-1"
    try ledger.write { [call] in try $0.enqueue([owed("a", "i", 1), owed("b", "i", 2), call]) }
    func revive(_ key: String) throws -> Bool { try ledger.write { try $0.revive(delivery: key, due: .at(40)) } }
    func keys(_ state: DeliveryState) throws -> [String] {
      try ledger.read { try $0.deliveries(state: state, limit: 2) }.map(\.key)
    }
    #expect(try keys(.owed) == ["c", "b"])
    #expect(try !revive("a"))
    for _ in 0..<3 {
      var row = try #require(try lease(ledger).first)
      row.triedFor = .days(1)
      try settle(ledger, row, row.key == "b" ? .delivered : .dead)
    }
    #expect(try keys(.dead) == ["c", "a"] && keys(.owed) == [])
    #expect(try !revive("b") && !revive("c") && !revive("unknown"))
    #expect(try revive("a"))
    #expect(try !revive("a"))
    #expect(try keys(.dead) == ["c"] && keys(.owed) == ["a"])
    let again = try #require(try ledger.read { try $0.deliveries(state: .owed, limit: 1) }.first)
    #expect(again.triedFor == .zero && again.nextAttemptAt == .at(40) && again.waitingSince == .at(40))
    #expect(again.attempts == 1 && again.lastError == "503")
    #expect(try ledger.read { try $0.deliveries(state: .dead, limit: 1) }.map(\.retrain) == ["rt-1"])
  }
}
