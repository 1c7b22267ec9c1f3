import LeewayCore

private let writerColumns = """
  id, host, process, flush_seq, alive, registered_at, last_seen, last_flush
  """

/// Writers: the instances that flush.
extension SQLSession {
  private func writer(_ row: Row) throws -> WriterRecord {
    WriterRecord(
      id: try row.text(0), instance: InstanceIdentity(host: try row.text(1), process: try row.small(2)),
      flushSequence: try row.integer(3), alive: try row.flag(4), registeredAt: try row.time(5),
      lastSeenAt: try row.time(6), lastFlushAt: try row.optionalTime(7))
  }

  func writer(_ id: String) throws -> WriterRecord? {
    try first("reading a writer", "SELECT \(writerColumns) FROM writers WHERE id = ?", id, as: writer)
  }

  func writers() throws -> [WriterRecord] {
    try rows("reading writers", "SELECT \(writerColumns) FROM writers ORDER BY registered_at, id", as: writer)
  }

  func register(writer: String, instance: InstanceIdentity) throws {
    let sql = """
      INSERT INTO writers (id, host, process, flush_seq, alive, registered_at, last_seen)
      SELECT ?1, ?2, ?3, 0, TRUE, t.now, t.now FROM (SELECT \(Self.clock("?4")) AS now) t
      """
    try run("registering a writer", sql, writer, instance.host, instance.process, time)
  }

  func heartbeat(writer: String) throws -> Bool {
    let sql = "UPDATE writers SET last_seen = \(Self.clock("?2")) WHERE id = ?1 AND alive"
    return try run("saying that a writer lives", sql, writer, time) == 1
  }

  func advance(writer: String, expected: Int64) throws -> Bool {
    let sql = """
      UPDATE writers SET flush_seq = flush_seq + 1, last_seen = t.now, last_flush = t.now
      FROM (SELECT \(Self.clock("?3")) AS now) t WHERE id = ?1 AND flush_seq = ?2 AND alive
      """
    return try run("advancing a writer", sql, writer, expected, time) == 1
  }

  func lock(writer: String) throws -> WriterRecord? {
    try first(
      "locking a writer", "SELECT \(writerColumns) FROM writers WHERE id = ?\(forUpdate)", writer, as: self.writer)
  }

  func retire(writer: String) throws {
    let doing: StaticString = "retiring a writer"
    try run(doing, "UPDATE writers SET alive = FALSE WHERE id = ?", writer)
    // Locked in the order in which every other call locks them.
    let sql = """
      WITH owned AS MATERIALIZED (
        SELECT monitor, topic, partition FROM partitions WHERE owner = ?1 ORDER BY topic, partition, monitor\(forUpdate))
      UPDATE partitions AS p SET owner = NULL, idle_until = NULL FROM owned o
      WHERE p.monitor = o.monitor AND p.topic = o.topic AND p.partition = o.partition AND p.owner = ?1
      """
    try run(doing, sql, writer)
  }

  func reclaimWriters(limit: Int) throws -> Int {
    let sql = """
      DELETE FROM writers WHERE id IN (
        SELECT w.id FROM writers w
        WHERE NOT w.alive AND NOT EXISTS (SELECT 1 FROM drift_panes p WHERE p.writer = w.id)
          AND NOT EXISTS (SELECT 1 FROM performance_panes p WHERE p.writer = w.id)
          AND NOT EXISTS (SELECT 1 FROM early_performance_panes p WHERE p.writer = w.id)
        ORDER BY w.registered_at, w.id LIMIT ?)
      """
    return try run("reclaiming writers", sql, max(0, limit))
  }
}
