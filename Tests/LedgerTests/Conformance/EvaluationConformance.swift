import LeewayCore
import LeewayTestSupport
import Testing

@Suite("Ledger: evaluation")
struct EvaluationConformance {
  @Test(arguments: ledgers)
  func progressMachinesAndSettingsKeepTheLastValue(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    #expect(try ledger.read { try $0.progress(monitor: "m", generation: "g") } == nil)
    #expect(try ledger.read { try $0.machine(monitor: "m", group: .drift) } == nil)
    #expect(try ledger.read { try $0.setting("key") } == nil)
    for progress in [
      EvaluationProgress(),
      EvaluationProgress(closedThrough: .at(5), finalThrough: .at(4), maturedThrough: .at(3), firstPane: .at(-1)),
      EvaluationProgress(
        closedThrough: .at(9), finalThrough: .at(8), maturedThrough: .at(3), earlyMaturedThrough: .at(7)),
    ] {
      try ledger.write { try $0.put(progress: progress, monitor: "m", generation: "g") }
      #expect(try ledger.read { try $0.progress(monitor: "m", generation: "g") } == progress)
      #expect(try ledger.read { try $0.progress(monitor: "m", generation: "h") } == nil)
    }
    for state in [[1, 0, 255], []] as [[UInt8]] {
      try ledger.write { try $0.put(machine: state, monitor: "m", group: .drift) }
      try ledger.write { try $0.put(setting: "key", value: state) }
      #expect(try ledger.read { try $0.machine(monitor: "m", group: .drift) } == state)
      #expect(try ledger.read { try $0.machine(monitor: "m", group: .dataQuality) } == nil)
      #expect(try ledger.read { try $0.setting("key") } == state)
    }
  }

  @Test(arguments: ledgers)
  func aLeaseHasOneHolderAndItsEpochTellsThemApart(_ store: LedgerUnderTest) throws {
    let clock = ManualClock()
    let ledger = try store.make(clock)
    func acquire(_ holder: String, lasting seconds: Int64 = 100) throws -> Int64? {
      try ledger.write { try $0.acquire(lease: "m", holder: holder, lasting: .seconds(seconds)) }
    }
    func epoch() throws -> Int64? { try ledger.write { try $0.epoch(ofLease: "m") } }
    #expect(try epoch() == nil)
    #expect(try acquire("a") == 1)
    clock.advance(.seconds(60))
    #expect(try acquire("b") == nil)
    // Renewed, it lasts from then on.
    #expect(try acquire("a") == 1)
    clock.advance(.seconds(60))
    #expect(try acquire("b") == nil)
    // It lapses at its end, and only then.
    clock.advance(.seconds(41))
    #expect(try acquire("b") == 2)
    #expect(try acquire("a") == nil)
    #expect(try epoch() == 2)
    // The holder that comes back late, before anybody else, keeps its epoch.
    clock.advance(.seconds(1000))
    #expect(try acquire("b") == 2)
    try ledger.write { try $0.release(lease: "m", holder: "a") }
    #expect(try acquire("a") == nil)
    try ledger.write { try $0.release(lease: "m", holder: "b") }
    #expect(try epoch() == 2)
    #expect(try acquire("a") == 3)
    try ledger.write { try $0.release(lease: "m", holder: "a") }
    #expect(try acquire("a", lasting: 50) == 4)
    #expect(try ledger.write { try $0.acquire(lease: "l", holder: "b", lasting: .seconds(1)) } == 1)
    let now = try ledger.read { try $0.now() }
    let leases = try ledger.read { try $0.leases() }
    #expect(leases.map(\.name) == ["l", "m"])
    #expect(leases.map(\.holder) == ["b", "a"])
    #expect(leases.map(\.epoch) == [1, 4])
    #expect((.seconds(40) ... .seconds(50)).contains(leases[1].until - now))
    // A clock that is set back a little makes a lease last longer. One that would last longer than any lease does was taken
    // before the clock was set back, and whoever holds it finds another epoch.
    clock.advance(.seconds(-40))
    #expect(try acquire("b") == nil)
    clock.advance(.seconds(-10_000))
    #expect(try acquire("b") == 5)
    #expect(try epoch() == 5)
  }

