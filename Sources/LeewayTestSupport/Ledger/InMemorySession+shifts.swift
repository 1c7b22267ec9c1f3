import LeewayCore

/// What detectors of shifts know.
extension InMemorySession {
  func shiftStates(monitor: String, keys: [SliceKey]) throws -> [[UInt8]?] {
    keys.map { tables.shiftStates[ByteName(monitor)]?[$0]?.state }
  }

  func put(shiftStates: [ShiftRecord], monitor: String) throws {
    if flaw == .shiftStates { return }
    for record in shiftStates { tables.shiftStates[ByteName(monitor), default: [:]][record.key] = record }
  }

  func reclaimShiftStates(monitor: String, before: EventTime, limit: Int) throws -> Int {
    let gone = (tables.shiftStates[ByteName(monitor)] ?? [:]).values.filter { $0.through < before }
      .sorted { $0.through != $1.through ? $0.through < $1.through : SliceKey.precedes($0.key, $1.key) }
      .prefix(max(0, limit))
    for record in gone { tables.shiftStates[ByteName(monitor)]?[record.key] = nil }
    return gone.count
  }
}
