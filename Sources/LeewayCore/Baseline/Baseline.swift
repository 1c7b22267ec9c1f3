public import LeewayStatistics

/// A frozen training profile: how every subject was distributed, per slice too, and how the model did on its training
/// labels. Immutable; its identity is the SHA-256 of its content.
public struct Baseline: Sendable, Equatable {
  /// `sha256:` and 64 hexadecimal digits; of the file's content without this field.
  public var identity: String
  /// Name of the monitor it was fitted for.
  public var monitor: String
  public var task: ModelTask
  /// Training rows read.
  public var rows: Int64
  /// In the order of the monitor's features, the model's output last.
  public var subjects: [SubjectBaseline]
  /// Values of each segment, the most frequent first.
  public var segments: [SegmentProfile]
  /// Slices with at least 1000 training rows, without `all`.
  public var slices: [SliceBaseline]
  /// Multiclass: names seen as predictions or labels in training, ascending by bytes.
  public var classes: [String]
  /// The model's own performance on the training labels, if the file had them; always in-sample here.
  public var performance: PerformanceBaseline?

  public init(
    identity: String = "", monitor: String, task: ModelTask, rows: Int64, subjects: [SubjectBaseline],
    segments: [SegmentProfile] = [], slices: [SliceBaseline] = [], classes: [String] = [],
    performance: PerformanceBaseline? = nil
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
  }

  public func subject(named name: String) -> SubjectBaseline? { subjects.first { $0.name == name } }
}

/// One feature's, or the output's, training distribution.
public struct SubjectBaseline: Sendable, Equatable {
  public var name: String
  public var domain: SubjectDomain
  /// Over all training rows.
  public var cells: SubjectCells
  /// Numeric: of the present values, ddof 0; nil where outlying values make them meaningless.
  public var mean: Double?
  public var standardDeviation: Double?

  public init(
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
public enum SubjectDomain: Sendable, Equatable {
  case numeric(NumericDomain)
  case categorical(CategoricalDomain)
}

public struct NumericDomain: Sendable, Equatable {
  public var binning: NumericBinning
  public var fixedPoint: FixedPoint

  public init(binning: NumericBinning, fixedPoint: FixedPoint) {
    self.binning = binning
    self.fixedPoint = fixedPoint
  }
}

public struct CategoricalDomain: Sendable, Equatable {
  /// By count descending, then by UTF-8 bytes.
  public var categories: [String]
  /// `FixedHash` of further categories, ascending; they count as `__other__`.
  public var otherHashes: [UInt64]
  /// More categories than even the hashes hold: `__other__` and `__unseen__` are one bin.
  public var overflowed: Bool

  public init(categories: [String], otherHashes: [UInt64] = [], overflowed: Bool = false) {
    self.categories = categories
    self.otherHashes = otherHashes
    self.overflowed = overflowed
  }
}

/// Counts of one subject over its domain.
public struct SubjectCells: Sendable, Equatable {
  /// Numeric: one for every cell of the binning. Categorical: one for every category, then other, then unseen.
  public var counts: [Int64]
  /// Numeric: Σu of every even (between or outer) cell, so one more than there are knots. Empty for categories.
  public var sums: [Int128]
  /// Numeric: Σu².
  public var squares: Int192
  public var missing: Int64
  public var invalid: Int64
  /// Numeric: values too far out for sums to hold.
  public var outlying: Int64

  public init(
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
  public var present: Int64 { counts.reduce(0, &+) }
  public var rows: Int64 { present &+ missing &+ invalid }
}

public struct SegmentProfile: Sendable, Equatable {
  public var name: String
  /// At most the monitor's maximum; most frequent first, then by UTF-8 bytes.
  public var values: [String]

  public init(name: String, values: [String]) {
    self.name = name
    self.values = values
  }
}

public struct SliceBaseline: Sendable, Equatable {
  /// `version=v1`, `country=DE`.
  public var slice: String
  public var rows: Int64
  /// Parallel to `Baseline.subjects`.
  public var subjects: [SubjectCells]

  public init(slice: String, rows: Int64, subjects: [SubjectCells]) {
    self.slice = slice
    self.rows = rows
    self.subjects = subjects
  }
}

public struct PerformanceBaseline: Sendable, Equatable {
  public var labelled: Int64
  /// Measured on the rows that the model was trained on.
  public var inSample: Bool
  /// By `Metric.rawValue`; what is undefined is absent.
  public var metrics: [String: Double]

  public init(labelled: Int64, inSample: Bool, metrics: [String: Double]) {
    self.labelled = labelled
    self.inSample = inSample
    self.metrics = metrics
  }
}
