/// One monitor's incident of one cause group: a fold over the group's log. A value, and the one place where the state of an
/// incident is written.
///
/// none → open on the first verdict at `info` or above. While it is open: a higher tier than before is `escalated`; a key
/// (check, slice, subject) that reaches `warning` or above, and more than it has had in this incident, is `spread`. It is
/// `resolved` when nothing holds it. What holds it: every key that fires, as long as no key has reached `warning`; after that
/// only keys that have reached `warning` in it. Keys at `info` that are left then rest: they open no new incident until they
/// have cleared or reach `warning`.
///
/// A key clears when its value is back within the limit of its lowest tier, and beyond the check's `clear`, in as many windows as the
/// check asks, however certain that is. Until then it fires for the incident, and asks for no retrain. `insufficient_data` and
/// missing windows change nothing; but where only a limit that is a change cannot be judged, for want of what it is a change from,
/// what fired by a limit that is a number clears by that. A key of which no verdict of any kind has come for eight windows and three days expires: its
/// slice is gone. Nights and weekends without a row are shorter.
package struct IncidentMachine: Sendable, Equatable {
  package struct Key: Sendable, Hashable, Comparable {
    package var check: String
    package var slice: String
    package var subject: String

    /// Whether it fires on the challenger beside the champion.
    var isOfComparison: Bool { subject == Check.comparisonSubject }

    package static func < (a: Key, b: Key) -> Bool {
      if a.check != b.check { return utf8Order(a.check, b.check) }
      if a.slice != b.slice { return utf8Order(a.slice, b.slice) }
      return utf8Order(a.subject, b.subject)
    }
  }

  /// What fires now, with the verdict that said so last.
  package internal(set) var active: [Key: Evidence] = [:]
  /// Keys among them at `info` that a resolved incident has left.
  package internal(set) var resting: Set<Key> = []
  package internal(set) var incident: Incident?
  /// Incidents that have ended, oldest first, where another group asks for them.
  package internal(set) var past: [Span] = []
  /// Retrains that were asked for, oldest first.
  package internal(set) var requests: [Request] = []
  /// Early incidents that no final verdict has spoken of yet, oldest first.
  package internal(set) var unconfirmed: [Opening] = []
  /// What was resolved by hand while it fired.
  package internal(set) var muted: [Key: Mute] = [:]
  /// When an incident reopens, and when it flaps: what the monitor said last.
  package internal(set) var policy = IncidentPolicy()
  /// The last incident, where it may reopen.
  package internal(set) var ended: Ended?
  /// Where incidents may flap: the ends at which what fired had come and gone, oldest first.
  package internal(set) var recoveries: [EventTime] = []
  /// Incidents that were resolved by hand, oldest first.
  package internal(set) var interventions: [Intervention] = []
  /// For the last input folded; 0 before the first.
  package internal(set) var number: Int64 = 0
  /// Final verdicts of early incidents among them.
  package internal(set) var finalVerdicts: Int64 = 0
  /// The newest end consumed.
  package internal(set) var through = EventTime.distantPast

  package struct Incident: Sendable, Equatable {
    package var id: String
    package var openedAt: EventTime
    /// The end at which it reopened last.
    package var reopenedAt: EventTime?
    /// The highest reached since it opened or reopened.
    package var tier: Tier
    /// Transitions and reminders so far, less one.
    package var sequence: Int64 = 0
    /// The highest that each key has reached since it opened or reopened.
    package var highest: [Key: Reached] = [:]
    /// Receivers that have been told of it, and the end at which they were first.
    package var told: [String: EventTime] = [:]
    package var retrain: Retrain?
    package var hold: Hold?
    /// For a final incident: the early one that was open when it opened.
    package var early: String?
    /// For an early incident: what the final verdicts of its opening said.
    package var confirmed: Bool?
    /// The last outside input that took part in what it has become; nil: none did.
    package var input: Int64?
    /// Who has acknowledged it.
    package var acknowledged: String?
    /// Who shall see to it.
    package var assigned: String?
    /// Steps of escalation that have been taken.
    package var escalated = 0
    /// Reminders that were due.
    package var reminded: Int64 = 0
    /// Set once it has come and gone too often.
    package var flapping: Flapping?
    /// How it ended, where a person has ended it.
    package var resolution: Resolution?
    /// Set once a person has accepted what has shifted.
    package var accepted: Acceptance?

    package var checks: [String] { Self.names(highest.keys.lazy.map(\.check)) }
    package var subjects: [String] { Self.names(highest.keys.lazy.map(\.subject)) }
    package var slices: [String] { Self.names(highest.keys.lazy.map(\.slice)) }

    static func names(_ texts: some Sequence<String>) -> [String] { Set(texts).sorted(by: utf8Order) }
  }

  package struct Reached: Sendable, Equatable {
    package var tier: Tier
    /// For the transition at which it did.
    package var sequence: Int64
    /// The end at which it reached each tier that it stopped at.
    package var ends: [Tier: EventTime]

    /// What it had reached when `end` had been decided, whatever has come since.
    func tier(by end: EventTime) -> Tier? { ends.filter { $0.value <= end }.keys.max() }
  }

  /// A step, with the incident as it is after it.
  struct Step {
    var transition: IncidentTransition
    var incident: Incident
  }

  package init() {}

  /// Takes the next input of the log.
  ///
  /// - Returns: the transitions that it made.
  mutating func fold(_ input: DecisionInput, monitor: String, group: CauseGroup) -> [Step] {
    number += 1
    if case .finalVerdict = input.act { finalVerdicts += 1 }
    let name = Name(monitor: monitor, group: group)
    switch input.act {
    case .verdicts(let batch): return consume(batch, input.at, isOfPeople: input.isOfPeople, name)
    case .checksRemoved(let checks):
      active = active.filter { !checks.contains($0.key.check) }
      resting.formIntersection(active.keys)
      muted = muted.filter { active[$0.key] != nil }
      return []
    case .policy(let policy):
      through = max(through, input.at)
      take(policy)
      return []
    case .retraining(let id): return marked(ask(id, input.at, name), input)
    case .retrainHeld(let cause, let reason, let told):
      return marked(hold(cause, reason, told, input.at, name), input)
    case .finalVerdict(let id, let confirmed): return [settle(id, confirmed, input.at, name)].compactMap { $0 }
    case .retrainResult(let id, let succeeded, let reason, let told):
      var step = proceed(
        id, from: [.requested], to: succeeded ? .verifying : .failed, succeeded ? .verifying : .failed, told: told,
        input.at, name)
      step?.transition.because = reason
      return [step].compactMap { $0 }
    case .candidate(let id, let told):
      return [proceed(id, from: [.requested], to: .candidate, .candidate, told: told, input.at, name)].compactMap { $0 }
    case .approved(let id, let by, let reason):
      var step = proceed(id, from: [.candidate], to: .verifying, .verifying, told: [], input.at, name)
      step?.transition.by = by
      step?.transition.note = reason
      return [step].compactMap { $0 }
    case .rejected(let id, let by, let reason, let told):
      var step = proceed(id, from: [.candidate], to: .failed, .failed, told: told, input.at, name)
      step?.transition.by = by
      step?.transition.because = "rejected: \(reason)"
      return [step].compactMap { $0 }
    case .overdue(let id, let told):
      // Without an answer by now none can come: the trainer's token is void. A candidate can still be approved.
      let isOpen = incident?.retrain?.state == .candidate
      return [
        proceed(
          id, from: [.requested, .candidate], to: isOpen ? nil : .failed, .overdue, told: told, input.at, name)
      ].compactMap { $0 }
    case .resolve(let reason): return [giveUp(reason, input.at, name)].compactMap { $0 }
    case .handedOn(let id, let step, _, let told):
      guard var incident, incident.id == id, incident.acknowledged == nil, step > incident.escalated else { return [] }
      incident.escalated = Int(clamping: step)
      tell(&incident, told, input.at)
      self.incident = incident
      return []
    case .reminded(let id, let count, _, _):
      guard var incident, incident.id == id, incident.acknowledged == nil, count > incident.reminded else { return [] }
      incident.reminded = count
      incident.sequence += 1
      self.incident = incident
      return []
    case .person(let act): return [self.act(act, input.at, name)].compactMap { $0 }
    }
  }

  /// A step that follows from verdicts, and from what a person has done elsewhere.
  private func marked(_ step: Step?, _ input: DecisionInput) -> [Step] {
    guard var step else { return [] }
    if input.isOfPeople, step.transition.input == nil { step.transition.input = place }
    return [step]
  }

  /// What the verdicts of one end say, as far as this machine can need it.
  ///
  /// A shift that looks like a fault of the data fires there, and clears here what it had fired as drift.
  ///
  /// - Parameter standing: what a verdict that does not fire says of a key that does.
  func batch(of verdicts: [Verdict], in group: CauseGroup, standing: (Verdict, Evidence) -> Standing)
    -> DecisionInput.Batch
  {
    var batch = DecisionInput.Batch()
    for verdict in verdicts {
      let key = Key(check: verdict.check, slice: verdict.slice, subject: verdict.subject)
      if group != .dataQuality, verdict.shift?.isOfData == true {
        if active[key] != nil { batch.cleared.append(key) }
      } else if verdict.tier >= .info {
        batch.fired[key] = Evidence(verdict)
      } else if let known = active[key] {
        note(verdict, standing(verdict, known), of: key, known, in: &batch)
      }
    }
    return batch
  }

  /// How a value stands to the limits of its check.
  enum Standing: Equatable {
    case beyond
    /// Within them, and not back beyond `clear`.
    case short
    /// Back, as it must be in so many windows before its key clears, each so far from the one before that they share no pane.
    case back(windows: Int, apart: TimeSpan)
    /// Nothing can be said of it.
    case unknown
  }

  private func note(
    _ verdict: Verdict, _ standing: Standing, of key: Key, _ known: Evidence, in batch: inout DecisionInput.Batch
  ) {
    switch standing {
    case .beyond: batch.held.append(key)
    case .short: batch.clearing[key] = 0
    case .back(let windows, let apart):
      let waiting = known.clearing.flatMap { $0.windows > 0 ? $0 : nil }
      if let waiting, windows > 1, verdict.end < waiting.end + apart { return }
      let count = (waiting?.windows ?? 0) + 1
      if count >= windows { batch.cleared.append(key) } else { batch.clearing[key] = count }
    case .unknown:
      guard verdict.end >= known.seen + .milliseconds(known.lifetime.milliseconds / 2) else { return }
      batch.unjudged.append(key)
    }
  }

  /// The number of the last input, but for final verdicts of early incidents. These come when their labels do, which in a replay is another
  /// place among the verdicts; what came from outside has the same place there as in the service.
  package var place: Int64 { number - finalVerdicts }

  /// Whether an input has changed nothing that counts.
  func isSame(as before: IncidentMachine) -> Bool {
    var copy = self
    (copy.number, copy.finalVerdicts) = (before.number, before.finalVerdicts)
    copy.through = before.through
    return copy == before
  }

  // MARK: Verdicts

  private mutating func consume(
    _ batch: DecisionInput.Batch, _ end: EventTime, isOfPeople: Bool, _ name: Name
  ) -> [Step] {
    through = max(through, end)
    for (key, evidence) in batch.fired {
      let began = active[key]?.began ?? end
      active[key] = evidence
      active[key]?.began = began
    }
    for key in batch.held { active[key]?.clearing = nil }
    for (key, windows) in batch.clearing { active[key]?.clearing = Evidence.Clearing(windows: windows, end: end) }
    for key in batch.held + batch.unjudged + batch.clearing.keys { active[key]?.seen = end }
    for key in batch.cleared { active[key] = nil }
    // A slice that is gone would hold its incident open without end.
    // A shift is held by its detector, which ends it after 14 days without rows.
    let expired = active.filter { $0.value.shift == nil && end >= $0.value.seen + $0.value.lifetime }
    for key in expired.keys { active[key] = nil }
    resting = resting.filter { active[$0]?.tier == .info }
    unmute(end)
    let present = present
    guard var incident else {
      return [begin(present, batch, end, isOfPeople: isOfPeople, name)].compactMap { $0 }
    }
    let raised = present.filter { $0.value.tier > incident.highest[$0.key]?.tier ?? .ok }
    let spread = raised.filter { $0.value.tier >= .warning }
    let highest = present.values.map(\.tier).max() ?? .ok
    let kind: IncidentTransition.Kind? =
      highest > incident.tier ? .escalated : spread.isEmpty ? nil : .spread
    if kind != nil { incident.sequence += 1 }
    for (key, evidence) in raised {
      let earlier = incident.highest[key]?.ends ?? [:]
      incident.highest[key] = Reached(
        tier: evidence.tier, sequence: incident.sequence,
        ends: earlier.merging([evidence.tier: end]) { first, _ in first })
    }
    incident.tier = max(incident.tier, highest)
    tell(&incident, batch.told, end)
    if isOfPeople, kind != nil, incident.early == nil { incident.input = place }
    let isLinked = kind != nil && incident.early == nil && batch.early != nil
    if isLinked { incident.early = batch.early }
    let tier = incident.tier
    let isHeld = present.keys.contains { tier < .warning || incident.highest[$0]?.tier ?? .ok >= .warning }
    if isHeld { incident.flapping?.quiet = nil }
    self.incident = incident
    if let kind {
      var step = transition(kind, incident, end, name, of: kind == .spread ? spread.keys : present.keys)
      if isLinked { step.early = incident.early }
      if kind == .spread { step.tier = spread.values.map(\.tier).max() ?? incident.tier }
      return [Step(transition: step, incident: incident)]
    }
    guard !isHeld else { return [] }
    let gone = expired.min { $0.key < $1.key }.map { key, evidence in
      "no verdict of \(key.check) on \(key.subject) in \(key.slice) for \(evidence.lifetime)"
    }
    return [rest(end, because: gone, name)].compactMap { $0 }
  }

  func tell(_ incident: inout Incident, _ receivers: [String], _ end: EventTime) {
    for receiver in receivers where incident.told[receiver] == nil { incident.told[receiver] = end }
  }

  /// Ends the incident; what still fires at `info` rests.
  ///
  /// - Parameter until: the first moment at which other groups see it closed; nil: `at`.
  mutating func resolve(_ at: EventTime, _ name: Name, until: EventTime? = nil) -> Step? {
    guard var incident else { return nil }
    incident.sequence += 1
    var step = transition(.resolved, incident, at, name, of: [])
    (step.checks, step.subjects, step.slices) = (incident.checks, incident.subjects, incident.slices)
    remember(incident, resolvedAt: until ?? at, in: name.group)
    resting = Set(heard.keys)
    self.incident = nil
    return Step(transition: step, incident: incident)
  }

  /// A step of what the keys say; `input` is that of the incident, so that what follows an act from outside is marked too.
  func transition(
    _ kind: IncidentTransition.Kind, _ incident: Incident, _ at: EventTime, _ name: Name, of keys: some Sequence<Key>
  ) -> IncidentTransition {
    let keys = Array(keys)
    return IncidentTransition(
      incident: incident.id, monitor: name.monitor, group: name.group, at: at, kind: kind, tier: incident.tier,
      checks: Incident.names(keys.map(\.check)), subjects: Incident.names(keys.map(\.subject)),
      slices: Incident.names(keys.map(\.slice)), sequence: incident.sequence,
      advice: kind == .spread ? nil : advice, input: incident.input)
  }

  /// Keys that belong to the open incident.
  var present: [Key: Evidence] { active.filter { !resting.contains($0.key) && muted[$0.key] == nil } }

  /// Which machine this is.
  struct Name {
    var monitor: String
    var group: CauseGroup

    /// A hash of monitor, cause group and opening end.
    func incident(openedAt end: EventTime) -> String {
      let text = "\(monitor)\n\(group.rawValue)\n\(end.milliseconds)"
      return "\(monitor)-\(SHA256.hash(Array(text.utf8)).hex.prefix(12))"
    }
  }

  // MARK: Advice

  /// What is to be done where everything that fires is a calibration metric: the model still ranks as it did, and its
  /// scores are no longer probabilities. Retraining is not the answer then.
  package var advice: String? {
    let firing = heard
    let causes = firing.filter { !$0.key.isOfComparison }
    if causes.isEmpty, !firing.isEmpty {
      return "compare: only the challenger differs from the champion; choose between them, a retrain is not called for"
    }
    guard !firing.isEmpty, causes.values.allSatisfy(\.isOfCalibration) else {
      return nil
    }
    return
      "recalibrate: only calibration has moved; fit a new map from scores to probabilities, a retrain is not called "
      + "for"
  }
}
