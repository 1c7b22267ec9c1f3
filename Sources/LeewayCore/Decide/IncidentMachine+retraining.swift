import LeewayStatistics

/// What becomes of a call to retrain, and of an early incident once the final verdicts are there.
extension IncidentMachine {
  package struct Retrain: Sendable, Equatable {
    package enum State: String, Sendable { case requested, candidate, verifying, failed }

    package var id: String
    /// The end that asked.
    package var at: EventTime
    package var state: State
    /// The deadline has passed without a corrective action.
    package var isOverdue = false
    /// It had ended when the incident reopened, which may ask for another.
    package var isOver = false
  }

  /// What holds a retrain back, or did.
  package struct Hold: Sendable, Equatable {
    /// The same as long as the same thing holds it.
    package var cause: String
    package var reason: String
    package var since: EventTime
    /// The end at which the retrain was asked for after all.
    package var released: EventTime?
  }

  package struct Request: Sendable, Equatable {
    package var id: String
    package var at: EventTime
    /// It would not have been asked for if the one before had not been answered.
    package var isOfPeople = false
  }

  mutating func ask(_ id: String, _ at: EventTime, _ name: Name) -> Step? {
    guard var incident, incident.mayAsk else { return nil }
    let isAnother = incident.retrain != nil
    incident.retrain = Retrain(id: id, at: at, state: .requested)
    if incident.hold != nil, incident.hold?.released == nil { incident.hold?.released = at }
    incident.sequence += 1
    self.incident = incident
    requests.append(Request(id: id, at: at, isOfPeople: isAnother))
    if requests.count > Self.mostSpans, requests.removeFirst().isOfPeople { requests[0].isOfPeople = true }
    var step = transition(.retraining, incident, at, name, of: present.keys)
    step.retrain = id
    return Step(transition: step, incident: incident)
  }

  /// A transition where something else holds it than before; else only the words change.
  mutating func hold(
    _ cause: String, _ reason: String, _ told: [String], _ at: EventTime, _ name: Name
  ) -> Step? {
    guard var incident, incident.mayAsk else { return nil }
    if incident.hold?.cause == cause {
      incident.hold?.reason = reason
      self.incident = incident
      return nil
    }
    incident.hold = Hold(cause: cause, reason: reason, since: incident.hold?.since ?? at)
    tell(&incident, told, at)
    incident.sequence += 1
    self.incident = incident
    var step = transition(.retrainHeld, incident, at, name, of: present.keys)
    step.held = reason
    return Step(transition: step, incident: incident)
  }

  /// What comes from outside about a retrain of this incident; about that of another one, or twice, it changes nothing.
  ///
  /// - Parameters:
  ///   - states: those in which it can come.
  ///   - state: what it leads to; nil: the same.
  ///   - told: those who hear of it besides whoever has heard of the incident.
  mutating func proceed(
    _ id: String, from states: Set<Retrain.State>, to state: Retrain.State?, _ kind: IncidentTransition.Kind,
    told: [String], _ at: EventTime, _ name: Name
  ) -> Step? {
    guard var incident, let retrain = incident.retrain, retrain.id == id, states.contains(retrain.state),
      kind != .overdue || !retrain.isOverdue
    else {
      note(id, from: states, to: state, isOverdue: kind == .overdue)
      return nil
    }
    incident.retrain?.state = state ?? retrain.state
    if kind == .overdue { incident.retrain?.isOverdue = true }
    incident.sequence += 1
    incident.input = place
    tell(&incident, told, at)
    self.incident = incident
    var step = transition(kind, incident, at, name, of: present.keys)
    step.retrain = id
    return Step(transition: step, incident: incident)
  }

  mutating func giveUp(_ reason: String, _ at: EventTime, _ name: Name) -> Step? {
    let place = place
    incident?.input = place
    active = [:]
    ended = nil
    unmute(at)
    var step = resolve(at, name)
    step?.transition.because = reason
    return step
  }

  /// Keys of the open incident whose newest value is not back within the limits: what only waits to clear asks for nothing.
  private var asking: [Key: Evidence] { present.filter { $0.value.clearing == nil } }

  /// The tier that a retrain may rest on: the highest reached by what fires now.
  ///
  /// - Parameter inconclusive: checks that never call for a retrain.
  /// - Returns: nil if nothing else fires.
  func tierForRetrain(besides inconclusive: Set<String>) -> Tier? {
    asking.keys.filter { !inconclusive.contains($0.check) }.compactMap { incident?.highest[$0]?.tier }.max()
  }

  /// Whether a shift has lasted long enough to be learned: at `tier` or above for `settle`, without a break. One of the output only
  /// follows from the inputs or from the model, and what rests on no null of hours is no reason to train (rules D8 and D9).
  func hasSettledShift(
    besides inconclusive: Set<String>, output: String, tier: Tier, for settle: TimeSpan, by end: EventTime
  ) -> Bool {
    present.contains { key, evidence in
      guard !inconclusive.contains(key.check), key.subject != output, let shift = evidence.shift,
        shift.null != ShiftPlan.iid.rawValue,
        let reached = incident?.highest[key]?.ends.filter({ $0.key >= tier }).values.min()
      else { return false }
      return end >= max(reached, evidence.began) + settle
    }
  }

