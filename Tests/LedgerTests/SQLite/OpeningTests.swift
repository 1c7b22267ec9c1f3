import Foundation
import GRDB
import LeewayCore
import Testing

@testable import LeewayLedger

@Suite("SQLite ledger: opening")
struct OpeningTests {
  private func refusal(_ path: String) -> String {
    do {
      _ = try SQLiteLedger(path: path)
      return "opened"
    } catch {
      return "\(error)"
    }
  }

  @Test func whatWasCommittedIsThereAfterClosing() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    let ledger = try SQLiteLedger(path: path)
    #expect(ledger.location == "SQLite file \(path)")
    let line = ResultRecord(
      monitor: "m", generation: "g", type: .drift, window: "1h", size: 1, end: .at(1), slice: "all", subject: "x",
      line: "{}")
    try ledger.write {
      try $0.put(setting: "s", value: [1, 2])
      try $0.put(waiting: [WaitingRow(id: [9], state: [8], reclaimAfter: .at(7))], monitor: "m", generation: "g")
      try $0.put(results: [line])
      try $0.mark(dirty: [(.drift, .at(1))], monitor: "m", generation: "g")
    }
    let mark = try #require(try ledger.read { try $0.dirtyMarks(monitor: "m", generation: "g") }.first)
    try ledger.write { try $0.delete(dirtyMarks: [mark.id]) }
    ledger.close()
    ledger.close()
    // The log has been folded in: the file alone is the ledger.
    #expect(
      folder.names.filter { $0 != "ledger.db-lock" && !$0.hasSuffix("-shm") }.allSatisfy { name in
        name == "ledger.db" || (try? folder.bytes(of: name).isEmpty) == true
      })
    #expect(throws: LedgerError.self) { try ledger.read { try $0.setting("s") } }
    #expect(throws: LedgerError.self) { try ledger.write { try $0.put(setting: "s", value: []) } }

    let again = try SQLiteLedger(path: path)
    #expect(try again.read { try $0.setting("s") } == [1, 2])
    #expect(try again.read { try $0.waiting(monitor: "m", generation: "g", ids: [[9]]) } == [[8]])
    #expect(try again.read { try $0.results(ResultQuery(limit: 9)) } == [line])
    // Ids go on where they were, though the table is empty.
    try again.write { try $0.mark(dirty: [(.drift, .at(1))], monitor: "m", generation: "g") }
    #expect(try again.read { try $0.dirtyMarks(monitor: "m", generation: "g") }.allSatisfy { $0.id > mark.id })
  }

  @Test func oneProcessHasAFileUnderWhateverName() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    let ledger = try SQLiteLedger(path: path)
    try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/link.db", withDestinationPath: path)
    let holder = "process \(ProcessInfo.processInfo.processIdentifier)"
    for name in ["ledger.db", "link.db", "./ledger.db"] {
      let text = refusal("\(folder.path)/\(name)")
      #expect(text.hasPrefix("opening the ledger \(path): \(holder)"))
      #expect(text.hasSuffix(" has it open; stop that one, or use PostgreSQL for several instances"))
    }
    try ledger.write { try $0.put(setting: "s", value: [1]) }
    ledger.close()
    let next = try SQLiteLedger(path: "\(folder.path)/link.db")
    #expect(try next.read { try $0.setting("s") } == [1])
  }

  @Test func aHardLinkAndADeletedLockFileLeadToNoSecondProcess() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    let ledger = try SQLiteLedger(path: path)
    try ledger.write { try $0.put(setting: "s", value: [1]) }
    #expect(link(path, "\(folder.path)/other.db") == 0)
    let other = refusal("\(folder.path)/other.db")
    #expect(
      other
        == "opening the ledger \(folder.path)/other.db: another process has the file open under another name, or "
        + "\(folder.path)/other.db-lock was deleted; stop that one, or use PostgreSQL for several instances")
    #expect(unlink("\(path)-lock") == 0)
    #expect(refusal(path).contains("another process has the file open under another name, or \(path)-lock was deleted"))
    ledger.close()
    try SQLiteLedger(path: path).close()
  }

  @Test func aLedgerAndItsSideFilesAreForTheirOwnerOnly() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    let before = umask(0)
    defer { umask(before) }
    let ledger = try SQLiteLedger(path: path)
    try ledger.write { try $0.put(setting: "s", value: [1]) }
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db-lock"] {
      var status = stat()
      #expect(stat("\(folder.path)/\(name)", &status) == 0 && status.st_mode & 0o777 == 0o600, "\(name)")
    }
    ledger.close()
  }

  @Test func aPathThatCannotBeALedgerSaysWhy() throws {
    let folder = try ScratchFolder()
    let f = folder.path
    #expect(
      refusal("\(f)/none/ledger.db")
        == "opening the ledger \(f)/none/ledger.db: there is no folder \(f)/none; make it, or name another path")
    #expect(refusal(f) == "opening the ledger \(f): it is a folder; name a file in it")
    #expect(refusal("\(f)/") == "opening the ledger \(f)/: it is a folder; name a file in it")
    #expect(refusal("/dev/null") == "opening the ledger /dev/null: it is not a file; name another path")
    #expect(refusal("") == "opening the ledger : the path names no file")
    // Nobody, not even root, makes files there.
    let text = refusal("/proc/self/ledger.db")
    #expect(text.contains("ledger.db-lock cannot be written ("))
    #expect(text.hasSuffix("; give this user the right to write the folder"))
    #expect(folder.names == [])
  }

  @Test func aFileOfSomebodyElseIsLeftAsItWas() throws {
    let folder = try ScratchFolder()
    let text = Array("monitor: fraud\n".utf8) + Array(repeating: UInt8(ascii: "#"), count: 5000)
    try folder.write(text, to: "monitor.yaml")
    #expect(
      refusal("\(folder.path)/monitor.yaml").hasSuffix(
        "the file is not an SQLite database (SQLite 26: file is not a database); name another file, or restore it from a backup"
      ))
    #expect(try folder.bytes(of: "monitor.yaml") == text)

    let path = "\(folder.path)/other.db"
    let other = try DatabaseQueue(path: path)
    try other.write { try $0.execute(sql: "CREATE TABLE songs (title TEXT)") }
    try other.close()
    let before = try folder.bytes(of: "other.db")
    #expect(
      refusal(path) == "opening the ledger \(path): it is another program's SQLite database; name another file")
    #expect(try folder.bytes(of: "other.db") == before)
  }

  @Test func aNewerProgramsFileIsRefused() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    try SQLiteLedger(path: path).close()
    let raw = try DatabaseQueue(path: path)
    try raw.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 99") }
    try raw.close()
    #expect(
      refusal(path)
        == "opening the ledger \(path): it was written by a newer leeway (schema 99; this one knows \(SQLiteSchema.version)); "
        + "start the newer one, or name another file")
  }

  @Test func aProgramThatHoldsTheFileIsWaitedForThenNamedAsTheCause() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    let ledger = try SQLiteLedger(path: path, options: SQLiteLedger.Options(busySeconds: 0.01))
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let shell = try DatabaseQueue(path: path, configuration: configuration)
    try shell.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    let error = #expect(throws: LedgerError.self) { try ledger.write { try $0.put(setting: "s", value: [1]) } }
    #expect(error?.description.contains("another program holds the file in a transaction") == true)
    try shell.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    try ledger.write { try $0.put(setting: "s", value: [1]) }
  }

  @Test func aTemporaryLedgerIsGoneWhenItCloses() throws {
    let folder = try ScratchFolder()
    let ledger = try SQLiteLedger.temporary(in: folder.path)
    try ledger.write { try $0.put(setting: "s", value: [1]) }
    #expect(try ledger.read { try $0.setting("s") } == [1])
    #expect(folder.names.count == 1)
    ledger.close()
    #expect(folder.names == [])
    do {
      let unclosed = try SQLiteLedger.temporary(in: folder.path)
      #expect(try unclosed.read { try $0.setting("s") } == nil)
    }
    #expect(folder.names == [])
    let error = #expect(throws: LedgerError.self) { try SQLiteLedger.temporary(in: "\(folder.path)/none") }
    #expect(error?.description.hasSuffix("(No such file or directory); set TMPDIR") == true)
    let memory = try SQLiteLedger(path: ":memory:")
    #expect(memory.location.hasPrefix("temporary SQLite file "))
  }
}
