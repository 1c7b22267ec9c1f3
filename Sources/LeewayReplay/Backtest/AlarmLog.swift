package import LeewayCore

/// What a check says of a subject in a slice began to fire at a tier, or rose to a higher one.
package struct Alarm: Sendable, Equatable {
  package var check: String
  package var tier: Tier
  package var slice: String
  package var subject: String
  package var stage: Stage
  /// End of the window or hour.
  package var end: EventTime
  package var value: Double?
  /// `shift`: what moved, and from when on.
  package var stream: String?
  package var since: EventTime?
}

/// A run's verdicts as alarms.
struct AlarmLog {
  struct Key: Hashable {
    var check: String
    var slice: NameKey
    var subject: NameKey
    var stage: Stage
    /// `shift`: of the feed, and not of the values.
    var isOfFeed: Bool

    init(_ verdict: Verdict) {
      check = verdict.check
      slice = NameKey(verdict.slice)
      subject = NameKey(verdict.subject)
      stage = verdict.stage
      isOfFeed = verdict.shift?.stream.isOfFeed == true
    }
  }

  private(set) var alarms: [Alarm] = []
  private(set) var transitions: [IncidentTransition] = []
  /// By key, ascending: from which end on which tier stands.
  private(set) var standing: [Key: [(end: EventTime, tier: Tier)]] = [:]
  /// By check: verdicts that judged.
  private(set) var judged: [String: Int] = [:]
  /// The ends of all verdicts are from here
  private(set) var firstEnd: EventTime?
  /// to here.
  private(set) var lastEnd: EventTime?

  mutating func add(_ report: EvaluationReport) {
    transitions += report.decisions.transitions
    for verdict in report.verdicts {
      firstEnd = min(firstEnd ?? verdict.end, verdict.end)
      lastEnd = max(lastEnd ?? verdict.end, verdict.end)
      // What cannot be judged neither fires nor clears.
      guard verdict.tier != .insufficientData else { continue }
      judged[verdict.check, default: 0] += 1
      let key = Key(verdict)
      let before = standing[key]?.last?.tier ?? .ok
      guard verdict.tier != before else { continue }
      standing[key, default: []].append((verdict.end, verdict.tier))
      guard verdict.tier > before, verdict.tier >= .info else { continue }
      alarms.append(
        Alarm(
          check: verdict.check, tier: verdict.tier, slice: verdict.slice, subject: verdict.subject,
          stage: verdict.stage, end: verdict.end, value: verdict.value,
          // A level is its subject.
          stream: verdict.shift.flatMap { shift in
            shift.stream.kind == .level
              ? nil : shift.stream.category.map { "share of \($0)" } ?? shift.stream.kind.rawValue
          },
          since: verdict.shift?.since))
    }
  }

  /// The tier that stands for a key at an end.
  func tier(_ key: Key, at end: EventTime) -> Tier {
    standing[key]?.last { $0.end <= end }?.tier ?? .ok
  }

  /// The share of the time from the first end to the last in which something of a check fires.
  func firingShare(of check: String) -> Double {
    guard let firstEnd, let lastEnd, firstEnd < lastEnd else { return 0 }
    var steps: [(at: EventTime, change: Int)] = []
    for (key, changes) in standing where key.check == check {
      var isFiring = false
      for (end, tier) in changes where (tier >= .info) != isFiring {
        isFiring.toggle()
        steps.append((end, isFiring ? 1 : -1))
      }
    }
    steps.sort { $0.at < $1.at }
    var (count, seconds, since) = (0, 0.0, firstEnd)
    for step in steps {
      if count > 0 { seconds += (step.at - since).seconds }
      count += step.change
      since = step.at
    }
    if count > 0 { seconds += (lastEnd - since).seconds }
    return seconds / (lastEnd - firstEnd).seconds
  }

  /// Per check and tier the first end from a time on at which it fires here and not in a run without the change.
  func firstBeyond(_ clean: AlarmLog, from time: EventTime) -> [(key: Key, end: EventTime, tier: Tier)] {
    var first: [(key: Key, end: EventTime, tier: Tier)] = []
    for (key, changes) in standing {
      // Another tier of the same key may come first in the run without the change, and end there.
      // And it may fire at that time already: labels that come from then on are of predictions made before.
      let later = Set(changes.map(\.end) + (clean.standing[key] ?? []).map(\.end)).filter { $0 > time }
      let moments = [time] + later.sorted()
      if let end = moments.first(where: { tier(key, at: $0) > clean.tier(key, at: $0) && tier(key, at: $0) >= .info }) {
        first.append((key, end, tier(key, at: end)))
      }
    }
    return first
  }
}
