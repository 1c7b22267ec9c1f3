package import LeewayStatistics

/// A frozen training profile: how every subject was distributed, per slice too, and how the model did on its training
/// labels. Immutable; its identity is the SHA-256 of its content.
package struct Baseline: Sendable, Equatable {
  /// `sha256:` and 64 hexadecimal digits; of the file's content without this field.
  package var identity: String
  /// Name of the monitor it was fitted for.
  package var monitor: String
  package var task: ModelTask
  /// Training rows read.
  package var rows: Int64
  /// In the order of the monitor's features, the model's output last.
  package var subjects: [SubjectBaseline]
  /// Values of each segment, the most frequent first.
  package var segments: [SegmentProfile]
  /// Slices with at least 1000 training rows, without `all`.
  package var slices: [SliceBaseline]
  /// Multiclass: names seen as predictions or labels in training, ascending by bytes.
  package var classes: [String]
  /// The model's own performance on the training labels, if the file had them; always in-sample here.
  package var performance: PerformanceBaseline?
  /// What performance may be expected from where labels have not come; nil without training labels.
  package var estimation: EstimationBaseline?
  /// What the rows' times tell; nil where they were not given.
  package var hours: BaselineHours?

  package init(
    identity: String = "", monitor: String, task: ModelTask, rows: Int64, subjects: [SubjectBaseline],
    segments: [SegmentProfile] = [], slices: [SliceBaseline] = [], classes: [String] = [],
    performance: PerformanceBaseline? = nil, estimation: EstimationBaseline? = nil,
    hours: BaselineHours? = nil
  ) {
    self.identity = identity
    self.monitor = monitor
    self.task = task
    self.rows = rows
    self.subjects = subjects
    self.segments = segments
    self.slices = slices
    self.classes = classes
    self.performance = performance
    self.estimation = estimation
    self.hours = hours
  }

  /// Classes of a multiclass model that are told apart; the confusion holds their square.
  package static let maximumClasses = 100

  package func subject(named name: String) -> SubjectBaseline? { subjects.first { $0.name == name } }
}

/// One feature's, or the output's, training distribution.
package struct SubjectBaseline: Sendable, Equatable {
  package var name: String
  package var domain: SubjectDomain
  /// Over all training rows.
  package var cells: SubjectCells
  /// Numeric: of the present values, ddof 0; nil where outlying values make them meaningless.
  package var mean: Double?
  package var standardDeviation: Double?

  package init(
    name: String, domain: SubjectDomain, cells: SubjectCells, mean: Double? = nil, standardDeviation: Double? = nil
  ) {
    self.name = name
    self.domain = domain
    self.cells = cells
    self.mean = mean
    self.standardDeviation = standardDeviation
  }
}

/// The bins that values of a subject fall into; frozen with the baseline.
package enum SubjectDomain: Sendable, Equatable {
  case numeric(NumericDomain)
  case categorical(CategoricalDomain)

  /// No training row had a value, so there is nothing to compare with.
  package var hasNoValues: Bool {
    switch self {
    case .numeric(let numeric): numeric.binning.knots.isEmpty
    case .categorical(let categorical): categorical.categories.isEmpty
    }
  }
}

/// Bins of a numeric subject, and the scale on which its values are summed.
package struct NumericDomain: Sendable, Equatable {
  package var binning: NumericBinning
  package var fixedPoint: FixedPoint

  package init(binning: NumericBinning, fixedPoint: FixedPoint) {
    self.binning = binning
    self.fixedPoint = fixedPoint
  }
}

/// Categories that have a count of their own, and what is known of all others.
package struct CategoricalDomain: Sendable, Equatable {
  /// By count descending, then by UTF-8 bytes.
  package var categories: [String]
  /// `Digest64` of further categories, ascending; they count as `__other__`.
  package var otherHashes: [UInt64]
  /// More categories than even the hashes hold: `__other__` and `__unseen__` are one bin.
  package var overflowed: Bool

  package init(categories: [String], otherHashes: [UInt64] = [], overflowed: Bool = false) {
    self.categories = categories
    self.otherHashes = otherHashes
    self.overflowed = overflowed
  }
}

/// Counts of one subject over its domain.
package struct SubjectCells: Sendable, Equatable {
  /// Numeric: one for every cell of the binning. Categorical: one for every category, then other, then unseen.
  package var counts: [Int64]
  /// Numeric: Σu of every even (between or outer) cell, so one more than there are knots. Empty for categories.
  package var sums: [Int128]
  /// Numeric: Σu².
  package var squares: Int192
  package var missing: Int64
  package var invalid: Int64
  /// Numeric: values too far out for sums to hold.
  package var outlying: Int64

  package init(
    counts: [Int64], sums: [Int128] = [], squares: Int192 = .zero, missing: Int64 = 0, invalid: Int64 = 0,
    outlying: Int64 = 0
  ) {
    self.counts = counts
    self.sums = sums
    self.squares = squares
    self.missing = missing
    self.invalid = invalid
    self.outlying = outlying
  }

  /// Values that are neither missing nor invalid.
  package var present: Int64 { counts.reduce(0, &+) }
  package var rows: Int64 { present &+ missing &+ invalid }
}

package struct SegmentProfile: Sendable, Equatable {
  package var name: String
  /// At most the monitor's maximum; most frequent first, then by UTF-8 bytes.
  package var values: [String]

  package init(name: String, values: [String]) {
    self.name = name
    self.values = values
  }
}

/// One slice of the training rows.
package struct SliceBaseline: Sendable, Equatable {
  /// `version=v1`, `country=DE`.
  package var slice: String
  package var rows: Int64
  /// Parallel to `Baseline.subjects`.
  package var subjects: [SubjectCells]
  /// How the model did on the slice's labelled rows; nil with fewer than 1,000 of them.
  package var performance: PerformanceBaseline?

  package init(slice: String, rows: Int64, subjects: [SubjectCells], performance: PerformanceBaseline? = nil) {
    self.slice = slice
    self.rows = rows
    self.subjects = subjects
    self.performance = performance
  }
}

/// How the model did on the rows with labels that the baseline was fitted on.
package struct PerformanceBaseline: Sendable, Equatable {
  package var labelled: Int64
  /// Measured on the rows that the model was trained on.
  package var inSample: Bool
  /// By `Metric.name`; what is undefined is absent.
  package var metrics: [String: Double]
  /// Binary, of all rows: the threshold that decisions were made at. nil of slices, and in files that did not keep it.
  package var threshold: Double?

  package init(labelled: Int64, inSample: Bool, metrics: [String: Double], threshold: Double? = nil) {
    self.labelled = labelled
    self.inSample = inSample
    self.metrics = metrics
    self.threshold = threshold
  }
}