  /// Where the windows that ask for a retrain begin: of what fires at `tier` or above, else of everything.
  func askingSince(besides inconclusive: Set<String>, tier: Tier) -> EventTime? {
    let asking = asking.filter { !inconclusive.contains($0.key.check) }.values
    let enough = asking.filter { $0.tier >= tier }
    return (enough.isEmpty ? Array(asking) : enough).map { $0.end - $0.size }.min()
  }
}

extension IncidentMachine.Incident {
  fileprivate var request: IncidentMachine.Request? {
    retrain.flatMap { $0.isOver ? nil : .init(id: $0.id, at: $0.at) }
  }
}

/// Incidents that have ended, for those who look at the machine as it was after an end.
extension IncidentMachine {
  /// The past kept: beyond it the two oldest become one, which holds a retrain back for longer, never for shorter.
  static let mostSpans = 256

  /// What keys of ended incidents had reached is kept of this many. Beyond it the oldest incidents lose theirs, so that a
  /// final one that follows is told of again, never less.
  static let mostKeysInPast = 1000

  /// Above that of every other transition.
  package static let sequenceOfFinalVerdicts: Int64 = 1 << 40

  /// An incident from its opening, or reopening, to its end.
  package struct Span: Sendable, Equatable {
    package var id: String
    package var openedAt: EventTime
    package var resolvedAt: EventTime
    package var told: [String: EventTime]
    /// Empty where no other group asks for it.
    package var reached: [Key: Reached] = [:]

    /// The retrain that it asked for.
    package var retrain: Request?

    /// Receivers that had heard of it when `end` had been decided.
    func known(by end: EventTime) -> Set<String> { Set(told.filter { $0.value <= end }.keys) }
  }

  /// What the final verdicts of an early incident's opening are compared with.
  package struct Opening: Sendable, Equatable {
    package var id: String
    package var at: EventTime
    package var tier: Tier
    package var keys: [Key]
    /// As of the incident when it opened.
    package var input: Int64?
  }

  mutating func remember(_ incident: Incident, resolvedAt at: EventTime, in group: CauseGroup) {
    guard group == .dataQuality || group == .performanceEarly else { return }
    past.append(
      Span(
        id: incident.id, openedAt: incident.since, resolvedAt: at, told: incident.told,
        reached: group == .performanceEarly ? incident.highest : [:], retrain: incident.request))
    var keys = 0
    for i in past.indices.reversed() {
      keys += past[i].reached.count
      if keys > Self.mostKeysInPast { past[i].reached = [:] }
    }
    guard past.count > Self.mostSpans else { return }
    past[1].id = past[0].id
    past[1].openedAt = past[0].openedAt
    past[1].told.merge(past[0].told) { min($0, $1) }
    past.removeFirst()
  }

  /// The incident that was open after `end`, whatever has become of it since.
  func span(openAt end: EventTime) -> Span? {
    // One that a person resolved was open as far as groups had been judged, whatever has opened since.
    if let before = past.last(where: { $0.openedAt <= end && end < $0.resolvedAt }) { return before }
    guard let incident, incident.since <= end else { return nil }
    return Span(
      id: incident.id, openedAt: incident.since, resolvedAt: .distantFuture, told: incident.told,
      reached: incident.highest, retrain: incident.request)
  }

  /// The last incident that had opened by `end` and was open after `start`.
  func span(after start: EventTime, through end: EventTime) -> Span? {
    span(openAt: end) ?? past.last { $0.openedAt <= end && start < $0.resolvedAt }
  }

  /// What final verdicts say of the end at which an early incident opened. It stands apart from the incident's other
  /// transitions, since final verdicts come when these have gone on: its sequence is its own.
  mutating func settle(_ id: String, _ confirmed: Bool?, _ at: EventTime, _ name: Name) -> Step? {
    guard let i = unconfirmed.firstIndex(where: { $0.id == id }) else { return nil }
    let opening = unconfirmed.remove(at: i)
    guard let confirmed else { return nil }
    if incident?.id == id { incident?.confirmed = confirmed }
    if ended?.incident.id == id { ended?.incident.confirmed = confirmed }
    var about =
      incident.flatMap { $0.id == id && $0.reopenedAt == nil ? $0 : nil }
      ?? Incident(
        id: id, openedAt: opening.at, tier: opening.tier,
        told: past.first { $0.id == id }?.told ?? [:])
    // As it was then: who heard of it later heard of what it had become.
    about.told = about.told.filter { $0.value <= opening.at }
    about.confirmed = confirmed
    about.tier = opening.tier
    var step = transition(confirmed ? .confirmed : .withdrawn, about, at, name, of: opening.keys)
    step.sequence = Self.sequenceOfFinalVerdicts
    step.advice = nil
    step.input = opening.input
    return Step(transition: step, incident: about)
  }
}
