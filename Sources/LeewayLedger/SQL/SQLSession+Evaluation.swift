import LeewayCore

/// Progress, machines, leases, settings, what detectors found.
extension SQLSession {
  func progress(monitor: String, generation: String) throws -> EvaluationProgress? {
    guard let scope = try scope(monitor, generation) else { return nil }
    return try first(
      "reading progress",
      """
      SELECT closed_through, final_through, matured_through, first_pane, early_matured_through FROM evaluations
      WHERE scope = ?\(forUpdate)
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
    try lock(.decisions(monitor: monitor))
    return try first(
      "reading an incident machine", "SELECT state FROM machines WHERE monitor = ? AND cause_group = ?", monitor,
      group.rawValue
    ) { try $0.blob(0) }
  }

  func put(machine: [UInt8], monitor: String, group: CauseGroup) throws {
    try lock(.decisions(monitor: monitor))
    let sql = """
      INSERT INTO machines (monitor, cause_group, state) VALUES (?, ?, ?)
      ON CONFLICT (monitor, cause_group) DO UPDATE SET state = excluded.state
      """
    try run("storing an incident machine", sql, monitor, group.rawValue, machine)
  }

  // MARK: What detectors found

  func errorFeed(monitor: String, generation: String) throws -> [UInt8]? {
    guard let scope = try scope(monitor, generation) else { return nil }
    return try first("reading detectors", "SELECT state FROM error_feeds WHERE scope = ?", scope) { try $0.blob(0) }
  }

  func put(errorFeed: [UInt8], monitor: String, generation: String) throws {
    let scope = try scopeForWriting(monitor, generation)
    let sql = """
      INSERT INTO error_feeds (scope, state) VALUES (?, ?) ON CONFLICT (scope) DO UPDATE SET state = excluded.state
      """
    try run("storing detectors", sql, scope, errorFeed)
  }

  func fedPanes(monitor: String, generation: String, in range: Range<EventTime>) throws -> [FedPaneRecord] {
    guard let scope = try scope(monitor, generation) else { return [] }
    let sql = "SELECT pane, block FROM fed_panes WHERE scope = ? AND pane >= ? AND pane < ? ORDER BY pane"
    return try rows("reading what detectors found", sql, scope, range.lowerBound, range.upperBound) {
      FedPaneRecord(pane: try $0.time(0), block: try $0.blob(1))
    }
  }

  func put(fedPanes: [FedPaneRecord], monitor: String, generation: String) throws {
    let scope = try scopeForWriting(monitor, generation)
    var batch = SQLBatch(into: "fed_panes", fedPanes, precedes: { $0.pane < $1.pane }, size: { $0.block.count + 24 })
    batch.key("scope") { _ in scope }
    batch.key("pane") { $0.pane }
    batch.value("block") { $0.block }
    try store("storing what detectors found", batch)
  }

  /// The oldest that detectors made of panes; a part of `reclaimErrors`.
  func reclaimFedPanes(_ scope: Int64, before: EventTime, limit: Int) throws -> Int {
    let sql = """
      DELETE FROM fed_panes WHERE scope = ?1 AND pane IN
        (SELECT pane FROM fed_panes WHERE scope = ?1 AND pane < ?2 ORDER BY scope, pane LIMIT ?3)
      """
    return try run("reclaiming errors", sql, scope, before, limit)
  }

  // MARK: Leases

  func acquire(lease: String, holder: String, lasting: TimeSpan) throws -> Int64? {
    // The clock is read again where the row is compared: that may have waited for a holder that renewed it.
    let now = Self.clock("?4")
    let sql = """
      INSERT INTO leases AS l (name, holder, epoch, until) VALUES (?1, ?2, 1, \(now) + ?3)
      ON CONFLICT (name) DO UPDATE SET holder = ?2, until = \(now) + ?3,
        epoch = l.epoch + CASE WHEN l.holder = ?2 THEN 0 ELSE 1 END
      WHERE l.holder IS NULL OR l.holder = ?2 OR l.until <= \(now) OR l.until > \(now) + ?3
      RETURNING epoch
      """
    return try first("acquiring a lease", sql, lease, holder, lasting.milliseconds, time) { try $0.integer(0) }
  }

  func renew(leasesOf holder: String, lasting: TimeSpan) throws -> [String: Int64] {
    let sql = "UPDATE leases SET until = \(Self.clock("?3")) + ?2 WHERE holder = ?1 RETURNING name, epoch"
    let renewed = try rows("renewing leases", sql, holder, lasting.milliseconds, time) {
      (try $0.text(0), try $0.integer(1))
    }
    return Dictionary(renewed) { $1 }
  }

  func leases() throws -> [LeaseRecord] {
    try rows("reading leases", "SELECT name, holder, epoch, until FROM leases ORDER BY name") {
      LeaseRecord(
        name: try $0.text(0), holder: try $0.optionalText(1), epoch: try $0.integer(2), until: try $0.time(3))
    }
  }

  func epoch(ofLease lease: String) throws -> Int64? {
    // Locked: no other instance can take the lease over until this transaction ends.
    try first("reading a lease", "SELECT epoch FROM leases WHERE name = ?\(forUpdate)", lease) { try $0.integer(0) }
  }

  func release(lease: String, holder: String) throws {
    // The row stays, so that the epoch goes on rising.
    try run("releasing a lease", "UPDATE leases SET holder = NULL WHERE name = ? AND holder = ?", lease, holder)
  }

  // MARK: Settings

  func setting(_ name: String) throws -> [UInt8]? {
    try lock(.setting(name))
    return try first("reading a setting", "SELECT value FROM settings WHERE name = ?", name) { try $0.blob(0) }
  }

  func put(setting name: String, value: [UInt8]) throws {
    try lock(.setting(name))
    let sql = "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    try run("storing a setting", sql, name, value)
  }
}
