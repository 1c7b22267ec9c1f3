import LeewayCore
import Testing

@testable import LeewayLedger

/// Incidents that were open when the program was replaced go on.
@Suite("SQLite ledger: incidents of version 5")
struct OlderIncidentTests {
  /// Performance was judged once, at the horizon, so its one cause group is the later of the two there are now.
  @Test func anOpenIncidentOfPerformanceIsOneOfFinalPerformanceWithItsMachineAndItsCalls() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    try OlderFile.make(
      path, version: 5,
      rows: """
        INSERT INTO machines VALUES ('m', 'performance', x'01'), ('m', 'drift', x'02');
        INSERT INTO incidents VALUES
          ('a', 'm', 'performance', 'open', 3, 10, 20, NULL, '["auc"]', '["performance"]', '[]'),
          ('b', 'm', 'drift', 'resolved', 2, 5, 6, 7, '["psi"]', '["x"]', '[]');
        INSERT INTO outbox VALUES
          ('a-retrain/retrain', 'm', 'a', 'hook', 1, '{"retrain":"r1"}', 11, 'owed', 0, NULL, 12, '', NULL, 0),
          ('a-1/hook', 'm', 'a', 'hook', 0, '{"retrain":null}', 10, 'delivered', 1, 10, 10, '', NULL, 1);
        """)
    let ledger = try SQLiteLedger(path: path)
    try ledger.read { reader in
      let incidents = try reader.incidents(IncidentQuery())
      #expect(
        incidents == [
          IncidentRecord(
            id: "a", monitor: "m", group: .performanceFinal, state: .open, tier: .critical, openedAt: .at(10),
            changedAt: .at(20), checks: ["auc"], subjects: ["performance"], evidence: "[]"),
          IncidentRecord(
            id: "b", monitor: "m", group: .drift, state: .resolved, tier: .warning, openedAt: .at(5),
            changedAt: .at(6), resolvedAt: .at(7), checks: ["psi"], subjects: ["x"], evidence: "[]"),
        ])
      #expect(try reader.machine(monitor: "m", group: .performanceFinal) == [1])
      #expect(try reader.machine(monitor: "m", group: .drift) == [2])
      let owed = try reader.delivery(key: "a-retrain/retrain")
      #expect(owed?.retrain == "r1")
      let message = try reader.delivery(key: "a-1/hook")
      #expect(message != nil && message?.retrain == nil)
    }
    ledger.close()
  }
}
