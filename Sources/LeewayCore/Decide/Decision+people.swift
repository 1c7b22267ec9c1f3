/// What people have done, folded by whoever judges the monitor.
extension Decision.Desk {
  /// Folds the acts that wait, in their order, and writes down what became of each.
  ///
  /// - Parameter decided: how far each group has been judged.
  mutating func fold(queued acts: [ActRecord], decided: [CauseGroup: EventTime]) throws {
    for var record in acts {
      var act = try record.act()
      if let refusal = machine(record.group).refusal(of: act) {
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
    if case .comment = act.deed {
    } else if incident.state == .resolved {
      throw Refusal.resolved(by: people.isNull ? nil : try people.member("resolved_by").text())
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
}
