import Glibc
import LeewayStatistics

/// Where the counts and sums of pairs lie in a performance block: how many there are, then a part for real labels and, where
/// labels may be implied, another. Sums are of d = the challenger's loss − the champion's, and of the champion's loss.
struct PairLayout: Sendable, Equatable {
  /// Pairs, labelled or not.
  let pairs: Int
  private let firstCount: Int
  private let firstSum: Int
  private let firstSquare: Int
  private let partCounts: Int
  private let partSums: Int
  private let partSquares: Int

  /// Lays pairs out behind what a block holds already.
  init(task: PerformanceLayout.Task, parts: Int, behind shape: inout CellBlock.Shape) {
    pairs = shape.counts
    firstCount = shape.counts + 1
    firstSum = shape.sums
    firstSquare = shape.squares
    switch task {
    case .binary: (partCounts, partSums, partSquares) = (BinaryPair.counts, BinaryPair.sums, 0)
    case .multiclass(let classes):
      (partCounts, partSums, partSquares) = (
        MulticlassPair.classes + PairedClasses.tables * (classes.count + 1) * (classes.count + 1), MulticlassPair.sums,
        0
      )
    case .regression:
      (partCounts, partSums, partSquares) = (
        RegressionPairCount.allCases.count, RegressionPairSum.allCases.count, RegressionPairSquare.allCases.count
      )
    }
    shape.counts += 1 + parts * partCounts
    shape.sums += parts * partSums
    shape.squares += parts * partSquares
  }

  func firstCount(of part: PerformanceLayout.Part) -> Int { firstCount + part.rawValue * partCounts }
  func firstSum(of part: PerformanceLayout.Part) -> Int { firstSum + part.rawValue * partSums }
  func firstSquare(of part: PerformanceLayout.Part) -> Int { firstSquare + part.rawValue * partSquares }
}

/// Sums of one loss on pairs.
enum PairLoss {
  static let champion = 0
  static let difference = 1
  static let squares = 2
  static let count = 3
}

/// The eight kinds of decisions, then the grid's positives and negatives.
enum BinaryPair {
  static let positives = PairedDecisions.count
  static let negatives = positives + PairedScoreGrid.side * PairedScoreGrid.side
  static let counts = negatives + PairedScoreGrid.side * PairedScoreGrid.side
  static let brier = 0
  static let logLoss = PairLoss.count
  static let sums = 2 * PairLoss.count
}

/// The pairs in which both gave probabilities, then the tables of `PairedClasses`.
enum MulticlassPair {
  static let probabilities = 0
  static let classes = 1
  static let logLoss = 0
  static let sums = PairLoss.count
}

enum RegressionPairCount: Int, CaseIterable {
  case values, outlying, zeroTargets
  /// Rows of which a product is too large to be summed: without them there are no moments.
  case unbounded
}

/// e the champion's error, f the challenger's, y the target. Up to `absoluteTarget`, which has the scale of `targetSizes`, in the
/// fixed point of errors; what follows, as in `RegressionSum`, in units of 2³² of its steps, t being the target less the middle of the baseline's predictions.
enum RegressionPairSum: Int, CaseIterable {
  /// Σ|e|, Σ(|f| − |e|), Σe, Σ(f − e), Σ|y|
  case absoluteError, absoluteDifference, error, difference, absoluteTarget
  /// Σ|e/y|, of r = |f/y| − |e/y| Σr and Σr²; Σ(|f| − |e|)·|y|
  case absoluteRatio, ratioDifference, squaredRatioDifference, product
  /// Σe⁴; of x = f² − e² Σx, Σx², Σe²x, Σxt and Σxt²; Σt to Σt⁴
  case fourthPower, square, squaredSquare, mixed, squareTarget, squareTarget2
  case target, target2, target3, target4
}

/// Exact: of |f| − |e|, f − e, e, f and, in the scale of `targetSizes`, y.
enum RegressionPairSquare: Int, CaseIterable {
  case absoluteDifference, difference, error, challengerError, target
}

extension PerformanceLayout {
  func applyPair(_ row: PerformanceRow, _ challenger: ModelOutput, _ sign: Int64, to block: inout CellBlock) {
    guard let pairs else { return }
    // As of single predictions.
    if case .binary = task, case .number(let score) = challenger, !(0...1).contains(score) { return }
    block.counts[pairs.pairs] &+= sign
    if let label = row.label {
      apply(row.output, challenger, label, pairs, .labelled, sign, to: &block)
    } else if let implied = row.implied, hasImpliedLabels {
      apply(row.output, challenger, implied, pairs, .implied, sign, to: &block)
    }
  }

