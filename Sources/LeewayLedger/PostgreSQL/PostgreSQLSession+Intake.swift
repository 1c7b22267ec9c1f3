import LeewayCore

/// Writers, generations, partitions, waiting predictions, quarantine.
extension PostgreSQLSession {
  private static let writerColumns = """
    id, host, process, flush_seq, alive, registered_at, last_seen, last_flush
    """

  private func writer(_ row: PostgreSQLRow) throws -> WriterRecord {
    WriterRecord(
      id: try row.text(0), instance: InstanceIdentity(host: try row.text(1), process: try row.small(2)),
      flushSequence: try row.integer(3), alive: try row.flag(4), registeredAt: try row.time(5),
      lastSeenAt: try row.time(6), lastFlushAt: try row.optionalTime(7))
  }

  func writer(_ id: String) throws -> WriterRecord? {
    try first("reading a writer", "SELECT \(Self.writerColumns) FROM writers WHERE id = $1", id, as: writer)
  }

  func writers() throws -> [WriterRecord] {
    try rows("reading writers", "SELECT \(Self.writerColumns) FROM writers ORDER BY registered_at, id", as: writer)
  }

  func register(writer: String, instance: InstanceIdentity) throws {
    let sql = """
      INSERT INTO writers (id, host, process, flush_seq, alive, registered_at, last_seen)
      SELECT $1, $2, $3, 0, true, t.now, t.now FROM (SELECT \(Self.clock("$4")) AS now) t
      """
    try run("registering a writer", sql, writer, instance.host, instance.process, time)
  }

  func heartbeat(writer: String) throws -> Bool {
    let sql = "UPDATE writers SET last_seen = \(Self.clock("$2")) WHERE id = $1 AND alive"
    return try run("saying that a writer lives", sql, writer, time) == 1
  }

  func advance(writer: String, expected: Int64) throws -> Bool {
    let sql = """
      UPDATE writers SET flush_seq = flush_seq + 1, last_seen = t.now, last_flush = t.now
      FROM (SELECT \(Self.clock("$3")) AS now) t WHERE id = $1 AND flush_seq = $2 AND alive
      """
    return try run("advancing a writer", sql, writer, expected, time) == 1
  }

  func lock(writer: String) throws -> WriterRecord? {
    try first(
      "locking a writer", "SELECT \(Self.writerColumns) FROM writers WHERE id = $1 FOR UPDATE", writer,
      as: self.writer)
  }

  func retire(writer: String) throws {
    try run("retiring a writer", "UPDATE writers SET alive = false WHERE id = $1", writer)
    try run(
      "retiring a writer",
      """
      WITH owned AS MATERIALIZED (
        SELECT monitor, topic, partition FROM partitions WHERE owner = $1
        ORDER BY topic, partition, monitor FOR UPDATE)
      UPDATE partitions p SET owner = NULL, idle_until = NULL FROM owned o
      WHERE p.monitor = o.monitor AND p.topic = o.topic AND p.partition = o.partition AND p.owner = $1
      """, writer)
  }

  func reclaimWriters(limit: Int) throws -> Int {
    try run(
      "reclaiming writers",
      """
      DELETE FROM writers WHERE id IN (
        SELECT w.id FROM writers w
        WHERE NOT w.alive AND NOT EXISTS (SELECT 1 FROM drift_panes d WHERE d.writer = w.id)
          AND NOT EXISTS (SELECT 1 FROM performance_panes p WHERE p.writer = w.id)
          AND NOT EXISTS (SELECT 1 FROM early_performance_panes p WHERE p.writer = w.id)
        ORDER BY w.registered_at, w.id LIMIT $1)
      """, max(0, limit))
  }

  // MARK: Generations

  func lockGeneration(of monitor: String) throws { try lock(.generation(monitor: monitor)) }

  private static let generationColumns =
    "generation, definition, starts_at, baseline, pairs, pairs_start_at, early_starts_at, pair_shape, read_through, drained"

