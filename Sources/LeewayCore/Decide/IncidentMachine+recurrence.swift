/// An incident that comes back: it reopens within a time of grace, and stays open where it comes back too often.
extension IncidentMachine {
  /// The last incident that verdicts have resolved, where it may reopen.
  package struct Ended: Sendable, Equatable {
    /// Without what starts again when it reopens.
    package var incident: Incident
    /// The end at which it was resolved.
    package var at: EventTime
  }

  /// An incident that has come to rest so often that it stays open.
  package struct Flapping: Sendable, Equatable {
    /// The end from which on nothing has held it; nil: something does.
    package var quiet: EventTime?
  }

  /// Opens an incident for what fires, or reopens the one before it.
  ///
  /// A reopened incident keeps its id, its retrain and who is to see to it. All else starts again, since it had been told
  /// of as resolved: what has fired is news, its tier is that of what fires now, and no person has acknowledged it.
  ///
  /// - Returns: nil if nothing fires.
  mutating func begin(
    _ present: [Key: Evidence], _ batch: DecisionInput.Batch, _ end: EventTime, isOfPeople: Bool, _ name: Name
  ) -> Step? {
    guard let tier = present.values.map(\.tier).max() else { return nil }
    let before = ended.flatMap { end < $0.at + policy.reopen ? $0.incident : nil }
    ended = nil
    var incident = before?.reopened(at: end) ?? Incident(id: name.incident(openedAt: end), openedAt: end, tier: tier)
    incident.tier = tier
    let sequence = incident.sequence
    incident.highest = present.mapValues { Reached(tier: $0.tier, sequence: sequence, ends: [$0.tier: end]) }
    incident.early = batch.early ?? incident.early
    incident.input = incident.input ?? influence ?? (isOfPeople ? place : nil)
    tell(&incident, batch.told, end)
    self.incident = incident
    // Final verdicts speak of the end at which it first opened.
    if before == nil, name.group == .performanceEarly {
      unconfirmed.append(
        Opening(id: incident.id, at: end, tier: tier, keys: present.keys.sorted(), input: incident.input))
      if unconfirmed.count > Self.mostSpans { unconfirmed.removeFirst() }
    }
    var step = transition(before == nil ? .opened : .reopened, incident, end, name, of: present.keys)
    step.early = batch.early
    return Step(transition: step, incident: incident)
  }

  /// What becomes of the open incident where nothing holds it: it resolves, or stays open because it has done so too often.
  ///
  /// - Parameter expiry: that something was held only by a slice which is gone.
  mutating func rest(_ end: EventTime, because expiry: String?, _ name: Name) -> Step? {
    guard let rule = policy.flapping else { return resolve(end, because: expiry, name) }
    if let flapping = incident?.flapping {
      guard let quiet = flapping.quiet else {
        note(recovery: end, rule)
        incident?.flapping?.quiet = end
        return nil
      }
      guard end >= quiet + rule.within else { return nil }
      return resolve(end, because: "nothing has fired for \(rule.within)", name)
    }
    note(recovery: end, rule)
    guard recoveries.count > rule.moreThan, var incident else { return resolve(end, because: expiry, name) }
    incident.flapping = Flapping(quiet: end)
    incident.sequence += 1
    self.incident = incident
    var step = transition(.flapping, incident, end, name, of: [])
    (step.checks, step.subjects, step.slices) = (incident.checks, incident.subjects, incident.slices)
    let times = rule.moreThan == 1 ? "once" : "\(rule.moreThan) times"
    step.because =
      "what fires has come and gone more than \(times) within \(rule.within); it stays open until nothing has fired for "
      + "\(rule.within)"
    return Step(transition: step, incident: incident)
  }

  private mutating func resolve(_ end: EventTime, because reason: String?, _ name: Name) -> Step? {
    guard var step = resolve(end, name) else { return nil }
    step.transition.because = reason
    if policy.reopen > .zero { ended = Ended(incident: step.incident.atRest, at: end) }
    return step
  }

  /// That what fired has come and gone. As many are kept as can count.
  private mutating func note(recovery end: EventTime, _ rule: IncidentPolicy.Flapping) {
    recoveries = (recoveries.filter { end < $0 + rule.within } + [end]).suffix(rule.moreThan + 1)
  }

  mutating func take(_ policy: IncidentPolicy) {
    self.policy = policy
    if policy.reopen == .zero { ended = nil }
    if policy.flapping == nil {
      recoveries = []
      incident?.flapping = nil
    }
  }

  /// The trainer's answer, or the deadline, while the incident is resolved and may reopen: what it asks for then depends on it.
  mutating func note(
    _ id: String, from states: Set<Retrain.State>, to state: Retrain.State?, isOverdue: Bool
  ) {
    guard let retrain = ended?.incident.retrain, retrain.id == id, states.contains(retrain.state) else { return }
    ended?.incident.retrain?.state = state ?? retrain.state
    if isOverdue { ended?.incident.retrain?.isOverdue = true }
    let place = place
    ended?.incident.input = place
  }

  /// After the first end at which nothing fires, verdicts only could still have kept an incident open as flapping, and reopen it.
  mutating func settleInterventions(_ end: EventTime) {
    let within = policy.flapping?.within ?? .zero
    for i in interventions.indices {
      if let through = interventions[i].through, active.isEmpty || end >= through { continue }
      guard active.isEmpty else {
        (interventions[i].through, interventions[i].calm) = (nil, nil)
        continue
      }
      let calm = interventions[i].calm ?? end
      let isOver = end >= calm + within
      interventions[i].through = isOver ? end + policy.reopen : nil
      interventions[i].calm = isOver ? nil : calm
    }
  }
}

extension IncidentMachine.Incident {
  /// The end at which it opened, or reopened last.
  package var since: EventTime { reopenedAt ?? openedAt }

  /// Whether it may ask for a retrain: once, and once more where it has reopened after the one before had ended.
  var mayAsk: Bool { retrain?.isOver ?? true }

  fileprivate func reopened(at end: EventTime) -> IncidentMachine.Incident {
    var incident = atRest
    incident.reopenedAt = end
    incident.sequence += 1
    if let state = retrain?.state, state == .failed || state == .verifying { incident.retrain?.isOver = true }
    return incident
  }

  /// Without what starts again when it reopens.
  fileprivate var atRest: IncidentMachine.Incident {
    var incident = self
    (incident.highest, incident.told, incident.hold, incident.flapping) = ([:], [:], nil, nil)
    (incident.acknowledged, incident.resolution) = (nil, nil)
    (incident.escalated, incident.reminded) = (0, 0)
    return incident
  }
}
