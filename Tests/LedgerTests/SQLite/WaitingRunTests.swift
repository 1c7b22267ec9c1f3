import GRDB
import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayLedger

@Suite("SQLite ledger: runs of waiting rows")
struct WaitingRunTests {
  private struct Abandoned: Error {}

  private static func id(_ number: Int) -> [UInt8] { Array("id-\(number)".utf8) }

  private static func states(_ ledger: any Ledger, _ ids: [Int]) throws -> [[UInt8]?] {
    try ledger.read { try $0.waiting(monitor: "m", generation: "g", ids: ids.map(id)) }
  }

  private static func count(_ path: String, _ sql: String) throws -> Int {
    let raw = try DatabaseQueue(path: path)
    defer { try? raw.close() }
    return try raw.read { try Int.fetchOne($0, sql: sql) } ?? -1
  }

  @Test func flushesMergeThroughCrashesAndTransactionsThatFail() throws {
    let seed = UInt64.random(in: 0..<(.max))
    var numbers = SeededGenerator(seed: seed)
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    var ledger = try SQLiteLedger(path: path, options: SQLiteLedger.Options(durability: .scratch))
    var model: [Int: [UInt8]] = [:]
    for flush in 0..<540 {
      var rows: [Int: WaitingRow] = [:]
      for _ in 0..<Int.random(in: 1...40, using: &numbers) {
        let number = Int.random(in: 0..<3000, using: &numbers)
        let size = Int.random(in: 0..<100, using: &numbers) == 0 ? 20_000 : 60
        let state =
          Int.random(in: 0..<4, using: &numbers) == 0 ? nil : Array("\(flush)".utf8) + Array(repeating: 7, count: size)
        rows[number] = WaitingRow(id: Self.id(number), state: state, reclaimAfter: .at(1000))
      }
      let batch = Array(rows.values)
      if Int.random(in: 0..<20, using: &numbers) == 0 {
        #expect(throws: Abandoned.self) {
          try ledger.write {
            try $0.put(waiting: batch, monitor: "m", generation: "g")
            // The transaction reads its own rows before it fails.
            _ = try $0.waiting(monitor: "m", generation: "g", ids: batch.map(\.id))
            throw Abandoned()
          }
        }
      } else {
        try ledger.write { try $0.put(waiting: batch, monitor: "m", generation: "g") }
        for (number, row) in rows { model[number] = row.state }
      }
      let asked = (0..<50).map { _ in Int.random(in: 0..<3000, using: &numbers) }
      #expect(try Self.states(ledger, asked) == asked.map { model[$0] }, "seed \(seed)")
      if Int.random(in: 0..<50, using: &numbers) == 0 {
        ledger.close()
        ledger = try SQLiteLedger(path: path, options: SQLiteLedger.Options(durability: .scratch))
      }
    }
    let all = Array(0..<3000)
    #expect(try Self.states(ledger, all) == all.map { model[$0] }, "seed \(seed)")
    ledger.close()
    // 540 flushes are three levels of eight and what waits to be merged; and no block is left without a run.
    #expect(try Self.count(path, "SELECT count(*) FROM waiting_runs WHERE state = 1") < 60, "seed \(seed)")
    let strays = "SELECT count(*) FROM waiting_blocks WHERE key >> 24 NOT IN (SELECT id FROM waiting_runs)"
    #expect(try Self.count(path, strays) == 0, "seed \(seed)")
    // A deleted row takes room until the oldest run has been merged, a replaced one until its run has.
    let stored = try Self.count(path, "SELECT sum(rows) FROM waiting_runs WHERE state = 1")
    #expect(stored < 4 * 3000, "seed \(seed)")
  }

  @Test func whatIsDueGoesWithItsRunAlsoAmidAMerge() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    let ledger = try SQLiteLedger(path: path)
    // Eight large runs and then small ones, so that a merge of the large is under way.
    for flush in 0..<12 {
      let rows = (0..<(flush < 8 ? 2000 : 3)).map {
        WaitingRow(id: Self.id(flush * 10_000 + $0), state: [1], reclaimAfter: .at(Int64(flush)))
      }
      try ledger.write { try $0.put(waiting: rows, monitor: "m", generation: "g") }
    }
    // One of the first run has been replaced since.
    let replaced = WaitingRow(id: Self.id(5), state: [2], reclaimAfter: .at(12))
    try ledger.write { try $0.put(waiting: [replaced], monitor: "m", generation: "g") }
    func reclaim(_ before: EventTime) throws -> [[UInt8]] {
      var states: [[UInt8]] = []
      for _ in 0..<80 {
        states += try ledger.write {
          try $0.reclaimWaiting(monitor: "m", generation: "g", before: before, limit: 1000)
        }
      }
      return states
    }
    #expect(try reclaim(.at(11)).count == 8 * 2000 + 3 * 3 - 1)
    #expect(try Self.states(ledger, [110_000, 110_002, 5]) == [[1], [1], [2]])
    #expect(try Self.states(ledger, [0, 70_000]) == [nil, nil])
    #expect(try reclaim(.distantFuture).sorted { $0[0] < $1[0] } == [[1], [1], [1], [2]])
    #expect(try Self.states(ledger, [110_000, 110_002, 5]) == [nil, nil, nil])
    ledger.close()
    for table in ["waiting_runs", "waiting_blocks", "waiting_summaries", "waiting_departed"] {
      #expect(try Self.count(path, "SELECT count(*) FROM \(table)") == 0)
    }
  }

  @Test func aWriteThatFailsInSomethingElseLeavesAMergeGoingOn() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    let ledger = try SQLiteLedger(path: path)
    func put(_ flush: Int, _ count: Int) throws {
      let rows = (0..<count).map {
        WaitingRow(id: Self.id(flush * 10_000 + $0), state: [1], reclaimAfter: .at(1000))
      }
      try ledger.write { try $0.put(waiting: rows, monitor: "m", generation: "g") }
    }
    // Eight large runs, and one too small to pay for their merge.
    for flush in 0..<9 { try put(flush, flush < 8 ? 2000 : 3) }
    let unfinished = "SELECT coalesce(max(id), 0) FROM waiting_runs WHERE state = 0"
    let merge = try Self.count(path, unfinished)
    #expect(merge > 0)
    #expect(throws: Abandoned.self) {
      try ledger.write { tx in
        _ = try tx.writers()
        throw Abandoned()
      }
    }
    try put(9, 3)
    #expect(try Self.count(path, unfinished) == merge)
    // One that has changed runs gives it up: what it said of them is void.
    #expect(throws: Abandoned.self) {
      try ledger.write { tx in
        try tx.put(
          waiting: [WaitingRow(id: Self.id(1), state: [2], reclaimAfter: .at(1))], monitor: "m", generation: "g")
        throw Abandoned()
      }
    }
    try put(10, 3)
    #expect(try Self.count(path, unfinished) > merge)
    #expect(try Self.states(ledger, [1, 100_000]) == [[1], [1]])
  }

  @Test func aDeletedRowStaysDeletedWhileOlderRunsHaveIt() throws {
    let ledger = try SQLiteLedger.temporary()
    func put(_ numbers: [Int], _ state: [UInt8]?, _ after: Int64) throws {
      let rows = numbers.map { WaitingRow(id: Self.id($0), state: state, reclaimAfter: .at(after)) }
      try ledger.write { try $0.put(waiting: rows, monitor: "m", generation: "g") }
    }
    try put([1, 2], [1], 100)
    try put([1], nil, 0)
    try put([2], [2], 10)
    // The newer runs are due and the oldest is not: they must not go before it.
    _ = try ledger.write { try $0.reclaimWaiting(monitor: "m", generation: "g", before: .at(50), limit: 9) }
    let states = try Self.states(ledger, [1, 2])
    #expect(states[0] == nil)
    #expect(states[1] != [1])
  }

  @Test func rowsOfAnOlderFileBecomeRuns() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    try OlderFile.make(
      path, version: 3,
      rows: """
        INSERT INTO scopes VALUES (1, 'm', 'g');
        INSERT INTO waiting VALUES (1, x'', 5, x'00'), (1, x'69642d37', 6, x'0102'), (1, x'69642d38', 7, x'');
        """)
    let opened = try SQLiteLedger(path: path)
    #expect(try Self.states(opened, [7, 8, 9]) == [[1, 2], [], nil])
    let odd = try opened.read { try $0.waiting(monitor: "m", generation: "g", ids: [[], [1]]) }
    #expect(odd == [[0], nil])
    opened.close()
    #expect(try Self.count(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'waiting'") == 0)
  }

  @Test(arguments: [
    ("UPDATE waiting_blocks SET rows = x'0102'", "a block of waiting rows is damaged"),
    ("DELETE FROM waiting_blocks", "a block of waiting rows is missing"),
    ("UPDATE waiting_summaries SET summary = x'0000000000000000'", "the index of a run of waiting rows is damaged"),
    ("UPDATE waiting_runs SET blocks = 99", "the index of a run of waiting rows is damaged"),
    ("UPDATE waiting_runs SET blocks = -1", "column blocks is too large"),
    ("UPDATE waiting_runs SET state = 7", "column state has the unknown value 7"),
  ])
  func whatThisProgramCannotHaveWrittenIsAnError(_ damage: String, _ message: String) throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    let ledger = try SQLiteLedger(path: path)
    try ledger.write {
      try $0.put(waiting: [WaitingRow(id: Self.id(1), state: [9], reclaimAfter: .at(1))], monitor: "m", generation: "g")
    }
    ledger.close()
    let raw = try DatabaseQueue(path: path)
    try raw.write { try $0.execute(sql: damage) }
    try raw.close()
    let opened = try SQLiteLedger(path: path)
    let error = #expect(throws: LedgerError.self) { try Self.states(opened, [1]) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "none")")
  }

  @Test func aFilterHasWhateverWasInsertedAndLittleElse() {
    var filter = WaitingFilter(rows: 10_000)
    for number in 0..<10_000 { filter.insert(Digest64.mix(UInt64(number))) }
    #expect((0..<10_000).allSatisfy { filter.mayContain(Digest64.mix(UInt64($0))) })
    let wrong = (10_000..<110_000).count(where: { filter.mayContain(Digest64.mix(UInt64($0))) })
    #expect(wrong < 1000)
    #expect(!WaitingFilter(rows: 0).mayContain(0))
    #expect(WaitingFilter(words: []) == nil)
  }

  @Test func idsWhoseHashesAreEqualAreToldApartOverManyBlocks() throws {
    let ids = (0..<400).map { Array("same-\($0)".utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
    var blocks: [[UInt8]] = []
    var builder = WaitingRunBuilder(run: 1, atMost: ids.count)
    for id in ids {
      var row: [UInt8] = []
      id.withUnsafeBytes { id in
        Array(repeating: UInt8(1), count: 100).withUnsafeBytes {
          WaitingBlock.append(hash: 5, reclaimAfter: 3, id: id, state: $0, to: &row)
        }
      }
      row.withUnsafeBytes { builder.append(hash: 5, reclaimAfter: 3, row: $0) { blocks.append($1) } }
    }
    builder.finish { blocks.append($1) }
    #expect(blocks.count > 3)
    #expect(builder.index.blocks(for: 5) == 0..<blocks.count)
    #expect(builder.index.blocks(for: 4).isEmpty)
    #expect(builder.index.blocks(for: 6) == blocks.count - 1..<blocks.count)
    #expect(builder.reclaimAfter == 3)
    let decoded = try #require(WaitingIndex(encoded: builder.index.encoded(), blocks: blocks.count))
    #expect(decoded.fences == builder.index.fences)
    #expect(decoded.filter.mayContain(5))
    #expect(WaitingIndex(encoded: builder.index.encoded(), blocks: blocks.count + 1) == nil)
  }
}
