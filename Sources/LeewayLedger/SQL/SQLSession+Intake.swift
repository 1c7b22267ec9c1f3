import LeewayCore

private let partitionColumns = "role, epoch, owner, next_offset, watermark, idle_until, end_offset"

/// Partitions and quarantine.
extension SQLSession {
  private func partition(_ row: Row, _ key: PartitionKey) throws -> PartitionRecord {
    PartitionRecord(
      key: key, role: try row.named(0), epoch: try row.integer(1), owner: try row.optionalText(2),
      nextOffset: try row.integer(3), watermark: try row.time(4), idleUntil: try row.optionalTime(5),
      endOffset: try row.optionalInteger(6))
  }

  func partitions(of monitor: String) throws -> [PartitionRecord] {
    let sql = """
      SELECT \(partitionColumns), topic, partition FROM partitions WHERE monitor = ? ORDER BY topic, partition\(forUpdate)
      """
    return try rows("reading partitions", sql, monitor) { row in
      let key = PartitionKey(monitor: monitor, topic: try row.text(7), partition: try row.small(8))
      return try partition(row, key)
    }
  }

  /// Of every monitor, ordered by (monitor, topic, partition).
  func partitions() throws -> [PartitionRecord] {
    let sql = "SELECT \(partitionColumns), topic, partition, monitor FROM partitions ORDER BY monitor, topic, partition"
    return try rows("reading partitions", sql) { row in
      try partition(
        row, PartitionKey(monitor: try row.text(9), topic: try row.text(7), partition: try row.small(8)))
    }
  }

  func ensure(partitions: [(key: PartitionKey, role: StreamRole)]) throws {
    // In the order of the keys: two instances that start at once wait for each other, and not in a circle.
    var batch = SQLBatch(into: "partitions", partitions, precedes: { $0.key < $1.key }, size: { _ in 128 })
    batch.key("monitor") { $0.key.monitor }
    batch.key("topic") { $0.key.topic }
    batch.key("partition") { $0.key.partition }
    batch.fixed("role") { $0.role.rawValue }
    batch.fixed("epoch") { _ in 0 }
    batch.fixed("next_offset") { _ in 0 }
    batch.fixed("watermark") { _ in EventTime.distantPast }
    try store("making partitions", batch)
  }

  func claim(partitions keys: [PartitionKey], owner: String) throws -> [PartitionRecord] {
    let doing: StaticString = "claiming partitions"
    let sql = """
      UPDATE partitions SET epoch = epoch + 1, owner = ?, idle_until = NULL
      WHERE monitor = ? AND topic = ? AND partition = ? RETURNING \(partitionColumns)
      """
    var claimed: [PartitionKey: PartitionRecord] = [:]
    for key in keys.sorted() {
      let record = try first(doing, sql, owner, key.monitor, key.topic, key.partition) { try partition($0, key) }
      guard let record else { throw refused(doing, "\(key.monitor) has no row for \(key.topic)/\(key.partition)") }
      claimed[key] = record
    }
    return keys.compactMap { claimed[$0] }
  }

  func release(partitions keys: [PartitionKey], owner: String) throws {
    let sql = """
      UPDATE partitions SET owner = NULL, idle_until = NULL
      WHERE monitor = ? AND topic = ? AND partition = ? AND owner = ?
      """
    for key in keys.sorted() {
      try run("releasing partitions", sql, key.monitor, key.topic, key.partition, owner)
    }
  }

  // MARK: Quarantine

  func quarantine(_ records: [QuarantineRecord], keep: Int) throws {
    var batch = SQLBatch(
      into: "quarantine", records, precedes: nil, size: { $0.reason.utf8.count + $0.sample.count + 64 })
    batch.fixed("monitor") { $0.monitor }
    batch.fixed("topic") { $0.topic }
    batch.fixed("partition") { $0.partition }
    batch.fixed("log_offset") { $0.offset }
    batch.fixed("code") { $0.code }
    batch.fixed("reason") { $0.reason }
    batch.fixed("sample") { $0.sample }
    try store("storing quarantined messages", batch)
    let trim = """
      DELETE FROM quarantine WHERE monitor = ?1 AND id <=
        (SELECT id FROM quarantine WHERE monitor = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)
      """
    for monitor in Set(records.map(\.monitor)).sorted(by: utf8Order) {
      try run("trimming quarantined messages", trim, monitor, max(0, keep))
    }
  }

  func quarantined(monitor: String?, limit: Int) throws -> [QuarantineRecord] {
    let filter = monitor == nil ? "CAST(?1 AS TEXT) IS NULL" : "monitor = ?1"
    let sql = """
      SELECT monitor, topic, partition, log_offset, code, reason, sample FROM quarantine
      WHERE \(filter) ORDER BY id DESC LIMIT ?2
      """
    return try rows("reading quarantined messages", sql, monitor, max(0, limit)) { row in
      QuarantineRecord(
        monitor: try row.text(0), topic: try row.text(1), partition: try row.small(2), offset: try row.integer(3),
        code: try row.text(4), reason: try row.text(5), sample: try row.blob(6))
    }
  }
}
