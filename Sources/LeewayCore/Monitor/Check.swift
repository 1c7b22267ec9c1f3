package import LeewayStatistics

/// A metric with tiers, on subjects of one window.
package struct Check: Sendable, Equatable {
  /// What the metric is computed on.
  package enum Subjects: Sendable, Equatable {
    case features(except: [String])
    case named([String])
    case output
    case performance
    /// The stream of errors, one a labelled prediction, as detectors take it.
    case errors
    /// The groups of a segment beside one of them.
    case fairness(FairnessGroups)
    case traffic
    /// The challenger beside the champion.
    case comparison
  }

  /// The subject of verdicts on a comparison of versions.
  package static let comparisonSubject = "comparison"

  /// Which slices it runs on; each against the slice's own baseline.
  package enum Slices: Sendable, Equatable {
    case all
    case each
    /// Slice names such as `version=v2` or `country=DE`.
    case listed([String])
  }

  /// What distances are measured from, and `max_drop` and `max_rise` of everything else.
  package enum Reference: Sendable, Equatable {
    /// The baseline, or its own value.
    case baseline
    /// So much event time from the first pane with rows on, summed once and then frozen.
    case first(TimeSpan)
  }

  package var name: String
  package var on: Subjects
  package var metric: Metric
  /// Name of a window definition; for `shift`, which looks at hours, ``hour``.
  package var window: String
  /// Ascending by tier, at least one; a tier with several fires on any of them. None for `shift`.
  package var limits: [TierLimit]
  /// For `shift`: ascending by tier, each tier once, at least one.
  package var budgets: [ShiftBudget] = []
  /// What the value of a key that fires must be back beyond, besides its limits, before it clears: each on the good side of a
  /// limit of the lowest tier, and of its kind.
  package var clears: [Limit] = []
  /// Consecutive windows, a size apart, that a key which fires must be back in before it clears.
  package var clearWindows = 1
  /// Consecutive windows, a size apart, that must fail.
  package var consecutive: Int
  package var slices: Slices
  /// Largest adjusted p-value that counts as drift; nil ignores significance.
  package var significance: Double?
  /// Values that the metric must rest on; fewer are `insufficient_data`.
  package var minimumRows: Int64
  /// Windows that began before the monitor's first event are judged too.
  package var partial: Bool
  /// Performance: fire only if the one-sided 99 % bound is beyond the limit.
  package var certain: Bool
  package var minimumPositives: Int64
  package var minimumNegatives: Int64
  package var reference: Reference
  /// For a metric with a place: the share of rows at the top, or the recall or precision to hold.
  package var place: Double?
  /// When performance is judged, where labels have an `early`; everything else is final.
  package var stages: Set<Stage>
  /// Whether early verdicts may call for a retrain as final ones do.
  package var retrainsEarly: Bool

  package init(
    name: String, on: Subjects, metric: Metric, window: String, limits: [TierLimit], consecutive: Int = 1,
    slices: Slices = .all, significance: Double? = 0.01, minimumRows: Int64 = 200, partial: Bool = false,
    certain: Bool = true, minimumPositives: Int64 = 30, minimumNegatives: Int64 = 30,
    reference: Reference = .baseline, place: Double? = nil, stages: Set<Stage> = Set(Stage.allCases),
    retrainsEarly: Bool = false
  ) {
    self.name = name
    self.on = on
    self.metric = metric
    self.window = window
    self.limits = limits
    self.consecutive = consecutive
    self.slices = slices
    self.significance = significance
    self.minimumRows = minimumRows
    self.partial = partial
    self.certain = certain
    self.minimumPositives = minimumPositives
    self.minimumNegatives = minimumNegatives
    self.reference = reference
    self.place = place
    self.stages = stages
    self.retrainsEarly = retrainsEarly
  }

  /// A check on `shift`.
  package init(name: String, on: Subjects, budgets: [ShiftBudget], slices: Slices = .all) {
    self.init(name: name, on: on, metric: .shift, window: Self.hour, limits: [], slices: slices, significance: nil)
    self.budgets = budgets
  }

  /// What lines and verdicts of `shift` have for a window, whatever windows the monitor has.
  package static let hour = "1h"

  /// Whether it judges windows of a definition.
  package func isOn(_ window: WindowDefinition) -> Bool { metric.family != .shift && self.window == window.name }

  /// The definition of its windows; nil for `shift`.
  package func window(of monitor: Monitor) -> WindowDefinition? {
    metric.family == .shift ? nil : monitor.window(named: window)
  }

  /// Whether it has verdicts of a stage, where its monitor has that stage. Early are verdicts on performance itself.
  package func isJudged(at stage: Stage) -> Bool {
    switch stage {
    case .final: stages.contains(.final) || !canBeEarly
    case .early: stages.contains(.early) && canBeEarly
    }
  }

  /// Whether it is on performance, and not on how far an estimate was off: estimates are judged by all labels.
  package var canBeEarly: Bool { on == .performance && metric.family == .performance && !metric.isEstimateError }

  /// What `max_drop` and `max_rise` are measured from at a stage. Early performance is of the labels that come first, and the
  /// baseline's is of all: so it is measured from the first days of its own stage.
  ///
  /// - Parameter size: of the check's window; the first days hold one at least.
  package func reference(at stage: Stage, size: TimeSpan) -> Reference {
    guard stage == .early, reference == .baseline else { return reference }
    return .first(max(Self.firstDaysOfEarly, size))
  }

  package static let firstDaysOfEarly = TimeSpan.days(30)
}

