package import LeewayCore
import LeewayStatistics

/// What a policy did over history, and what it would have done.
package struct BacktestReport: Sendable {
  /// When a change was found.
  package struct Detection: Sendable, Equatable {
    /// End of the window or hour that fired.
    package var end: EventTime
    /// When its verdict is given, in event time: lateness and the labels' horizon are added.
    package var due: EventTime
    package var slice: String
    package var subject: String
  }

  /// One tier with one budget or limit.
  package struct Row: Sendable, Equatable {
    package var check: String
    package var tier: Tier
    package var rule: String
    /// As the monitor has it.
    package var isCurrent: Bool
    /// Whether it judged anything.
    package var isJudged: Bool
    package var alarms: Int
    /// `shift`: hours per false alarm of the budget.
    package var budgetHours: Double?
    /// The share of the history in which it fires.
    package var firing: Double
    /// Parallel to the injections; nil: not found.
    package var detections: [Detection?]
  }

  /// A tier's rule for the wished rate.
  package struct Suggestion: Sendable, Equatable {
    package var check: String
    package var tier: Tier
    /// The most sensitive that kept the rate; nil: none that was tried.
    package var rule: String?
    package var isCurrent: Bool
    package var alarms: Int
  }

  package var monitor: Monitor
  package var baseline: String
  package var summary: Replay.Summary
  /// Ends of the first and last windows that were judged.
  package var from: EventTime?
  package var to: EventTime?
  package var alarms: [Alarm]
  package var transitions: [IncidentTransition]
  var judged: [String: Int]
  package var wish: ShiftBudget?
  package var injections: [Injection] = []
  package var rows: [Row] = []

  init(
    monitor: Monitor, baseline: String, summary: Replay.Summary, from: EventTime?, to: EventTime?, alarms: [Alarm],
    transitions: [IncidentTransition], judged: [String: Int], wish: ShiftBudget?
  ) {
    self.monitor = monitor
    self.baseline = baseline
    self.summary = summary
    self.from = from
    self.to = to
    // Stages are judged apart; people read by time.
    self.alarms = alarms.sorted { $0.end < $1.end }
    self.transitions = transitions
    self.judged = judged
    self.wish = wish
  }

  /// From the first judged end to the last.
  package var weeks: Double {
    guard let from, let to else { return 0 }
    return (to - from).seconds / 604_800
  }

  /// Alarms a week with the exact 95 % interval of a Poisson count; nil where no time has passed.
  package func rate(_ alarms: Int) -> (perWeek: Double, lower: Double, upper: Double)? {
    guard weeks > 0 else { return nil }
    let interval = PoissonInterval.mean(alarms)
    return (Double(alarms) / weeks, interval.lower / weeks, interval.upper / weeks)
  }

  /// Incidents that opened, with what became of them.
  package var incidents: [IncidentTransition] { transitions.filter { $0.kind == .opened } }
  package var retrains: [IncidentTransition] { transitions.filter { $0.kind == .retraining } }

  /// What fires for longer than this share of the history is no alarm, however seldom it begins to.
  private static let mostFiring = 0.1

  /// For every tier the most sensitive of the rules that were tried which gave no more alarms than are wished. A budget that allows
  /// more is none of them: a few quiet weeks do not show that it is not spent.
  package var suggestions: [Suggestion] {
    guard let wish, weeks > 0 else { return [] }
    let allowed = weeks * 168 / wish.hours
    var out: [Suggestion] = []
    for row in rows where !out.contains(where: { $0.check == row.check && $0.tier == row.tier }) {
      let tried = rows.filter { $0.check == row.check && $0.tier == row.tier && $0.isJudged }
      guard !tried.isEmpty else { continue }
      // In the order of fewer alarms; where a looser one gave more, what lies before it is not trusted.
      let kept = tried.reversed().prefix { row in
        Double(row.alarms) <= allowed && row.firing <= Self.mostFiring
          && row.budgetHours.map { $0 >= wish.hours } ?? true
      }.last
      out.append(
        Suggestion(
          check: row.check, tier: row.tier, rule: kept?.rule, isCurrent: kept?.isCurrent ?? false,
          alarms: kept?.alarms ?? tried.last?.alarms ?? 0))
    }
    return out
  }

  /// Alarms by week, each beginning on a Monday in UTC, without weeks that have none.
  package var byWeek: [(monday: EventTime, alarms: [Alarm])] {
    let week: Int64 = 604_800_000
    // 1970-01-05 was a Monday.
    let offset: Int64 = 345_600_000
    let grouped = Dictionary(grouping: alarms) { alarm in
      let since = alarm.end.milliseconds - offset
      return (since >= 0 ? since / week : (since - week + 1) / week) * week + offset
    }
    return grouped.sorted { $0.key < $1.key }.map { (EventTime(milliseconds: $0.key), $0.value) }
  }
}
