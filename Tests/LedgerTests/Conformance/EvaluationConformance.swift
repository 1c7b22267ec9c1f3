import LeewayCore
import Testing

@Suite("Ledger: evaluation")
struct EvaluationConformance {
  @Test(arguments: ledgers)
  func `progress, machines and settings keep the last value`(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    #expect(try ledger.read { try $0.progress(monitor: "m", generation: "g") } == nil)
    #expect(try ledger.read { try $0.machine(monitor: "m", group: .drift) } == nil)
    #expect(try ledger.read { try $0.setting("key") } == nil)
    for progress in [
      EvaluationProgress(), EvaluationProgress(closedThrough: .at(5), maturedThrough: .at(3), firstPane: .at(-1)),
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
  func `a lease has one holder, and its epoch tells them apart`(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    func acquire(_ holder: String, _ now: Int64, _ until: Int64) throws -> Int64? {
      try ledger.write { try $0.acquire(lease: "m", holder: holder, now: .at(now), until: .at(until)) }
    }
    func epoch() throws -> Int64? { try ledger.write { try $0.epoch(ofLease: "m") } }
    #expect(try epoch() == nil)
    #expect(try acquire("a", 0, 10) == 1)
    #expect(try acquire("b", 9, 19) == nil)
    #expect(try acquire("a", 9, 20) == 1)
    #expect(try acquire("b", 19, 29) == nil)
    // It lapses at its end, and only then.
    #expect(try acquire("b", 20, 30) == 2)
    #expect(try acquire("a", 21, 31) == nil)
    #expect(try epoch() == 2)
    // The holder that comes back late, before anybody else, keeps its epoch.
    #expect(try acquire("b", 100, 110) == 2)
    try ledger.write { try $0.release(lease: "m", holder: "a") }
    #expect(try acquire("a", 101, 111) == nil)
    try ledger.write { try $0.release(lease: "m", holder: "b") }
    #expect(try epoch() == 2)
    #expect(try acquire("a", 101, 111) == 3)
    try ledger.write { try $0.release(lease: "m", holder: "a") }
    #expect(try acquire("a", 102, 112) == 4)
    #expect(try ledger.write { try $0.acquire(lease: "n", holder: "b", now: .at(0), until: .at(1)) } == 1)
  }

  @Test(arguments: ledgers)
  func `verdicts of one check are found by their ends`(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    func verdict(_ check: String, _ end: Int64, _ subject: String, _ tier: Tier, _ value: Double?) -> ResultRecord {
      ResultRecord(
        monitor: "m", generation: "g", type: .verdict, window: "1h", size: 3600, end: .at(end), slice: "all",
        subject: subject, check: check, metric: "psi", line: "{}", rawTier: tier, value: value)
    }
    try ledger.write {
      try $0.put(results: [
        verdict("c", 10, "x", .ok, 0.1), verdict("c", 10, "y", .critical, .infinity),
        verdict("c", 20, "x", .insufficientData, nil), verdict("c", 30, "x", .warning, .nan),
        verdict("d", 10, "x", .info, -0.0),
      ])
    }
    func found(_ check: String, _ ends: [Int64]) throws -> [VerdictRecord] {
      try ledger.read {
        try $0.verdicts(monitor: "m", generation: "g", check: check, ends: ends.map { .at($0) })
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
      try ledger.read { try $0.verdicts(monitor: "m", generation: "h", check: "c", ends: [.at(10)]) } == [])
  }
}