  private func generation(_ row: PostgreSQLRow, _ monitor: String) throws -> GenerationRecord {
    GenerationRecord(
      monitor: monitor, generation: try row.text(0), definition: try row.text(1), startsAt: try row.time(2),
      baseline: try row.text(3), pairs: try row.text(4), pairsStartAt: try row.time(5), earlyStartsAt: try row.time(6),
      pairShape: try row.text(7), readThrough: try row.time(8), isDrained: try row.integer(9) != 0)
  }

  func generations(of monitor: String) throws -> [GenerationRecord] {
    try lock(.generation(monitor: monitor), shared: true)
    return try rows(
      "reading generations",
      "SELECT \(Self.generationColumns) FROM generations WHERE monitor = $1 ORDER BY id", monitor
    ) { try generation($0, monitor) }
  }

  func files(monitor: String, generation: String) throws -> GenerationFiles? {
    try first(
      "reading a generation's files",
      """
      SELECT monitor_file, baseline_file FROM generations
      WHERE monitor = $1 AND generation = $2 AND monitor_file IS NOT NULL AND baseline_file IS NOT NULL
      """, monitor, generation
    ) { GenerationFiles(monitor: String(decoding: try $0.blob(0), as: UTF8.self), baseline: try $0.blob(1)) }
  }

  func drain(monitor: String, pairs: String) throws -> Int {
    let doing: StaticString = "ending the wait of a generation"
    try lock(.generation(monitor: monitor))
    if let scope = try scope(monitor, pairs) {
      let left = try first(doing, "SELECT 1::bigint FROM waiting WHERE scope = $1 LIMIT 1", scope) { try $0.integer(0) }
      guard left == nil else { return 0 }
    }
    let sql = """
      UPDATE generations SET drained = 1, monitor_file = NULL, baseline_file = NULL
      WHERE monitor = $1 AND pairs = $2 AND drained = 0
      """
    return try run(doing, sql, monitor, pairs)
  }

  func reclaimGeneration(monitor: String, generation: String) throws -> Int {
    let doing: StaticString = "reclaiming a generation"
    try lock(.generation(monitor: monitor))
    guard try self.generation(of: monitor)?.generation != generation else { return 0 }
    let lines = try first(
      doing, "SELECT 1::bigint FROM result_series WHERE monitor = $1 AND generation = $2 LIMIT 1", monitor, generation
    ) { try $0.integer(0) }
    guard lines == nil else { return 0 }
    try run(doing, "DELETE FROM result_dictionaries WHERE monitor = $1 AND generation = $2", monitor, generation)
    if let scope = try scope(monitor, generation) {
      for table in [
        "drift_panes", "performance_panes", "early_performance_panes", "waiting", "errors", "fed_panes",
      ] {
        let left = try first(doing, "SELECT 1::bigint FROM \(table) WHERE scope = $1 LIMIT 1", scope) {
          try $0.integer(0)
        }
        guard left == nil else { return 0 }
      }
      for table in ["dirty_marks", "evaluations", "error_feeds"] {
        try run(doing, "DELETE FROM \(table) WHERE scope = $1", scope)
      }
    }
    return try run(doing, "DELETE FROM generations WHERE monitor = $1 AND generation = $2", monitor, generation)
  }

  func generation(of monitor: String) throws -> GenerationRecord? {
    try lock(.generation(monitor: monitor), shared: true)
    return try first(
      "reading a generation",
      "SELECT \(Self.generationColumns) FROM generations WHERE monitor = $1 ORDER BY id DESC LIMIT 1", monitor
    ) { try generation($0, monitor) }
  }

