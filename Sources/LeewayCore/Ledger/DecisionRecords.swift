/// open → acknowledged → retraining → verifying → resolved
package enum IncidentState: String, Sendable, CaseIterable {
  case open, acknowledged, retraining, verifying, resolved
}

/// An incident as it stands now.
package struct IncidentRecord: Sendable, Equatable {
  /// Monitor name, then a hash of monitor, cause group and opening end.
  package var id: String
  package var monitor: String
  package var group: CauseGroup
  package var state: IncidentState
  /// The highest it has reached.
  package var tier: Tier
  /// End of the window that opened it.
  package var openedAt: EventTime
  /// End of the window of its last transition.
  package var changedAt: EventTime
  package var resolvedAt: EventTime?
  /// Checks, subjects and slices that have fired in it, ascending by bytes.
  package var checks: [String]
  package var subjects: [String]
  package var slices: [String]
  /// What fired, as a JSON array for people and payloads.
  package var evidence: String
  /// The worst that has fired in it, of at most 20 subjects, in the form of `evidence`.
  package var worst: String
  /// What has become of a retrain, as a JSON object; `null` if none was due.
  package var retrain: String
  /// How it stands to the incident of the other stage, as a JSON object; `null` where there is none.
  package var twin: String
  /// Who has acknowledged it, who shall see to it, and who resolved it by hand and why, as a JSON object; `null` where no person has acted.
  package var people: String

  package init(
    id: String, monitor: String, group: CauseGroup, state: IncidentState, tier: Tier, openedAt: EventTime,
    changedAt: EventTime, resolvedAt: EventTime? = nil, checks: [String], subjects: [String], slices: [String] = [],
    evidence: String, worst: String = "[]", retrain: String = "null", twin: String = "null", people: String = "null"
  ) {
    self.id = id
    self.monitor = monitor
    self.group = group
    self.state = state
    self.tier = tier
    self.openedAt = openedAt
    self.changedAt = changedAt
    self.resolvedAt = resolvedAt
    self.checks = checks
    self.subjects = subjects
    self.slices = slices
    self.evidence = evidence
    self.worst = worst
    self.retrain = retrain
    self.twin = twin
    self.people = people
  }
}

/// Which incidents to read; nil leaves a field open.
package struct IncidentQuery: Sendable, Equatable {
  package var monitor: String?
  /// nil: any; true: not resolved.
  package var open: Bool?
  package var limit: Int

  package init(monitor: String? = nil, open: Bool? = nil, limit: Int = 100) {
    self.monitor = monitor
    self.open = open
    self.limit = limit
  }
}

package enum RetrainState: String, Sendable, CaseIterable {
  case requested
  /// There is a new model that needs no approval.
  case succeeded
  case failed
  /// There is a new model, and people must approve of it.
  case candidate
  case approved, rejected
  /// Its deadline has passed without an answer.
  case expired
}

/// What a person has said of a candidate.
package struct RetrainDecision: Sendable, Equatable {
  /// The name of the token.
  package var by: String
  /// Wall-clock time.
  package var at: EventTime
  package var approves: Bool
  package var reason: String?

  package init(by: String, at: EventTime, approves: Bool, reason: String?) {
    self.by = by
    self.at = at
    self.approves = approves
    self.reason = reason
  }
}

/// One call to the training pipeline.
package struct RetrainRecord: Sendable, Equatable {
  /// `rt-` and a hash of the incident and its sequence.
  package var id: String
  package var monitor: String
  package var incident: String
  package var state: RetrainState
  /// Event time: the end of the window that asked.
  package var requestedAt: EventTime
  /// Wall-clock time after which the callback token is void.
  package var deadline: EventTime
  /// Wall-clock time of the request; for the time to a corrective action.
  package var requestedWall: EventTime
  package var completedWall: EventTime?
  /// The trainer's answer, as JSON; empty before it comes.
  package var answer: String
  /// What people have said of it, oldest first.
  package var decisions: [RetrainDecision]
  /// Wall-clock time at which the deadline was found to have passed without a corrective action.
  package var overdueWall: EventTime?

  package init(
    id: String, monitor: String, incident: String, state: RetrainState, requestedAt: EventTime, deadline: EventTime,
    requestedWall: EventTime, completedWall: EventTime? = nil, answer: String = "", decisions: [RetrainDecision] = [],
    overdueWall: EventTime? = nil
  ) {
    self.id = id
    self.monitor = monitor
    self.incident = incident
    self.state = state
    self.requestedAt = requestedAt
    self.deadline = deadline
    self.requestedWall = requestedWall
    self.completedWall = completedWall
    self.answer = answer
    self.decisions = decisions
    self.overdueWall = overdueWall
  }
}

/// The stored form of what people have said.
extension RetrainRecord {
  package var decisionsText: String {
    var w = JSONWriter()
    w.list(decisions) { w, decision in
      w.beginObject()
      w.key("by")
      w.string(decision.by)
      w.key("at_ms")
      w.number(decision.at.milliseconds)
      w.key("approves")
      w.bool(decision.approves)
      if let reason = decision.reason {
        w.key("reason")
        w.string(reason)
      }
      w.endObject()
    }
    return w.text
  }

  /// - Throws: `JSONFailure` naming what is wrong.
  package static func decisions(_ text: String) throws(JSONFailure) -> [RetrainDecision] {
    try JSONReader(try JSONValue(parsing: Array(text.utf8))).list { (r) throws(JSONFailure) in
      RetrainDecision(
        by: try r.member("by").string(), at: EventTime(milliseconds: try r.member("at_ms").integer()),
        approves: try r.member("approves").bool(), reason: try r.member("reason").text())
    }
  }
}

