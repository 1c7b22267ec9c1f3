import LeewayTestSupport
import Testing

/// Stops a process's next flush in mid-transaction, at its first statement: somebody else holds its writer's row.
final class FlushTrap {
  private let fleet: Fleet
  private let console: SQLConsole
  private let holder: String

  init(_ process: LeewayProcess, of fleet: Fleet) throws {
    self.fleet = fleet
    let writer = try #require(try fleet.writer(of: process))
    console = try SQLConsole(fleet.server.address())
    holder = try #require(try console.execute("SELECT pg_backend_pid()").first?.first ?? nil)
    try console.execute("BEGIN")
    let held = try console.execute("SELECT id FROM \(fleet.schema).writers WHERE id = '\(writer)' FOR UPDATE")
    try #require(held.count == 1)
  }

  /// Sends messages until the flush stands in the trap.
  ///
  /// - Returns: the server's process that serves it.
  func awaitFlush() async throws -> String {
    let caught = try await awaited { () -> String? in
      if let pid = try fleet.value(
        """
        SELECT pid FROM pg_stat_activity
        WHERE \(holder) = ANY(pg_blocking_pids(pid)) AND query LIKE 'UPDATE writers%' LIMIT 1
        """)
      {
        return pid
      }
      try fleet.send(12)
      return nil
    }
    return try #require(caught, "\(fleet.words)")
  }

  /// The statement gets the row and is answered.
  func open() throws { try console.execute("ROLLBACK") }
}
