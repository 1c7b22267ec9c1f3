import LeewayCore
import LeewayLedger
import Logging

/// How often a call to the ledger is repeated that failed for a reason which may pass: the server restarts, is full, or
/// is behind a network that is away. Pauses double from 250 ms to 16 s, at the start for ``limit``, in a running service for
/// as long as it runs; flushes and claims have pauses of their own, which the intake looks at between two polls. What cannot
/// pass (a wrong password, a newer schema) is never repeated.
struct LedgerPatience {
  /// Whoever starts the service wants to know that it cannot start.
  static let limit = Duration.seconds(30)

  private(set) var failures = 0

  /// Milliseconds to wait after one more failure.
  mutating func failed() -> Int64 {
    failures = min(failures + 1, 7)
    return 125 << Int64(failures)
  }

  /// Calls until it succeeds, or has failed for ``limit``.
  ///
  /// - Parameter what: is being done, to follow "the service starts:" in the log.
  /// - Throws: what the last call threw.
  static func atStart<T>(_ what: String, logger: Logger, _ body: () throws -> T) throws -> T {
    var patience = LedgerPatience()
    let end = SteadyTime.now + limit
    while true {
      do { return try body() } catch let error as LedgerError where error.mayPass {
        let pause = patience.failed()
        guard SteadyTime.now + .milliseconds(pause) < end else { throw error }
        logger.warning("the service starts: \(what) failed and is tried again in \(pause) ms: \(error)")
        WallClock.pause(milliseconds: Int(pause), unless: StopFlag())
      }
    }
  }

  /// What the log says before a database is asked for the first time: one that hangs says nothing for as long as an attempt may take.
  static func beginning(_ address: String) -> String {
    let place = PostgreSQLLedger.place(of: address).map { "PostgreSQL, \($0)" } ?? "PostgreSQL"
    return
      "the service starts: it connects to the ledger (\(place)); an attempt takes up to 10 s unless connect_timeout says otherwise"
  }

  /// What the log says of a database that is away when the service starts.
  static func sentence(_ waiting: PostgreSQLLedger.Waiting) -> String {
    "the service starts: the ledger is not there; it is tried again in \(waiting.pause) ms, and then at least every second, for "
      + "\(waiting.left) s more before the service gives up: \(waiting.error)"
  }
}
