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

  /// As a process leaves it that is killed: the files as they are, and none of it folded in.
  private func killed(_ folder: ScratchFolder, _ name: String = "ledger.db", rows: Int = 1) throws -> [String: [UInt8]]
  {
    let ledger = try SQLiteLedger(path: "\(folder.path)/\(name)")
    for i in 0..<rows {
      try ledger.write { try $0.put(setting: "s\(i)", value: [UInt8](repeating: 7, count: 4000)) }
    }
    var files: [String: [UInt8]] = [:]
    for suffix in ["", "-wal", "-lock"] { files[suffix] = try folder.bytes(of: name + suffix) }
    ledger.close()
    for file in folder.names { _ = unlink("\(folder.path)/\(file)") }
    return files
  }

  /// All that a young ledger holds is in its log. One that was lost was taken for a first start, and everything counted again.
  @Test func anEmptyFileThatHeldALedgerIsRefused() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    let files = try killed(folder)
    try #require((files[""]?.count ?? 0) <= 8192)
    for (suffix, bytes) in files where suffix != "-wal" { try folder.write(bytes, to: "ledger.db" + suffix) }
    let seen =
      "opening the ledger \(path): the file has no tables, and \(path)-lock says that a ledger was in it; what it held was in "
      + "\(path)-wal, which is not there. Put that file back, or restore a copy with leeway ledger restore; to start over, "
      + "remove \(path) and \(path)-lock"
    // Twice: being refused forgets nothing.
    #expect(refusal(path) == seen)
    #expect(refusal(path) == seen)
    let verifying = #expect(throws: LedgerError.self) { _ = try LedgerFile(path).verify() }
    #expect(verifying?.description == seen)
    // Both fixes work.
    try folder.write(try #require(files["-wal"]), to: "ledger.db-wal")
    let back = try SQLiteLedger(path: path)
    #expect(back.remark == nil)
    #expect(try back.read { try $0.setting("s0") }?.count == 4000)
    back.close()
    for file in folder.names { _ = unlink("\(folder.path)/\(file)") }
    try folder.write([], to: "ledger.db")
    try folder.write(try #require(files["-lock"]), to: "ledger.db-lock")
    _ = unlink(path)
    _ = unlink("\(path)-lock")
    let anew = try SQLiteLedger(path: path)
    #expect(anew.remark == nil)
    anew.close()
  }

  /// SQLite begins a log again that has no file: what the file held is in it, and was destroyed without a word.
  @Test func aLogWhoseFileIsGoneIsKept() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    let files = try killed(folder)
    for (suffix, bytes) in files where suffix != "" { try folder.write(bytes, to: "ledger.db" + suffix) }
    let bytes = try #require(files["-wal"]?.count)
    let seen =
      "opening the ledger \(path): the file is not there, and its log \(path)-wal is, with \(bytes) bytes that belong to it. Put the "
      + "file back, or restore a copy with leeway ledger restore; to start over, remove \(path)-wal, \(path)-shm and \(path)-lock"
    #expect(refusal(path) == seen)
    #expect(refusal(path) == seen)
    // Nothing was changed: with its file the ledger is whole.
    try folder.write(try #require(files[""]), to: "ledger.db")
    let back = try SQLiteLedger(path: path)
    #expect(try back.read { try $0.setting("s0") }?.count == 4000)
    back.close()
    // Where only the lock is left nothing can be destroyed, and it is said that there was a ledger.
    _ = unlink(path)
    let anew = try SQLiteLedger(path: path)
    #expect(anew.remark?.hasPrefix("the ledger \(path) starts over: there is no such file") == true)
    anew.close()
  }

  @Test func aLogThatIsMissedFromAFileWithSomethingInItIsRemarkedOn() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    // More than is held back from the file.
    let files = try killed(folder, rows: 4500)
    try #require((files[""]?.count ?? 0) > 8192)
    for (suffix, bytes) in files where suffix != "-wal" { try folder.write(bytes, to: "ledger.db" + suffix) }
    let ledger = try SQLiteLedger(path: path)
    #expect(
      ledger.remark?.hasPrefix(
        "the ledger \(path) was not closed by the last process, and its log \(path)-wal is not there.") == true)
    ledger.close()
    // It was closed in peace now, and what was said is not said again.
    let again = try SQLiteLedger(path: path)
    #expect(again.remark == nil)
    again.close()
    // As it was left by a crash, nothing is missing.
    for (suffix, bytes) in files { try folder.write(bytes, to: "ledger.db" + suffix) }
    let whole = try SQLiteLedger(path: path)
    #expect(whole.remark == nil)
    whole.close()
  }

  /// A first start that was ended before anything was written, and a version that left no word of its own.
  @Test func anEmptyFileOfWhichNothingIsKnownBegins() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    try folder.write([], to: "ledger.db")
    let first = try SQLiteLedger(path: path)
    #expect(first.remark == nil)
    first.close()
    for file in folder.names { _ = unlink("\(folder.path)/\(file)") }
    try folder.write([], to: "ledger.db")
    try folder.write(Array("process 7 on somewhere\n".utf8), to: "ledger.db-lock")
    #expect(throws: LedgerError.self) { _ = try LedgerFile(path).verify() }
    let old = try SQLiteLedger(path: path)
    #expect(
      old.remark?.hasPrefix("the ledger \(path) has no tables, and \(path)-lock says that a process had it before.")
        == true)
    old.close()
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
