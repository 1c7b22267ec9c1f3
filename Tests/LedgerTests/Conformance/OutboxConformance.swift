import LeewayCore
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
    _ ledger: any Ledger, _ receiver: String = "chat", now: Int64, until: Int64, limit: Int = 100
  ) throws -> [String] {
    try ledger.write {
      try $0.leaseDeliveries(receiver: receiver, now: .at(now), until: .at(until), limit: limit)
    }.map(\.key)
  }

  private func settle(
    _ ledger: any Ledger, _ record: OutboxRecord, _ state: DeliveryState, next: Int64 = 0
  ) throws {
    var record = record
    record.state = state
    record.attempts += 1
    record.firstAttemptAt = .at(1)
    record.nextAttemptAt = .at(next)
    record.lastError = state == .delivered ? "" : "503"
    try ledger.write { try $0.settle(delivery: record) }
  }

  @Test(arguments: ledgers)
  func `an incident's deliveries to a receiver go in order, others beside them`(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let rows = [
      owed("a2", "a", 2), owed("a1", "a", 1), owed("b1", "b", 1, due: 5), owed("b2", "b", 2),
      owed("p1", "a", 1, to: "pager"), owed("c9", "c", 9, due: -1),
    ]
    try ledger.write { try $0.enqueue(rows) }
    // b2 is due, b1 before it is not.
    #expect(try lease(ledger, now: 0, until: 10) == ["c9", "a1"])
    #expect(try lease(ledger, now: 5, until: 15) == ["b1"])
    #expect(try lease(ledger, now: 9, until: 19) == [])
    #expect(try lease(ledger, "pager", now: 0, until: 10) == ["p1"])
    try settle(ledger, rows[1], .delivered)
    #expect(try lease(ledger, now: 9, until: 19) == ["a2"])
    // A failed attempt is tried again at its time, and holds back those behind it until then.
    try settle(ledger, rows[2], .owed, next: 50)
    #expect(try lease(ledger, now: 18, until: 28) == ["c9"])
    #expect(try lease(ledger, now: 50, until: 60) == ["a2", "c9", "b1"].sorted { due($0) < due($1) })
    // A dead letter releases the next.
    try settle(ledger, rows[2], .dead)
    #expect(try lease(ledger, now: 51, until: 61) == ["b2"])

    func due(_ key: String) -> Int64 { ["c9": -1, "a2": 0, "b1": 50][key] ?? 0 }
  }

  @Test(arguments: ledgers)
  func `a lease lapses at its end, and the limit bounds a step`(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    try ledger.write { try $0.enqueue((0..<5).map { owed("k\($0)", "i\($0)", 1, due: Int64($0)) }) }
    #expect(try lease(ledger, now: 10, until: 20, limit: 2) == ["k0", "k1"])
    #expect(try lease(ledger, now: 19, until: 29, limit: 2) == ["k2", "k3"])
    #expect(try lease(ledger, now: 20, until: 30, limit: 2) == ["k0", "k1"])
    #expect(try lease(ledger, now: 20, until: 30, limit: 0) == [])
    #expect(try lease(ledger, now: 20, until: 30) == ["k4"])
    #expect(try lease(ledger, now: 3, until: 30) == [])
    // Settling ends it at once.
    let tried = owed("k0", "i0", 1)
    try settle(ledger, tried, .owed, next: 22)
    #expect(try lease(ledger, now: 21, until: 31) == [])
    #expect(try lease(ledger, now: 22, until: 32) == ["k0"])
  }

  @Test(arguments: ledgers)
  func `a key is enqueued once, whatever became of it`(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let first = owed("k", "i", 1)
    try ledger.write { try $0.enqueue([first]) }
    try settle(ledger, first, .delivered, next: 7)
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
    #expect(stored.last == expected)
    #expect(throws: LedgerError.self) { try settle(ledger, owed("unknown", "i", 1), .delivered) }
  }

  @Test(arguments: ledgers)
  func `the backlog counts what is owed and what is dead`(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    #expect(try ledger.read { try $0.outboxBacklog() } == [])
    let rows = [
      owed("a", "i", 1, created: 30), owed("b", "i", 2, created: 10), owed("c", "j", 1, created: 20),
      owed("d", "i", 1, to: "pager", created: 5), owed("e", "i", 1, to: "am", created: 5),
    ]
    try ledger.write { try $0.enqueue(rows) }
    try settle(ledger, rows[1], .dead)
    try settle(ledger, rows[3], .dead)
    try settle(ledger, rows[4], .delivered)
    _ = try lease(ledger, now: 100, until: 200)
    #expect(
      try ledger.read { try $0.outboxBacklog() } == [
        OutboxBacklog(receiver: "chat", owed: 2, dead: 1, oldest: .at(20)),
        OutboxBacklog(receiver: "pager", owed: 0, dead: 1, oldest: nil),
      ])
    #expect(try ledger.read { try $0.deliveries(incident: nil, limit: 3) }.map(\.key) == ["a", "c", "b"])
    #expect(try ledger.read { try $0.deliveries(incident: "j", limit: 3) }.map(\.key) == ["c"])
    #expect(try ledger.read { try $0.deliveries(incident: "z", limit: 3) } == [])
  }
}
