import Foundation
import GRDB
import Glibc
import LeewayCore
import LeewayLedger
import LeewayTestSupport
import Testing

@Suite("SQLite ledger: survival")
struct SurvivalTests {
  /// One flush: an offset and `rows` waiting rows that belong to it.
  private static func flush(_ ledger: any LedgerWriter, _ n: Int64, rows: Int = 500) throws {
    let key = PartitionKey(monitor: "m", topic: "t", partition: 0)
    if n == 1 { try ledger.ensure(partitions: [(key: key, role: .predictions)]) }
    _ = try ledger.advance(partitions: [
      PartitionAdvance(key: key, epoch: 0, expectedOffset: n - 1, nextOffset: n, watermark: .at(n))
    ])
    let waiting = (0..<rows).map { i in
      WaitingRow(
        id: Array("\(i)".utf8), state: Array("\(n)".utf8) + Array(repeating: 0, count: 200), reclaimAfter: .at(n))
    }
    try ledger.put(waiting: waiting, monitor: "m", generation: "g")
  }

  /// The offset, if every row agrees with it; 0 before the first flush.
  private static func wholeFlushes(_ ledger: any Ledger, rows: Int = 500) throws -> Int64? {
    try ledger.read { reader in
      let offset = try reader.partitions(of: "m").first?.nextOffset ?? 0
      let states = try reader.waiting(monitor: "m", generation: "g", ids: (0..<rows).map { Array("\($0)".utf8) })
      let expected = Array("\(offset)".utf8)
      let whole = states.allSatisfy { state in
        offset == 0 ? state == nil : state?.starts(with: expected) == true && state?.count == expected.count + 200
      }
      return whole ? offset : nil
    }
  }