package enum DeliveryState: String, Sendable, CaseIterable {
  case owed
  /// Taken, and not done: the receiver is told of it again, or asked about it, until it has come to an end or a later message of
  /// its incident takes its place.
  case standing
  case delivered, dead
  /// Was not sent because of a silence: a later message told of it, or no receiver had to hear of it any more.
  case silenced
}

/// A delivery owed to a receiver, and how it went.
package struct OutboxRecord: Sendable, Equatable {
  /// Made of incident, transition and receiver; the receiver's idempotency key.
  package var key: String
  package var monitor: String
  package var incident: String
  package var receiver: String
  /// Order within (incident, receiver).
  package var sequence: Int64
  /// The notification as JSON, as a webhook sends it, but for the token of a call to retrain, which is added when it is
  /// sent.
  package var body: String
  /// The retrain that it calls for; nil for a message. A call is tried until the retrain's deadline at the latest and is
  /// never sent again.
  package var retrain: String?
  /// A call that was taken: what the run is called in the system that runs it; nil where it cannot be asked about.
  package var run: String?
  package var createdAt: EventTime
  package var state: DeliveryState
  package var attempts: Int
  package var firstAttemptAt: EventTime?
  package var nextAttemptAt: EventTime
  /// When it began to wait for its next attempt, by the clock of `nextAttemptAt`: a clock that shows a time earlier by more
  /// than ``clockDifference`` has been set back, and says nothing about how long the row has waited.
  package var waitingSince: EventTime
  /// By how much the clocks of an instance and of the ledger may differ.
  package static let clockDifference = TimeSpan.minutes(1)
  /// Attempts and the waits between them so far, the wait that has begun included; time in which no process ran and time
  /// behind other rows do not count.
  package var triedFor: TimeSpan
  package var lastError: String
  /// How often it has been leased: tells a sender's lease from the ones after it.
  package var leases: Int64
  /// What holds it back now, or held it when it was given up for that, as `silence 7 of alice`; nil: nothing.
  package var silence: String?

  package init(
    key: String, monitor: String, incident: String, receiver: String, sequence: Int64, body: String,
    retrain: String? = nil, createdAt: EventTime, state: DeliveryState = .owed, attempts: Int = 0,
    firstAttemptAt: EventTime? = nil,
    nextAttemptAt: EventTime, waitingSince: EventTime? = nil, triedFor: TimeSpan = .milliseconds(0),
    lastError: String = "", leases: Int64 = 0
  ) {
    self.key = key
    self.monitor = monitor
    self.incident = incident
    self.receiver = receiver
    self.sequence = sequence
    self.body = body
    self.retrain = retrain
    self.createdAt = createdAt
    self.state = state
    self.attempts = attempts
    self.firstAttemptAt = firstAttemptAt
    self.nextAttemptAt = nextAttemptAt
    self.waitingSince = waitingSince ?? createdAt
    self.triedFor = triedFor
    self.lastError = lastError
    self.leases = leases
  }
}

extension OutboxRecord {
  /// What the body of a message about an incident begins with, and no other body does.
  package static let messagePrefix = #"{"version":1,"event":"incident."#

  /// Whether it tells of an incident, and is no call to a system and no notice of a delivery that failed: silences hold back messages.
  package var isMessage: Bool { body.utf8.starts(with: Self.messagePrefix.utf8) }

  /// Which message of its incident it is: the key without incident and receiver, as `0-opened`.
  package var message: String {
    var name = key[...]
    if name.hasPrefix(incident + "/") { name = name.dropFirst(incident.count + 1) }
    if name.hasSuffix("/" + receiver) { name = name.dropLast(receiver.count + 1) }
    return String(name)
  }
}

/// What is owed to one receiver.
package struct OutboxBacklog: Sendable, Equatable {
  package var receiver: String
  package var owed: Int
  package var dead: Int
  package var standing: Int
  /// nil if none is owed.
  package var oldest: EventTime?

  package init(receiver: String, owed: Int, dead: Int, standing: Int = 0, oldest: EventTime?) {
    self.receiver = receiver
    self.owed = owed
    self.dead = dead
    self.standing = standing
    self.oldest = oldest
  }
}

/// Something that came from outside the verdicts and shaped a decision; kept so that decisions can be replayed.
package struct OutsideInput: Sendable, Equatable {
  package var monitor: String
  package var incident: String
  /// Wall-clock time.
  package var at: EventTime
  /// `retrain_result`.
  package var kind: String
  /// Who, and why, as JSON.
  package var detail: String

  package init(monitor: String, incident: String, at: EventTime, kind: String, detail: String) {
    self.monitor = monitor
    self.incident = incident
    self.at = at
    self.kind = kind
    self.detail = detail
  }
}

/// One entry of the log of a monitor's decisions in one cause group; see ``DecisionInput``.
package struct DecisionRecord: Sendable, Equatable {
  package var monitor: String
  package var group: CauseGroup
  /// From 1 on, without gaps.
  package var number: Int64
  package var kind: String
  /// Event time.
  package var at: EventTime
  /// Wall-clock time of what came from outside; nil: of verdicts.
  package var wall: EventTime?
  /// A JSON object.
  package var body: String
  /// Final verdicts of early incidents before it in its log, where ``LedgerReader/outsideDecisions(monitor:after:limit:)`` gave it. Not stored.
  package var finalVerdicts: Int64 = 0

  /// As ``IncidentMachine/place``.
  package var place: Int64 { number - finalVerdicts }

  package init(
    monitor: String, group: CauseGroup, number: Int64, kind: String, at: EventTime, wall: EventTime? = nil,
    body: String
  ) {
    self.monitor = monitor
    self.group = group
    self.number = number
    self.kind = kind
    self.at = at
    self.wall = wall
    self.body = body
  }
}
