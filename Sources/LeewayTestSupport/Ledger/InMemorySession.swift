import LeewayCore

/// One snapshot or one transaction on a copy of the tables.
final class InMemorySession {
  var tables: InMemoryTables
  /// The first call that failed. The transaction is then doomed.
  private(set) var failure: LedgerError?
  private let clock: @Sendable () -> EventTime
  var flaw: LedgerFlaw?
  var stale = InMemoryTables()
  /// This transaction has locked a writer: it folds.
  private var folds = false

  init(_ tables: InMemoryTables, clock: @escaping @Sendable () -> EventTime) {
    self.tables = tables
    self.clock = clock
  }

  func now() throws -> EventTime { clock() }
  func wallTime() throws -> EventTime { clock() }

  func refused(_ why: String) -> LedgerError {
    let error = LedgerError("in-memory ledger: \(why)")
    if failure == nil { failure = error }
    return error
  }
}

// MARK: - Intake

extension InMemorySession {
  func generation(of monitor: String) throws -> GenerationRecord? {
    tables.generations.last { ByteName($0.monitor) == ByteName(monitor) }
  }

  func files(monitor: String, generation: String) throws -> GenerationFiles? {
    tables.generationFiles[InMemoryTables.Scope(monitor, generation)]
  }

  func generations(of monitor: String) throws -> [GenerationRecord] {
    tables.generations.filter { ByteName($0.monitor) == ByteName(monitor) }
  }

  func lockGeneration(of monitor: String) throws {}

  func partitions(of monitor: String) throws -> [PartitionRecord] {
    tables.partitions.values.filter {
      $0.key.monitor == monitor && (flaw != .unreadPartitions || $0.watermark > .distantPast)
    }.sorted {
      $0.key.topic == $1.key.topic ? $0.key.partition < $1.key.partition : utf8Order($0.key.topic, $1.key.topic)
    }
  }

  func writer(_ id: String) throws -> WriterRecord? { tables.writers[ByteName(id)] }

  func waiting(monitor: String, generation: String, ids: [[UInt8]]) throws -> [[UInt8]?] {
    let rows = tables.waiting[InMemoryTables.Scope(monitor, generation)]
    return ids.map { rows?[$0]?.state }
  }

  func writers() throws -> [WriterRecord] {
    tables.writers.values.sorted {
      $0.registeredAt == $1.registeredAt ? utf8Order($0.id, $1.id) : $0.registeredAt < $1.registeredAt
    }
  }

  func register(writer: String, instance: InstanceIdentity) throws {
    guard tables.writers[ByteName(writer)] == nil else { throw refused("writer \(writer) is registered") }
    tables.writers[ByteName(writer)] = WriterRecord(
      id: writer, instance: instance, flushSequence: 0, alive: true, registeredAt: clock(), lastSeenAt: clock())
  }

  func heartbeat(writer: String) throws -> Bool {
    guard tables.writers[ByteName(writer)]?.alive == true else { return false }
    tables.writers[ByteName(writer)]?.lastSeenAt = clock()
    return true
  }

  func advance(writer: String, expected: Int64) throws -> Bool {
    guard let known = tables.writers[ByteName(writer)], known.alive, known.flushSequence == expected else {
      return false
    }
    tables.writers[ByteName(writer)]?.flushSequence += 1
    tables.writers[ByteName(writer)]?.lastSeenAt = clock()
    tables.writers[ByteName(writer)]?.lastFlushAt = clock()
    return true
  }

  func lock(writer: String) throws -> WriterRecord? {
    folds = true
    return tables.writers[ByteName(writer)]
  }

  func retire(writer: String) throws {
    tables.writers[ByteName(writer)]?.alive = false
    try release(partitions: Array(tables.partitions.keys), owner: writer)
  }

  func reclaimWriters(limit: Int) throws -> Int {
    let holders = Set(tables.panes.values.flatMap(\.values).flatMap(\.keys).map(\.writer))
    let gone = try writers().filter { !$0.alive && !holders.contains(ByteName($0.id)) }.prefix(max(0, limit))
    for writer in gone { tables.writers[ByteName(writer.id)] = nil }
    return gone.count
  }

  func drain(monitor: String, pairs: String) throws -> Int {
    guard tables.waiting[InMemoryTables.Scope(monitor, pairs)]?.isEmpty ?? true else { return 0 }
    var count = 0
    for i in tables.generations.indices
    where tables.generations[i].monitor == monitor && tables.generations[i].pairs == pairs
      && !tables.generations[i].isDrained
    {
      tables.generations[i].isDrained = true
      tables.generationFiles[InMemoryTables.Scope(monitor, tables.generations[i].generation)] = nil
      count += 1
    }
    return count
  }

