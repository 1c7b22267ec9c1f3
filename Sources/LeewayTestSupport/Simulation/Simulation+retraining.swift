import LeewayCore

/// What trainers answer, and what people decide about their models.
extension Simulation {
  /// The next word about the newest retrain that waits for one: the trainer's answer, as its callback brings it, or a person's
  /// decision about its model.
  ///
  /// - Returns: what came of it; nil where nothing waits.
  func answer(_ succeeded: Bool, over ledger: any Ledger, now: EventTime) throws -> String? {
    let monitor = world.plans[0].monitor
    let context = DecisionContext(receivers: SimulatedMonitor.receivers)
    let asked = try ledger.read { try $0.retrains(monitor: monitor.name, limit: .max) }
      .first { $0.state == .requested || $0.state == .candidate }
    guard let id = asked?.id else { return nil }
    let steps = try ledger.write { tx -> [IncidentTransition] in
      guard let record = try tx.retrain(id) else { return [] }
      switch record.state {
      case .requested:
        return try RetrainActs.answer(
          record, passes: succeeded, monitor: monitor, context: context, now: now, in: tx
        ).transitions
      case .candidate:
        func named(_ name: String) -> Monitor? { monitor }
        return succeeded
          ? try RetrainActs.approve(
            id, by: "alice", reason: nil, monitor: named, context: context, now: now, in: tx
          ).transitions
          : try RetrainActs.reject(
            id, by: "alice", reason: "worse", monitor: named, context: context, now: now, in: tx
          ).transitions
      default: return []
      }
    }
    return
      "\(asked?.state == .candidate ? "alice" : "the trainer") answers \(id): \(succeeded), \(steps.map(\.transition))"
  }

  /// Each word about a retrain is taken once, a model that may go into production is promoted once, and what was there before it
  /// answers while an incident is critical.
  func unsettledRetrains() throws -> [String] {
    let monitor = world.plans[0].monitor
    let (retrains, logged, owed, open) = try ledger.read { reader in
      (
        try reader.retrains(monitor: monitor.name, limit: .max),
        try reader.decisions(monitor: monitor.name, group: nil, outside: true, after: nil, limit: .max),
        try reader.deliveries(incident: nil, limit: .max).filter { $0.receiver == "rules" }.map(\.message),
        try reader.incidents(IncidentQuery(open: true, limit: .max))
      )
    }
    let kinds = ["retrain_result", "candidate", "approve", "reject", "overdue"]
    var found: [String] = []
    for retrain in retrains {
      let mine = logged.filter { kinds.contains($0.kind) && $0.body.contains(retrain.id) }.map(\.kind)
      if Set(mine).count < mine.count { found.append("\(retrain.id) has the inputs \(mine)") }
      let promoted = owed.filter { $0 == "\(retrain.id)-promote" }.count
      let isPassed = retrain.state == .succeeded || retrain.state == .approved
      if promoted != (isPassed ? 1 : 0) {
        found.append("\(retrain.id) is \(retrain.state), and was promoted \(promoted) times")
      }
    }
    found += try unsettledTimers(logged)
    let (fallen, restored) = (
      owed.filter { $0.hasSuffix("-fall_back") }.count, owed.filter { $0.hasSuffix("-restore") }.count
    )
    let isCritical = open.contains { $0.tier == .critical }
    if fallen != restored + (isCritical ? 1 : 0) {
      found.append("fell back \(fallen) times and returned \(restored) times, and something is critical: \(isCritical)")
    }
    return found
  }

  /// Whoever waits for a person is handed on, and reminded of, once at each time; an incident that reopens waits again.
  private func unsettledTimers(_ logged: [DecisionRecord]) throws -> [String] {
    let reopened = try ledger.read { try $0.results(ResultQuery(type: .incident, limit: .max)) }
      .filter { $0.line.contains(#""transition":"reopened""#) }.map(\.subject)
    var told: [String: Int] = [:]
    var found: [String] = []
    for input in logged where ["hand_on", "remind"].contains(input.kind) {
      let incident = try JSONReader(try JSONValue(parsing: Array(input.body.utf8))).member("incident").string()
      let line = "\(input.kind) \(input.body)"
      told[line, default: 0] += 1
      if told[line, default: 0] > 1 + reopened.count(where: { $0 == incident }) { found.append("twice: \(line)") }
    }
    return found
  }
}
