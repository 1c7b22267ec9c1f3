import LeewayCore
import Testing

@Suite("Ledger: people")
struct PeopleConformance {
  private func act(_ monitor: String, _ incident: String, _ wall: Int64, _ group: CauseGroup = .drift) -> ActRecord {
    ActRecord(
      monitor: monitor, group: group, incident: incident, wall: .at(wall), kind: "comment", body: "{\"note\":\"é\"}")
  }

  @Test(arguments: ledgers)
  func actsWaitInTheirOrderUntilTheyAreSettledOnce(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    var made = [act("m", "i", 9), act("m", "j", 1, .performanceFinal), act("n", "k", 2), act("m", "i", 3)]
    for i in made.indices { made[i].number = try ledger.write { [made] in try $0.enqueue(act: made[i]) } }
    // Later ones have greater numbers, whatever the monitor.
    #expect(made.map(\.number) == made.map(\.number).sorted() && Set(made.map(\.number)).count == 4)
    func queued(_ monitor: String, _ limit: Int = 9) throws -> [ActRecord] {
      try ledger.read { try $0.queuedActs(monitor: monitor, limit: limit) }
    }
    #expect(try queued("m") == [made[0], made[1], made[3]])
    #expect(try queued("m", 1) == [made[0]])
    #expect(try queued("n") == [made[2]])
    #expect(try ledger.read { try $0.acts(incident: "i", limit: 9) } == [made[0], made[3]])
    #expect(try ledger.read { try $0.acts(incident: "i", limit: 1) } == [made[0]])
    made[0].state = .folded
    made[0].input = 7
    made[3].state = .void
    made[3].because = "the incident is resolved already"
    try ledger.write { [made] in
      try $0.settle(act: made[0])
      try $0.settle(act: made[3])
    }
    #expect(try queued("m") == [made[1]])
    #expect(try ledger.read { try $0.acts(incident: "i", limit: 9) } == [made[0], made[3]])
    #expect(throws: (any Error).self) { try ledger.write { [made] in try $0.settle(act: made[0]) } }
  }

  @Test(arguments: ledgers)
  func theAuditLogIsReadFromItsEndAndGoesFromItsBeginning(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let made = [("alice", "m", "i", 10), ("bob", "", "", 20), ("alice", "n", "j", 30), ("bob", "m", "i", 15)].map {
      AuditRecord(
        at: .at($0.3), name: $0.0, action: "acknowledge", outcome: "accepted", monitor: $0.1, incident: $0.2,
        origin: "127.0.0.1", detail: "{\"note\":\"é\"}")
    }
    try ledger.write { for line in made { try $0.record(audit: line) } }
    let all = try ledger.read { try $0.audit(AuditQuery()) }
    func unnumbered(_ lines: [AuditRecord]) -> [AuditRecord] {
      lines.map { line in
        var line = line
        line.number = 0
        return line
      }
    }
    #expect(unnumbered(all) == made.reversed())
    func found(_ query: AuditQuery) throws -> [EventTime] { try ledger.read { try $0.audit(query) }.map(\.at) }
    #expect(try found(AuditQuery(name: "alice")) == [.at(30), .at(10)])
    #expect(try found(AuditQuery(monitor: "m")) == [.at(15), .at(10)])
    #expect(try found(AuditQuery(incident: "j")) == [.at(30)])
    #expect(try found(AuditQuery(name: "bob", monitor: "m")) == [.at(15)])
    #expect(try found(AuditQuery(limit: 2)) == [.at(15), .at(30)])
    #expect(try found(AuditQuery(before: all[1].number)) == [.at(20), .at(10)])
    #expect(try ledger.write { try $0.reclaimAudit(before: .at(20), limit: 1) } == 1)
    #expect(try found(AuditQuery()) == [.at(15), .at(30), .at(20)])
    #expect(try ledger.write { try $0.reclaimAudit(before: .at(20), limit: 9) } == 1)
    #expect(try ledger.write { try $0.reclaimAudit(before: .at(20), limit: 9) } == 0)
    #expect(try found(AuditQuery()) == [.at(30), .at(20)])
  }
}
