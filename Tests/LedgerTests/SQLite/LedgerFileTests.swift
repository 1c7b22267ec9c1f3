import Foundation
import GRDB
import LeewayCore
import Testing

@testable import LeewayLedger

@Suite("SQLite ledger: as a file")
struct LedgerFileTests {
  private let folder: ScratchFolder
  private let path: String
  private let copy: String

  init() throws {
    folder = try ScratchFolder()
    (path, copy) = ("\(folder.path)/ledger.db", "\(folder.path)/copy.db")
  }

  /// A ledger with some hundred pages of results and a setting that tells ledgers apart.
  private func made(_ path: String, setting: UInt8) throws -> SQLiteLedger {
    let ledger = try SQLiteLedger(path: path)
    try ledger.write { tx in
      try tx.put(setting: "s", value: [setting])
      try tx.put(
        results: (0..<2000).map { i in
          ResultRecord(
            monitor: "m", generation: "g", type: .drift, window: "1h", size: 3_600_000,
            end: EventTime(milliseconds: Int64(i) * 3_600_000), slice: "all", subject: "amount",
            line: "{\"filling\":\"\(String(repeating: "x", count: 500))\",\"i\":\(i)}")
        })
    }
    return ledger
  }

  private func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "done"
    } catch { return "\(error)" }
  }

  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  /// Flips the head of five pages in the middle of a file, where the number of their cells is.
  private func damage(_ name: String) throws {
    var bytes = try folder.bytes(of: name)
    let pages = bytes.count / 8192
    try #require(pages > 100)
    for page in (0..<5).map({ pages / 2 + $0 }) { for i in 3..<8 { bytes[page * 8192 + i] ^= 0xFF } }
    try folder.write(bytes, to: name)
  }

  @Test func aPackedLineThatDoesNotUnpackIsNamed() throws {
    let ledger = try made(path, setting: 1)
    _ = try ledger.write { try $0.packResults(monitor: "m", generation: "g", limit: 2000) }
    ledger.close()
    let queue = try DatabaseQueue(path: path)
    try queue.write { db in
      // A frame cut short, one of a dictionary that is not there, and a line that was lost.
      try db.execute(
        sql: """
          UPDATE results SET packed = substr(packed, 1, 5) WHERE end_time = 3600000;
          UPDATE results SET packed = CAST(x'7F' || substr(packed, 2) AS BLOB) WHERE end_time = 7200000;
          UPDATE results SET packed = NULL WHERE end_time = 10800000;
          """)
    }
    try queue.close()
    let found = try LedgerFile(path).verify()
    #expect(found.count == 3)
    #expect(found.contains("table results, row 3600000/1/0: line: it does not unpack"))
    #expect(found.contains("table results, row 7200000/1/0: line: it does not unpack"))
    #expect(found.contains { $0.hasPrefix("table results, row 10800000/1/0: line: the document is empty") })
  }

  @Test func aLedgerIsCopiedWhileItIsUsedAndTheCopyPutInItsPlace() throws {
    let ledger = try made(path, setting: 1)
    #expect(try LedgerFile(path).verify() == [])
    // Most of the lines are packed, as in any ledger that has been in use.
    #expect(try ledger.write { try $0.packResults(monitor: "m", generation: "g", limit: 1500) } == 1500)
    #expect(try LedgerFile(path).verify() == [])
    #expect(try LedgerFile(path).backup(to: copy) == Int64(folder.bytes(of: "copy.db").count))
    #expect(mode(copy) == 0o600)
    #expect(
      refusal { try LedgerFile(path).backup(to: copy) } == "copying the ledger \(path): \(copy) exists; name a new file"
    )
    try ledger.write { try $0.put(setting: "s", value: [2]) }
    // Not under a service that runs.
    let host = ProcessInfo.processInfo.hostName
    #expect(
      refusal { try LedgerFile(path).restore(from: copy) }
        == "restoring the ledger \(path): process \(getpid()) on \(host) has it open; stop that one first")
    #expect(try ledger.read { try $0.setting("s") } == [2])
    ledger.close()

    #expect(try LedgerFile(path).restore(from: copy) == "\(path).before-restore")
    #expect(mode(path) == 0o600)
    let restored = try SQLiteLedger(path: path)
    #expect(try restored.read { try $0.setting("s") } == [1])
    #expect(try restored.read { try $0.results(ResultQuery(limit: 3000)) }.count == 2000)
    restored.close()
    let kept = try SQLiteLedger(path: "\(path).before-restore")
    #expect(try kept.read { try $0.setting("s") } == [2])
    kept.close()
    #expect(
      refusal { try LedgerFile(path).restore(from: copy) }
        == "restoring the ledger \(path): \(path).before-restore exists; remove it, or keep it elsewhere")
    // Where there is none it is made.
    #expect(try LedgerFile("\(folder.path)/new.db").restore(from: copy) == nil)
    try SQLiteLedger(path: "\(folder.path)/new.db").close()
    #expect(folder.names.filter { $0.hasSuffix(".part") || $0.hasSuffix(".restoring") } == [])
  }

  /// A process that was killed leaves a log, which belongs to the ledger that is put aside and to no other.
  @Test func aLogThatWasLeftBehindGoesWithItsLedger() throws {
    let ledger = try made(path, setting: 1)
    try LedgerFile(path).backup(to: copy)
    try ledger.write { try $0.put(setting: "s", value: [2]) }
    // The files as kill -9 leaves them.
    for suffix in ["", "-wal"] { try folder.write(folder.bytes(of: "ledger.db\(suffix)"), to: "dead.db\(suffix)") }
    ledger.close()
    let dead = "\(folder.path)/dead.db"
    try #require(try folder.bytes(of: "dead.db-wal").count > 0)
    try LedgerFile(dead).restore(from: copy)
    let restored = try SQLiteLedger(path: dead)
    #expect(try restored.read { try $0.setting("s") } == [1])
    restored.close()
    let kept = try SQLiteLedger(path: "\(dead).before-restore")
    #expect(try kept.read { try $0.setting("s") } == [2])
    kept.close()
  }

  @Test func flippedPagesAreFoundAndADamagedCopyIsPutNowhere() throws {
    try made(path, setting: 1).close()
    try LedgerFile(path).backup(to: copy)
    try damage("copy.db")
    let pages = try LedgerPages(path: copy)
    let tables = try pages.tables()
    #expect(tables.first == "sqlite_schema" && tables.last == "results" && tables.contains("drift_panes"))
    // Of all tables only the one whose pages they are.
    for table in tables {
      let found = try pages.look(at: table)
      guard table == "results" else {
        #expect(found == .sound, "\(table)")
        continue
      }
      guard case .damage(let places) = found else {
        Issue.record("\(found)")
        continue
      }
      #expect(
        places.count == 5 && places.allSatisfy { $0.contains("btreeInitPage() returns error code 11") }, "\(places)")
      #expect(try pages.look(at: table, limit: 2) == .damage(Array(places.prefix(2)) + ["and 3 more"]))
    }
    pages.close()
    #expect(try LedgerFile(copy).verify().count >= 5)
    #expect(
      refusal { try LedgerFile(path).restore(from: copy) }.hasPrefix(
        "restoring the ledger \(path): \(copy) is damaged: Page "))
    let second = refusal { try LedgerFile(copy).backup(to: "\(folder.path)/second.db") }
    #expect(second.hasPrefix("copying the ledger \(copy): what was copied is damaged: Page "))
    #expect(second.hasSuffix("; restore an older copy"))
    #expect(folder.names.filter { $0.hasPrefix("second") || $0.contains("restor") } == [])
    // The ledger is as it was, and what is sound in a damaged one is still read and written.
    #expect(try LedgerFile(path).verify() == [])
    let damaged = try SQLiteLedger(path: copy)
    #expect(try damaged.read { try $0.setting("s") } == [1])
    try damaged.write { try $0.put(setting: "s", value: [3]) }
    do {
      _ = try damaged.read { try $0.results(ResultQuery(limit: 3000)) }
      Issue.record("damaged pages were read")
    } catch let error as LedgerError {
      #expect(error.isDamage)
      #expect(
        error.description
          == "reading results in the ledger \(copy): the file is damaged (SQLite 11: database disk image is malformed); restore it from a backup"
      )
    }
    #expect(try damaged.read { try $0.setting("s") } == [3])
    damaged.close()
  }

  /// Pages that are sound may hold what nobody has written.
  @Test func blocksThatDoNotDecodeAreNamed() throws {
    let ledger = try made(path, setting: 1)
    let pane = EventTime(milliseconds: 300_000)
    try ledger.write { tx in
      try tx.register(writer: "w", instance: InstanceIdentity.here)
      try tx.put(
        .drift, monitor: "m", generation: "g", writer: "w",
        blocks: [
          (PaneKey(pane: pane, slice: "all"), CellBlock(.init(counts: 3, sums: 1, squares: 1)).encoded()),
          (PaneKey(pane: pane, slice: "a=b"), [1, 1, 0]),
        ])
      try tx.put(machine: Array("{\"version\":2}".utf8), monitor: "m", group: .drift)
      try tx.put(waiting: [WaitingRow(id: [7], state: [9, 9], reclaimAfter: pane)], monitor: "m", generation: "g")
      try tx.put(
        results: [
          ResultRecord(
            monitor: "m", generation: "g", type: .drift, window: "1h", size: 3_600_000, end: pane, slice: "all",
            subject: "amount", line: "{\"i\":1")
        ])
    }
    let found = try LedgerFile(path).verify()
    #expect(
      found.map { $0.prefix { $0 != ":" } } == [
        "table drift_panes, row 1/300000/a=b/w", "table machines, row m/drift",
        "table waiting_blocks, row 16777216", "table results, row 300000/1/0",
      ])
    #expect(found.first == "table drift_panes, row 1/300000/a=b/w: block: bad count")
    #expect(found[2] == "table waiting_blocks, row 16777216: rows: a stored waiting prediction or label is damaged")
    ledger.close()
  }

  /// SQLite takes any bytes for text, and a flipped one changes no structure that it checks.
  @Test func textsThatAreNotUTF8AreNamedInEveryTable() throws {
    try made(path, setting: 1).close()
    let queue = try DatabaseQueue(path: path)
    try queue.write { db in
      try db.execute(
        sql: """
          INSERT INTO partitions (monitor, topic, partition, role, epoch, next_offset, watermark)
          VALUES ('m', CAST(x'70ff' AS TEXT), 0, 'predictions', 1, 0, 0);
          INSERT INTO decision_log (monitor, cause_group, number, kind, at, body)
          VALUES ('m', 'drift', 1, 'verdicts', 0, CAST(x'7bff7d' AS TEXT));
          UPDATE results SET line = CAST(x'22ff22' AS TEXT) WHERE end_time = 7200000;
          """)
    }
    try queue.close()
    #expect(
      try LedgerFile(path).verify() == [
        "table decision_log, row 1 in its order: body: is not UTF-8",
        "table partitions, row 1 in its order: topic: is not UTF-8",
        "table results, row 3 in its order: line: is not UTF-8",
      ])
  }

  /// Incidents, deliveries and calls to retrain are read from JSON in these rows.
  @Test func documentsThatAreNotJSONAreNamedInEveryTableThatHasThem() throws {
    let ledger = try made(path, setting: 1)
    try ledger.write { tx in
      try tx.put(
        incident: IncidentRecord(
          id: "i-1", monitor: "m", group: .drift, state: .open, tier: .warning, openedAt: .at(1), changedAt: .at(1),
          checks: ["c"], subjects: ["x"], evidence: "[]"))
    }
    ledger.close()
    #expect(try LedgerFile(path).verify() == [])
    let queue = try DatabaseQueue(path: path)
    try queue.write { db in
      try db.execute(
        sql: """
          INSERT INTO decision_log (monitor, cause_group, number, kind, at, body)
          VALUES ('m', 'drift', 7, 'verdicts', 0, '{"a":');
          INSERT INTO outside_inputs (monitor, incident, at, kind, detail) VALUES ('m', 'i-1', 0, 'retrain_result', '');
          INSERT INTO retrains (id, monitor, incident, state, requested_at, deadline, requested_wall, answer)
          VALUES ('rt-1', 'm', 'i-1', 'requested', 0, 0, 0, ''), ('rt-2', 'm', 'i-1', 'failed', 0, 0, 0, '{');
          INSERT INTO outbox (key, monitor, incident, receiver, sequence, body, created_at, state, attempts,
            next_attempt_at, last_error) VALUES ('i-1/0-opened/log', 'm', 'i-1', 'log', 0, '{}}', 0, 'owed', 0, 0, '');
          UPDATE incidents SET evidence = '[', slices = 'x';
          """)
    }
    try queue.close()
    let found = try LedgerFile(path).verify()
    #expect(
      found.map { $0.split(separator: ": ").prefix(2).joined(separator: ": ") } == [
        "table decision_log, row m/drift/7: body", "table outbox, row i-1/0-opened/log: body",
        "table incidents, row i-1: slices", "table incidents, row i-1: evidence", "table retrains, row rt-2: answer",
        "table outside_inputs, row m/1: detail",
      ], "\(found)")
  }

  @Test func whatIsNoLedgerIsRefused() throws {
    #expect(
      refusal { _ = try LedgerFile(path).verify() }
        == "opening the ledger \(path): No such file or directory; check the path")
    try folder.write([], to: "ledger.db")
    let none =
      "opening the ledger \(path): the file has no tables; start leeway, which makes its ledger there, or name another file"
    #expect(refusal { _ = try LedgerFile(path).verify() } == none)
    #expect(refusal { try LedgerFile(path).backup(to: copy) } == none)
    try folder.write(
      Array("not a database, and longer than a header of a hundred bytes".utf8) + Array(repeating: 7, count: 100),
      to: "ledger.db")
    #expect(
      refusal { _ = try LedgerFile(path).verify() }
        == "opening the ledger \(path): the file is not an SQLite database (SQLite 26: file is not a database); "
        + "name another file, or restore it from a backup")
  }

  /// A look ends when it is told to, whatever it has found by then, and the next one begins as if nothing had been.
  @Test func aLookCanBeEndedFromAnotherThread() throws {
    try made(path, setting: 1).close()
    let pages = try LedgerPages(path: path)
    let ended = DispatchSemaphore(value: 0)
    let isEnough = DispatchSemaphore(value: 0)
    Thread {
      // Again and again, for a look of which nobody knows when it begins.
      while isEnough.wait(timeout: .now()) == .timedOut { pages.stop() }
      ended.signal()
    }.start()
    var stopped = 0
    while stopped == 0 { if try pages.lookAtAll() == .stopped { stopped += 1 } }
    isEnough.signal()
    ended.wait()
    #expect(try pages.lookAtAll() == .sound)
    pages.close()
  }
}
