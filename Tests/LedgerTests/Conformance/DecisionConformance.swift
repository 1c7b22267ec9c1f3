import LeewayCore
import Testing

@Suite("Ledger: decisions")
struct DecisionConformance {
  private func incident(_ id: String, _ monitor: String, _ state: IncidentState, _ opened: Int64) -> IncidentRecord {
    IncidentRecord(
      id: id, monitor: monitor, group: .performanceFinal, state: state, tier: .critical, openedAt: .at(opened),
      changedAt: .at(opened + 1), resolvedAt: state == .resolved ? .at(opened + 2) : nil, checks: awkwardNames,
      subjects: [], slices: awkwardNames, evidence: "[{\"a\":1}]", retrain: "{\"state\":\"held\"}",
      twin: "{\"final\":\"confirmed\"}", people: "{\"acknowledged_by\":\"é\"}")
  }

  @Test(arguments: ledgers)
  func incidentsAreFoundByIdMonitorAndWhetherTheyAreOpen(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let records = [
      incident("a", "m", .open, 10), incident("b", "m", .resolved, 30), incident("c", "m", .acknowledged, 20),
      incident("d", "n", .verifying, 20), incident("e", "n", .retraining, 40),
    ]
    try ledger.write { for record in records { try $0.put(incident: record) } }
    func found(_ monitor: String?, _ open: Bool?, _ limit: Int = 100) throws -> [String] {
      try ledger.read { try $0.incidents(IncidentQuery(monitor: monitor, open: open, limit: limit)) }.map(\.id)
    }
    #expect(try found(nil, nil) == ["e", "b", "d", "c", "a"])
    #expect(try found(nil, nil, 2) == ["e", "b"])
    #expect(try found("m", nil) == ["b", "c", "a"])
    #expect(try found("m", true) == ["c", "a"])
    #expect(try found(nil, false) == ["b"])
    #expect(try found("n", false) == [])
    for record in records { #expect(try ledger.read { try $0.incident(record.id) } == record) }
    #expect(try ledger.read { try $0.incident("z") } == nil)
    var changed = records[0]
    changed.state = .resolved
    changed.resolvedAt = .at(50)
    changed.tier = .insufficientData
    changed.checks = ["one"]
    changed.group = .dataQuality
    try ledger.write { try $0.put(incident: changed) }
    #expect(try ledger.read { try $0.incident("a") } == changed)
    #expect(try found("m", true) == ["c"])
  }

  @Test(arguments: ledgers)
  func resolvedIncidentsGoWithWhatIsAboutThemThoseFirstThatWereResolvedFirst(_ store: LedgerUnderTest)
    throws
  {
    let ledger = try store.make()
    try ledger.write {
      for record in [
        incident("a", "m", .resolved, 30), incident("b", "m", .resolved, 10), incident("c", "m", .resolved, 20),
        incident("d", "m", .open, 1), incident("e", "n", .resolved, 1),
      ] {
        try $0.put(incident: record)
        try $0.record(
          input: OutsideInput(monitor: record.monitor, incident: record.id, at: .at(1), kind: "callback", detail: "{}"))
        _ = try $0.enqueue(
          act: ActRecord(
            monitor: record.monitor, group: record.group, incident: record.id, wall: .at(1), kind: "comment",
            body: "{}"))
        try $0.put(
          retrain: RetrainRecord(
            id: "r" + record.id, monitor: record.monitor, incident: record.id, state: .succeeded, requestedAt: .at(1),
            deadline: .at(2), requestedWall: .at(3)))
      }
    }
    func left() throws -> [[String]] {
      try ledger.read { reader in
        try [
          reader.incidents(IncidentQuery()).map(\.id).sorted(),
          reader.retrains(monitor: nil, limit: 9).map(\.incident).sorted(),
          reader.inputs(monitor: nil, incident: nil, limit: 9).map(\.incident).sorted(),
          ["a", "b", "c", "d", "e"].flatMap { id in try reader.acts(incident: id, limit: 9).map(\.incident) },
        ]
      }
    }
    func reclaim(_ before: Int64, _ limit: Int) throws -> Int {
      try ledger.write { try $0.reclaimIncidents(monitor: "m", resolvedBefore: .at(before), limit: limit) }
    }
    // They were resolved at 32, 12 and 22.
    #expect(try reclaim(12, 9) == 0)
    #expect(try reclaim(32, 1) == 1)
    #expect(try left() == Array(repeating: ["a", "c", "d", "e"], count: 4))
    #expect(try reclaim(32, 9) == 1)
    #expect(try left() == Array(repeating: ["a", "d", "e"], count: 4))
    #expect(try reclaim(.max, 9) == 1)
    #expect(try reclaim(.max, 9) == 0)
    #expect(try left() == Array(repeating: ["d", "e"], count: 4))
  }

  @Test(arguments: ledgers)
  func retrainsComeByTheTimeOfTheRequest(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    func retrain(_ id: String, _ monitor: String, _ wall: Int64) -> RetrainRecord {
      RetrainRecord(
        id: id, monitor: monitor, incident: "i", state: .requested, requestedAt: .at(-wall), deadline: .at(wall + 9),
        requestedWall: .at(wall))
    }
    let records = [retrain("a", "m", 3), retrain("b", "m", 1), retrain("c", "n", 2)]
    try ledger.write { for record in records { try $0.put(retrain: record) } }
    #expect(try ledger.read { try $0.retrains(monitor: nil, limit: 9) }.map(\.id) == ["a", "c", "b"])
    #expect(try ledger.read { try $0.retrains(monitor: "m", limit: 9) } == [records[0], records[1]])
    #expect(try ledger.read { try $0.retrains(monitor: nil, limit: 1) } == [records[0]])
    // The newest of a state, however many came after it.
    var waits = records[1]
    waits.state = .candidate
    try ledger.write { [waits] in try $0.put(retrain: waits) }
    #expect(try ledger.read { try $0.retrains(monitor: nil, state: .candidate, limit: 1) } == [waits])
    #expect(try ledger.read { try $0.retrains(monitor: "n", state: .candidate, limit: 1) } == [])
    #expect(try ledger.read { try $0.retrains(monitor: nil, state: .requested, limit: 9) }.map(\.id) == ["a", "c"])
    for state in RetrainState.allCases {
      var done = records[1]
      done.state = state
      done.completedWall = .at(99)
      done.answer = "{\"status\":\"succeeded\"}"
      try ledger.write { try $0.put(retrain: done) }
      #expect(try ledger.read { try $0.retrain("b") } == done)
    }
    #expect(try ledger.read { try $0.retrain("z") } == nil)
  }

  @Test(arguments: ledgers)
  func whatCameFromOutsideIsKeptInOrderTwiceIfItCameTwice(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let records = [("m", "i", 5), ("m", "j", 3), ("n", "k", 9), ("m", "i", 5)].map {
      OutsideInput(monitor: $0.0, incident: $0.1, at: .at($0.2), kind: "acknowledged", detail: "{\"by\":\"é\"}")
    }
    try ledger.write { for record in records { try $0.record(input: record) } }
    func found(_ monitor: String?, _ incident: String?, _ limit: Int = 9) throws -> [OutsideInput] {
      try ledger.read { try $0.inputs(monitor: monitor, incident: incident, limit: limit) }
    }
    #expect(try found(nil, nil) == records.reversed())
    #expect(try found(nil, nil, 1) == [records[3]])
    #expect(try found("m", nil) == [records[3], records[1], records[0]])
    #expect(try found(nil, "k") == [records[2]])
    #expect(try found("m", "i") == [records[3], records[0]])
    #expect(try found("n", "i") == [])
  }

  @Test(arguments: ledgers)
  func finalVerdictsBeforeAnInputAreKnown(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    func entry(_ monitor: String, _ group: CauseGroup, _ number: Int64, _ kind: String) -> DecisionRecord {
      DecisionRecord(
        monitor: monitor, group: group, number: number, kind: kind, at: .at(number),
        wall: kind == "comment" ? .at(number) : nil, body: "{}")
    }
    try ledger.write { tx in
      for (number, kind) in [
        (1, "verdicts"), (2, "final_verdict"), (3, "comment"), (4, "final_verdict"), (5, "comment"),
      ] {
        try tx.append(decision: entry("m", .performanceEarly, Int64(number), kind))
      }
      try tx.append(decision: entry("m", .drift, 1, "comment"))
      try tx.append(decision: entry("n", .performanceEarly, 1, "final_verdict"))
    }
    #expect(try ledger.read { try $0.finalVerdicts(monitor: "m") } == [2, 4])
    #expect(try ledger.read { try $0.finalVerdicts(monitor: "o") } == [])
    let found = try ledger.read { try $0.outsideDecisions(monitor: "m", after: nil, limit: 9) }
    #expect(
      found.map { "\($0.group.rawValue) \($0.number) \($0.place)" } == [
        "drift 1 1", "performance/early 3 2", "performance/early 5 3",
      ])
  }

