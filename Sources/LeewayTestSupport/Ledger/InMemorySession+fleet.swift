import LeewayCore

extension InMemorySession {
  func results(at positions: [ResultPosition]) throws -> [ResultRecord?] {
    positions.map { wanted in tables.results.first { !($0.position < wanted) && !(wanted < $0.position) } }
  }

  func tiers(_ query: TierMapQuery) throws -> [TierCell] {
    guard query.every > .zero, query.from < query.through else { return [] }
    struct Place: Hashable {
      var subject: ByteName
      var check: ByteName
      var column: Int64
    }
    var worst: [Place: Tier] = [:]
    for line in tables.results
    where line.type == .verdict && line.end > query.from && line.end <= query.through
      && ByteName(line.monitor) == ByteName(query.monitor) && ByteName(line.window) == ByteName(query.window)
    {
      guard let tier = line.rawTier else { continue }
      let column = ((line.end - query.from).milliseconds - 1) / query.every.milliseconds
      let place = Place(subject: ByteName(line.subject), check: ByteName(line.check), column: column)
      worst[place] = max(worst[place] ?? tier, tier)
    }
    return worst.sorted { a, b in
      (a.key.subject, a.key.check, a.key.column) < (b.key.subject, b.key.check, b.key.column)
    }.map {
      TierCell(
        subject: $0.key.subject.text, check: $0.key.check.text, column: Int($0.key.column), tier: $0.value)
    }
  }

  func incidentSpans(openAfter time: EventTime) throws -> [IncidentSpan] {
    tables.incidents.values.filter { $0.state != .resolved || ($0.resolvedAt.map { $0 >= time } ?? false) }
      .sorted { a, b in
        (ByteName(a.monitor), a.openedAt, ByteName(a.id)) < (ByteName(b.monitor), b.openedAt, ByteName(b.id))
      }
      .map {
        IncidentSpan(
          id: $0.id, monitor: $0.monitor, tier: $0.tier, openedAt: $0.openedAt, resolvedAt: $0.resolvedAt)
      }
  }
}