  private func apply(
    _ champion: ModelOutput, _ challenger: ModelOutput, _ label: LabelValue, _ pairs: PairLayout, _ part: Part,
    _ sign: Int64, to block: inout CellBlock
  ) {
    let firstCount = pairs.firstCount(of: part)
    let firstSum = pairs.firstSum(of: part)
    func add(_ loss: Int, _ a: Double, _ b: Double) {
      let weight = Int128(sign)
      let d = b - a
      block.sums[firstSum + loss + PairLoss.champion] &+= weight &* Fraction64.quantise(a)
      block.sums[firstSum + loss + PairLoss.difference] &+= weight &* Fraction64.quantise(d)
      block.sums[firstSum + loss + PairLoss.squares] &+= weight &* Fraction64.quantise(d * d)
    }
    switch (task, champion, challenger, label) {
    case (.binary(_, let threshold), .number(let a), .number(let b), .number(let y)):
      let positive = y == 1
      let kind = PairedDecisions.index(champion: a >= threshold, challenger: b >= threshold, positive: positive)
      block.counts[firstCount + kind] &+= sign
      let grid = firstCount + (positive ? BinaryPair.positives : BinaryPair.negatives)
      block.counts[grid + PairedScoreGrid.index(champion: a, challenger: b)] &+= sign
      let truth = positive ? 1.0 : 0.0
      add(BinaryPair.brier, (a - truth) * (a - truth), (b - truth) * (b - truth))
      add(
        BinaryPair.logLoss, logLoss(ofTrueClassProbability: positive ? a : 1 - a),
        logLoss(ofTrueClassProbability: positive ? b : 1 - b))
    case (.multiclass(let classes), .category(let a, let p), .category(let b, let q), .category(let actual)):
      let places = PairedClasses.indices(
        label: classNumber(actual), champion: classNumber(a), challenger: classNumber(b), classCount: classes.count + 1)
      for place in places { block.counts[firstCount + MulticlassPair.classes + place] &+= sign }
      guard !p.isEmpty, !q.isEmpty else { return }
      block.counts[firstCount + MulticlassPair.probabilities] &+= sign
      func loss(_ of: [ClassProbability]) -> Double {
        logLoss(ofTrueClassProbability: of.first { utf8Equal($0.name, actual) }?.probability ?? 0)
      }
      add(MulticlassPair.logLoss, loss(p), loss(q))
    case (.regression(let fixedPoint, let binning), .number(let a), .number(let b), .number(let y)):
      applyRegression(
        fixedPoint, binning, (a, b, y), firstCount, firstSum, pairs.firstSquare(of: part), sign, to: &block)
    default: break
    }
  }

  private func applyRegression(
    _ fixedPoint: FixedPoint, _ binning: NumericBinning, _ row: (champion: Double, challenger: Double, target: Double),
    _ firstCount: Int, _ firstSum: Int, _ firstSquare: Int, _ sign: Int64, to block: inout CellBlock
  ) {
    let weight = Int128(sign)
    func count(_ c: RegressionPairCount) { block.counts[firstCount + c.rawValue] &+= sign }
    func add(_ s: RegressionPairSum, exactly u: Int64) { block.sums[firstSum + s.rawValue] &+= weight &* Int128(u) }
    func add(_ s: RegressionPairSum, _ x: Double) {
      block.sums[firstSum + s.rawValue] &+= weight &* Fraction64.quantise(x)
    }
    func add(square s: RegressionPairSquare, _ u: Int64) {
      let square = Int192(squareOf: u)
      if sign > 0 {
        block.squares[firstSquare + s.rawValue] += square
      } else {
        block.squares[firstSquare + s.rawValue] -= square
      }
    }
    count(.values)
    let target = row.target
    guard let e = fixedPoint.quantise(difference: row.champion - target),
      let f = fixedPoint.quantise(difference: row.challenger - target), fixedPoint.quantise(target) != nil,
      let y = targetSizes.quantise(target)
    else { return count(.outlying) }
    // All are below 2^62, so that their differences fit.
    let d = Int64(f.magnitude) &- Int64(e.magnitude)
    add(.absoluteError, exactly: Int64(e.magnitude))
    add(.absoluteDifference, exactly: d)
    add(.error, exactly: e)
    add(.difference, exactly: f &- e)
    add(.absoluteTarget, exactly: Int64(y.magnitude))
    add(square: .absoluteDifference, d)
    add(square: .difference, f &- e)
    add(square: .error, e)
    add(square: .challengerError, f)
    add(square: .target, y)
    if target == 0 { count(.zeroTargets) }
    let ratios = target == 0 ? (0, 0) : (abs((row.champion - target) / target), abs((row.challenger - target) / target))
    let sizes = (Double(e.magnitude) * 0x1p-32, Double(f.magnitude) * 0x1p-32)
    let t = shifted(target, fixedPoint, binning)
    let product = (sizes.1 - sizes.0) * (abs(target) * fixedPoint.scale * 0x1p-32)
    guard max(sizes.0, sizes.1) < 0x1p10, abs(t) < 0x1p10, max(ratios.0, ratios.1) < 0x1p20, abs(product) < 0x1p40
    else { return count(.unbounded) }
    let r = ratios.1 - ratios.0
    let square = sizes.0 * sizes.0
    let x = sizes.1 * sizes.1 - square
    let tt = t * t
    add(.absoluteRatio, ratios.0)
    add(.ratioDifference, r)
    add(.squaredRatioDifference, r * r)
    add(.product, product)
    add(.fourthPower, square * square)
    add(.square, x)
    add(.squaredSquare, x * x)
    add(.mixed, square * x)
    add(.squareTarget, x * t)
    add(.squareTarget2, x * tt)
    add(.target, t)
    add(.target2, tt)
    add(.target3, tt * t)
    add(.target4, tt * tt)
  }

  /// The target less the middle of the baseline's predictions, in units of 2³² fixed-point steps.
  func shifted(_ target: Double, _ fixedPoint: FixedPoint, _ binning: NumericBinning) -> Double {
    let middle = binning.cuts.isEmpty ? binning.knots.first ?? 0 : binning.cuts[binning.cuts.count / 2]
    return (target - middle) * fixedPoint.scale * 0x1p-32
  }
}
