import Dispatch
import LeewayCore
import LeewayLocks

/// At most so many connections, made when needed and kept. After a failure to connect, the next attempt waits, longer each
/// time, and those who ask meanwhile hear the last reason at once.
final class PostgreSQLPool: Sendable {
  private struct State {
    var idle: [PostgreSQLConnection] = []
    var failures = 0
    var retryAt: ContinuousClock.Instant?
    var lastError: LedgerError?
    var isClosed = false
  }

  private let address: PostgreSQLAddress
  private let options: PostgreSQLLedger.Options
  private let state = Mutex(State())
  private let places: DispatchSemaphore

  init(_ address: PostgreSQLAddress, _ options: PostgreSQLLedger.Options) {
    self.address = address
    self.options = options
    // From 0 up: dispatch ends the process if a semaphore goes away below the value it began with.
    places = DispatchSemaphore(value: 0)
    for _ in 0..<max(1, options.connections) { places.signal() }
  }

  /// Hands `body` a connection on which `start` (a BEGIN) has run. Connections that a restart of the server left dead
  /// are found by that, before anything depends on them.
  func withTransaction<T>(_ start: String, _ body: (PostgreSQLConnection) throws -> T) throws -> T {
    guard places.wait(timeout: .now() + .seconds(options.waitSeconds)) == .success else {
      throw LedgerError(
        "waiting for the ledger \(address.place): all \(options.connections) connections are busy for "
          + "\(options.waitSeconds) s; the server is slow or locked, see pg_stat_activity", mayPass: true)
    }
    defer { places.signal() }
    let connection = try begin(start)
    defer { giveBack(connection) }
    return try body(connection)
  }

  /// Closes idle connections and refuses what comes after.
  func close() {
    state.withLock { state in
      state.isClosed = true
      state.idle = []
    }
  }

  private func begin(_ start: String) throws -> PostgreSQLConnection {
    while true {
      let (connection, isNew) = try take()
      do {
        try connection.run(start)
        return connection
      } catch let failure {
        guard failure.connectionLost, !isNew else {
          throw LedgerError.postgres("beginning", place: address.place, failure)
        }
      }
    }
  }

  private func take() throws -> (PostgreSQLConnection, isNew: Bool) {
    let known = try state.withLock { state throws -> PostgreSQLConnection? in
      guard !state.isClosed else { throw LedgerError("using the ledger \(address.place): it has been closed") }
      if let idle = state.idle.popLast() { return idle }
      if let retryAt = state.retryAt, let lastError = state.lastError, ContinuousClock.now < retryAt { throw lastError }
      return nil
    }
    if let known { return (known, false) }
    do {
      let made = try connect()
      state.withLock { state in
        state.failures = 0
        state.retryAt = nil
      }
      return (made, true)
    } catch let failure {
      let error = LedgerError.postgresConnecting(place: address.place, failure)
      state.withLock { state in
        state.failures = min(state.failures + 1, 8)
        // 0.1 s doubled up to 5 s, and up to half of it more, so that instances do not come back all at once.
        let pause = min(5, 0.05 * Double(1 << state.failures)) * Double.random(in: 1...1.5)
        state.retryAt = ContinuousClock.now + .seconds(pause)
        state.lastError = error
      }
      throw error
    }
  }

  func connect() throws(PostgreSQLFailure) -> PostgreSQLConnection {
    let connection = try PostgreSQLConnection(address, patience: options.patienceSeconds)
    // Settings of the role, the database or the connection string stand; these replace the server's own defaults.
    //  - A process that is stopped in mid-transaction must not hold its locks without end.
    //  - Every statement looks rows up by key. The planner, misled by tables that were empty yesterday, shall neither
    //    scan one of millions nor compile code for it.
    try connection.run(
      """
      SELECT set_config(s.name, wanted.value, false) FROM pg_settings s JOIN (VALUES
        ('idle_in_transaction_session_timeout', '\(options.idleTransactionSeconds)s'),
        ('lock_timeout', '\(options.lockSeconds)s'), ('statement_timeout', '\(options.statementSeconds)s'),
        ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'), ('jit', 'off')
      ) AS wanted (name, value) ON s.name = wanted.name
      WHERE s.source IN ('default', 'configuration file')
      """)
    return connection
  }

  private func giveBack(_ connection: PostgreSQLConnection) {
    state.withLock { state in
      guard !state.isClosed, connection.isAlive, connection.isIdle, !connection.isSpent else { return }
      state.idle.append(connection)
    }
  }
}
