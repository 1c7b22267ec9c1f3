/// open → acknowledged → retraining → verifying → resolved
public enum IncidentState: String, Sendable, CaseIterable {
  case open, acknowledged, retraining, verifying, resolved
}

/// An incident as it stands now.
public struct IncidentRecord: Sendable, Equatable {
  /// Monitor name, then a hash of monitor, cause group and opening end.
  public var id: String
  public var monitor: String
  public var group: CauseGroup
  public var state: IncidentState
  /// The highest it has reached.
  public var tier: Tier
  /// End of the window that opened it.
  public var openedAt: EventTime
  /// End of the window of its last transition.
  public var changedAt: EventTime
  public var resolvedAt: EventTime?
  /// Checks and subjects that have fired in it, ascending by bytes.
  public var checks: [String]
  public var subjects: [String]
  /// What fired, as a JSON array for people and payloads.
  public var evidence: String

  public init(
    id: String, monitor: String, group: CauseGroup, state: IncidentState, tier: Tier, openedAt: EventTime,
    changedAt: EventTime, resolvedAt: EventTime? = nil, checks: [String], subjects: [String], evidence: String
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
    self.evidence = evidence
  }
}

public struct IncidentQuery: Sendable, Equatable {
  public var monitor: String?
  /// nil: any; true: not resolved.
  public var open: Bool?
  public var limit: Int

  public init(monitor: String? = nil, open: Bool? = nil, limit: Int = 100) {
    self.monitor = monitor
    self.open = open
    self.limit = limit
  }
}

public enum RetrainState: String, Sendable, CaseIterable {
  case requested, succeeded, failed, approved, rejected, expired
}

/// One call to the training pipeline.
public struct RetrainRecord: Sendable, Equatable {
  /// `rt-` and a hash of the incident and its sequence.
  public var id: String
  public var monitor: String
  public var incident: String
  public var state: RetrainState
  /// Event time: the end of the window that asked.
  public var requestedAt: EventTime
  /// Wall-clock time after which the callback token is void.
  public var deadline: EventTime
  /// Wall-clock time of the request; for the time to a corrective action.
  public var requestedWall: EventTime
  public var completedWall: EventTime?
  /// The trainer's answer, as JSON; empty before it comes.
  public var answer: String

  public init(
    id: String, monitor: String, incident: String, state: RetrainState, requestedAt: EventTime, deadline: EventTime,
    requestedWall: EventTime, completedWall: EventTime? = nil, answer: String = ""
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
  }
}

public enum DeliveryState: String, Sendable, CaseIterable {
  case owed, delivered, dead
}

/// A delivery owed to a receiver, and how it went.
public struct OutboxRecord: Sendable, Equatable {
  /// Made of incident, transition and receiver; the receiver's idempotency key.
  public var key: String
  public var monitor: String
  public var incident: String
  public var receiver: String
  /// Order within (incident, receiver).
  public var sequence: Int64
  /// The notification as JSON, as a webhook sends it.
  public var body: String
  public var createdAt: EventTime
  public var state: DeliveryState
  public var attempts: Int
  public var firstAttemptAt: EventTime?
  public var nextAttemptAt: EventTime
  public var lastError: String

  public init(
    key: String, monitor: String, incident: String, receiver: String, sequence: Int64, body: String,
    createdAt: EventTime, state: DeliveryState = .owed, attempts: Int = 0, firstAttemptAt: EventTime? = nil,
    nextAttemptAt: EventTime, lastError: String = ""
  ) {
    self.key = key
    self.monitor = monitor
    self.incident = incident
    self.receiver = receiver
    self.sequence = sequence
    self.body = body
    self.createdAt = createdAt
    self.state = state
    self.attempts = attempts
    self.firstAttemptAt = firstAttemptAt
    self.nextAttemptAt = nextAttemptAt
    self.lastError = lastError
  }
}

public struct OutboxBacklog: Sendable, Equatable {
  public var receiver: String
  public var owed: Int
  public var dead: Int
  /// nil if none is owed.
  public var oldest: EventTime?

  public init(receiver: String, owed: Int, dead: Int, oldest: EventTime?) {
    self.receiver = receiver
    self.owed = owed
    self.dead = dead
    self.oldest = oldest
  }
}

/// Something that came from outside the verdicts and shaped a decision; kept so that decisions can be replayed.
public struct OutsideInput: Sendable, Equatable {
  public var monitor: String
  public var incident: String
  /// Wall-clock time.
  public var at: EventTime
  /// `acknowledged`, `silenced`, `resolved`, `retrain_held`, `retrain_result`.
  public var kind: String
  /// Who, and why, as JSON.
  public var detail: String

  public init(monitor: String, incident: String, at: EventTime, kind: String, detail: String) {
    self.monitor = monitor
    self.incident = incident
    self.at = at
    self.kind = kind
    self.detail = detail
  }
}
