import LeewayCore
import LeewayTestSupport
import Testing

@Suite("Ledger: overviews")
struct FleetConformance {
  private func verdict(
    _ end: Int64, _ subject: String, _ tier: Tier?, check: String = "c", monitor: String = "m", window: String = "1h",
    slice: String = "all", generation: String = "g", type: ResultType = .verdict
  ) -> ResultRecord {
    ResultRecord(
      monitor: monitor, generation: generation, type: type, window: window, size: 3600, end: .at(end), slice: slice,
      subject: subject, check: check, metric: "psi", line: "{\"end\":\(end)}", rawTier: tier)
  }

  @Test(arguments: ledgers)
  func aColumnHasTheWorstTierOfItsVerdicts(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    try ledger.write {
      try $0.put(results: [
        verdict(10, "x", .ok), verdict(11, "x", .warning), verdict(20, "x", .ok), verdict(21, "x", .info),
        verdict(30, "x", .insufficientData), verdict(30, "x", .ok, slice: "a=b"),
        verdict(20, "y", .insufficientData), verdict(30, "y", .critical, generation: "old"),
        verdict(20, "", .ok, check: "auc"), verdict(20, "", .critical, check: "brier"),
        // Of no interest: another monitor, another window, no verdict, and outside.
        verdict(20, "x", .critical, monitor: "n"), verdict(20, "x", .critical, window: "7d"),
        verdict(20, "x", nil, type: .drift), verdict(31, "x", .critical),
      ])
    }
    func found(from: Int64, through: Int64, every: Int64) throws -> [String] {
      try ledger.read {
        try $0.tiers(
          TierMapQuery(
            monitor: "m", window: "1h", from: .at(from), through: .at(through), every: .milliseconds(every)))
      }.map { "\($0.subject)/\($0.check)/\($0.column)/\($0.tier.name)" }
    }
    #expect(
      try found(from: 10, through: 30, every: 10) == [
        "/auc/0/ok", "/brier/0/critical", "x/c/0/warning", "x/c/1/info", "y/c/0/insufficient_data", "y/c/1/critical",
      ])
    #expect(
      try found(from: 0, through: 30, every: 30) == [
        "/auc/0/ok", "/brier/0/critical", "x/c/0/warning", "y/c/0/critical",
      ])
    #expect(try found(from: 30, through: 31, every: 1) == ["x/c/0/critical"])
    #expect(try found(from: 31, through: 90, every: 1) == [])
    #expect(try found(from: 30, through: 30, every: 1) == [])
  }

  @Test(arguments: ledgers)
  func linesAreFoundByTheirPlaces(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let lines = awkwardNames.filter { !$0.isEmpty }.map { verdict(10, $0, .ok) } + [verdict(20, "a", .warning)]
    try ledger.write { try $0.put(results: lines) }
    var missing = lines[0].position
    missing.end = .at(11)
    let positions = lines.map(\.position) + [missing]
    #expect(try ledger.read { try $0.results(at: positions) } == lines.map { $0 } + [nil])
    #expect(try ledger.read { try $0.results(at: []) } == [])
  }

  @Test(arguments: ledgers)
  func incidentsThatWereOpenAfterATimeAreFoundByMonitor(_ store: LedgerUnderTest) throws {
    func incident(_ id: String, _ monitor: String, _ opened: Int64, resolved: Int64? = nil) -> IncidentRecord {
      IncidentRecord(
        id: id, monitor: monitor, group: .drift, state: resolved == nil ? .acknowledged : .resolved, tier: .warning,
        openedAt: .at(opened), changedAt: .at(opened), resolvedAt: resolved.map { .at($0) }, checks: [], subjects: [],
        evidence: "[]")
    }
    let ledger = try store.make()
    try ledger.write {
      for record in [
        incident("d", "n", 5), incident("c", "m", 30), incident("b", "m", 10, resolved: 20),
        incident("a", "m", 10, resolved: 19),
      ] { try $0.put(incident: record) }
    }
    let spans = try ledger.read { try $0.incidentSpans(openAfter: .at(20)) }
    #expect(
      spans == [
        IncidentSpan(id: "b", monitor: "m", tier: .warning, openedAt: .at(10), resolvedAt: .at(20)),
        IncidentSpan(id: "c", monitor: "m", tier: .warning, openedAt: .at(30), resolvedAt: nil),
        IncidentSpan(id: "d", monitor: "n", tier: .warning, openedAt: .at(5), resolvedAt: nil),
      ])
    #expect(try ledger.read { try $0.incidentSpans(openAfter: .at(0)) }.map(\.id) == ["a", "b", "c", "d"])
  }
}
