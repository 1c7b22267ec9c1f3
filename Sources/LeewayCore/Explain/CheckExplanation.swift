/// What one check finds, how often it is wrong, and what it waits for: said before any production row is seen.
package struct CheckExplanation: Sendable {
  /// What a check holds its values against when nothing has changed.
  package enum Null: Sendable, Equatable {
    /// The baseline's own hours, by plan (`hours`, `short`, `fixed`), from the first hour to behind the last.
    case hours(plan: String, from: EventTime, to: EventTime)
    /// What production shows, from the seventh day on.
    case learned
    /// Rows that are independent of each other.
    case independentRows
    /// No null: a value is held against a number.
    case none
  }

  package var check: String
  package var metric: Metric
  /// The length of its window; an hour for `shift`.
  package var window: TimeSpan
  package var null: Null
  /// `shift`: streams that share each budget, over all slices.
  package var sharing: Int?
  /// Slices that it is on, as far as the baseline knows them.
  package var slices: [String]
  /// How many more it is on, which are not explained one by one.
  package var slicesLeftOut = 0
  package var tiers: [TierExplanation] = []
  package var waits: [Wait]

  /// What passes between a change and its verdict, or before there is a verdict at all.
  package enum Wait: Sendable, Equatable {
    /// Event time behind the end of a window or hour.
    case lateness(TimeSpan)
    /// The first window that is judged must be as long.
    case wholeWindow(TimeSpan)
    /// For labels, at a stage.
    case labels(Stage, TimeSpan)
    case minimumRows(Int64)
    case consecutive(Int, apart: TimeSpan)
    /// The first days of production, which limits are measured from.
    case reference(TimeSpan)
    /// Windows of usual traffic.
    case usualRows(Int)
    /// Before a retrain is called for.
    case settle(TimeSpan)
  }
}

/// One tier of a check.
package struct TierExplanation: Sendable {
  /// What may be said of alarms while nothing changes.
  package enum FalseAlarms: Sendable, Equatable {
    /// A quarter, over everything that shares the budget.
    case budget(perQuarter: Double)
    /// At most so many a quarter, on the condition that follows.
    case atMost(perQuarter: Double, condition: String)
    /// Nothing, and why.
    case notPromised(String)
  }

  package var tier: Tier
  /// `1 per quarter`, `0.2 or more`.
  package var rule: String
  package var falseAlarms: FalseAlarms
  package var found: [FoundChange] = []
  /// Why `found` is empty.
  package var unknown: String?
}

/// What a tier finds of one stream, subject or metric.
package struct FoundChange: Sendable, Equatable {
  /// The horizons of every explanation, in hours: an hour, a day, 7 days, 21 days.
  package static let horizons = [1, 24, 168, 504]

  /// The smallest change found with a chance of 80 %.
  package struct Size: Sendable, Equatable {
    /// In `unit`.
    package var size: Double
    /// The same in the subject's own unit, before and after; nil where it has none.
    package var was: Double?
    package var now: Double?
  }

  package var slice: String
  package var subject: String
  /// `location`, `category=DE`; for windows what is moved: `mean`, `share of DE`, `missing_ratio`.
  package var stream: String
  /// `sd`, `log_variance`, `arcsine`, `share`, or `metric`: the metric's own.
  package var unit: String
  /// A typical hour's; nil where the baseline does not say, and 1,000 are taken.
  package var rowsPerHour: Double?
  /// Parallel to `horizons`; nil: not at all.
  package var sizes: [Size?]
  /// Why nothing is found.
  package var remark: String?
}
