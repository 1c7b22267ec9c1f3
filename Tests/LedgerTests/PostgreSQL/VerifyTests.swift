import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayLedger

@Suite("PostgreSQL ledger: verifying", PostgreSQLTests.condition)
struct VerifyTests {
  private func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "done"
    } catch { return "\(error)" }
  }

  @Test func whatLeewayHasStoredIsReadAndWhatDoesNotDecodeIsNamed() throws {
    let server = try PostgreSQLTests.server()
    let address = try server.addressOfNewSchema()
    let place = "postgres at 127.0.0.1:\(server.port)"
    #expect(
      refusal { _ = try PostgreSQLLedger.verify(address: address) }
        == "verifying the ledger \(place): there is no ledger of leeway; name another database, or correct search_path in "
        + "the address")
    let ledger = try PostgreSQLLedger(address: address)
    let pane = EventTime(milliseconds: 300_000)
    func line(_ i: Int, _ text: String) -> ResultRecord {
      ResultRecord(
        monitor: "m", generation: "g", type: .drift, window: "1h", size: 3_600_000,
        end: EventTime(milliseconds: Int64(i) * 3_600_000), slice: "all", subject: "amount", line: text)
    }
    try ledger.write { tx in
      try tx.register(writer: "w", instance: .here)
      try tx.put(
        .drift, monitor: "m", generation: "g", writer: "w",
        blocks: [(PaneKey(pane: pane, slice: "all"), CellBlock(.init(counts: 3, sums: 1, squares: 1)).encoded())])
      // More than the server sends at a time.
      try tx.put(results: (1...1200).map { line($0, "{\"i\":\($0)}") })
    }
    #expect(try PostgreSQLLedger.verify(address: address) == [])
    // So are packed lines.
    #expect(try ledger.write { try $0.packResults(monitor: "m", generation: "g", limit: 1000) } == 1000)
    #expect(try PostgreSQLLedger.verify(address: address) == [])
    try ledger.write { tx in
      try tx.put(
        .drift, monitor: "m", generation: "g", writer: "w", blocks: [(PaneKey(pane: pane, slice: "a=b"), [1, 1, 0])])
      _ = try tx.lockWaiting(monitor: "m", generation: "g", ids: [[7]])
      try tx.put(waiting: [WaitingRow(id: [7], state: [9, 9], reclaimAfter: pane)], monitor: "m", generation: "g")
      try tx.put(results: [line(1100, "{\"i\":1")])
    }
    let schema = String(try #require(address.split(separator: "D").last))
    try server.execute(
      "INSERT INTO \(schema).decision_log (monitor, cause_group, number, kind, at, body) "
        + "VALUES ('m', 'drift', 7, 'verdicts', 0, '{\"a\":')")
    let found = try PostgreSQLLedger.verify(address: address)
    #expect(found.count == 4)
    #expect(
      found.dropFirst(2).first?.hasPrefix("table decision_log, row m/drift/7: body: the document ") == true, "\(found)")
    #expect(found.first == "table drift_panes, row 1/300000/a=b/w: block: bad count")
    #expect(
      found.dropFirst().first == "table waiting, row 1/07: state: a stored waiting prediction or label is damaged")
    #expect(found.last?.hasPrefix("table results, row 3960000000/1/0: line: the document ") == true, "\(found)")
    #expect(try PostgreSQLLedger.verify(address: address, limit: 1).count == 1)
    ledger.close()
    try server.execute("UPDATE \(schema).leeway_schema SET version = 99")
    #expect(
      refusal { _ = try PostgreSQLLedger.verify(address: address) }
        == "verifying the ledger \(place): its tables are of schema 99, and this leeway knows "
        + "\(PostgreSQLSchema.version); use the newer one")
  }
}
