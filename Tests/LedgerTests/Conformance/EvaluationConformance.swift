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
}