  @Test(arguments: ledgers)
  func verdictsOfOneCheckAreFoundByTheirEnds(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    func verdict(
      _ check: String, _ end: Int64, _ subject: String, _ tier: Tier, _ value: Double?, _ stage: Stage = .final
    ) -> ResultRecord {
      ResultRecord(
        monitor: "m", generation: "g", type: .verdict, window: "1h", size: 3600, end: .at(end), slice: "all",
        subject: subject, check: check, metric: "psi", stage: stage, line: "{}", rawTier: tier, value: value)
    }
    try ledger.write {
      try $0.put(results: [
        verdict("c", 10, "x", .ok, 0.1), verdict("c", 10, "y", .critical, .infinity),
        verdict("c", 20, "x", .insufficientData, nil), verdict("c", 30, "x", .warning, .nan),
        verdict("d", 10, "x", .info, -0.0), verdict("c", 10, "x", .critical, 0.7, .early),
      ])
    }
    func found(_ check: String, _ ends: [Int64], _ stage: Stage = .final) throws -> [VerdictRecord] {
      try ledger.read {
        try $0.verdicts(monitor: "m", generation: "g", check: check, stage: stage, ends: ends.map { .at($0) })
      }.sorted { ($0.end, $0.subject) < ($1.end, $1.subject) }
    }
    #expect(
      try found("c", [20, 10, 15]) == [
        VerdictRecord(end: .at(10), slice: "all", subject: "x", rawTier: .ok, value: 0.1),
        VerdictRecord(end: .at(10), slice: "all", subject: "y", rawTier: .critical, value: .infinity),
        VerdictRecord(end: .at(20), slice: "all", subject: "x", rawTier: .insufficientData, value: nil),
      ])
    #expect(try found("c", [30]).map(\.value) == [nil])
    #expect(try found("d", [10]).map(\.rawTier) == [.info])
    #expect(try found("e", [10]) == [])
    #expect(
      try found("c", [20, 10], .early) == [
        VerdictRecord(end: .at(10), slice: "all", subject: "x", rawTier: .critical, value: 0.7)
      ])
    #expect(
      try ledger.read { try $0.verdicts(monitor: "m", generation: "h", check: "c", stage: .final, ends: [.at(10)]) }
        == [])
  }

  @Test(arguments: ledgers)
  func allLeasesOfOneHolderAreRenewedTogether(_ store: LedgerUnderTest) throws {
    let clock = ManualClock()
    let ledger = try store.make(clock)
    func acquire(_ name: String, _ holder: String) throws -> Int64? {
      try ledger.write { try $0.acquire(lease: name, holder: holder, lasting: .seconds(30)) }
    }
    #expect(try acquire("a", "x") == 1 && acquire("b", "x") == 1 && acquire("c", "y") == 1)
    try ledger.write { try $0.release(lease: "b", holder: "x") }
    clock.advance(.seconds(20))
    #expect(try ledger.write { try $0.renew(leasesOf: "x", lasting: .seconds(30)) } == ["a": 1])
    #expect(try ledger.write { try $0.renew(leasesOf: "z", lasting: .seconds(30)) } == [:])
    clock.advance(.seconds(20))
    // The one that was renewed stands, and that of another was left to run out.
    #expect(try acquire("a", "z") == nil)
    #expect(try acquire("c", "z") == 2)
    #expect(try ledger.write { try $0.renew(leasesOf: "y", lasting: .seconds(30)) } == [:])
  }

  @Test(arguments: ledgers)
  func whatAllMonitorsHaveIsReadAtOnce(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    #expect(try ledger.read { try $0.standings() } == [:])
    func generation(_ monitor: String, _ name: String) -> GenerationRecord {
      GenerationRecord(monitor: monitor, generation: name, startsAt: .distantPast, baseline: "sha256:0")
    }
    func key(_ monitor: String, _ partition: Int32) -> PartitionKey {
      PartitionKey(monitor: monitor, topic: "t", partition: partition)
    }
    let progress = EvaluationProgress(
      closedThrough: .at(5), finalThrough: .at(4), maturedThrough: .at(3), earlyMaturedThrough: .at(2),
      firstPane: .at(1))
    func retrain(_ id: String, _ state: RetrainState, _ deadline: Int64, overdue: Int64? = nil) -> RetrainRecord {
      var record = RetrainRecord(
        id: id, monitor: "m", incident: "i", state: state, requestedAt: .at(1), deadline: .at(deadline),
        requestedWall: .at(1))
      record.overdueWall = overdue.map { .at($0) }
      return record
    }
    try ledger.write { tx in
      try tx.put(generation: generation("m", "g"), files: nil)
      try tx.put(generation: generation("n", "g"), files: nil)
      try tx.ensure(partitions: [(key("m", 1), .predictions), (key("m", 0), .predictions), (key("n", 0), .labels)])
      try tx.put(progress: progress, monitor: "m", generation: "g")
      try tx.mark(dirty: [(.drift, .at(1)), (.performance, .at(1))], monitor: "m", generation: "g")
      try tx.mark(dirty: [(.drift, .at(1))], monitor: "m", generation: "h")
      for (id, state, deadline, overdue) in [
        ("a", RetrainState.requested, Int64(9), Int64?.none), ("b", .candidate, 7, nil), ("c", .requested, 5, 6),
        ("d", .approved, 4, nil),
      ] {
        try tx.put(retrain: retrain(id, state, deadline, overdue: overdue))
      }
    }
    func act() throws -> Int64 {
      try ledger.write {
        try $0.enqueue(
          act: ActRecord(monitor: "n", group: .drift, incident: "i", wall: .at(1), kind: "comment", body: "{}"))
      }
    }
    _ = try act()
    let found = try ledger.read { try $0.standings() }
    #expect(found.keys.sorted() == ["m", "n"])
    let m = try #require(found["m"])
    let n = try #require(found["n"])
    #expect(m.partitions == (try ledger.read { try $0.partitions(of: "m") }) && m.partitions.count == 2)
    #expect(n.partitions == (try ledger.read { try $0.partitions(of: "n") }))
    #expect(m.progress == ["g": progress] && n.progress == [:])
    #expect(m.marks.count == 3 && n.marks == .none)
    #expect(m.queuedActs == 0 && n.queuedActs == 1)
    #expect(m.deadline == .at(7) && n.deadline == nil)
    #expect(m.generations.count == 1 && m.generations.drained == 0)

    // A mark that replaces another shows, and so does a generation that is put again, drained or followed.
    try ledger.write { try $0.mark(dirty: [(.drift, .at(1))], monitor: "m", generation: "h") }
    let marked = try #require(try ledger.read { try $0.standings() }["m"])
    #expect(marked.marks.count == 3 && marked.marks.last > m.marks.last)
    try ledger.write { try $0.put(generation: generation("m", "g"), files: nil) }
    let again = try #require(try ledger.read { try $0.standings() }["m"])
    #expect(again.generations != m.generations && again.generations.count == 1)
    #expect(try ledger.write { try $0.drain(monitor: "m", pairs: "g") } == 1)
    let drained = try #require(try ledger.read { try $0.standings() }["m"])
    #expect(drained.generations.drained == 1)
  }
}
