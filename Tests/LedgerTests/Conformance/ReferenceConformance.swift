import LeewayCore
import Testing

@Suite("Ledger: references from production")
struct ReferenceConformance {
  private func record(
    _ hash: String, _ slice: String, through: Int64 = 0, usedAt: Int64 = 0, block: [UInt8]? = [1]
  ) -> ReferenceRecord {
    ReferenceRecord(
      key: SliceKey(hash: hash, slice: slice), begins: .at(-3), ends: .at(30), through: .at(through),
      usedAt: .at(usedAt), block: block)
  }

  private func head(_ record: ReferenceRecord) -> ReferenceRecord {
    var record = record
    record.block = nil
    return record
  }

  /// Also names that only look alike, and those that are too long for an index.
  private let slices = [
    "all", "country=DE", "country=\u{e9}", "country=e\u{301}", "country=" + String(repeating: "x", count: 6000),
    "country=" + String(repeating: "x", count: 6000) + "y", "version=",
  ]

  @Test(arguments: ledgers)
  func aReferenceIsFoundByHashAndSliceWhateverTheGeneration(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let wanted = ["a", "b"].flatMap { hash in
      slices.map { record(hash, $0, through: Int64($0.utf8.count), block: [UInt8($0.utf8.count % 251)]) }
    }
    try ledger.write { ledger in
      try ledger.put(references: wanted.reversed(), monitor: "m")
      try ledger.put(references: [record("a", "all", block: [9])], monitor: "other")
    }
    try ledger.read { reader in
      let found = try reader.references(monitor: "m")
      #expect(found == wanted.map(head).sorted { SliceKey.precedes($0.key, $1.key) })
      #expect(try reader.referenceBlocks(monitor: "m", keys: wanted.map(\.key)) == wanted.map(\.block))
      #expect(
        try reader.referenceBlocks(
          monitor: "m", keys: [SliceKey(hash: "c", slice: "all"), SliceKey(hash: "b", slice: "all")])
          == [nil, [3]])
      #expect(try reader.references(monitor: "none") == [])
    }
  }

  @Test(arguments: ledgers)
  func aReferenceReplacesItsRowAndWithoutABlockLeavesWhatIsStored(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let blocks = {
      try ledger.read {
        try $0.referenceBlocks(
          monitor: "m", keys: ["a", "b", "c"].map { SliceKey(hash: $0, slice: "all") })
      }
    }
    try ledger.write { ledger in
      try ledger.put(references: [record("a", "all", block: [1, 2]), record("b", "all", block: nil)], monitor: "m")
    }
    #expect(try blocks() == [[1, 2], [], nil])
    try ledger.write { ledger in
      try ledger.put(
        references: [
          record("a", "all", through: 5, usedAt: 9, block: nil), record("b", "all", through: 7, block: [4]),
          record("c", "all", through: 1, block: [5]), record("c", "all", through: 2, block: [6]),
        ], monitor: "m")
    }
    #expect(try blocks() == [[1, 2], [4], [6]])
    #expect(
      try ledger.read { try $0.references(monitor: "m") } == [
        record("a", "all", through: 5, usedAt: 9, block: nil), record("b", "all", through: 7, block: nil),
        record("c", "all", through: 2, block: nil),
      ])
  }

  @Test(arguments: ledgers)
  func whatNobodyHasAskedForGoesTheLongestUnusedFirst(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    try ledger.write { ledger in
      try ledger.put(references: (0..<6).map { record("a", "s\($0)", usedAt: 5 - $0) }, monitor: "m")
      try ledger.put(references: [record("a", "all", usedAt: -9)], monitor: "other")
    }
    func reclaim(_ before: Int64, _ limit: Int) throws -> Int {
      try ledger.write { try $0.reclaimReferences(monitor: "m", usedBefore: .at(before), limit: limit) }
    }
    #expect(try reclaim(3, 2) == 2)
    #expect(try ledger.read { try $0.references(monitor: "m").map(\.key.slice) } == ["s0", "s1", "s2", "s3"])
    #expect(try reclaim(3, 9) == 1)
    #expect(try reclaim(3, 9) == 0)
    #expect(try ledger.read { try $0.references(monitor: "m").map(\.key.slice) } == ["s0", "s1", "s2"])
    #expect(try ledger.read { try $0.references(monitor: "other").count } == 1)
  }
}
