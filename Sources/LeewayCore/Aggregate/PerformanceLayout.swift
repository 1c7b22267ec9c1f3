package import LeewayStatistics

/// Where the counts and sums of joined predictions lie in a performance block, by task.
///
/// counts: predictions, implied candidates aside; then the label delay's buckets; then what the task counts of all
/// predictions, labelled or not; then its part once for real labels and, where `labels.absent` is set, once more for the
/// value that an unlabelled prediction gets at its horizon. sums: those parts, then the sums of all predictions. Where
/// versions are compared: their pairs, then for the champion and for the challenger predictions and parts of its own.
package struct PerformanceLayout: Sendable {
  /// Which labels a part counts.
  package enum Part: Int, Sendable, CaseIterable { case labelled = 0, implied = 1 }

  /// Whose rows.
  enum Rows: Sendable, Equatable { case every, champion, challenger }

  /// Where a part begins.
  struct Place {
    var firstCount: Int
    var firstSum: Int
    var firstSquare: Int
  }

  /// What is counted, by the model's task.
  package enum Task: Sendable {
    /// Score cells, threshold.
    case binary(NumericBinning, threshold: Double)
    /// Class names, ascending; the last index is `__other__`.
    case multiclass([String])
    /// Targets from its origin on, errors from 0 in the same steps, and the cells of the prediction.
    case regression(FixedPoint, NumericBinning)

    var kind: ModelTask {
      switch self {
      case .binary: .binary
      case .multiclass: .multiclass
      case .regression: .regression
      }
    }
  }

  /// For the layout itself: blocks of another one mean other things, so it is a part of the generation.
  static let version = 4

  package let task: Task
  /// What two versions gave for the same ids, behind everything else; nil unless versions are compared.
  let pairs: PairLayout?
  /// What performance may be expected from, before labels come; nil if the baseline has none.
  package var estimation: EstimationBaseline?
  package let shape: CellBlock.Shape
  private let partCounts: Int
  private let partSums: Int
  private let partSquares: Int
  /// Where the rows of the two versions begin.
  private let behindPairs: CellBlock.Shape
  private let classIndex: [NameKey: Int]
  private let firstPart: Int
  /// Binary: Σ score of all predictions in each even cell.
  let outputSums: Int
  /// Regression: of Σ|target|.
  let targetSizes: FixedPoint
  package let hasImpliedLabels: Bool

  package static let predictions = 0
  package static let delays = 1
  /// Delays of labels, by their bins.
  static let delayBuckets = OctaveBins.delays.count
  /// All predictions: binary and regression by cell of the output, multiclass by the bin of its confidence.
  static let outputs = delays + delayBuckets

  package init(task: Task, impliedLabels: Bool, comparison: VersionComparison? = nil) {
    self.task = task
    hasImpliedLabels = impliedLabels
    if case .regression(let fixedPoint, _) = task {
      targetSizes = fixedPoint.ofSizes
    } else {
      targetSizes = FixedPoint(origin: 0, exponent: 0)
    }
    var common = Self.outputs
    var commonSums = 0
    switch task {
    case .binary(let binning, _):
      common += binning.cellCount
      commonSums = binning.knots.count + 1
      partCounts = 2 * binning.cellCount + BinaryOffset.end
      partSums = BinarySum.cells + binning.knots.count + 1
      partSquares = 0
      classIndex = [:]
    case .multiclass(let classes):
      common += ReliabilityTable.binCount
      partCounts = MulticlassOffset.of(classes: classes.count + 1).end
      partSums = MulticlassSum.bins + ReliabilityTable.binCount
      partSquares = 0
      classIndex = Dictionary(uniqueKeysWithValues: classes.enumerated().map { (NameKey($1), $0) })
    case .regression(_, let binning):
      common += binning.cellCount
      partCounts = RegressionOffset.cells + binning.cellCount
      partSums = RegressionSum.allCases.count + binning.cuts.count + 1
      partSquares = 2
      classIndex = [:]
    }
    let parts = impliedLabels ? 2 : 1
    firstPart = common
    outputSums = parts * partSums
    var shape = CellBlock.Shape(
      counts: common + parts * partCounts, sums: outputSums + commonSums, squares: parts * partSquares)
    pairs = comparison == nil ? nil : PairLayout(task: task, parts: parts, behind: &shape)
    behindPairs = shape
    if comparison != nil {
      shape.counts += 2 * (1 + parts * partCounts)
      shape.sums += 2 * parts * partSums
      shape.squares += 2 * parts * partSquares
    }
    self.shape = shape
  }

  func firstCount(of part: Part) -> Int { firstPart + part.rawValue * partCounts }
  func firstSum(of part: Part) -> Int { part.rawValue * partSums }
  func firstSquare(of part: Part) -> Int { part.rawValue * partSquares }

  /// - Precondition: there is a comparison, or the rows are every version's.
  func place(_ part: Part, of rows: Rows = .every) -> Place {
    guard rows != .every else {
      return Place(firstCount: firstCount(of: part), firstSum: firstSum(of: part), firstSquare: firstSquare(of: part))
    }
    let parts = hasImpliedLabels ? 2 : 1
    let index = (rows == .champion ? 0 : parts) + part.rawValue
    return Place(
      firstCount: predictions(of: rows) + 1 + part.rawValue * partCounts,
      firstSum: behindPairs.sums + index * partSums, firstSquare: behindPairs.squares + index * partSquares)
  }

  /// Where predictions are counted.
  func predictions(of rows: Rows) -> Int {
    switch rows {
    case .every: Self.predictions
    case .champion: behindPairs.counts
    case .challenger: behindPairs.counts + 1 + (hasImpliedLabels ? 2 : 1) * partCounts
    }
  }

  func classNumber(_ name: String) -> Int { classIndex[NameKey(name)] ?? classIndex.count }
}

