import Foundation
import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayLedger

/// What happens to servers. One after the other, on a server of their own.
@Suite("PostgreSQL ledger: faults", PostgreSQLTests.condition, .serialized)
struct FaultTests {
  private static let own = Result {
    try TemporaryPostgreSQL(settings: ["max_connections = 20", "superuser_reserved_connections = 0"])
  }
  private let server: TemporaryPostgreSQL
  private let address: String
  private var place: String { "postgres at 127.0.0.1:\(server.port)" }

  init() throws {
    server = try Self.own.get()
    address = try server.addressOfNewSchema()
  }

  @Test(arguments: ["fast", "immediate"])
  func aRestartInMidTransactionUndoesItAndTheLedgerFindsItsWayBack(_ mode: String) throws {
    let ledger = try PostgreSQLLedger(address: address)
    try PostgreSQLTests.store(1, in: ledger)
    let error = #expect(throws: LedgerError.self) {
      try ledger.write { tx in
        try tx.put(setting: "s", value: [2])
        try server.stop(mode)
        // Even if the body goes on as if nothing had been.
        try? tx.put(setting: "s", value: [3])
      }
    }
    #expect(error?.outcomeUnknown == false)
    let text = error?.description ?? ""
    #expect(text.hasPrefix("storing a setting in the ledger \(place): "))
    #expect(
      text.hasSuffix("; wait for it, or start it")
        || text.hasSuffix("; see the server's log for why, and start it if it is down"), "\(text)")
    let away = #expect(throws: LedgerError.self) { try PostgreSQLTests.stored(in: ledger) }
    #expect(
      away?.description.hasPrefix(
        "connecting to the ledger \(place): connection to server at \"127.0.0.1\", port \(server.port) failed: ")
        == true)
    #expect(away?.description.hasSuffix("; start the server, or correct the address") == true)
    try server.start()
    try PostgreSQLTests.wait { (try? PostgreSQLTests.stored(in: ledger)) != nil }
    #expect(try PostgreSQLTests.stored(in: ledger) == [1])
    try PostgreSQLTests.untilStored(4, in: ledger)
  }

  @Test func aServerThatHasBecomeReadOnlyIsSaidSoReadAndWrittenAgainAfter() throws {
    let ledger = try PostgreSQLLedger(address: address)
    try PostgreSQLTests.store(1, in: ledger)
    try server.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    try server.execute("SELECT pg_reload_conf()")
    var error: LedgerError?
    try PostgreSQLTests.wait {
      do { try PostgreSQLTests.store(2, in: ledger) } catch let refused as LedgerError { error = refused }
      return error != nil
    }
    #expect(
      error?.description
        == "storing a setting in the ledger \(place): the server is read-only (PostgreSQL 25006: cannot execute INSERT "
        + "in a read-only transaction); it is a standby, or default_transaction_read_only is on; turn that off, or name "
        + "the primary")
    #expect(try PostgreSQLTests.stored(in: ledger) != nil)
    try server.execute("ALTER SYSTEM RESET default_transaction_read_only")
    try server.execute("SELECT pg_reload_conf()")
    try PostgreSQLTests.untilStored(3, in: ledger)
  }

  @Test func withoutAConnectionLeftALedgerSaysSoAndGoesOnWhenThereIsOne() throws {
    let ledger = try PostgreSQLLedger(address: address)
    // All that are left, whoever holds the others.
    var taken: [SQLConsole] = []
    let plain = server.address()
    while let console = try? SQLConsole(plain) { taken.append(console) }
    #expect(taken.count > 5)
    let refusal = PostgreSQLTests.refusal(address)
    #expect(
      refusal.hasSuffix(
        "sorry, too many clients already; raise max_connections, or run fewer instances; each takes up to 8"),
      "\(refusal)")
    // One goes on with what it has; a second transaction at the same time has to wait for its turn to fail or pass.
    let error = #expect(throws: LedgerError.self) {
      try ledger.read { reader in
        _ = try reader.now()
        try PostgreSQLTests.store(1, in: ledger)
      }
    }
    #expect(error?.description.contains("sorry, too many clients already; raise max_connections") == true)
    taken = []
    try PostgreSQLTests.untilStored(2, in: ledger)
    let another = try PostgreSQLLedger(address: address)
    #expect(try PostgreSQLTests.stored(in: another) == [2])
  }

  @Test func ofTwoThatWaitForEachOtherOneIsRunAgain() throws {
    let ledgers = try (0..<2).map { _ in try PostgreSQLLedger(address: address) }
    let runs = Tally()
    let names = ["a", "b"]
    let work = (0..<2).map { i in
      Work {
        try ledgers[i].write { tx in
          let run = runs.add(i)
          for name in [names[i], names[1 - i]] {
            let value = try tx.setting(name)?.first ?? 0
            try tx.put(setting: name, value: [value + 1])
            // Each has its first lock before either asks for its second.
            if run == 1, name == names[i] { try PostgreSQLTests.wait { runs.hold(i) } }
          }
        }
      }
    }
    for work in work { try work.finish() }
    #expect(try ledgers[0].read { reader in try names.map { try reader.setting($0) } } == [[2], [2]])
    #expect(runs.total == 3)
  }

  @Test func aProcessThatStandsStillInMidFlushLosesItsTransactionAndTheOthersGoOn() throws {
    // On a busy machine it may stand still before the other one has come; then the server is told to wait longer.
    var hasMet = false
    for seconds in [1, 10, 100] where !hasMet {
      let sleeper = try PostgreSQLLedger(address: address, options: .init(idleTransactionSeconds: seconds))
      hasMet = try losesItsTransaction(sleeper)
    }
    #expect(hasMet)
  }

  /// - Returns: whether another one has met the transaction.
  private func losesItsTransaction(_ sleeper: PostgreSQLLedger) throws -> Bool {
    let other = try PostgreSQLLedger(address: address)
    let rows = [WaitingRow(id: [1], state: [1], reclaimAfter: .at(0))]
    var hasMet = false
    let error = #expect(throws: LedgerError.self) {
      try sleeper.write { tx in
        _ = try tx.lockWaiting(monitor: "m", generation: "g", ids: [[1]])
        try tx.put(waiting: rows, monitor: "m", generation: "g")
        try other.write { tx in
          #expect(try tx.lockWaiting(monitor: "m", generation: "g", ids: [[1]]) == [nil])
          try tx.put(
            waiting: [WaitingRow(id: [1], state: [2], reclaimAfter: .at(0))], monitor: "m", generation: "g")
        }
        hasMet = true
        try tx.put(waiting: rows, monitor: "m", generation: "g")
      }
    }
    guard hasMet else { return false }
    #expect(error?.outcomeUnknown == false)
    #expect(
      error?.description.hasPrefix(
        "storing waiting predictions in the ledger \(place): the transaction stood still for too long") == true,
      "\(String(describing: error))")
    #expect(try sleeper.read { try $0.waiting(monitor: "m", generation: "g", ids: [[1]]) } == [[2]])
    return true
  }

  @Test func aFullDiskIsToldApartAndNothingOfTheTransactionStands() throws {
    let ledger = try PostgreSQLLedger(address: address)
    let schema = try #require(address.split(separator: "D").last)
    try PostgreSQLTests.store(1, in: ledger)
    // What the server says when it cannot make a file longer.
    try server.execute(
      """
      CREATE FUNCTION \(schema).full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER full_disk BEFORE INSERT ON \(schema).waiting EXECUTE FUNCTION \(schema).full();
      """)
    let error = #expect(throws: LedgerError.self) {
      try ledger.write { tx in
        try tx.put(setting: "s", value: [2])
        try? tx.put(
          waiting: [WaitingRow(id: [1], state: [1], reclaimAfter: .at(0))], monitor: "m", generation: "g")
      }
    }
    #expect(error?.storageFull == true && error?.outcomeUnknown == false)
    #expect(
      error?.description
        == "storing waiting predictions in the ledger \(place): the server's disk is full (PostgreSQL 53100: could not "
        + "extend file \"base/1/2\": No space left on device); make room there")
    #expect(try PostgreSQLTests.stored(in: ledger) == [1])
  }

  @Test func rowsThatThisProgramCannotHaveWrittenAreErrors() throws {
    let ledger = try PostgreSQLLedger(address: address)
    let schema = try #require(address.split(separator: "D").last)
    let key = PartitionKey(monitor: "m", topic: "t", partition: 0)
    try ledger.write {
      try $0.put(
        incident: IncidentRecord(
          id: "i", monitor: "m", group: .drift, state: .open, tier: .info, openedAt: .at(0), changedAt: .at(0),
          checks: [], subjects: [], evidence: "[]"))
      try $0.ensure(partitions: [(key: key, role: .predictions)])
    }
    for (damage, message) in [
      ("UPDATE incidents SET state = 'odd'", "column state has the unknown value \"odd\""),
      ("UPDATE incidents SET state = 'open', tier = 1000", "column tier has the unknown value 1000"),
      ("UPDATE incidents SET tier = 1, checks = '[1'", "column checks is not a JSON array of texts"),
      ("UPDATE incidents SET checks = U&'\\0001x'", "column checks is not UTF-8"),
      (
        "UPDATE incidents SET checks = '[]'; UPDATE partitions SET partition = 5000000000",
        "column partition is too large"
      ),
      ("UPDATE partitions SET partition = 1, role = ''", "column role has the unknown value \"\""),
    ] {
      try server.execute("SET search_path = \(schema); \(damage)")
      let error = #expect(throws: LedgerError.self) {
        try ledger.read { reader in
          _ = try reader.incident("i")
          _ = try reader.partitions(of: "m")
        }
      }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "none")")
      #expect(error?.description.hasSuffix("; the database is damaged, restore it from a backup") == true)
    }
    try server.execute("RESET search_path")
  }

  @Test func busyConnectionsAreWaitedForThenNamed() throws {
    let ledger = try PostgreSQLLedger(address: address, options: .init(connections: 1, waitSeconds: 0))
    let error = #expect(throws: LedgerError.self) {
      try ledger.read { _ in try PostgreSQLTests.store(1, in: ledger) }
    }
    #expect(
      error?.description
        == "waiting for the ledger \(place): all 1 connections are busy for 0 s; the server is slow or locked, see "
        + "pg_stat_activity")
    try PostgreSQLTests.store(2, in: ledger)
    ledger.close()
    let closed = #expect(throws: LedgerError.self) { try PostgreSQLTests.store(3, in: ledger) }
    #expect(closed?.description == "using the ledger \(place): it has been closed")
  }
}

/// Who has run how often, and who has come to a meeting.
private final class Tally: Sendable {
  private struct State {
    var runs = [0, 0]
    var held: Set<Int> = []
  }
  private let lock = NSLock()
  private nonisolated(unsafe) var state = State()

  func add(_ i: Int) -> Int {
    lock.withLock {
      state.runs[i] += 1
      return state.runs[i]
    }
  }

  /// Whether both have come.
  func hold(_ i: Int) -> Bool {
    lock.withLock {
      state.held.insert(i)
      return state.held.count == 2
    }
  }

  var total: Int { lock.withLock { state.runs.reduce(0, +) } }
}
