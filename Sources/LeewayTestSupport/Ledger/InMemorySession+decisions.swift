import LeewayCore

extension InMemorySession: LedgerWriter {
  func incidents(_ query: IncidentQuery) throws -> [IncidentRecord] {
    Array(
      tables.incidents.values.filter { incident in
        (query.monitor == nil || incident.monitor == query.monitor)
          && (query.open == nil || (incident.state != .resolved) == query.open)
      }.sorted { $0.openedAt == $1.openedAt ? utf8Order($1.id, $0.id) : $0.openedAt > $1.openedAt }
        .prefix(max(0, query.limit)))
  }

  func incident(_ id: String) throws -> IncidentRecord? { tables.incidents[ByteName(id)] }
  func put(incident: IncidentRecord) throws { tables.incidents[ByteName(incident.id)] = incident }

  func retrains(monitor: String?, state: RetrainState?, limit: Int) throws -> [RetrainRecord] {
    Array(
      tables.retrains.values.filter { (monitor == nil || $0.monitor == monitor) && (state == nil || $0.state == state) }
        .sorted { $0.requestedWall == $1.requestedWall ? utf8Order($1.id, $0.id) : $0.requestedWall > $1.requestedWall }
        .prefix(max(0, limit)))
  }

  func retrain(_ id: String) throws -> RetrainRecord? { tables.retrains[ByteName(id)] }
  func put(retrain: RetrainRecord) throws {
    let key = ByteName(retrain.id)
    guard flaw != .retrainRecords || tables.retrains[key] == nil else { return }
    tables.retrains[key] = retrain
  }
  func record(input: OutsideInput) throws { tables.inputs.append(input) }

  func inputs(monitor: String?, incident: String?, limit: Int) throws -> [OutsideInput] {
    Array(
      tables.inputs.reversed()
        .filter { (monitor == nil || $0.monitor == monitor) && (incident == nil || $0.incident == incident) }
        .prefix(max(0, limit)))
  }

  func append(decision: DecisionRecord) throws {
    let log = InMemoryTables.MachineKey(monitor: ByteName(decision.monitor), group: decision.group)
    guard tables.decisions[log]?.contains(where: { $0.number == decision.number }) != true else {
      throw LedgerError("logging a decision: number \(decision.number) of \(decision.group.rawValue) is taken")
    }
    tables.decisions[log, default: []].append(decision)
  }

  func finalVerdicts(monitor: String) throws -> [Int64] {
    try decisions(monitor: monitor, group: .performanceEarly, outside: false, after: nil, limit: .max)
      .filter { $0.kind == DecisionInput.finalVerdictKind }.map(\.number)
  }

  func decisions(
    monitor: String, group: CauseGroup?, outside: Bool, after: (group: CauseGroup, number: Int64)?, limit: Int
  ) throws -> [DecisionRecord] {
    let logs = tables.decisions.filter {
      $0.key.monitor == ByteName(monitor) && (group == nil || $0.key.group == group)
    }
    .sorted { utf8Order($0.key.group.rawValue, $1.key.group.rawValue) }
    return Array(
      logs.flatMap { $0.value.sorted { $0.number < $1.number } }.filter { entry in
        guard !outside || entry.wall != nil else { return false }
        guard let after else { return true }
        return entry.group == after.group
          ? entry.number > after.number : utf8Order(after.group.rawValue, entry.group.rawValue)
      }.prefix(max(0, limit)))
  }

  func reclaimDecisions(monitor: String, before: EventTime, limit: Int) throws -> Int {
    var left = max(0, limit)
    var gone = 0
    for group in CauseGroup.allCases.sorted(by: { utf8Order($0.rawValue, $1.rawValue) }) {
      let log = InMemoryTables.MachineKey(monitor: ByteName(monitor), group: group)
      let old = min(left, tables.decisions[log]?.prefix { $0.at < before }.count ?? 0)
      tables.decisions[log]?.removeFirst(old)
      left -= old
      gone += old
    }
    return gone
  }

  func reclaimIncidents(monitor: String, resolvedBefore before: EventTime, limit: Int) throws -> Int {
    let old = tables.incidents.values.compactMap { incident -> (at: EventTime, id: String)? in
      guard incident.monitor == monitor, incident.state == .resolved, let at = incident.resolvedAt, at < before else {
        return nil
      }
      return (at, incident.id)
    }.sorted { $0.at != $1.at ? $0.at < $1.at : utf8Order($0.id, $1.id) }.prefix(max(0, limit))
    let ids = Set(old.map { ByteName($0.id) })
    for id in ids { tables.incidents[id] = nil }
    tables.retrains = tables.retrains.filter { !ids.contains(ByteName($0.value.incident)) }
    tables.inputs.removeAll { ids.contains(ByteName($0.incident)) }
    tables.acts.removeAll { ids.contains(ByteName($0.incident)) }
    return ids.count
  }
}
