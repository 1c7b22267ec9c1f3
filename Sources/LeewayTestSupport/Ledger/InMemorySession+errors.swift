import LeewayCore

/// Errors of labelled predictions, and the detectors that are fed with them.
extension InMemorySession {
  func errors(
    monitor: String, generation: String, in range: Range<EventTime>, visit: (_ row: ErrorRow) throws -> Void
  ) throws {
    let rows = tables.errors[InMemoryTables.Scope(monitor, generation)] ?? [:]
    for key in rows.keys.filter({ range.contains($0.time) }).sorted() {
      if let row = rows[key] { try visit(row) }
    }
  }

  func put(errors: [ErrorRow], monitor: String, generation: String) throws {
    let scope = InMemoryTables.Scope(monitor, generation)
    for row in errors {
      let key = InMemoryTables.ErrorKey(time: row.time, id: row.id, version: row.version)
      tables.errors[scope, default: [:]][key] = row.error == nil ? nil : row
    }
  }

  func delete(errorsBefore before: EventTime, monitor: String, generation: String) throws -> Int {
    try removeErrors(InMemoryTables.Scope(monitor, generation), before, limit: .max)
  }

  private func removeErrors(_ scope: InMemoryTables.Scope, _ before: EventTime, limit: Int) throws -> Int {
    let gone = (tables.errors[scope] ?? [:]).keys.filter { $0.time < before }.sorted().prefix(max(0, limit))
    for key in gone { tables.errors[scope]?[key] = nil }
    return gone.count
  }

  func errorFeed(monitor: String, generation: String) throws -> [UInt8]? {
    tables.errorFeeds[InMemoryTables.Scope(monitor, generation)]
  }

  func put(errorFeed: [UInt8], monitor: String, generation: String) throws {
    tables.errorFeeds[InMemoryTables.Scope(monitor, generation)] = errorFeed
  }

  func fedPanes(monitor: String, generation: String, in range: Range<EventTime>) throws -> [FedPaneRecord] {
    (tables.fedPanes[InMemoryTables.Scope(monitor, generation)] ?? [:]).values
      .filter { range.contains($0.pane) }.sorted { $0.pane < $1.pane }
  }

  func put(fedPanes: [FedPaneRecord], monitor: String, generation: String) throws {
    for record in fedPanes {
      tables.fedPanes[InMemoryTables.Scope(monitor, generation), default: [:]][record.pane] = record
    }
  }

  func reclaimErrors(monitor: String, generation: String, before: EventTime, limit: Int) throws -> Int {
    let scope = InMemoryTables.Scope(monitor, generation)
    let removed = try removeErrors(scope, before, limit: limit)
    let panes = (tables.fedPanes[scope] ?? [:]).keys.filter { $0 < before }.sorted().prefix(max(0, limit - removed))
    for pane in panes { tables.fedPanes[scope]?[pane] = nil }
    return removed + panes.count
  }
}
