import LeewayCore

/// Progress, machines, leases, settings.
extension SQLiteSession {
  func progress(monitor: String, generation: String) throws -> EvaluationProgress? {
    guard let scope = try scope(monitor, generation) else { return nil }
    return try first(
      "reading progress",
      """
      SELECT closed_through, final_through, matured_through, first_pane, early_matured_through FROM evaluations
      WHERE scope = ?
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
      VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (scope) DO UPDATE SET closed_through = excluded.closed_through, final_through = excluded.final_through,
        matured_through = excluded.matured_through, first_pane = excluded.first_pane,
        early_matured_through = excluded.early_matured_through
      """
    try run(
      "storing progress", sql, scope, progress.closedThrough, progress.finalThrough, progress.maturedThrough,
      progress.firstPane, progress.earlyMaturedThrough)
  }

  func machine(monitor: String, group: CauseGroup) throws -> [UInt8]? {
    try first(
      "reading an incident machine", "SELECT state FROM machines WHERE monitor = ? AND cause_group = ?", monitor,
      group.rawValue
    ) { try $0.blob(0) }
  }

  func put(machine: [UInt8], monitor: String, group: CauseGroup) throws {
    let sql = """
      INSERT INTO machines (monitor, cause_group, state) VALUES (?, ?, ?)
      ON CONFLICT (monitor, cause_group) DO UPDATE SET state = excluded.state
      """
    try run("storing an incident machine", sql, monitor, group.rawValue, machine)
  }

  // MARK: Leases

  func acquire(lease: String, holder: String, lasting: TimeSpan) throws -> Int64? {
    let sql = """
      INSERT INTO leases (name, holder, epoch, until) VALUES (?1, ?2, 1, ?4)
      ON CONFLICT (name) DO UPDATE SET holder = ?2, until = ?4,
        epoch = epoch + (holder IS NOT ?2)
      WHERE holder IS NULL OR holder = ?2 OR until <= ?3 OR until > ?4
      RETURNING epoch
      """
    return try statement("acquiring a lease", sql) { upsert in
      let now = try now()
      try upsert.bind(lease, holder, now, now + lasting)
      guard try upsert.step() else { return nil }
      let epoch = try upsert.integer(0)
      while try upsert.step() {}
      return epoch
    }
  }

  func leases() throws -> [LeaseRecord] {
    try rows("reading leases", "SELECT name, holder, epoch, until FROM leases ORDER BY name") {
      LeaseRecord(
        name: try $0.text(0), holder: try $0.optionalText(1), epoch: try $0.integer(2), until: try $0.time(3))
    }
  }

  func epoch(ofLease lease: String) throws -> Int64? {
    try first("reading a lease", "SELECT epoch FROM leases WHERE name = ?", lease) { try $0.integer(0) }
  }

  func release(lease: String, holder: String) throws {
    // The row stays, so that the epoch goes on rising.
    try run("releasing a lease", "UPDATE leases SET holder = NULL WHERE name = ? AND holder = ?", lease, holder)
  }

  // MARK: Settings

  func setting(_ name: String) throws -> [UInt8]? {
    try first("reading a setting", "SELECT value FROM settings WHERE name = ?", name) { try $0.blob(0) }
  }

  func put(setting name: String, value: [UInt8]) throws {
    let sql = "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    try run("storing a setting", sql, name, value)
  }
}
