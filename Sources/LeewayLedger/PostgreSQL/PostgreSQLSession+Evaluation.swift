import LeewayCore

/// Progress, machines, leases, settings.
extension PostgreSQLSession {
  func progress(monitor: String, generation: String) throws -> EvaluationProgress? {
    guard let scope = try scope(monitor, generation) else { return nil }
    return try first(
      "reading progress",
      """
      SELECT closed_through, final_through, matured_through, first_pane, early_matured_through FROM evaluations
      WHERE scope = $1\(forUpdate)
      """, scope
    ) {
      EvaluationProgress(
        closedThrough: try $0.time(0), finalThrough: try $0.time(1), maturedThrough: try $0.time(2),
        earlyMaturedThrough: try $0.time(4), firstPane: try $0.optionalTime(3))
    }
  }

  func put(progress: EvaluationProgress, monitor: String, generation: String) throws {
    let scope = try scopeForWriting(monitor, generation)
    let sql = """
      INSERT INTO evaluations (scope, closed_through, final_through, matured_through, first_pane, early_matured_through)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (scope) DO UPDATE SET closed_through = excluded.closed_through, final_through = excluded.final_through,
        matured_through = excluded.matured_through, first_pane = excluded.first_pane,
        early_matured_through = excluded.early_matured_through
      """
    try run(
      "storing progress", sql, scope, progress.closedThrough, progress.finalThrough, progress.maturedThrough,
      progress.firstPane, progress.earlyMaturedThrough)
  }

  func machine(monitor: String, group: CauseGroup) throws -> [UInt8]? {
    try lock(.decisions(monitor: monitor))
    return try first(
      "reading an incident machine", "SELECT state FROM machines WHERE monitor = $1 AND cause_group = $2", monitor,
      group.rawValue
    ) { try $0.blob(0) }
  }

  func put(machine: [UInt8], monitor: String, group: CauseGroup) throws {
    try lock(.decisions(monitor: monitor))
    let sql = """
      INSERT INTO machines (monitor, cause_group, state) VALUES ($1, $2, $3)
      ON CONFLICT (monitor, cause_group) DO UPDATE SET state = excluded.state
      """
    try run("storing an incident machine", sql, monitor, group.rawValue, machine)
  }

  // MARK: Leases

  func acquire(lease: String, holder: String, lasting: TimeSpan) throws -> Int64? {
    // The clock is read again where the row is compared: that may have waited for a holder that renewed it.
    let now = Self.clock("$4")
    let sql = """
      INSERT INTO leases AS l (name, holder, epoch, until) VALUES ($1, $2, 1, \(now) + $3)
      ON CONFLICT (name) DO UPDATE SET holder = $2, until = \(now) + $3,
        epoch = l.epoch + (l.holder IS DISTINCT FROM $2)::int
      WHERE l.holder IS NULL OR l.holder = $2 OR l.until <= \(now) OR l.until > \(now) + $3
      RETURNING epoch
      """
    return try first("acquiring a lease", sql, lease, holder, lasting.milliseconds, time) { try $0.integer(0) }
  }

  func leases() throws -> [LeaseRecord] {
    try rows("reading leases", "SELECT name, holder, epoch, until FROM leases ORDER BY name") {
      LeaseRecord(
        name: try $0.text(0), holder: try $0.optionalText(1), epoch: try $0.integer(2), until: try $0.time(3))
    }
  }

  func epoch(ofLease lease: String) throws -> Int64? {
    // Locked: no other instance can take the lease over until this transaction ends.
    try first("reading a lease", "SELECT epoch FROM leases WHERE name = $1\(forUpdate)", lease) { try $0.integer(0) }
  }

  func release(lease: String, holder: String) throws {
    // The row stays, so that the epoch goes on rising.
    try run("releasing a lease", "UPDATE leases SET holder = NULL WHERE name = $1 AND holder = $2", lease, holder)
  }

  // MARK: Settings

  func setting(_ name: String) throws -> [UInt8]? {
    try lock(.setting(name))
    return try first("reading a setting", "SELECT value FROM settings WHERE name = $1", name) { try $0.blob(0) }
  }

  func put(setting name: String, value: [UInt8]) throws {
    try lock(.setting(name))
    let sql = """
      INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value
      """
    try run("storing a setting", sql, name, value)
  }
}
