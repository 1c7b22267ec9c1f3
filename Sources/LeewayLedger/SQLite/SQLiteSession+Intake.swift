import LeewayCore

/// Writers, generations, partitions, quarantine.
extension SQLiteSession {
  private static let writerColumns = """
    id, host, process, flush_seq, alive, registered_at, last_seen, last_flush
    """

  private func writer(_ row: PreparedStatement) throws -> WriterRecord {
    guard let process = Int32(exactly: try row.integer(2)) else { throw row.damaged(2, "is too large") }
    return WriterRecord(
      id: try row.text(0), instance: InstanceIdentity(host: try row.text(1), process: process),
      flushSequence: try row.integer(3), alive: try row.integer(4) != 0, registeredAt: try row.time(5),
      lastSeenAt: try row.time(6), lastFlushAt: try row.optionalTime(7))
  }

  func writer(_ id: String) throws -> WriterRecord? {
    try first("reading a writer", "SELECT \(Self.writerColumns) FROM writers WHERE id = ?", id, as: writer)
  }

  func writers() throws -> [WriterRecord] {
    try rows(
      "reading writers", "SELECT \(Self.writerColumns) FROM writers ORDER BY registered_at, id", as: writer)
  }

  func register(writer: String, instance: InstanceIdentity) throws {
    let sql = """
      INSERT INTO writers (id, host, process, flush_seq, alive, registered_at, last_seen) VALUES (?1, ?2, ?3, 0, 1, ?4, ?4)
      """
    try run("registering a writer", sql, writer, instance.host, instance.process, now())
  }

  func heartbeat(writer: String) throws -> Bool {
    try run("saying that a writer lives", "UPDATE writers SET last_seen = ? WHERE id = ? AND alive = 1", now(), writer)
      == 1
  }

  func advance(writer: String, expected: Int64) throws -> Bool {
    let sql = """
      UPDATE writers SET flush_seq = flush_seq + 1, last_seen = ?1, last_flush = ?1
      WHERE id = ?2 AND flush_seq = ?3 AND alive = 1
      """
    return try run("advancing a writer", sql, now(), writer, expected) == 1
  }

  /// SQLite has one writing transaction at a time, so reading is locking.
  func lock(writer: String) throws -> WriterRecord? { try self.writer(writer) }

  func retire(writer: String) throws {
    try run("retiring a writer", "UPDATE writers SET alive = 0 WHERE id = ?", writer)
    try run("retiring a writer", "UPDATE partitions SET owner = NULL, idle_until = NULL WHERE owner = ?", writer)
  }

  func reclaimWriters(limit: Int) throws -> Int {
    let sql = """
      DELETE FROM writers WHERE id IN (
        SELECT id FROM writers WHERE alive = 0 AND NOT EXISTS (SELECT 1 FROM drift_panes WHERE writer = writers.id)
          AND NOT EXISTS (SELECT 1 FROM performance_panes WHERE writer = writers.id)
          AND NOT EXISTS (SELECT 1 FROM early_performance_panes WHERE writer = writers.id)
        ORDER BY registered_at, id LIMIT ?)
      """
    return try run("reclaiming writers", sql, max(0, limit))
  }

  // MARK: Generations

  /// SQLite has one writing transaction at a time.
  func lockGeneration(of monitor: String) throws {}

  private static let generationColumns =
    "generation, definition, starts_at, baseline, pairs, pairs_start_at, early_starts_at, pair_shape, read_through, drained"

  private func generation(_ row: PreparedStatement, _ monitor: String) throws -> GenerationRecord {
    GenerationRecord(
      monitor: monitor, generation: try row.text(0), definition: try row.text(1), startsAt: try row.time(2),
      baseline: try row.text(3), pairs: try row.text(4), pairsStartAt: try row.time(5), earlyStartsAt: try row.time(6),
      pairShape: try row.text(7), readThrough: try row.time(8), isDrained: try row.integer(9) != 0)
  }

  func generations(of monitor: String) throws -> [GenerationRecord] {
    try rows(
      "reading generations",
      "SELECT \(Self.generationColumns) FROM generations WHERE monitor = ? ORDER BY id", monitor
    ) { try generation($0, monitor) }
  }

