/// One monitor's incident of one cause group: a fold over verdicts. A value; every verdict is consumed once, in order.
///
/// none → open on the first verdict at `info` or above; open → open at a higher tier (escalated); open → none when
/// everything that fired has become `ok` (resolved). `insufficient_data` and missing windows change nothing.
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
  package private(set) var active: [Key: Evidence] = [:]
  package private(set) var incident: Incident?

  package struct Incident: Sendable, Equatable {
    package var id: String
    package var openedAt: EventTime
    /// The highest reached.
    package var tier: Tier
    /// Transitions so far.
    package var sequence: Int64
    package var checks: Set<String>
    package var subjects: Set<String>
    /// Receivers that have been told of it.
    package var receivers: Set<String>
    package var retrain: String?
    /// Why a retrain was held back last; empty if none was.
    package var heldBack: String
  }

  package init() {}

  /// What a batch of verdicts with one end made happen.
  enum Transition: String { case opened, escalated, resolved }

  /// Consumes the verdicts of one end.
  mutating func consume(_ verdicts: [Verdict], monitor: String, group: CauseGroup, end: EventTime) -> Transition? {
    for verdict in verdicts {
      let key = Key(check: verdict.check, slice: verdict.slice, subject: verdict.subject)
      if verdict.tier >= .info {
        active[key] = Evidence(verdict)
      } else if verdict.tier == .ok {
        active[key] = nil
      }
    }
    // A slice that is gone would hold its incident open for ever.
    active = active.filter { end < $0.value.end + $0.value.size * 8 }
    let tier = active.values.map(\.tier).max()
    switch (incident, tier) {
    case (nil, .some(let tier)):
      incident = Incident(
        id: Self.identifier(monitor, group, end), openedAt: end, tier: tier, sequence: 0, checks: [], subjects: [],
        receivers: [], retrain: nil, heldBack: "")
      remember()
      return .opened
    case (.some(let known), .some(let tier)) where tier > known.tier:
      incident?.tier = tier
      incident?.sequence += 1
      remember()
      return .escalated
    case (.some, nil):
      incident?.sequence += 1
      return .resolved
    case (.some, .some):
      remember()
      return nil
    case (nil, nil): return nil
    }
  }

  /// Gives the incident up because nothing can end it any more; what there was of it, with the step that resolves it.
  mutating func withdraw() -> Incident? {
    active = [:]
    incident?.sequence += 1
    return incident
  }

  /// After `resolved` has been recorded.
  mutating func close() { incident = nil }

  mutating func told(_ receivers: some Sequence<String>) { incident?.receivers.formUnion(receivers) }
  mutating func requested(retrain: String) {
    incident?.retrain = retrain
    incident?.heldBack = ""
  }
  mutating func heldBack(_ reason: String) { incident?.heldBack = reason }

  /// What is to be done where everything that fires is a calibration metric: the model still ranks as it did, and its
  /// scores are no longer probabilities. Retraining is not the answer then.
  package var advice: String? {
    let causes = active.filter { !$0.key.isOfComparison }
    if causes.isEmpty, !active.isEmpty {
      return "compare: only the challenger differs from the champion; choose between them, a retrain is not called for"
    }
    guard !active.isEmpty, causes.values.allSatisfy(\.isOfCalibration) else {
      return nil
    }
    return
      "recalibrate: only calibration has moved; fit a new map from scores to probabilities, a retrain is not called "
      + "for"
  }

  /// The tier that a retrain may rest on: what experimental checks say, and those of a challenger, is left out. nil if
  /// nothing else fires.
  func tierForRetrain(besides inconclusive: Set<String>) -> Tier? {
    guard let incident else { return nil }
    if incident.checks.isDisjoint(with: inconclusive) { return incident.tier }
    let others = active.filter { !inconclusive.contains($0.key.check) }.values
    // Beside such alarms calibration alone still calls for a new map, and not for a new model.
    return others.allSatisfy(\.isOfCalibration) ? nil : others.map(\.tier).max()
  }

  /// Drops what fired by checks that the monitor no longer has.
  mutating func keep(checks: Set<String>) { active = active.filter { checks.contains($0.key.check) } }

  /// For the stored form alone.
  mutating func restore(_ key: Key, _ evidence: Evidence) { active[key] = evidence }
  mutating func restore(_ incident: Incident?) { self.incident = incident }

  private mutating func remember() {
    incident?.checks.formUnion(active.keys.map(\.check))
    incident?.subjects.formUnion(active.keys.map(\.subject))
  }

  private static func identifier(_ monitor: String, _ group: CauseGroup, _ end: EventTime) -> String {
    let text = "\(monitor)\n\(group.rawValue)\n\(end.milliseconds)"
    return "\(monitor)-\(SHA256.hash(Array(text.utf8)).hex.prefix(12))"
  }
}

/// Why something fires: the verdict's numbers.
package struct Evidence: Sendable, Equatable {
  package var tier: Tier
  package var metric: String
  package var value: Double?
  package var threshold: Double?
  package var pValue: Double?
  package var qValue: Double?
  package var bound: Double?
  package var window: String
  package var size: TimeSpan
  package var end: EventTime
  package var rows: Int64
  package var version: String?
  /// Of the subject, where the check is on all rows and the monitor has slices.
  package var contrast: SliceContrast?

  var isOfCalibration: Bool { Metric(rawValue: metric)?.isCalibration ?? false }

  init(_ verdict: Verdict) {
    tier = verdict.tier
    metric = verdict.metric.rawValue
    value = verdict.value
    threshold = verdict.threshold
    pValue = verdict.pValue
    qValue = verdict.qValue
    bound = verdict.bound
    window = verdict.window
    size = verdict.size
    end = verdict.end
    rows = verdict.rows
    version = verdict.version
    contrast = verdict.contrast
  }
}