  func reclaimGeneration(monitor: String, generation: String) throws -> Int {
    let scope = InMemoryTables.Scope(monitor, generation)
    guard try self.generation(of: monitor)?.generation != generation,
      !tables.panes.contains(where: { $0.key.scope == scope && !$0.value.isEmpty }),
      tables.waiting[scope]?.isEmpty ?? true, tables.errors[scope]?.isEmpty ?? true,
      tables.fedPanes[scope]?.isEmpty ?? true,
      !tables.results.contains(where: { InMemoryTables.Scope($0.monitor, $0.generation) == scope })
    else { return 0 }
    tables.marks.removeAll { $0.scope == scope }
    tables.progress[scope] = nil
    tables.errorFeeds[scope] = nil
    tables.generationFiles[scope] = nil
    let before = tables.generations.count
    tables.generations.removeAll { InMemoryTables.Scope($0.monitor, $0.generation) == scope }
    return before - tables.generations.count
  }

  func put(generation: GenerationRecord, files: GenerationFiles?) throws {
    tables.generations.removeAll { $0.monitor == generation.monitor && $0.generation == generation.generation }
    tables.generations.append(generation)
    tables.generationNumbers[ByteName(generation.monitor), default: 0] += 1
    tables.generationFiles[InMemoryTables.Scope(generation.monitor, generation.generation)] = files
  }

  func ensure(partitions: [(key: PartitionKey, role: StreamRole)]) throws {
    for (key, role) in partitions where tables.partitions[key] == nil {
      tables.partitions[key] = PartitionRecord(
        key: key, role: role, epoch: 0, owner: nil, nextOffset: 0, watermark: .distantPast)
    }
  }

  func claim(partitions keys: [PartitionKey], owner: String) throws -> [PartitionRecord] {
    try keys.map { key in
      guard var record = tables.partitions[key] else { throw refused("no row for \(key.topic)/\(key.partition)") }
      record.epoch += 1
      record.owner = owner
      record.idleUntil = nil
      tables.partitions[key] = record
      return record
    }
  }

  func release(partitions keys: [PartitionKey], owner: String) throws {
    for key in keys {
      guard let known = tables.partitions[key]?.owner, ByteName(known) == ByteName(owner) else { continue }
      tables.partitions[key]?.owner = nil
      tables.partitions[key]?.idleUntil = nil
    }
  }

  func advance(partitions: [PartitionAdvance]) throws -> [Bool] {
    partitions.map { part in
      guard var record = tables.partitions[part.key],
        flaw == .compareAndSet || (record.epoch == part.epoch && record.nextOffset == part.expectedOffset)
      else { return false }
      record.nextOffset = part.nextOffset
      record.watermark = part.watermark
      record.idleUntil = part.idleFor.map { clock() + $0 }
      record.endOffset = part.endOffset ?? record.endOffset
      tables.partitions[part.key] = record
      return true
    }
  }

  func lockWaiting(monitor: String, generation: String, ids: [[UInt8]]) throws -> [[UInt8]?] {
    guard flaw != .joinLock else {
      let rows = stale.waiting[InMemoryTables.Scope(monitor, generation)]
      return ids.map { rows?[$0]?.state }
    }
    return try waiting(monitor: monitor, generation: generation, ids: ids)
  }

  func put(waiting rows: [WaitingRow], monitor: String, generation: String) throws {
    let scope = InMemoryTables.Scope(monitor, generation)
    for row in rows { tables.waiting[scope, default: [:]][row.id] = row.state == nil ? nil : row }
  }

  func reclaimWaiting(monitor: String, generation: String, before: EventTime, limit: Int) throws -> [[UInt8]] {
    let scope = InMemoryTables.Scope(monitor, generation)
    let due = (tables.waiting[scope] ?? [:]).values.filter { $0.reclaimAfter < before }
      .sorted { $0.reclaimAfter < $1.reclaimAfter }.prefix(max(0, limit))
    for row in due { tables.waiting[scope]?[row.id] = nil }
    return due.compactMap(\.state)
  }

  func quarantine(_ records: [QuarantineRecord], keep: Int) throws {
    tables.quarantine.append(contentsOf: records)
    for monitor in Set(records.map(\.monitor)) {
      var surplus = tables.quarantine.count(where: { $0.monitor == monitor }) - max(0, keep)
      tables.quarantine.removeAll { record in
        guard record.monitor == monitor, surplus > 0 else { return false }
        surplus -= 1
        return true
      }
    }
  }

  func quarantined(monitor: String?, limit: Int) throws -> [QuarantineRecord] {
    Array(tables.quarantine.reversed().filter { monitor == nil || $0.monitor == monitor }.prefix(max(0, limit)))
  }
}

// MARK: - Panes

extension InMemorySession {
  private func table(_ kind: PaneKind, _ monitor: String, _ generation: String) -> InMemoryTables.PaneTable {
    InMemoryTables.PaneTable(kind: kind, scope: InMemoryTables.Scope(monitor, generation))
  }

