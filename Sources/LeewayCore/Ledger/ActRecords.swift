package enum ActState: String, Sendable, CaseIterable {
  /// Not folded yet.
  case queued
  case folded
  /// It came too late to change anything.
  case void
}

/// What a person has done about an incident, from the moment it was asked for.
package struct ActRecord: Sendable, Equatable {
  /// Ascending in the order of asking, over all monitors; 0 before it is stored.
  package var number: Int64
  package var monitor: String
  package var group: CauseGroup
  package var incident: String
  /// Wall-clock time of asking.
  package var wall: EventTime
  /// As the log names it; see ``PersonAct``.
  package var kind: String
  /// A JSON object.
  package var body: String
  package var state: ActState
  /// Its number in the group's log, once it is folded.
  package var input: Int64?
  /// `void`: why; else empty.
  package var because: String

  package init(
    number: Int64 = 0, monitor: String, group: CauseGroup, incident: String, wall: EventTime, kind: String,
    body: String,
    state: ActState = .queued, input: Int64? = nil, because: String = ""
  ) {
    self.number = number
    self.monitor = monitor
    self.group = group
    self.incident = incident
    self.wall = wall
    self.kind = kind
    self.body = body
    self.state = state
    self.input = input
    self.because = because
  }

  /// - Throws: `JSONFailure` where the body is damaged, or a newer version wrote it.
  package func act() throws(JSONFailure) -> PersonAct {
    let r = JSONReader(try JSONValue(parsing: Array(body.utf8)))
    guard let act = try PersonAct(kind: kind, r) else {
      throw r.failure("the kind \"\(kind.prefix(40))\" was written by a newer version of leeway; run that version")
    }
    return act
  }
}

/// One line of the audit log: who asked for which change, and whether it was taken.
package struct AuditRecord: Sendable, Equatable {
  /// Ascending; 0 before it is stored.
  package var number: Int64
  /// Wall-clock time.
  package var at: EventTime
  /// The token's name; `trainer` for a callback.
  package var name: String
  /// `acknowledge`, `reload` and so on.
  package var action: String
  /// `accepted`, `succeeded`, `refused`.
  package var outcome: String
  /// Empty where it is about none.
  package var monitor: String
  package var incident: String
  /// The address that it was asked from.
  package var origin: String
  /// What was asked for, or why it was refused, as a JSON object.
  package var detail: String

  package init(
    number: Int64 = 0, at: EventTime, name: String, action: String, outcome: String, monitor: String = "",
    incident: String = "", origin: String = "", detail: String = "{}"
  ) {
    self.number = number
    self.at = at
    self.name = name
    self.action = action
    self.outcome = outcome
    self.monitor = monitor
    self.incident = incident
    self.origin = origin
    self.detail = detail
  }
}

/// Which lines of the audit log to read; nil leaves a field open.
package struct AuditQuery: Sendable, Equatable {
  package var name: String?
  package var monitor: String?
  package var incident: String?
  /// Lines with a number below this one.
  package var before: Int64?
  package var limit: Int

  package init(
    name: String? = nil, monitor: String? = nil, incident: String? = nil, before: Int64? = nil, limit: Int = 100
  ) {
    self.name = name
    self.monitor = monitor
    self.incident = incident
    self.before = before
    self.limit = limit
  }
}
