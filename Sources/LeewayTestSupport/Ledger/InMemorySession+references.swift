import LeewayCore

/// References from production.
extension InMemorySession {
  func references(monitor: String) throws -> [ReferenceRecord] {
    (tables.references[ByteName(monitor)] ?? [:]).values.sorted { SliceKey.precedes($0.key, $1.key) }
      .map { record in
        var record = record
        record.block = nil
        return record
      }
  }

  func referenceBlocks(monitor: String, keys: [SliceKey]) throws -> [[UInt8]?] {
    keys.map { tables.references[ByteName(monitor)]?[$0]?.block }
  }

  func put(references: [ReferenceRecord], monitor: String) throws {
    for var record in references {
      record.block = record.block ?? tables.references[ByteName(monitor)]?[record.key]?.block ?? []
      tables.references[ByteName(monitor), default: [:]][record.key] = record
    }
  }

  func reclaimReferences(monitor: String, usedBefore before: EventTime, limit: Int) throws -> Int {
    let gone = (tables.references[ByteName(monitor)] ?? [:]).values.filter { $0.usedAt < before }
      .sorted { $0.usedAt != $1.usedAt ? $0.usedAt < $1.usedAt : SliceKey.precedes($0.key, $1.key) }
      .prefix(max(0, limit))
    for record in gone { tables.references[ByteName(monitor)]?[record.key] = nil }
    return gone.count
  }
}
