/// What deciding needs to know of the outside.
package struct DecisionContext: Sendable {
  /// Names that notifications may go to; a monitor's others are not sent.
  package var receivers: Set<String>
  /// Where people and trainers reach this service; nil: no links.
  package var publicURL: String?
  /// Least time between two messages about the spread of one incident, of receivers that have another than
  /// ``usualGroupInterval``.
  package var groupIntervals: [String: TimeSpan]

  package init(
    receivers: Set<String> = [], publicURL: String? = nil, groupIntervals: [String: TimeSpan] = [:]
  ) {
    self.receivers = receivers
    self.publicURL = publicURL
    self.groupIntervals = groupIntervals
  }

  /// The receiver whose notification is a call to retrain.
  package static let retrainReceiver = "retrain"
  package static let usualGroupInterval = TimeSpan.minutes(5)

  func groupInterval(of receiver: String) -> TimeSpan { groupIntervals[receiver] ?? Self.usualGroupInterval }
}

/// What a round decided.
package struct Decisions: Sendable, Equatable {
  package var transitions: [IncidentTransition] = []
  package var retrainsRequested: Int64 = 0
  /// Times that a guard began to hold a retrain back.
  package var retrainsHeld: Int64 = 0

  mutating func add(_ other: Decisions) {
    transitions += other.transitions
    retrainsRequested &+= other.retrainsRequested
    retrainsHeld &+= other.retrainsHeld
  }
}

/// Turns verdicts into incidents, notifications and calls to retrain, within the transaction that stores the verdicts.
///
/// A round is decided end by end, and within an end group by group. What a group needs to know of another is what that one was
/// after the same end, so rounds of one end and of many give the same.
struct Decision {
  let plan: MonitorPlan
  let context: DecisionContext
  /// Inputs from outside that a log had, of any group: each is folded where its number comes.
  var recorded: [DecisionRecord] = []

  private var monitor: Monitor { plan.monitor }

  /// What people have done, before verdicts.
  func fold(
    queued acts: [ActRecord], decided: [CauseGroup: EventTime], normals: NormalDesk? = nil, now: EventTime,
    in tx: any LedgerWriter
  ) throws -> Decisions {
    var desk = try Desk(
      monitor.name, monitor: monitor, generation: plan.generation, baseline: plan.baseline.identity, context: context,
      now: now, in: tx)
    try desk.fold(queued: acts, decided: decided, normals: normals)
    try desk.store()
    return desk.out
  }

  /// Retrains whose deadline has passed.
  func fold(overdue records: [RetrainRecord], now: EventTime, in tx: any LedgerWriter) throws -> Decisions {
    var out = Decisions()
    for record in records {
      out.transitions += try RetrainActs.expire(record, monitor: monitor, context: context, now: now, in: tx)
        .transitions
    }
    return out
  }

  func decide(_ verdicts: [Verdict], now: EventTime, in tx: any LedgerWriter) throws -> Decisions {
    var desk = try Desk(
      monitor.name, monitor: monitor, generation: plan.generation, baseline: plan.baseline.identity, context: context,
      recorded: recorded, now: now, in: tx)
    let checks = Dictionary(uniqueKeysWithValues: monitor.checks.map { ($0.name, $0) })
    let order = Dictionary(uniqueKeysWithValues: CauseGroup.allCases.enumerated().map { ($1, $0) })
    let sorted = verdicts.flatMap { verdict in
      (checks[verdict.check]?.causeGroups(of: verdict) ?? []).map { (verdict: verdict, group: $0) }
    }.enumerated().sorted { a, b in
      let (x, y) = (a.element, b.element)
      if x.verdict.end != y.verdict.end { return x.verdict.end < y.verdict.end }
      if x.group != y.group { return order[x.group, default: 0] < order[y.group, default: 0] }
      return a.offset < b.offset
    }.map(\.element)
    var start = sorted.startIndex
    while start < sorted.endIndex {
      let first = sorted[start]
      let stop =
        sorted[start...].firstIndex { $0.verdict.end != first.verdict.end || $0.group != first.group }
        ?? sorted.endIndex
      try desk.decide(sorted[start..<stop].map(\.verdict), of: first.group, first.verdict.end)
      start = stop
    }
    try desk.foldRecorded()
    try desk.store()
    return desk.out
  }
}