  @Test func aKilledProcessLosesNoCommitAndLeavesNoHalfOfOne() async throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      // So small a cache that the open transaction has been spilled to the log when the process dies.
      let ledger = try SQLiteLedger(path: path, options: SQLiteLedger.Options(cacheBytes: 1 << 20))
      for n in 1...7 { try ledger.write { try SurvivalTests.flush($0, Int64(n)) } }
      try ledger.write { writer in
        try SurvivalTests.flush(writer, 8, rows: 20_000)
        kill(getpid(), SIGKILL)
      }
    }
    #expect(folder.names.contains("ledger.db-wal"))
    // The lock went with its process.
    let ledger = try SQLiteLedger(path: path)
    #expect(try Self.wholeFlushes(ledger) == 7)
    #expect(try ledger.read { try $0.waiting(monitor: "m", generation: "g", ids: [Array("19999".utf8)]) } == [nil])
    try ledger.write { try Self.flush($0, 8) }
    #expect(try Self.wholeFlushes(ledger) == 8)
  }

  @Test func theFilesAtAnyMomentAndALogCutAnywhereAreWholeFlushes() throws {
    let seed = UInt64.random(in: 0..<(.max))
    var numbers = SeededGenerator(seed: seed)
    let folder = try ScratchFolder()
    let ledger = try SQLiteLedger(path: "\(folder.path)/ledger.db")
    for n in 1...5 { try ledger.write { try Self.flush($0, Int64(n)) } }
    let file = try folder.bytes(of: "ledger.db")
    let log = try folder.bytes(of: "ledger.db-wal")
    var found: Set<Int64> = []
    for round in 0..<12 {
      let cut = round == 0 ? log.count : Int.random(in: log.count / 4...log.count, using: &numbers)
      try folder.write(file, to: "copy\(round).db")
      try folder.write(Array(log[..<cut]), to: "copy\(round).db-wal")
      let copy = try SQLiteLedger(path: "\(folder.path)/copy\(round).db")
      let flushes = try #require(
        try Self.wholeFlushes(copy), "seed \(seed), cut at \(cut): rows of one flush beside the offset of another")
      if round == 0 { #expect(flushes == 5) }
      found.insert(flushes)
    }
    #expect(found.count > 1, "seed \(seed)")
  }

  @Test func aFullStoreIsToldApartKeepsWhatItHadAndGoesOn() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    let ledger = try SQLiteLedger(path: path, options: SQLiteLedger.Options(maximumBytes: 1 << 20))
    try ledger.write { try Self.flush($0, 1) }
    let big = (0..<20_000).map { i in
      WaitingRow(id: Array("x\(i)".utf8), state: Array(repeating: 1, count: 200), reclaimAfter: .at(0))
    }
    let error = #expect(throws: LedgerError.self) {
      try ledger.write { writer in
        _ = try writer.advance(partitions: [
          PartitionAdvance(
            key: PartitionKey(monitor: "m", topic: "t", partition: 0), epoch: 0, expectedOffset: 1, nextOffset: 2,
            watermark: .at(2))
        ])
        // Even if the body goes on as if nothing had been.
        try? writer.put(waiting: big, monitor: "m", generation: "g")
      }
    }
    #expect(error?.storageFull == true)
    #expect(error?.outcomeUnknown == false)
    #expect(
      error?.description
        == "storing waiting predictions in the ledger \(path): the disk, or the size that the ledger may have, is full "
        + "(SQLite 13: database or disk is full); make room or raise the limit")
    #expect(try Self.wholeFlushes(ledger) == 1)
    try ledger.write { try Self.flush($0, 2) }
    #expect(try Self.wholeFlushes(ledger) == 2)
  }

  // MARK: Damage

  @Test func rowsThatThisProgramCannotHaveWrittenAreErrors() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    let ledger = try SQLiteLedger(path: path)
    let incident = IncidentRecord(
      id: "i", monitor: "m", group: .drift, state: .open, tier: .info, openedAt: .at(0), changedAt: .at(0), checks: [],
      subjects: [], evidence: "[]")
    let key = PartitionKey(monitor: "m", topic: "t", partition: 0)
    try ledger.write {
      try $0.put(incident: incident)
      try $0.ensure(partitions: [(key: key, role: .predictions)])
    }
    ledger.close()
    for (damage, message) in [
      (
        "UPDATE incidents SET state = 'odd'",
        "reading an incident in the ledger \(path): column state has the unknown value \"odd\""
      ),
      ("UPDATE incidents SET state = 'open', tier = 1000", "column tier has the unknown value 1000"),
      ("UPDATE incidents SET tier = 1, checks = '[1'", "column checks is not a JSON array of texts"),
      ("UPDATE incidents SET checks = CAST(x'5BFF5D' AS TEXT)", "column checks is not UTF-8"),
      (
        "UPDATE incidents SET checks = '[]'; UPDATE partitions SET partition = 5000000000",
        "column partition is too large"
      ),
      ("UPDATE partitions SET partition = 1, role = ''", "column role has the unknown value \"\""),
    ] {
      let raw = try DatabaseQueue(path: path)
      try raw.write { try $0.execute(sql: damage) }
      try raw.close()
      let opened = try SQLiteLedger(path: path)
      let error = #expect(throws: LedgerError.self) {
        try opened.read { reader in
          _ = try reader.incident("i")
          _ = try reader.partitions(of: "m")
        }
      }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "none")")
      #expect(error?.description.hasSuffix("; the file is damaged, restore it from a backup") == true)
      opened.close()
    }
  }

  @Test func aDamagedFileIsAnErrorWhereverTheDamageIs() throws {
    let seed = UInt64.random(in: 0..<(.max))
    var numbers = SeededGenerator(seed: seed)
    let folder = try ScratchFolder()
    let whole = try SQLiteLedger(path: "\(folder.path)/ledger.db")
    try whole.write { writer in
      try Self.flush(writer, 1)
      try writer.put(
        .drift, monitor: "m", generation: "g", writer: "w",
        blocks: (0..<200).map { (PaneKey(pane: .at($0), slice: "all"), Array(repeating: 7, count: 300)) })
    }
    whole.close()
    let bytes = try folder.bytes(of: "ledger.db")
    var errors = 0
    for round in 0..<40 {
      var damaged = bytes
      switch round % 3 {
      case 0: damaged.removeLast(Int.random(in: 1..<damaged.count, using: &numbers))
      case 1:
        let start = Int.random(in: 0..<damaged.count - 4096, using: &numbers)
        for i in start..<start + 4096 { damaged[i] = UInt8.random(in: 0...255, using: &numbers) }
      default:
        for _ in 0..<200 {
          damaged[Int.random(in: 0..<damaged.count, using: &numbers)] = .random(in: 0...255, using: &numbers)
        }
      }
      try folder.write(damaged, to: "damaged\(round).db")
      do {
        let ledger = try SQLiteLedger(path: "\(folder.path)/damaged\(round).db")
        _ = try Self.wholeFlushes(ledger)
        try ledger.read { reader in
          try reader.panes(.drift, monitor: "m", generation: "g", in: .at(0)..<EventTime.at(999)) { _, _, _ in }
        }
        try ledger.write { try Self.flush($0, 2) }
      } catch let error as LedgerError {
        errors += 1
        #expect(error.description.contains("\(folder.path)/damaged\(round).db"), "seed \(seed)")
      }
    }
    #expect(errors > 10, "seed \(seed)")
  }
}
