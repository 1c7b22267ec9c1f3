import LeewayCore
import Testing

@Suite("Ledger: schemas")
struct SchemaConformance {
  private func record(_ registry: String, _ id: SchemaID, _ content: SchemaRecord.Content) -> SchemaRecord {
    SchemaRecord(registry: registry, id: id, content: content)
  }

  @Test(arguments: ledgers)
  func whatWasStoredFirstStands(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let first = [
      record("r", 17, .avro(Array("{\"type\":\"record\",\"é\":1}".utf8))), record("r", 0, .unknown),
      record("r", .number(.max), .unusable("is JSON")), record("s", 17, .avro([])),
      record("s", 18, .protobuf([10, 0, 255])),
    ]
    try ledger.write { try $0.add(schemas: first) }
    // Another instance has heard of it later, and something else.
    try ledger.write {
      try $0.add(schemas: [record("r", 17, .unknown), record("r", 18, .avro([0, 255])), record("r", 0, .avro([1]))])
    }
    func read(_ registry: String, _ ids: [SchemaID]) throws -> [SchemaRecord] {
      try ledger.read { try $0.schemas(registry: registry, ids: ids) }
    }
    #expect(try read("r", [.number(.max), 17, 5, 0, 17]) == [first[1], first[0], first[2]])
    #expect(try read("r", [18]) == [record("r", 18, .avro([0, 255]))])
    #expect(try read("s", [0, 17, 18]) == [first[3], first[4]])
    #expect(try read("t", [17]) == [])
    #expect(try read("r", []) == [])
  }

  @Test(arguments: ledgers)
  func theNewestComeFirst(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let guid = SchemaID.guid(high: 1, low: 2)
    let all = [3, 1, 40, guid, 2].map { (id: SchemaID) in record("r", id, .avro(Array(id.description.utf8))) }
    try ledger.write { try $0.add(schemas: all + [record("other", 50, .unknown)]) }
    func newest(_ limit: Int) throws -> [SchemaID] {
      try ledger.read { try $0.newestSchemas(registry: "r", limit: limit) }.map(\.id)
    }
    #expect(try newest(9) == [guid, 40, 3, 2, 1])
    #expect(try newest(2) == [guid, 40])
    #expect(try ledger.read { try $0.schemas(registry: "r", ids: [guid, 40]) } == [all[2], all[3]])
    #expect(try newest(0) == [] && newest(-1) == [])
  }

  @Test(arguments: ledgers)
  func registriesDifferAsBytesDo(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    // PostgreSQL's text takes no zero byte, and no name has one.
    let names = awkwardNames.filter { !$0.utf8.contains(0) }
    let all = names.enumerated().map { record($0.element, 1, .avro([UInt8($0.offset)])) }
    try ledger.write { try $0.add(schemas: all) }
    for (name, wanted) in zip(names, all) {
      let found = try ledger.read { try $0.schemas(registry: name, ids: [1]) }
      #expect(found.map(\.content) == [wanted.content], "\(name)")
    }
  }

  /// What a call that failed would have stored is not there.
  @Test(arguments: ledgers)
  func aTransactionThatFailsStoresNothing(_ store: LedgerUnderTest) throws {
    struct Stop: Error {}
    let ledger = try store.make()
    #expect(throws: Stop.self) {
      try ledger.write { tx in
        try tx.add(schemas: [record("r", 1, .unknown)])
        #expect(try tx.schemas(registry: "r", ids: [1]).count == 1)
        throw Stop()
      }
    }
    #expect(try ledger.read { try $0.schemas(registry: "r", ids: [1]) } == [])
  }
}