  func put(generation: GenerationRecord, files: GenerationFiles?) throws {
    try lock(.generation(monitor: generation.monitor))
    // The greatest id is the current one.
    try run(
      "storing a generation",
      """
      INSERT INTO generations (monitor, \(Self.generationColumns), monitor_file, baseline_file)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
      ON CONFLICT (monitor, generation) DO UPDATE SET id = DEFAULT, definition = excluded.definition,
        starts_at = excluded.starts_at, baseline = excluded.baseline, pairs = excluded.pairs,
        pairs_start_at = excluded.pairs_start_at, early_starts_at = excluded.early_starts_at,
        pair_shape = excluded.pair_shape, read_through = excluded.read_through, drained = excluded.drained,
        monitor_file = excluded.monitor_file, baseline_file = excluded.baseline_file
      """, generation.monitor, generation.generation, generation.definition, generation.startsAt, generation.baseline,
      generation.pairs, generation.pairsStartAt, generation.earlyStartsAt, generation.pairShape,
      generation.readThrough, generation.isDrained ? 1 : 0, files.map { Array($0.monitor.utf8) }, files?.baseline)
  }

  // MARK: Partitions

  private static let partitionColumns = "role, epoch, owner, next_offset, watermark, idle_until, end_offset"

  private func partition(_ row: PostgreSQLRow, _ key: PartitionKey) throws -> PartitionRecord {
    PartitionRecord(
      key: key, role: try row.named(0), epoch: try row.integer(1), owner: try row.optionalText(2),
      nextOffset: try row.integer(3), watermark: try row.time(4), idleUntil: try row.optionalTime(5),
      endOffset: try row.optionalInteger(6))
  }

  func partitions(of monitor: String) throws -> [PartitionRecord] {
    try rows(
      "reading partitions",
      """
      SELECT \(Self.partitionColumns), topic, partition FROM partitions WHERE monitor = $1
      ORDER BY topic, partition\(forUpdate)
      """, monitor
    ) { row in
      let key = PartitionKey(monitor: monitor, topic: try row.text(7), partition: try row.small(8))
      return try partition(row, key)
    }
  }

  func ensure(partitions: [(key: PartitionKey, role: StreamRole)]) throws {
    // In the order of the keys: two instances that start at once wait for each other, and not in a circle.
    let rows = lastOfEach(partitions) { $0.key < $1.key }
    guard !rows.isEmpty else { return }
    var parameters = PostgreSQLParameters(EventTime.distantPast)
    parameters.append(rows) { $0.key.monitor }
    parameters.append(rows) { $0.key.topic }
    parameters.append(rows) { $0.key.partition }
    parameters.append(rows) { $0.role.rawValue }
    try execute(
      "making partitions",
      """
      INSERT INTO partitions (monitor, topic, partition, role, epoch, owner, next_offset, watermark, idle_until)
      SELECT k.monitor, k.topic, k.partition, k.role, 0, NULL, 0, $1, NULL
      FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) WITH ORDINALITY
        AS k (monitor, topic, partition, role, n)
      ORDER BY k.n
      ON CONFLICT (monitor, topic, partition) DO NOTHING
      """, parameters)
  }

  func claim(partitions keys: [PartitionKey], owner: String) throws -> [PartitionRecord] {
    let doing: StaticString = "claiming partitions"
    var claimed: [PartitionKey: PartitionRecord] = [:]
    for key in keys.sorted() {
      let record = try first(
        doing,
        """
        UPDATE partitions SET epoch = epoch + 1, owner = $1, idle_until = NULL
        WHERE monitor = $2 AND topic = $3 AND partition = $4 RETURNING \(Self.partitionColumns)
        """, owner, key.monitor, key.topic, key.partition
      ) { try partition($0, key) }
      guard let record else { throw refused(doing, "\(key.monitor) has no row for \(key.topic)/\(key.partition)") }
      claimed[key] = record
    }
    return keys.compactMap { claimed[$0] }
  }

  func release(partitions keys: [PartitionKey], owner: String) throws {
    for key in keys.sorted() {
      try run(
        "releasing partitions",
        """
        UPDATE partitions SET owner = NULL, idle_until = NULL
        WHERE monitor = $1 AND topic = $2 AND partition = $3 AND owner = $4
        """, key.monitor, key.topic, key.partition, owner)
    }
  }