  func files(monitor: String, generation: String) throws -> GenerationFiles? {
    try first(
      "reading a generation's files",
      """
      SELECT monitor_file, baseline_file FROM generations
      WHERE monitor = ? AND generation = ? AND monitor_file IS NOT NULL AND baseline_file IS NOT NULL
      """, monitor, generation
    ) { GenerationFiles(monitor: String(decoding: try $0.blob(0), as: UTF8.self), baseline: try $0.blob(1)) }
  }

  func drain(monitor: String, pairs: String) throws -> Int {
    let doing: StaticString = "ending the wait of a generation"
    if let scope = try scope(monitor, pairs) {
      for table in ["waiting_runs", "waiting_departed"] {
        let left = try first(doing, "SELECT 1 FROM \(table) WHERE scope = ? LIMIT 1", scope) { try $0.integer(0) }
        guard left == nil else { return 0 }
      }
    }
    let sql = """
      UPDATE generations SET drained = 1, monitor_file = NULL, baseline_file = NULL
      WHERE monitor = ? AND pairs = ? AND drained = 0
      """
    return try run(doing, sql, monitor, pairs)
  }

  func reclaimGeneration(monitor: String, generation: String) throws -> Int {
    let doing: StaticString = "reclaiming a generation"
    guard try self.generation(of: monitor)?.generation != generation else { return 0 }
    let lines = try first(
      doing, "SELECT 1 FROM result_series WHERE monitor = ? AND generation = ? LIMIT 1", monitor, generation
    ) { try $0.integer(0) }
    guard lines == nil else { return 0 }
    try run(doing, "DELETE FROM result_dictionaries WHERE monitor = ? AND generation = ?", monitor, generation)
    if let scope = try scope(monitor, generation) {
      for table in [
        "drift_panes", "performance_panes", "early_performance_panes", "waiting_runs", "waiting_departed", "errors",
        "fed_panes",
      ] {
        let left = try first(doing, "SELECT 1 FROM \(table) WHERE scope = ? LIMIT 1", scope) { try $0.integer(0) }
        guard left == nil else { return 0 }
      }
      for table in ["dirty_marks", "evaluations", "error_feeds"] {
        try run(doing, "DELETE FROM \(table) WHERE scope = ?", scope)
      }
      try run(doing, "DELETE FROM scopes WHERE id = ?", scope)
      scopes[[monitor, generation]] = nil
    }
    return try run(doing, "DELETE FROM generations WHERE monitor = ? AND generation = ?", monitor, generation)
  }

  func generation(of monitor: String) throws -> GenerationRecord? {
    try first(
      "reading a generation",
      "SELECT \(Self.generationColumns) FROM generations WHERE monitor = ? ORDER BY id DESC LIMIT 1", monitor
    ) { try generation($0, monitor) }
  }

