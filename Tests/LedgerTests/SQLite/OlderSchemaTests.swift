import LeewayCore
import Testing

@testable import LeewayLedger

@Suite("SQLite ledger: before registries")
struct OlderSchemaTests {
  @Test func aFileOfVersion15GetsTheTableAndKeepsItsRows() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    try OlderFile.make(path, version: 15, rows: "INSERT INTO settings (name, value) VALUES ('a', x'07');")
    let ledger = try SQLiteLedger(path: path)
    let record = SchemaRecord(registry: "r", id: 17, content: .avro([1, 2]))
    try ledger.write { try $0.add(schemas: [record]) }
    ledger.close()
    let again = try SQLiteLedger(path: path)
    #expect(try again.read { try $0.schemas(registry: "r", ids: [17]) } == [record])
    #expect(try again.read { try $0.setting("a") } == [7])
    again.close()
  }

  @Test func numbersOfVersion16StayWhatTheyAre() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    try OlderFile.make(
      path, version: 16,
      rows:
        "INSERT INTO schemas (registry, id, kind, text) VALUES ('r', 4294967295, 'avro', x'01'), ('r', 9, 'unknown', x'');"
    )
    let ledger = try SQLiteLedger(path: path)
    #expect(
      try ledger.read { try $0.newestSchemas(registry: "r", limit: 9) } == [
        SchemaRecord(registry: "r", id: .number(.max), content: .avro([1])),
        SchemaRecord(registry: "r", id: 9, content: .unknown),
      ])
    ledger.close()
  }

  /// What a newer program has stored is no end of this one.
  @Test func aKindThatIsUnknownIsDamageThatSaysSo() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    try OlderFile.make(
      path, version: 16, rows: "INSERT INTO schemas (registry, id, kind, text) VALUES ('r', 1, 'thrift', x'');")
    let ledger = try SQLiteLedger(path: path)
    let failure = #expect(throws: LedgerError.self) { try ledger.read { try $0.schemas(registry: "r", ids: [1]) } }
    #expect(failure?.description.contains("has the unknown value \"thrift\"") == true, "\(String(describing: failure))")
    ledger.close()
  }
}