  func advance(partitions: [PartitionAdvance]) throws -> [Bool] {
    guard !partitions.isEmpty else { return [] }
    // One statement; the rows it locks it locks first, in the order given, which is every flush's.
    var parameters = PostgreSQLParameters()
    parameters.append(partitions) { $0.key.monitor }
    parameters.append(partitions) { $0.key.topic }
    parameters.append(partitions) { $0.key.partition }
    parameters.append(partitions) { $0.epoch }
    parameters.append(partitions) { $0.expectedOffset }
    parameters.append(partitions) { $0.nextOffset }
    parameters.append(partitions) { $0.watermark }
    parameters.append(partitions) { $0.idleFor?.milliseconds }
    parameters.append(partitions) { $0.endOffset }
    parameters.append(time)
    let matched = try rows(
      "advancing partitions",
      """
      WITH wanted AS MATERIALIZED (
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
          $7::bigint[], $8::bigint[], $9::bigint[]) WITH ORDINALITY
          AS w (monitor, topic, partition, epoch, expected, next_offset, watermark, idle_for, end_offset, n)
      ), locked AS MATERIALIZED (
        SELECT w.n FROM wanted w JOIN LATERAL (
          SELECT 1 FROM partitions p
          WHERE p.monitor = w.monitor AND p.topic = w.topic AND p.partition = w.partition
            AND p.epoch = w.epoch AND p.next_offset = w.expected
          FOR UPDATE OF p
        ) p ON true
      )
      UPDATE partitions p SET next_offset = w.next_offset, watermark = w.watermark,
        idle_until = \(Self.clock("$10")) + w.idle_for, end_offset = coalesce(w.end_offset, p.end_offset)
      FROM wanted w JOIN locked l ON l.n = w.n
      WHERE p.monitor = w.monitor AND p.topic = w.topic AND p.partition = w.partition
      RETURNING w.n
      """, parameters
    ) { Int(clamping: try $0.integer(0)) - 1 }
    var advanced = [Bool](repeating: false, count: partitions.count)
    for index in matched where advanced.indices.contains(index) { advanced[index] = true }
    return advanced
  }

  // MARK: Waiting predictions

  func waiting(monitor: String, generation: String, ids: [[UInt8]]) throws -> [[UInt8]?] {
    guard let scope = try scope(monitor, generation) else { return Array(repeating: nil, count: ids.count) }
    return try waiting(scope, ids)
  }

  /// See `LedgerLock.joins` for why nothing is missed where there is no row yet.
  func lockWaiting(monitor: String, generation: String, ids: [[UInt8]]) throws -> [[UInt8]?] {
    let scope = try scopeForWriting(monitor, generation)
    try lock(.joins(scope: scope))
    return try waiting(scope, ids)
  }

  private func waiting(_ scope: Int64, _ ids: [[UInt8]]) throws -> [[UInt8]?] {
    var found = [[UInt8]?](repeating: nil, count: ids.count)
    let sql = """
      SELECT k.n, w.state FROM unnest($2::bytea[]) WITH ORDINALITY AS k (id, n)
      JOIN waiting w ON w.scope = $1 AND w.id = k.id
      """
    try PostgreSQLBatches.of(ids, size: { $0.count + 300 }) { batch in
      var parameters = PostgreSQLParameters(scope)
      parameters.append(batch) { PostgreSQLKey.bounded($0) }
      _ = try rows("reading waiting predictions", sql, parameters) { row in
        let index = batch.startIndex + Int(clamping: try row.integer(0)) - 1
        guard found.indices.contains(index) else { throw row.damaged(0, "is not a place in the batch") }
        found[index] = try row.blob(1)
      }
    }
    return found
  }

