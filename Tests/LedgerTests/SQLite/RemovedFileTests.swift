import Foundation
import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayLedger

/// The file of a ledger that is taken away under the process that has it open.
@Suite("SQLite: a file that is gone") struct RemovedFileTests {
  @Test func nothingIsWrittenIntoAFileWithoutAName() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    let ledger = try SQLiteLedger(path: path)
    defer { ledger.close() }
    try ledger.write { try $0.put(setting: "a", value: [1]) }
    let removed =
      "writing in the ledger \(path): the file was removed or replaced while leeway had it open; put it back as it was, or "
      + "start leeway again"
    func refusal() throws -> String? {
      let failure = #expect(throws: LedgerError.self) {
        try ledger.write { try $0.put(setting: "a", value: [2]) }
      }
      return failure?.description
    }
    let files = FileManager.default
    try files.moveItem(atPath: path, toPath: path + ".away")
    #expect(try refusal() == removed)
    try Data("another file".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try refusal() == removed)
    // As it was, it goes on.
    try files.removeItem(atPath: path)
    try files.moveItem(atPath: path + ".away", toPath: path)
    try ledger.write { try $0.put(setting: "a", value: [3]) }
    #expect(try ledger.read { try $0.setting("a") } == [3])
  }

  /// Leases go on from the clock as it was at the start; what people ask for goes by the clock that they read.
  @Test func silencesGoByTheClockThatPeopleRead() throws {
    let folder = try ScratchFolder()
    let (steady, wall) = (ManualClock(.at(0)), ManualClock(.at(86_400_000)))
    let ledger = try SQLiteLedger(
      path: "\(folder.path)/ledger.db",
      options: SQLiteLedger.Options(clock: { steady.now }, wallClock: { wall.now }))
    defer { ledger.close() }
    let pattern = try #require(NamePattern("shop"))
    let silence = try ledger.write {
      try SilenceActs.add(
        SilenceMatchers([.monitor: [pattern]]), by: "alice", reason: "r", start: nil, end: .after(.hours(1)), in: $0)
    }
    #expect(silence.starts == .at(86_400_000) && silence.ends == .at(90_000_000))
    func active() throws -> Int { try ledger.read { try $0.silences([.active], limit: 9).count } }
    #expect(try active() == 1)
    wall.advance(.hours(1))
    #expect(try active() == 0, "the steady clock stands still")
    #expect(try ledger.read { try $0.now() } == .at(0))
  }
}