  func put(generation: GenerationRecord, files: GenerationFiles?) throws {
    // Replacing gives the row a new id, and the greatest id is the current one.
    try run(
      "storing a generation",
      """
      INSERT OR REPLACE INTO generations (monitor, \(Self.generationColumns), monitor_file, baseline_file)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      generation.monitor, generation.generation, generation.definition, generation.startsAt, generation.baseline,
      generation.pairs, generation.pairsStartAt, generation.earlyStartsAt, generation.pairShape,
      generation.readThrough, generation.isDrained ? 1 : 0, files.map { Array($0.monitor.utf8) }, files?.baseline)
  }

  // MARK: Partitions

  private static let partitionColumns = "role, epoch, owner, next_offset, watermark, idle_until, end_offset"

  private func partition(_ row: PreparedStatement, _ key: PartitionKey) throws -> PartitionRecord {
    PartitionRecord(
      key: key, role: try row.named(0), epoch: try row.integer(1), owner: try row.optionalText(2),
      nextOffset: try row.integer(3), watermark: try row.time(4), idleUntil: try row.optionalTime(5),
      endOffset: try row.optionalInteger(6))
  }

  func partitions(of monitor: String) throws -> [PartitionRecord] {
    try rows(
      "reading partitions",
      "SELECT \(Self.partitionColumns), topic, partition FROM partitions WHERE monitor = ? ORDER BY topic, partition",
      monitor
    ) { row in
      guard let number = Int32(exactly: try row.integer(8)) else { throw row.damaged(8, "is too large") }
      return try partition(row, PartitionKey(monitor: monitor, topic: try row.text(7), partition: number))
    }
  }

  func ensure(partitions: [(key: PartitionKey, role: StreamRole)]) throws {
    let sql = """
      INSERT INTO partitions (monitor, topic, partition, role, epoch, owner, next_offset, watermark, idle_until)
      VALUES (?, ?, ?, ?, 0, NULL, 0, ?, NULL) ON CONFLICT (monitor, topic, partition) DO NOTHING
      """
    try statement("making partitions", sql) { insert in
      for (key, role) in partitions {
        try insert.run(key.monitor, key.topic, key.partition, role.rawValue, EventTime.distantPast)
      }
    }
  }

  func claim(partitions keys: [PartitionKey], owner: String) throws -> [PartitionRecord] {
    let sql = """
      UPDATE partitions SET epoch = epoch + 1, owner = ?, idle_until = NULL
      WHERE monitor = ? AND topic = ? AND partition = ? RETURNING \(Self.partitionColumns)
      """
    return try statement("claiming partitions", sql) { update in
      try keys.map { key in
        try update.bind(owner, key.monitor, key.topic, key.partition)
        guard try update.step() else {
          throw refused("claiming partitions", "\(key.monitor) has no row for \(key.topic)/\(key.partition)")
        }
        let record = try partition(update, key)
        while try update.step() {}
        update.reset()
        return record
      }
    }
  }

  func release(partitions keys: [PartitionKey], owner: String) throws {
    let sql = """
      UPDATE partitions SET owner = NULL, idle_until = NULL
      WHERE monitor = ? AND topic = ? AND partition = ? AND owner = ?
      """
    try statement("releasing partitions", sql) { update in
      for key in keys { try update.run(key.monitor, key.topic, key.partition, owner) }
    }
  }

  func advance(partitions: [PartitionAdvance]) throws -> [Bool] {
    let sql = """
      UPDATE partitions SET next_offset = ?, watermark = ?, idle_until = ?, end_offset = ifnull(?, end_offset)
      WHERE monitor = ? AND topic = ? AND partition = ? AND epoch = ? AND next_offset = ?
      """
    let now = try now()
    return try statement("advancing partitions", sql) { update in
      try partitions.map { part in
        try update.run(
          part.nextOffset, part.watermark, part.idleFor.map { now + $0 }, part.endOffset, part.key.monitor,
          part.key.topic,
          part.key.partition, part.epoch, part.expectedOffset) == 1
      }
    }
  }

  // MARK: Quarantine

  func quarantine(_ records: [QuarantineRecord], keep: Int) throws {
    let insert = """
      INSERT INTO quarantine (monitor, topic, partition, log_offset, code, reason, sample) VALUES (?, ?, ?, ?, ?, ?, ?)
      """
    try statement("storing quarantined messages", insert) { insert in
      for record in records {
        try insert.run(
          record.monitor, record.topic, record.partition, record.offset, record.code, record.reason, record.sample)
      }
    }
    let trim = """
      DELETE FROM quarantine WHERE monitor = ?1 AND id <=
        (SELECT id FROM quarantine WHERE monitor = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)
      """
    try statement("trimming quarantined messages", trim) { trim in
      for monitor in Set(records.map(\.monitor)) { try trim.run(monitor, max(0, keep)) }
    }
  }

  func quarantined(monitor: String?, limit: Int) throws -> [QuarantineRecord] {
    let filter = monitor == nil ? "?1 IS NULL" : "monitor = ?1"
    let sql = """
      SELECT monitor, topic, partition, log_offset, code, reason, sample FROM quarantine
      WHERE \(filter) ORDER BY id DESC LIMIT ?2
      """
    return try rows("reading quarantined messages", sql, monitor, max(0, limit)) { row in
      guard let number = Int32(exactly: try row.integer(2)) else { throw row.damaged(2, "is too large") }
      return QuarantineRecord(
        monitor: try row.text(0), topic: try row.text(1), partition: number, offset: try row.integer(3),
        code: try row.text(4), reason: try row.text(5), sample: try row.blob(6))
    }
  }
}