  func panes(
    _ kind: PaneKind, monitor: String, generation: String, in range: Range<EventTime>,
    visit: (_ pane: EventTime, _ slice: String, _ block: [UInt8]) throws -> Void
  ) throws {
    let rows = (flaw == .snapshot ? stale : tables).panes[table(kind, monitor, generation)] ?? [:]
    for pane in rows.keys.filter(range.contains).sorted() {
      for (key, block) in (rows[pane] ?? [:]).sorted(by: { $0.key < $1.key }) { try visit(pane, key.slice.text, block) }
    }
  }

  func paneStarts(_ kind: PaneKind, monitor: String, generation: String, in range: Range<EventTime>) throws
    -> [EventTime]
  {
    (tables.panes[table(kind, monitor, generation)] ?? [:]).keys.filter(range.contains).sorted()
  }

  func ownPanes(_ kind: PaneKind, monitor: String, generation: String, writer: String, keys: [PaneKey]) throws
    -> [[UInt8]?]
  {
    let rows = (flaw == .foldLock && folds ? stale : tables).panes[table(kind, monitor, generation)]
    let writer = ByteName(writer)
    return keys.map { rows?[$0.pane]?[InMemoryTables.Block(slice: ByteName($0.slice), writer: writer)] }
  }

  func ownSlices(_ kind: PaneKind, monitor: String, generation: String, writer: String, pane: EventTime) throws
    -> [String]
  {
    (tables.panes[table(kind, monitor, generation)]?[pane] ?? [:]).keys
      .filter { $0.writer == ByteName(writer) }.map(\.slice).sorted().map(\.text)
  }

  func ownKeys(
    _ kind: PaneKind, monitor: String, generation: String, writer: String, before: EventTime, limit: Int
  ) throws -> [PaneKey] {
    let rows = tables.panes[table(kind, monitor, generation)] ?? [:]
    let keys = rows.keys.filter { $0 < before }.sorted().lazy.flatMap { pane in
      (rows[pane] ?? [:]).keys.filter { $0.writer == ByteName(writer) }.map(\.slice).sorted()
        .map { PaneKey(pane: pane, slice: $0.text) }
    }
    return Array(keys.prefix(max(0, limit)))
  }

  func put(
    _ kind: PaneKind, monitor: String, generation: String, writer: String, blocks: [(key: PaneKey, block: [UInt8])]
  ) throws {
    let table = table(kind, monitor, generation)
    for (key, block) in blocks {
      tables.panes[table, default: [:]][key.pane, default: [:]][
        InMemoryTables.Block(slice: ByteName(key.slice), writer: ByteName(writer))] =
        flaw == .exactSums ? CellBlock.inexact(block) : block
    }
  }

  func delete(_ kind: PaneKind, monitor: String, generation: String, writer: String, keys: [PaneKey]) throws {
    let table = table(kind, monitor, generation)
    for key in keys {
      tables.panes[table]?[key.pane]?[InMemoryTables.Block(slice: ByteName(key.slice), writer: ByteName(writer))] = nil
      if tables.panes[table]?[key.pane]?.isEmpty == true { tables.panes[table]?[key.pane] = nil }
    }
  }

  func reclaimPanes(_ kind: PaneKind, monitor: String, generation: String, before: EventTime, limit: Int) throws -> Int
  {
    let table = table(kind, monitor, generation)
    var removed = 0
    for pane in (tables.panes[table] ?? [:]).keys.filter({ $0 < before }).sorted() {
      for key in (tables.panes[table]?[pane] ?? [:]).keys.sorted() where removed < limit {
        tables.panes[table]?[pane]?[key] = nil
        removed += 1
      }
      if tables.panes[table]?[pane]?.isEmpty == true { tables.panes[table]?[pane] = nil }
    }
    return removed
  }

  func mark(dirty panes: [(kind: PaneKind, pane: EventTime)], monitor: String, generation: String) throws {
    let scope = InMemoryTables.Scope(monitor, generation)
    for (kind, pane) in panes {
      if flaw == .dirtyMarks,
        tables.marks.contains(where: { $0.scope == scope && $0.mark.kind == kind && $0.mark.pane == pane })
      {
        continue
      }
      tables.marks.removeAll { $0.scope == scope && $0.mark.kind == kind && $0.mark.pane == pane }
      tables.lastMark += 1
      tables.marks.append(
        InMemoryTables.Mark(scope: scope, mark: DirtyMark(id: tables.lastMark, kind: kind, pane: pane)))
    }
  }

  func dirtyMarks(monitor: String, generation: String) throws -> [DirtyMark] {
    let scope = InMemoryTables.Scope(monitor, generation)
    return tables.marks.filter { $0.scope == scope }.map(\.mark)
  }

  func delete(dirtyMarks ids: [Int64]) throws {
    let gone = Set(ids)
    tables.marks.removeAll { gone.contains($0.mark.id) }
  }
}
