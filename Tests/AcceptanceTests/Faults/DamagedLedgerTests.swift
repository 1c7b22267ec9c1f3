import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// A disk flips bytes in the ledger. What is damaged is named, in `/readyz`, in the log and by the commands; what does not
/// need it goes on; a backup that was made while the service ran brings everything back.
@Suite struct DamagedLedgerTests {
  let folder: TemporaryFolder
  let broker: EmbeddedBroker

  init() throws {
    folder = try TemporaryFolder()
    broker = try EmbeddedBroker()
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    // Members come and go here, and the embedded broker waits out their sessions.
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap, session: Shop.shortSession)
    // A window every five minutes: some hundreds of pages of results.
    try folder.write(
      Shop.monitor.replacing("size: 1h, every: 1h", with: "name: 1h, size: 5m, every: 5m"), to: "monitors/shop.yaml")
  }

  private var pages: DamagedPages { DamagedPages(file: folder.url.appendingPathComponent("leeway.db")) }

  private static func stamp(_ milliseconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(milliseconds) / 1000).ISO8601Format()
  }

  private func send(_ range: Range<Int>) throws { try broker.produce(Message.predictions(range)) }

  private func leeway(_ arguments: String...) throws -> (code: Int32, output: String, error: String) {
    try LeewayProcess.run(["ledger"] + arguments, in: folder.url)
  }

  /// A service that has counted so many predictions, of which a backup was made before it was stopped.
  private func prepare(_ count: Int) throws {
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    try send(0..<count)
    try service.awaitOffsets([Shop.predictions: count])
    try service.awaitReady()
    // Beside the service that writes.
    let backup = try leeway("backup", "copy.db")
    #expect(backup.code == 0, "\(backup.error)")
    let bytes = try Data(contentsOf: folder.url.appendingPathComponent("copy.db")).count
    #expect(backup.output == "leeway.db: copied to copy.db, \(bytes) bytes, and verified\n")
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.url.path + "/copy.db")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    let verified = try leeway("verify")
    #expect(verified.code == 0, "\(verified.error)")
    #expect(verified.output == "leeway.db: no damage found, and everything that leeway has stored can be read\n")
    let held = try leeway("restore", "copy.db")
    #expect(held.code == 3)
    #expect(
      held.error.hasPrefix("leeway: restoring the ledger leeway.db: process \(service.process.identifier) on ")
        && held.error.hasSuffix(" has it open; stop that one first\n"), "\(held.error)")
    service.stop()
  }

  @Test func damagedResultsStopNoCounting() throws {
    let count = 3000
    try prepare(count)
    let leaves = try pages.leaves(of: "results")
    try #require(leaves.count > 100)
    // Behind the first, before those to which new lines are added.
    let damaged = leaves[(leaves.count / 2)..<(leaves.count / 2 + 5)]
    try pages.flip(damaged)

    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    let said = try service.awaitUnready("no_damage")
    #expect(
      said.hasPrefix("the ledger is damaged in table results (Page ") && said.contains("; and 4 more): results on "),
      "\(said)")
    #expect(
      said.contains(
        "results on these pages cannot be read, and counting goes on; stop the service and restore a backup with "
          + "leeway ledger restore"), "\(said)")
    #expect(try service.sample("leeway_ledger_damaged_tables") == 1)
    #expect(try service.sample("leeway_ledger_tables_left") == 0)
    #expect(service.process.standardError.contains("the ledger is damaged in table results (Page "))

    // Counting goes on, and windows are judged.
    try send(count..<count + 1000)
    try service.awaitOffsets([Shop.predictions: count + 1000])
    try service.expectCounts("leeway_events_total", ["accepted": 1000])
    #expect(try service.sample("leeway_flushes_total{outcome=\"failed\"}") == 0)
    let late = Self.stamp(Shop.time(count + 500))
    let judged = try eventually { () -> Bool? in
      let lines = try service.read("/api/v1/results?type=drift&slice=all&from=\(late)&limit=10")
      return lines.status == 200 && lines.body.contains("\"type\":\"drift\"") ? true : nil
    }
    #expect(judged == true, "\(service.process.standardError)")
    // Of all conditions only that one fails.
    _ = try eventually { try service.unready().keys.sorted() == ["no_damage"] ? true : nil }
    #expect(try service.unready().keys.sorted() == ["no_damage"], "\(service.process.standardError)")

    // What cannot be read is named, counted and tried again.
    let lost = try service.read("/api/v1/results?type=drift&limit=1000&from=\(Self.stamp(Shop.start))")
    #expect(lost.status == 503)
    #expect(
      lost.body.contains("What was asked for is in the ledger and cannot be read: the ledger is damaged."), "\(lost)")
    #expect(try service.sample("leeway_ledger_damaged_calls_total") >= 1)
    #expect(
      service.process.standardError.contains(
        "reading results in the ledger ")
        && service.process.standardError.contains("what does not need these bytes goes on"))
    #expect(try service.unready()["no_damage"]?.contains("reading results in the ledger ") == true)
    service.stop()

    let verified = try leeway("verify")
    #expect(verified.code == 3)
    #expect(verified.error.hasPrefix("leeway: leeway.db is damaged, "), "\(verified.error)")
    for page in damaged { #expect(verified.error.contains("Page \(page): "), "\(verified.error)") }
    #expect(verified.error.hasSuffix("restore a backup with leeway ledger restore\n"))
    let second = try leeway("backup", "second.db")
    #expect(second.code == 3 && second.error.contains("what was copied is damaged: "), "\(second.error)")

    let restored = try leeway("restore", "copy.db")
    #expect(restored.code == 0, "\(restored.error)")
    #expect(
      restored.output
        == "leeway.db: restored from copy.db; what was there is now leeway.db.before-restore\n")
    let again = try RunningService(in: folder.url)
    defer { again.killIfRunning() }
    try again.awaitOffsets([Shop.predictions: count + 1000])
    try again.awaitReady()
    try again.expectRows(count + 1000)
    again.stop()
  }

  /// Counts themselves are damaged: nothing is counted beside them, and the service lives and says so.
  @Test func damagedPanesAreNamed() throws {
    let count = 3000
    try prepare(count)
    try pages.flip(pages.leaves(of: "drift_panes"))
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    let said = try service.awaitUnready("no_damage")
    #expect(said.hasPrefix("the ledger is damaged in table drift_panes ("), "\(said)")
    #expect(
      said.contains("): calls that need these pages fail and are retried; stop the service and restore"), "\(said)")
    try send(count..<count + 100)
    _ = try service.awaitUnready("ledger")
    #expect(try service.sample("leeway_ledger_damaged_calls_total") >= 1)
    #expect(service.get("/healthz") != nil)
    // What was read cannot be committed, and is read again from the backup's offsets.
    service.process.terminate()
    #expect(service.process.wait() == 3)
    #expect(service.process.standardError.hasSuffix("; restore it from a backup\n"), "\(service.process.standardError)")
    #expect(try leeway("restore", "copy.db").code == 0)
    let again = try RunningService(in: folder.url)
    defer { again.killIfRunning() }
    try again.awaitOffsets([Shop.predictions: count + 100])
    try again.expectRows(count + 100)
    again.stop()
  }

  @Test func aDamagedHeaderEndsTheStart() throws {
    try prepare(100)
    try pages.flipHeader()
    let run = try LeewayProcess.run(["run"], in: folder.url)
    #expect(run.code == 3)
    #expect(
      run.error.contains(
        "leeway.db: the file is not an SQLite database (SQLite 26: file is not a database); name another file, or "
          + "restore it from a backup\n"), "\(run.error)")
    let verified = try leeway("verify")
    #expect(verified.code == 3)
    #expect(
      verified.error
        == "leeway: opening the ledger leeway.db: the file is not an SQLite database (SQLite 26: file is not a "
        + "database); name another file, or restore it from a backup\n")
    #expect(try leeway("restore", "copy.db").code == 0)
    let again = try RunningService(in: folder.url)
    defer { again.killIfRunning() }
    try again.expectRows(100)
    again.stop()
  }

  /// Of a ledger in PostgreSQL the commands say what to use instead.
  @Test func postgreSQLHasItsOwnBackups() throws {
    try Shop.configure(folder, "sqlite:leeway.db", "postgres://leeway:secret@127.0.0.1:1/leeway")
    let backup = try leeway("backup", "copy.db")
    #expect(backup.code == 1)
    #expect(
      backup.error
        == "leeway: leeway.yaml: the ledger is in PostgreSQL, which has its own backups; use pg_dump --format=custom "
        + "--file=FILE DATABASE, or pg_basebackup\n")
    let restore = try leeway("restore", "copy.db")
    #expect(restore.code == 1)
    #expect(
      restore.error
        == "leeway: leeway.yaml: the ledger is in PostgreSQL, which has its own backups; stop all instances and use "
        + "pg_restore --clean --if-exists --dbname=DATABASE FILE\n")
    let verify = try leeway("verify")
    #expect(verify.code == 3)
    #expect(verify.error.hasPrefix("leeway: connecting to the ledger leeway at 127.0.0.1:1: "), "\(verify.error)")
    #expect(!verify.error.contains("secret"))
  }
}
