import LeewayCore

/// What people do, and the audit log.
extension InMemorySession {
  func queuedActs(monitor: String, limit: Int) throws -> [ActRecord] {
    Array(
      tables.acts.filter { ByteName($0.monitor) == ByteName(monitor) && $0.state == .queued }.prefix(max(0, limit)))
  }

  func acts(incident: String, limit: Int) throws -> [ActRecord] {
    Array(tables.acts.filter { ByteName($0.incident) == ByteName(incident) }.prefix(max(0, limit)))
  }

  func enqueue(act: ActRecord) throws -> Int64 {
    tables.lastAct += 1
    var act = act
    act.number = tables.lastAct
    tables.acts.append(act)
    return act.number
  }

  func settle(act: ActRecord) throws {
    guard let i = tables.acts.firstIndex(where: { $0.number == act.number && $0.state == .queued }) else {
      throw LedgerError("settling an act: number \(act.number) is not queued")
    }
    guard flaw != .settledActs else { return }
    tables.acts[i].state = act.state
    tables.acts[i].input = act.input
    tables.acts[i].because = act.because
  }

  func record(audit: AuditRecord) throws {
    tables.lastAudit += 1
    var audit = audit
    audit.number = tables.lastAudit
    tables.audit.append(audit)
  }

  func audit(_ query: AuditQuery) throws -> [AuditRecord] {
    Array(
      tables.audit.reversed().filter { line in
        (query.name == nil || line.name == query.name) && (query.monitor == nil || line.monitor == query.monitor)
          && (query.incident == nil || line.incident == query.incident)
          && line.number < query.before ?? .max
      }.prefix(max(0, query.limit)))
  }

  func reclaimAudit(before: EventTime, limit: Int) throws -> Int {
    let old = tables.audit.indices.filter { tables.audit[$0].at < before }.prefix(max(0, limit))
    for i in old.reversed() { tables.audit.remove(at: i) }
    return old.count
  }
}
