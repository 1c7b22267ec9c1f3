package import LeewayStatistics

/// What a verdict has found besides its value: each family of metrics has its own.
package enum Finding: Sendable, Equatable {
  /// Traffic and estimates have nothing more.
  case valueOnly
  /// Distances and levels, of a window or between two versions.
  case drift(DriftFinding)
  case ratio(FamilyTest)
  /// For labelled predictions, of one version or of two.
  case performance(PerformanceFinding)
  case detector(DetectorFinding)
  case fairness(FairnessFinding)
  case shift(ShiftFinding)

  /// Before anything is found.
  init(_ family: Metric.Family) {
    switch family {
    case .traffic, .estimate, .shift: self = .valueOnly
    case .distance, .level: self = .drift(DriftFinding())
    case .ratio: self = .ratio(FamilyTest())
    case .performance: self = .performance(PerformanceFinding())
    case .detector: self = .detector(DetectorFinding())
    case .fairness: self = .fairness(FairnessFinding())
    }
  }
}

/// A test that is one of a family, as Benjamini and Hochberg adjust it; both nil where it could not be made.
package struct FamilyTest: Sendable, Equatable {
  package var pValue: Double?
  /// The p-value adjusted over the family.
  package var qValue: Double?
}

/// How sure a distance is.
package struct DriftFinding: Sendable, Equatable {
  package var test = FamilyTest()
  /// Whether the test takes rows as independent, the one null that a window's distance can be tested by. Levels have no test.
  var isOfIndependentRows = false
  /// On slice `all`: whether a slice is worse than the rest; nil where there are no slices to compare.
  package var contrast: SliceContrast?
}

/// How sure a metric of labelled predictions is.
package struct PerformanceFinding: Sendable, Equatable {
  /// For calibration and for the difference of two versions; nil for all others.
  package var pValue: Double?
  /// Whether the 99 % bound was beyond the limit; nil where the metric has no bound.
  package var isCertain: Bool?
  package var bound: Double?
  /// On slice `all`: whether a slice is worse than the rest; nil where there are no slices to compare, or the metric has no
  /// test for it.
  package var contrast: SliceContrast?
}

/// When the level of the errors changed.
package struct DetectorFinding: Sendable, Equatable {
  /// The time of the last error of the window that was a change.
  package var changedAt: EventTime?
}

/// How sure a difference between two groups is.
package struct FairnessFinding: Sendable, Equatable {
  package var test = FamilyTest()
  /// The difference or ratio with its 99 % interval; nil where one of the groups has no decisions.
  package var interval: RateComparison?
}

/// What a verdict's distance, or the limit it is held against, is measured from.
package enum MeasuredFrom: Sendable, Equatable {
  /// A part of the baseline.
  ///
  /// - Parameter isInSample: whether the model was trained on the rows of that part; nil for all but performance.
  case baseline(Against, isInSample: Bool? = nil)
  /// The first days of production, by the name of their reference.
  case firstDays(String)
  /// Another group, by its slice.
  case group(String)
}

/// What lines and messages say of any verdict, where its family has it.
extension Verdict {
  package var pValue: Double? {
    if case .performance(let found) = finding { return found.pValue }
    return test?.pValue
  }

  package var qValue: Double? { test?.qValue }

  private var test: FamilyTest? {
    switch finding {
    case .drift(let found): found.test
    case .ratio(let test): test
    case .fairness(let found): found.test
    case .valueOnly, .performance, .detector, .shift: nil
    }
  }

  /// The null hypothesis of the test: `iid` if it takes rows as independent; for a shift, the plan of the baseline's hours; nil
  /// without a test of this kind.
  package var null: String? {
    switch finding {
    case .drift(let found): found.isOfIndependentRows ? "iid" : nil
    case .shift(let found): found.null
    case .valueOnly, .ratio, .performance, .detector, .fairness: nil
    }
  }

  package var bound: Double? { if case .performance(let found) = finding { found.bound } else { nil } }

  package var contrast: SliceContrast? {
    switch finding {
    case .drift(let found): found.contrast
    case .performance(let found): found.contrast
    case .valueOnly, .ratio, .detector, .fairness, .shift: nil
    }
  }

  package var shift: ShiftFinding? { if case .shift(let found) = finding { found } else { nil } }

  /// Which part of the baseline the value, or its limit, is measured from; nil where it is none.
  package var against: Against? { if case .baseline(let part, _)? = measuredFrom { part } else { nil } }

  /// The first days, or the slice of the other group; nil where it is neither.
  package var reference: String? {
    switch measuredFrom {
    case .firstDays(let name)?, .group(let name)?: name
    case .baseline?, nil: nil
    }
  }
}
