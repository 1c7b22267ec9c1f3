import LeewayCore

private let outboxColumns = """
  key, monitor, incident, receiver, sequence, body, created_at, state, attempts, first_attempt_at, next_attempt_at,
  last_error, waiting_since, tried_for, retrain, leases, run, silence
  """

/// Deliveries owed, leased, settled.
extension SQLSession {
  private func delivery(_ row: Row) throws -> OutboxRecord {
    var record = OutboxRecord(
      key: try row.text(0), monitor: try row.text(1), incident: try row.text(2), receiver: try row.text(3),
      sequence: try row.integer(4), body: try row.text(5), retrain: try row.optionalText(14),
      createdAt: try row.time(6), state: try row.named(7),
      attempts: try row.count(8), firstAttemptAt: try row.optionalTime(9), nextAttemptAt: try row.time(10),
      waitingSince: try row.time(12), triedFor: .milliseconds(try row.integer(13)), lastError: try row.text(11),
      leases: try row.integer(15))
    record.run = try row.optionalText(16)
    record.silence = try row.optionalText(17)
    return record
  }

  func enqueue(_ rows: [OutboxRecord]) throws {
    let sql = """
      INSERT INTO outbox (\(outboxColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, NULL)
      ON CONFLICT (key) DO NOTHING
      """
    for row in rows {
      try run(
        "storing deliveries", sql, row.key, row.monitor, row.incident, row.receiver, row.sequence, row.body,
        row.createdAt, row.state.rawValue, row.attempts, row.firstAttemptAt, row.nextAttemptAt, row.lastError,
        row.waitingSince, row.triedFor.milliseconds, row.retrain)
      if row.isMessage { try wake(row) }
    }
  }

  /// What is held back before a message is judged again with it, at the message's time.
  private func wake(_ row: OutboxRecord) throws {
    let sql = """
      UPDATE outbox SET next_attempt_at = ?1, waiting_since = ?1
      WHERE receiver = ?2 AND incident = ?3 AND state = 'owed' AND silence IS NOT NULL AND next_attempt_at > ?1
      """
    try run("waking what a silence holds", sql, row.nextAttemptAt, row.receiver, row.incident)
  }

  func wakeSilenced(at: EventTime) throws {
    let sql = """
      UPDATE outbox SET next_attempt_at = ?1, waiting_since = ?1
      WHERE state IN ('owed', 'standing') AND silence IS NOT NULL AND next_attempt_at > ?1
      """
    try run("waking what silences hold", sql, at)
  }

  /// Owed rows with the alias `o` that are due: an incident's rows go in order. One that waits for its time, or is leased, holds back
  /// those behind it; one that a silence holds, only messages.
  ///
  /// - Parameters: ?1 the receiver, ?2 when, ?3 when by the latest the wait began, ?4 what the body of a message begins with.
  private var isDue: String {
    """
    o.receiver = ?1 AND o.state = 'owed' AND (o.next_attempt_at <= ?2 OR o.waiting_since > ?3)
      AND NOT EXISTS (
        SELECT 1 FROM outbox earlier
        WHERE earlier.receiver = o.receiver AND earlier.incident = o.incident AND earlier.state = 'owed'
          AND (earlier.sequence, earlier.key) < (o.sequence, o.key)
          AND (earlier.silence IS NULL OR substr(o.body, 1, \(OutboxRecord.messagePrefix.utf8.count)) = ?4))
    """
  }

  func dueDeliveries(receiver: String, due: EventTime, limit: Int) throws -> [OutboxRecord] {
    let sql = """
      SELECT \(outboxColumns) FROM outbox o WHERE \(isDue) ORDER BY o.next_attempt_at, o.key LIMIT ?5
      """
    return try rows(
      "reading what is due", sql, receiver, due, due + OutboxRecord.clockDifference, OutboxRecord.messagePrefix,
      max(0, limit), as: delivery)
  }

  func leaseDeliveries(receiver: String, due: EventTime, lasting: TimeSpan, limit: Int) throws -> [OutboxRecord] {
    // A row that another transaction is leasing or settling at this moment is skipped, and looked at again in the next round.
    let now = Self.clock("?7")
    let sql = """
      UPDATE outbox SET leased_until = \(now) + ?5, leases = leases + 1 WHERE key IN (
        SELECT o.key FROM outbox o
        WHERE \(isDue) AND (o.leased_until IS NULL OR o.leased_until <= \(now) OR o.leased_until > \(now) + ?5)
        ORDER BY o.next_attempt_at, o.key LIMIT ?6\(skipLocked))
      RETURNING \(outboxColumns)
      """
    let leased = try rows(
      "leasing deliveries", sql, receiver, due, due + OutboxRecord.clockDifference, OutboxRecord.messagePrefix,
      lasting.milliseconds, max(0, limit), time, as: delivery)
    return leased.sorted { a, b in
      a.nextAttemptAt != b.nextAttemptAt ? a.nextAttemptAt < b.nextAttemptAt : utf8Order(a.key, b.key)
    }
  }

