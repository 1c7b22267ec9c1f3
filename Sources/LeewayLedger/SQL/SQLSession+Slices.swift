import LeewayCore

/// References from production, and what detectors of shifts know: blobs by (monitor, hash, slice).
extension SQLSession {
  func references(monitor: String) throws -> [ReferenceRecord] {
    let sql = """
      SELECT hash, slice, begins, ends, through, used_at FROM frozen_references WHERE monitor = ? ORDER BY hash, slice
      """
    return try rows("reading references", sql, monitor) {
      ReferenceRecord(
        key: SliceKey(hash: try $0.text(0), slice: try $0.text(1)), begins: try $0.time(2), ends: try $0.time(3),
        through: try $0.time(4), usedAt: try $0.time(5))
    }
  }

  func referenceBlocks(monitor: String, keys: [SliceKey]) throws -> [[UInt8]?] {
    try blobs(of: .references, monitor: monitor, keys: keys)
  }

  func put(references: [ReferenceRecord], monitor: String) throws {
    let records = lastOfEach(references) { SliceKey.precedes($0.key, $1.key) }
    for (isWhole, part) in [(true, records.filter { $0.block != nil }), (false, records.filter { $0.block == nil })] {
      var batch = SQLBatch(
        into: SliceTable.references.name, part, precedes: { SliceKey.precedes($0.key, $1.key) },
        size: { ($0.block?.count ?? 0) + $0.key.slice.utf8.count * 2 + 128 })
      batch.key("monitor") { _ in monitor }
      batch.key("hash") { $0.key.hash }
      batch.longKey("slice") { $0.key.slice }
      batch.value("begins") { $0.begins }
      batch.value("ends") { $0.ends }
      batch.value("through") { $0.through }
      batch.value("used_at") { $0.usedAt }
      if isWhole { batch.value("block") { $0.block } } else { batch.fixed("block") { _ in [UInt8]() } }
      try store("storing references", batch)
    }
  }

  func reclaimReferences(monitor: String, usedBefore before: EventTime, limit: Int) throws -> Int {
    try reclaim(.references, monitor: monitor, before: before, limit: limit)
  }

  func shiftStates(monitor: String, keys: [SliceKey]) throws -> [[UInt8]?] {
    try blobs(of: .shifts, monitor: monitor, keys: keys)
  }

  func put(shiftStates: [ShiftRecord], monitor: String) throws {
    var batch = SQLBatch(
      into: SliceTable.shifts.name, shiftStates, precedes: { SliceKey.precedes($0.key, $1.key) },
      size: { $0.state.count + $0.key.slice.utf8.count * 2 + 128 })
    batch.key("monitor") { _ in monitor }
    batch.key("hash") { $0.key.hash }
    batch.longKey("slice") { $0.key.slice }
    batch.value("through") { $0.through }
    batch.value("state") { $0.state }
    try store("storing shifts", batch)
  }

  func reclaimShiftStates(monitor: String, before: EventTime, limit: Int) throws -> Int {
    try reclaim(.shifts, monitor: monitor, before: before, limit: limit)
  }

  private func reclaim(_ table: SliceTable, monitor: String, before: EventTime, limit: Int) throws -> Int {
    let key = "monitor, hash, \(Self.longKey("slice"))"
    let sql = """
      DELETE FROM \(table.name) WHERE (\(key)) IN (
        SELECT \(key) FROM \(table.name) WHERE monitor = ? AND \(table.age) < ?
        ORDER BY \(table.age), hash, slice LIMIT ?)
      """
    return try run(table.reclaiming, sql, monitor, before, max(0, limit))
  }
}