  @Test(arguments: ledgers)
  func aLogIsReadInTheOrderOfGroupsAndNumbersAndGoesFromItsBeginning(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    func entry(_ monitor: String, _ group: CauseGroup, _ number: Int64, at: Int64, wall: Int64? = nil) -> DecisionRecord
    {
      DecisionRecord(
        monitor: monitor, group: group, number: number, kind: "verdicts", at: .at(at), wall: wall.map { .at($0) },
        body: "{\"é\":\(number)}")
    }
    let records = [
      entry("m", .drift, 1, at: 10), entry("m", .drift, 2, at: 40, wall: 99), entry("m", .drift, 3, at: 20),
      entry("m", .performanceEarly, 1, at: 10), entry("m", .performanceFinal, 1, at: 10, wall: 98),
      entry("m", .dataQuality, 1, at: 10), entry("n", .dataQuality, 1, at: 10),
    ]
    try ledger.write { for record in records { try $0.append(decision: record) } }
    func found(
      _ group: CauseGroup? = nil, outside: Bool = false, after: (CauseGroup, Int64)? = nil, _ limit: Int = 99
    ) throws -> [DecisionRecord] {
      try ledger.read {
        try $0.decisions(
          monitor: "m", group: group, outside: outside, after: after.map { (group: $0.0, number: $0.1) }, limit: limit)
      }
    }
    #expect(try found() == [records[5], records[0], records[1], records[2], records[3], records[4]])
    #expect(try found(nil, after: (.drift, 1), 2) == [records[1], records[2]])
    #expect(try found(.drift, after: (.drift, 2)) == [records[2]])
    #expect(try found(outside: true) == [records[1], records[4]])
    #expect(throws: (any Error).self) { try ledger.write { try $0.append(decision: entry("m", .drift, 3, at: 50)) } }
    #expect(try found(.drift).count == 3)
    // What is behind an entry that stays, stays too.
    #expect(try ledger.write { try $0.reclaimDecisions(monitor: "m", before: .at(30), limit: 2) } == 2)
    #expect(try found() == [records[1], records[2], records[3], records[4]])
    #expect(try ledger.write { try $0.reclaimDecisions(monitor: "m", before: .at(30), limit: 9) } == 2)
    #expect(try ledger.write { try $0.reclaimDecisions(monitor: "m", before: .at(30), limit: 9) } == 0)
    #expect(try found() == [records[1], records[2]])
    #expect(try ledger.write { try $0.reclaimDecisions(monitor: "m", before: .at(41), limit: 1) } == 1)
    #expect(try found() == [records[2]])
  }
}