  func put(waiting rows: [WaitingRow], monitor: String, generation: String) throws {
    let scope = try scopeForWriting(monitor, generation)
    try lock(.joins(scope: scope))
    let doing: StaticString = "storing waiting predictions"
    let rows = lastOfEach(rows) { $0.id.lexicographicallyPrecedes($1.id) }
    let upsert = """
      INSERT INTO waiting (scope, id, reclaim_after, state)
      SELECT $1, k.id, k.reclaim_after, k.state
      FROM unnest($2::bytea[], $3::bigint[], $4::bytea[]) AS k (id, reclaim_after, state)
      ON CONFLICT (scope, id) DO UPDATE SET reclaim_after = excluded.reclaim_after, state = excluded.state
      """
    try PostgreSQLBatches.of(rows.filter { $0.state != nil }, size: { $0.id.count + ($0.state?.count ?? 0) + 32 }) {
      batch in
      var parameters = PostgreSQLParameters(scope)
      parameters.append(batch) { PostgreSQLKey.bounded($0.id) }
      parameters.append(batch) { $0.reclaimAfter }
      parameters.append(batch) { $0.state }
      try execute(doing, upsert, parameters)
    }
    try PostgreSQLBatches.of(rows.filter { $0.state == nil }, size: { $0.id.count + 8 }) { batch in
      var parameters = PostgreSQLParameters(scope)
      parameters.append(batch) { PostgreSQLKey.bounded($0.id) }
      try execute(
        doing, "DELETE FROM waiting w USING unnest($2::bytea[]) AS k (id) WHERE w.scope = $1 AND w.id = k.id",
        parameters)
    }
  }

  func reclaimWaiting(monitor: String, generation: String, before: EventTime, limit: Int) throws -> [[UInt8]] {
    guard let scope = try scope(monitor, generation) else { return [] }
    try lock(.joins(scope: scope))
    return try rows(
      "reclaiming waiting predictions",
      """
      DELETE FROM waiting w USING (
        SELECT id FROM waiting WHERE scope = $1 AND reclaim_after < $2 ORDER BY scope, reclaim_after LIMIT $3
      ) k WHERE w.scope = $1 AND w.id = k.id RETURNING w.state
      """, scope, before, max(0, limit)
    ) { try $0.blob(0) }
  }

  // MARK: Quarantine

  func quarantine(_ records: [QuarantineRecord], keep: Int) throws {
    try PostgreSQLBatches.of(records, size: { $0.reason.utf8.count + $0.sample.count + 64 }) { batch in
      var parameters = PostgreSQLParameters()
      parameters.append(batch) { $0.monitor }
      parameters.append(batch) { $0.topic }
      parameters.append(batch) { $0.partition }
      parameters.append(batch) { $0.offset }
      parameters.append(batch) { $0.code }
      parameters.append(batch) { $0.reason }
      parameters.append(batch) { $0.sample }
      try execute(
        "storing quarantined messages",
        """
        INSERT INTO quarantine (monitor, topic, partition, log_offset, code, reason, sample)
        SELECT monitor, topic, partition, log_offset, code, reason, sample
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[])
          WITH ORDINALITY AS k (monitor, topic, partition, log_offset, code, reason, sample, n)
        ORDER BY n
        """, parameters)
    }
    for monitor in Set(records.map(\.monitor)).sorted(by: utf8Order) {
      try run(
        "trimming quarantined messages",
        """
        DELETE FROM quarantine WHERE monitor = $1 AND id <=
          (SELECT id FROM quarantine WHERE monitor = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)
        """, monitor, max(0, keep))
    }
  }

  func quarantined(monitor: String?, limit: Int) throws -> [QuarantineRecord] {
    let filter = monitor == nil ? "$1::text IS NULL" : "monitor = $1"
    let sql = """
      SELECT monitor, topic, partition, log_offset, code, reason, sample FROM quarantine
      WHERE \(filter) ORDER BY id DESC LIMIT $2
      """
    return try rows("reading quarantined messages", sql, monitor, max(0, limit)) { row in
      QuarantineRecord(
        monitor: try row.text(0), topic: try row.text(1), partition: try row.small(2), offset: try row.integer(3),
        code: try row.text(4), reason: try row.text(5), sample: try row.blob(6))
    }
  }
}
