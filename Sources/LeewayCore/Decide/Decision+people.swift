/// What people have done, folded by whoever judges the monitor.
extension Decision.Desk {
  /// Folds the acts that wait, in their order, and writes down what became of each.
  ///
  /// - Parameters:
  ///   - decided: how far each group has been judged.
  ///   - normals: where a new normal is written down; nil: the monitor has no check on `shift`.
  mutating func fold(queued acts: [ActRecord], decided: [CauseGroup: EventTime], normals: NormalDesk?) throws {
    for var record in acts {
      var act = try record.act()
      let refusal = try machine(record.group).refusal(of: act) ?? settle(&act, record.group, normals)
      if let refusal {
        record.state = .void
        record.because = refusal
      } else {
        var ends: [CauseGroup: EventTime] = [:]
        for group in CauseGroup.allCases {
          let end = max(machine(group).through, decided[group] ?? .distantPast)
          if end > .distantPast { ends[group] = end }
        }
        if case .resolve(let reason, let note, _) = act.deed {
          act.deed = .resolve(reason, note: note, decided: ends)
        }
        let at = ends[record.group] ?? .distantPast
        try fold(DecisionInput(at: at, .person(act)), record.group, wall: record.wall)
        record.state = .folded
        record.input = machine(record.group).place
      }
      try tx.settle(act: record)
    }
  }

  /// Writes down what an act says of what is normal, for the detectors to take up with the next hour.
  ///
  /// - Returns: why that cannot be; nil if it is done, or the act is of something else.
  private func settle(_ act: inout PersonAct, _ group: CauseGroup, _ normals: NormalDesk?) throws -> String? {
    let isUndo: Bool
    switch act.deed {
    case .accept: isUndo = false
    case .undoAccept: isUndo = true
    default: return nil
    }
    guard let normals else { return "the monitor has no check on shift any more" }
    return isUndo
      ? try normals.undo(&act, group, in: tx)
      : try normals.accept(&act, machine(group).shifted, group, in: tx)
  }
}

/// Acts that people ask for over HTTP and the command line.
package enum PersonActs {
  /// Acts of an incident that are kept.
  package static let mostOfIncident = 1000

  package enum Refusal: Error, Equatable {
    case unknownIncident
    /// nil: not by hand.
    case resolved(by: String?)
    case acknowledged(by: String)
    case tooMany
    /// Nothing in the incident was found by a check on `shift`.
    case noShift
    /// Nothing was accepted in the incident, or it has been taken back.
    case notAccepted
  }

  /// Queues an act until the evaluator of its monitor folds it.
  ///
  /// - Parameter now: wall clock.
  /// - Throws: ``Refusal`` where it could change nothing as things stand.
  package static func queue(
    _ act: PersonAct, now: EventTime, in tx: any LedgerWriter
  ) throws -> ActRecord {
    guard let incident = try tx.incident(act.incident) else { throw Refusal.unknownIncident }
    let people = JSONReader(try JSONValue(parsing: Array(incident.people.utf8)))
    switch act.deed {
    case .comment, .undoAccept: break
    default: try refuseResolved(incident, people)
    }
    if case .accept = act.deed, try !isOfShift(incident) { throw Refusal.noShift }
    if case .undoAccept = act.deed {
      let acts = try tx.acts(incident: act.incident, limit: mostOfIncident * 2)
      let last = acts.last { $0.state != .void && ($0.kind == "accept" || $0.kind == "undo_accept") }
      guard last?.kind == "accept" else { throw Refusal.notAccepted }
    }
    if case .acknowledge = act.deed, !people.isNull, let by = try people.member("acknowledged_by").text() {
      throw Refusal.acknowledged(by: by)
    }
    var most = mostOfIncident
    // An incident that is full of comments can still be resolved.
    if case .resolve = act.deed { most += 100 }
    guard try tx.acts(incident: act.incident, limit: most).count < most else { throw Refusal.tooMany }
    var record = ActRecord(
      monitor: incident.monitor, group: incident.group, incident: incident.id, wall: now, kind: act.kind, body: act.body
    )
    record.number = try tx.enqueue(act: record)
    return record
  }

  private static func refuseResolved(_ incident: IncidentRecord, _ people: JSONReader) throws {
    guard incident.state == .resolved else { return }
    throw Refusal.resolved(by: people.isNull ? nil : try people.member("resolved_by").text())
  }

  private static func isOfShift(_ incident: IncidentRecord) throws -> Bool {
    try JSONReader(try JSONValue(parsing: Array(incident.evidence.utf8))).list { (e) throws(JSONFailure) in
      !(try e.member("stream").isNull)
    }.contains(true)
  }
}