/// Which groups are compared, and what is good for the people in them.
package struct FairnessGroups: Sendable, Equatable {
  /// Every value of it is a group.
  package var segment: String
  /// The value that the others are beside.
  package var reference: String
  package var favourable: GroupFairness.Favourable

  package init(segment: String, reference: String, favourable: GroupFairness.Favourable) {
    self.segment = segment
    self.reference = reference
    self.favourable = favourable
  }

  var referenceSlice: String { "\(segment)=\(reference)" }

  /// Whether a slice is one of the groups, and not the reference.
  package func compares(_ slice: String) -> Bool {
    slice.utf8.starts(with: "\(segment)=".utf8) && NameKey(slice) != NameKey(referenceSlice)
      && !slice.hasSuffix("=" + Slice.otherValue)
  }
}

/// How bad. `info` and up fire.
package enum Tier: Int, Sendable, Comparable, CaseIterable {
  case insufficientData = -1
  case ok = 0
  case info = 1
  case warning = 2
  case critical = 3

  package static func < (a: Tier, b: Tier) -> Bool { a.rawValue < b.rawValue }

  /// As in results and monitor files.
  package var name: String {
    switch self {
    case .insufficientData: "insufficient_data"
    case .ok: "ok"
    case .info: "info"
    case .warning: "warning"
    case .critical: "critical"
    }
  }

  package init?(name: String) {
    guard let tier = Tier.allCases.first(where: { $0.name == name }) else { return nil }
    self = tier
  }
}

/// A number, or a share of a reference value.
package enum Quantity: Sendable, Equatable {
  case absolute(Double)
  /// `3%` is `.relative(0.03)`.
  case relative(Double)
}

/// Where a tier begins.
///
/// Example: `{max_drop: 3%}` is `.maximumDrop(.relative(0.03))`: with an AUC of 0.80 in the baseline it fires below 0.776.
package enum Limit: Sendable, Equatable {
  /// Relative quantities are shares of the reference (traffic's usual rows, else the baseline's value).
  case above(Quantity)
  case below(Quantity)
  /// At this distance from 0 on either side.
  case beyond(Quantity)
  /// Against the check's reference.
  case maximumDrop(Quantity)
  case maximumRise(Quantity)
}

/// Where a tier begins, in the unit of the check's metric.
package struct TierLimit: Sendable, Equatable {
  package var tier: Tier
  package var limit: Limit

  package init(_ tier: Tier, _ limit: Limit) {
    self.tier = tier
    self.limit = limit
  }
}