  func leaseStanding(receiver: String, due: EventTime, lasting: TimeSpan, limit: Int) throws -> [OutboxRecord] {
    let now = Self.clock("?5")
    let sql = """
      UPDATE outbox SET leased_until = \(now) + ?3, leases = leases + 1 WHERE key IN (
        SELECT o.key FROM outbox o
        WHERE o.receiver = ?1 AND o.state = 'standing' AND (o.next_attempt_at <= ?2 OR o.waiting_since > ?6)
          AND (o.leased_until IS NULL OR o.leased_until <= \(now) OR o.leased_until > \(now) + ?3)
        ORDER BY o.next_attempt_at, o.key LIMIT ?4\(skipLocked))
      RETURNING \(outboxColumns)
      """
    let leased = try rows(
      "leasing standing deliveries", sql, receiver, due, lasting.milliseconds, max(0, limit), time,
      due + OutboxRecord.clockDifference, as: delivery)
    return leased.sorted { a, b in
      a.nextAttemptAt != b.nextAttemptAt ? a.nextAttemptAt < b.nextAttemptAt : utf8Order(a.key, b.key)
    }
  }

  func lease(delivery: OutboxRecord, lasting: TimeSpan) throws -> OutboxRecord? {
    let sql = """
      UPDATE outbox SET body = ?1, silence = NULL, leased_until = \(Self.clock("?5")) + ?2, leases = leases + 1
      WHERE key = ?3 AND leases = ?4 AND state = 'owed' RETURNING \(outboxColumns)
      """
    return try first(
      "leasing a delivery", sql, delivery.body, lasting.milliseconds, delivery.key, delivery.leases, time,
      as: self.delivery)
  }

  func settle(delivery: OutboxRecord) throws -> Bool {
    let sql = """
      UPDATE outbox SET state = ?, attempts = ?, first_attempt_at = ?, next_attempt_at = ?, waiting_since = ?,
        tried_for = ?, last_error = ?, run = ?, silence = ?, leased_until = NULL
      WHERE key = ? AND leases = ? AND state IN ('owed', 'standing')
      """
    let isSettled =
      try run(
        "settling a delivery", sql, delivery.state.rawValue, delivery.attempts, delivery.firstAttemptAt,
        delivery.nextAttemptAt, delivery.waitingSince, delivery.triedFor.milliseconds, delivery.lastError, delivery.run,
        delivery.silence, delivery.key, delivery.leases) == 1
    if isSettled, delivery.state == .standing {
      let sql = """
        UPDATE outbox SET state = 'delivered', leased_until = NULL
        WHERE receiver = ? AND incident = ? AND state = 'standing' AND (sequence, key) < (?, ?)
        """
      try run(
        "taking the place of standing deliveries", sql, delivery.receiver, delivery.incident, delivery.sequence,
        delivery.key)
    }
    return isSettled
  }

  func amend(delivery: OutboxRecord) throws -> Bool {
    let sql = "UPDATE outbox SET body = ?, next_attempt_at = ? WHERE key = ? AND leases = 0 AND state = 'owed'"
    if delivery.isMessage { try wake(delivery) }
    return try run("amending a delivery", sql, delivery.body, delivery.nextAttemptAt, delivery.key) == 1
  }

  func revive(delivery key: String, due: EventTime) throws -> Bool {
    let sql = """
      UPDATE outbox SET state = 'owed', next_attempt_at = ?1, waiting_since = ?1, tried_for = 0, leased_until = NULL
      WHERE key = ?2 AND state = 'dead' AND retrain IS NULL
      """
    return try run("owing a delivery once more", sql, due, key) == 1
  }

  func reclaimDeliveries(createdBefore before: EventTime, limit: Int) throws -> Int {
    let sql = """
      DELETE FROM outbox WHERE key IN (
        SELECT key FROM outbox o
        WHERE created_at < ? AND state NOT IN ('owed', 'standing')
          AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.id = o.incident AND i.state <> 'resolved')
          AND NOT EXISTS (
            SELECT 1 FROM outbox other
            WHERE other.receiver = o.receiver AND other.incident = o.incident AND other.state = 'owed')
        ORDER BY created_at, sequence, key LIMIT ?)
      """
    return try run("reclaiming deliveries", sql, before, max(0, limit))
  }

  func outboxBacklog() throws -> [OutboxBacklog] {
    let sql = """
      SELECT receiver, count(*) FILTER (WHERE state = 'owed'), count(*) FILTER (WHERE state = 'dead'),
        min(created_at) FILTER (WHERE state = 'owed' AND silence IS NULL), count(*) FILTER (WHERE state = 'standing')
      FROM outbox WHERE state <> 'delivered' AND state <> 'silenced' GROUP BY receiver ORDER BY receiver
      """
    return try rows("reading the backlog", sql) {
      OutboxBacklog(
        receiver: try $0.text(0), owed: try $0.count(1), dead: try $0.count(2), standing: try $0.count(4),
        oldest: try $0.optionalTime(3))
    }
  }

  func delivery(key: String) throws -> OutboxRecord? {
    try first("reading a delivery", "SELECT \(outboxColumns) FROM outbox WHERE key = ?\(forUpdate)", key, as: delivery)
  }

  func deliveries(state: DeliveryState, limit: Int) throws -> [OutboxRecord] {
    let sql = """
      SELECT \(outboxColumns) FROM outbox WHERE state = ? ORDER BY created_at DESC, sequence DESC, key DESC LIMIT ?
      """
    return try rows("reading deliveries", sql, state.rawValue, max(0, limit), as: delivery)
  }

  func deliveries(incident: String?, limit: Int) throws -> [OutboxRecord] {
    let filter = incident == nil ? "CAST(?1 AS TEXT) IS NULL" : "incident = ?1"
    let sql = """
      SELECT \(outboxColumns) FROM outbox WHERE \(filter)
      ORDER BY created_at DESC, sequence DESC, key DESC LIMIT ?2
      """
    return try rows("reading deliveries", sql, incident, max(0, limit), as: delivery)
  }
}