/// Counts of a binary part behind positives and negatives by cell: true positives, false positives, false negatives and
/// true negatives, then the reliability of the scores.
enum BinaryOffset {
  static let confusion = 0
  static let bins = 4
  static let positives = 14
  static let end = 24
}

/// Sums of a binary part.
enum BinarySum {
  static let brier = 0
  static let brierSquared = 1
  static let logLoss = 2
  static let logLossSquared = 3
  static let spiegelhalterNumerator = 4
  static let spiegelhalterVariance = 5
  static let bins = 6
  static let cells = 16
}

/// Counts of a multiclass part: the confusion, how many rows have probabilities, then the reliability of the predicted
/// class's probability.
enum MulticlassOffset {
  static func of(classes: Int) -> (probabilities: Int, bins: Int, correct: Int, end: Int) {
    let square = classes * classes
    return (square, square + 1, square + 11, square + 21)
  }
}

/// Sums of a multiclass part.
enum MulticlassSum {
  static let logLoss = 0
  static let logLossSquared = 1
  static let bins = 2
}

enum RegressionCount: Int, CaseIterable {
  /// All rows; those of them that are too far out to be summed, a target or an error beyond 10⁹ deviations, are in no metric.
  case values, zeroTargets, outlying, ratioOutlying
  /// Rows whose fourth power, squared ratio or product is too large to be summed: without them there are no bounds.
  case unbounded
}

/// Sums of a regression part; behind them Σ|error| by decile bin of the prediction.
enum RegressionSum: Int, CaseIterable {
  case error, absoluteError, target, absoluteTarget, absoluteRatio
  /// Σe⁴, Σ|e/y|² and Σ|e·y|, errors and targets in units of 2³² fixed-point steps, about a deviation.
  case fourthPower, squaredRatio, product
  /// With t the target less the middle of the baseline's predictions, in the same units: Σe²t, Σe²t², Σt to Σt⁴.
  case squareTarget, squareTarget2, target1, target2, target3, target4
}

/// Counts of a regression part behind those of `RegressionCount`.
enum RegressionOffset {
  static let errors = RegressionCount.allCases.count
  static let cells = errors + OctaveBins.errors.count
}

/// What one prediction contributes to its slices: the prediction by itself, or with a label. Or what a pair does: two versions'
/// predictions of one id.
struct PerformanceRow: Equatable {
  var output: ModelOutput
  /// For a pair the challenger's output; `output` is the champion's then, and nothing is counted but the pair.
  var challenger: ModelOutput?
  /// nil: no label that counts.
  var label: LabelValue?
  /// The label's time less the prediction's.
  var delay: TimeSpan?
  /// The value at the horizon where labels may be absent.
  var implied: LabelValue?
  /// For a version that is compared: counted among its rows, too.
  var rows: PerformanceLayout.Rows = .every
}

/// A model's output as the join keeps it.
package enum ModelOutput: Sendable, Equatable {
  case number(Double)
  /// The class and, if logged, each class's probability.
  case category(String, probabilities: [ClassProbability])
}

/// A class and the probability that the model gave it.
package struct ClassProbability: Sendable, Equatable {
  package var name: String
  package var probability: Double

  package init(name: String, probability: Double) {
    self.name = name
    self.probability = probability
  }
}
