import Glibc
package import LeewayCore

/// The ledger of several instances: a PostgreSQL database, version 14 or newer.
///
/// `write` runs in READ COMMITTED and is serialisable all the same, by two-phase locking: whatever a transaction reads in
/// order to write is locked until its end, rows by row locks, what is not there yet by a lock on its name. See
/// `LedgerLock` for which call locks what. SERIALIZABLE would give the same promise by aborting: its locks on a
/// flush's hundred thousand keys grow to the whole table, so that of two flushes at once one would always be undone.
///
/// Deadlocks (which only transactions that lock in different orders can have) are resolved by the server and run again
/// here: the body of a transaction may run more than once, and must change nothing but the ledger until it returns.
package final class PostgreSQLLedger: Ledger {
  package struct Options: Sendable {
    /// Transactions at the same time; more wait. At least 1.
    package var connections: Int
    /// How long one waits for a connection.
    package var waitSeconds: Int
    /// The server ends a statement that runs longer.
    package var statementSeconds: Int
    /// The server ends a statement that waits longer for a lock.
    package var lockSeconds: Int
    /// The server ends a connection that does nothing in a transaction for longer: so long can a process that was
    /// stopped in mid-flush hold up the others.
    package var idleTransactionSeconds: Int
    /// How often a transaction is run that loses against others.
    package var attempts: Int
    /// How long to wait at the start for a server that is not there yet.
    package var connectWithinSeconds: Int
    /// While it waits for one, how often it says so.
    package var tellEverySeconds: Int
    /// In place of the server's clock; for tests.
    package var clock: (@Sendable () -> EventTime)?

    /// An answer that has not come by then never will.
    var patienceSeconds: Int { max(statementSeconds, lockSeconds) + 30 }

    package init(
      connections: Int = 8, waitSeconds: Int = 30, statementSeconds: Int = 120, lockSeconds: Int = 60,
      idleTransactionSeconds: Int = 20, attempts: Int = 10, connectWithinSeconds: Int = 30,
      tellEverySeconds: Int = 10, clock: (@Sendable () -> EventTime)? = nil
    ) {
      self.connections = connections
      self.waitSeconds = waitSeconds
      self.statementSeconds = statementSeconds
      self.lockSeconds = lockSeconds
      self.idleTransactionSeconds = idleTransactionSeconds
      self.attempts = attempts
      self.connectWithinSeconds = connectWithinSeconds
      self.tellEverySeconds = tellEverySeconds
      self.clock = clock
    }
  }

  /// The server was not there at the start, and is tried again.
  package struct Waiting: Sendable {
    package var error: LedgerError
    /// Until the next attempt, in milliseconds.
    package var pause: Int
    /// Until the last one at the most, in seconds.
    package var left: Int

    package init(error: LedgerError, pause: Int, left: Int) {
      self.error = error
      self.pause = pause
      self.left = left
    }
  }

  package let location: String
  private let place: String
  private let schema: String
  private let pool: PostgreSQLPool
  private let dictionaries = LineDictionaries()
  private let options: Options

  /// Connects, and brings the tables to this program's version.
  ///
  /// - Parameters:
  ///   - address: `postgres://…`, passed to libpq as it is.
  ///   - waiting: hears of the first failure that may pass, and of another one every `tellEverySeconds`; the last one is thrown.
  /// - Throws: `LedgerError` that names the place, the cause and the fix, never the password.
  package init(address: String, options: Options = Options(), waiting: (Waiting) -> Void = { _ in }) throws {
    let address = try PostgreSQLAddress(address)
    place = address.place
    self.options = options
    pool = PostgreSQLPool(address, options)
    let (connection, schema) = try Self.open(pool, place, options, waiting)
    self.schema = schema
    let version = connection.serverVersion
    location =
      "PostgreSQL \(version / 10_000).\(version % 10_000), \(place)" + (connection.isEncrypted ? ", encrypted" : "")
  }

  /// Whether libpq can read it.
  package static func isAddress(_ address: String) -> Bool { (try? PostgreSQLAddress(address)) != nil }

  /// Who and where, without the password; nil where libpq cannot read it.
  package static func place(of address: String) -> String? { (try? PostgreSQLAddress(address))?.place }

  /// Connects and brings the tables to this program's version; tries again what may pass, since a server that restarts can
  /// go away at any moment of it.
  private static func open(
    _ pool: PostgreSQLPool, _ place: String, _ options: Options, _ waiting: (Waiting) -> Void
  ) throws -> (PostgreSQLConnection, schema: String) {
    let deadline = ContinuousClock.now + .seconds(options.connectWithinSeconds)
    var toldNext = ContinuousClock.now
    var pause = 50
    while true {
      let error: LedgerError
      do { return try opened(pool, place) } catch let failure as LedgerError { error = failure }
      let now = ContinuousClock.now
      guard error.mayPass, now < deadline else { throw error }
      if now >= toldNext {
        waiting(Waiting(error: error, pause: pause, left: Int((deadline - now).components.seconds)))
        toldNext = now + .seconds(options.tellEverySeconds)
      }
      usleep(UInt32(pause) * 1000)
      pause = min(pause * 2, 1000)
    }
  }

  private static func opened(_ pool: PostgreSQLPool, _ place: String) throws -> (PostgreSQLConnection, schema: String) {
    let connection: PostgreSQLConnection
    do { connection = try pool.connect() } catch { throw LedgerError.postgresConnecting(place: place, error) }
    do { return (connection, try PostgreSQLSchema.migrate(connection, place: place)) } catch let failure
      as PostgreSQLFailure
    {
      throw LedgerError.postgres("opening tables", place: place, failure)
    }
  }

  deinit { close() }

  /// Calls after it throw. Twice is once.
  package func close() { pool.close() }

  package func read<T>(_ body: (any LedgerReader) throws -> T) throws -> T {
    try transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", writes: false) { try body($0) }
  }

  package func write<T>(_ body: (any LedgerWriter) throws -> T) throws -> T {
    try transaction("BEGIN ISOLATION LEVEL READ COMMITTED", writes: true) { try body($0) }
  }

  private func transaction<T>(_ begin: String, writes: Bool, _ body: (PostgreSQLSession) throws -> T) throws -> T {
    var attempt = 1
    while true {
      do {
        return try pool.withTransaction(begin) { try run(on: $0, writes: writes, body) }
      } catch let conflict as Conflict {
        guard attempt < options.attempts else { throw conflict.error }
        // Those who collided come back apart.
        usleep(UInt32.random(in: 0...(2000 << UInt32(min(attempt, 8)))))
        attempt += 1
      }
    }
  }

  /// A transaction that lost against others and may be run again.
  private struct Conflict: Error {
    var error: LedgerError
  }

  private func run<T>(on connection: PostgreSQLConnection, writes: Bool, _ body: (PostgreSQLSession) throws -> T) throws
    -> T
  {
    // Whatever is left open at the end goes: a connection that cannot roll back is not given back to the pool.
    defer { if !connection.isIdle, connection.isAlive { _ = try? connection.run("ROLLBACK") } }
    let session = PostgreSQLSession(
      connection, place: place, schema: schema, writes: writes, clock: options.clock, dictionaries: dictionaries)
    let value: T
    do {
      value = try body(session)
      try session.finish()
    } catch {
      throw session.isConflict ? session.failure.map(Conflict.init) ?? error : error
    }
    if let failure = session.failure { throw session.isConflict ? Conflict(error: failure) : failure }
    let answer: PostgreSQLResult
    do {
      answer = try connection.run("COMMIT")
    } catch let failure {
      // A read has what it came for.
      guard writes else { return value }
      var error = LedgerError.postgres("committing", place: place, failure)
      // The server may have got the message, and may even now be about to commit. Whoever asks by `flush_seq` and hears
      // the old number is safe all the same: the row is locked until this transaction's end, so the next flush waits
      // for it and then finds itself fenced.
      error.outcomeUnknown = failure.connectionLost
      throw failure.isConflict ? Conflict(error: error) : error
    }
    guard answer.tag == "COMMIT" else {
      throw LedgerError("committing in the ledger \(place): the server answered \(answer.tag); nothing was stored")
    }
    if writes { connection.scopes.merge(session.scopes) { known, _ in known } }
    return value
  }
}
