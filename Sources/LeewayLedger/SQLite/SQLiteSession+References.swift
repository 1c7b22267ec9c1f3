import LeewayCore

/// References from production.
extension SQLiteSession {
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
    let sql = "SELECT block FROM frozen_references WHERE monitor = ? AND hash = ? AND slice = ?"
    return try keys.map { try first("reading references", sql, monitor, $0.hash, $0.slice) { try $0.blob(0) } }
  }

  func put(references: [ReferenceRecord], monitor: String) throws {
    let sql = """
      INSERT INTO frozen_references (monitor, hash, slice, begins, ends, through, used_at, block)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, COALESCE(?8, x''))
      ON CONFLICT (monitor, hash, slice) DO UPDATE SET begins = ?4, ends = ?5, through = ?6, used_at = ?7,
        block = COALESCE(?8, block)
      """
    try statement("storing references", sql) { insert in
      for record in references {
        try insert.run(
          monitor, record.key.hash, record.key.slice, record.begins, record.ends, record.through, record.usedAt,
          record.block)
      }
    }
  }

  func reclaimReferences(monitor: String, usedBefore before: EventTime, limit: Int) throws -> Int {
    try run(
      "reclaiming references",
      """
      DELETE FROM frozen_references WHERE row IN
        (SELECT row FROM frozen_references WHERE monitor = ? AND used_at < ? ORDER BY used_at, hash, slice LIMIT ?)
      """, monitor, before, max(0, limit))
  }
}
