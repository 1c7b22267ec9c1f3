import LeewayCore

/// What detectors of shifts know.
extension SQLiteSession {
  func shiftStates(monitor: String, keys: [SliceKey]) throws -> [[UInt8]?] {
    let sql = "SELECT state FROM shift_states WHERE monitor = ? AND hash = ? AND slice = ?"
    return try keys.map { try first("reading shifts", sql, monitor, $0.hash, $0.slice) { try $0.blob(0) } }
  }

  func put(shiftStates: [ShiftRecord], monitor: String) throws {
    let sql = """
      INSERT INTO shift_states (monitor, hash, slice, through, state) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (monitor, hash, slice) DO UPDATE SET through = excluded.through, state = excluded.state
      """
    try statement("storing shifts", sql) { insert in
      for record in shiftStates {
        try insert.run(monitor, record.key.hash, record.key.slice, record.through, record.state)
      }
    }
  }

  func reclaimShiftStates(monitor: String, before: EventTime, limit: Int) throws -> Int {
    try run(
      "reclaiming shifts",
      """
      DELETE FROM shift_states WHERE row IN
        (SELECT row FROM shift_states WHERE monitor = ? AND through < ? ORDER BY through, hash, slice LIMIT ?)
      """, monitor, before, max(0, limit))
  }
}
