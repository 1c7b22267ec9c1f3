import Glibc

/// Labels by score: for each cell of a `NumericBinning`, in ascending order, its positives and its negatives.
///
/// The values of an odd cell are equal, those of an even cell are not, and their order is unknown: metrics treat them as
/// tied, and say with a bound how much that may matter. Everything that needs both classes is nil without them.
public struct RankingCells: Sendable, Equatable {
  public let positives: [Int64]
  public let negatives: [Int64]
  public let positiveCount: Int64
  public let negativeCount: Int64

  /// - Precondition: as many counts on both sides, none negative.
  public init(positives: [Int64], negatives: [Int64]) {
    precondition(positives.count == negatives.count, "both classes need the same cells")
    precondition(positives.allSatisfy { $0 >= 0 } && negatives.allSatisfy { $0 >= 0 }, "counts are never negative")
    self.positives = positives
    self.negatives = negatives
    positiveCount = positives.reduce(0, +)
    negativeCount = negatives.reduce(0, +)
  }

  private var total: Int64 { positiveCount + negativeCount }
  private var hasBothClasses: Bool { positiveCount > 0 && negativeCount > 0 }
  private var pairs: Double { Double(positiveCount) * Double(negativeCount) }

  // MARK: Area under the ROC curve

  /// P(score of a positive > score of a negative) + ½ P(equal), in [0, 1]: exact where no even cell holds both classes, else
  /// within ± `aucBound`.
  public var auc: Double? {
    guard hasBothClasses else { return nil }
    var doubled: Int128 = 0
    var negativesBelow: Int128 = 0
    for (positive, negative) in zip(positives, negatives) {
      doubled += Int128(positive) * (2 * negativesBelow + Int128(negative))
      negativesBelow += Int128(negative)
    }
    return Double(doubled) / (2 * pairs)
  }

  /// Σ n⁺n⁻ / (2 N⁺N⁻) over the even cells.
  public var aucBound: Double? {
    guard hasBothClasses else { return nil }
    var unknown: Int128 = 0
    for cell in stride(from: 0, to: positives.count, by: 2) {
      unknown += Int128(positives[cell]) * Int128(negatives[cell])
    }
    return Double(unknown) / (2 * pairs)
  }

  /// √(S₁₀/N⁺ + S₀₁/N⁻), where S₁₀ and S₀₁ are the variances (n − 1) of each positive's share of negatives below it and of
  /// each negative's share of positives above it, ties counting half. nil under two rows of either class.
  ///
  /// Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988).
  public var deLongStandardError: Double? {
    guard positiveCount > 1, negativeCount > 1, let auc else { return nil }
    var positiveSquares = 0.0
    var negativeSquares = 0.0
    var negativesBelow: Int64 = 0
    var positivesAbove = positiveCount
    for (positive, negative) in zip(positives, negatives) {
      positivesAbove -= positive
      let below = (Double(negativesBelow) + Double(negative) / 2) / Double(negativeCount) - auc
      let above = (Double(positivesAbove) + Double(positive) / 2) / Double(positiveCount) - auc
      positiveSquares += Double(positive) * below * below
      negativeSquares += Double(negative) * above * above
      negativesBelow += negative
    }
    let positiveVariance = positiveSquares / Double(positiveCount - 1)
    let negativeVariance = negativeSquares / Double(negativeCount - 1)
    return (positiveVariance / Double(positiveCount) + negativeVariance / Double(negativeCount)).squareRoot()
  }

  /// `auc` ∓ (z · `deLongStandardError` + `aucBound`), cut off at [0, 1]. nil under two rows of either class.
  public func aucBounds(confidence: Double = 0.99) -> OneSidedBounds? {
    guard let auc, let aucBound, let deLongStandardError else { return nil }
    return OneSidedBounds(
      estimate: auc, standardError: deLongStandardError, slack: aucBound, confidence: confidence, range: 0...1)
  }

  // MARK: Precision and recall

  /// Σ (Rᵢ − Rᵢ₋₁) Pᵢ over descending thresholds i, ties taken in one step, in (0, 1]; within ± `averagePrecisionBound`.
  /// The middle of what the cells allow.
  public var averagePrecision: Double? { averagePrecisionInterval.map { ($0.low + $0.high) / 2 } }

  /// 0 where no even cell holds a positive beside anything else.
  public var averagePrecisionBound: Double? { averagePrecisionInterval.map { ($0.high - $0.low) / 2 } }

  /// The least an even cell can give is with all its negatives above its positives, which then come one by one; the most
  /// with its positives above its negatives and equal.
  private var averagePrecisionInterval: (low: Double, high: Double)? {
    guard hasBothClasses else { return nil }
    var low = 0.0
    var high = 0.0
    var truePositives = 0.0
    var rows = 0.0
    for cell in positives.indices.reversed() where positives[cell] > 0 || negatives[cell] > 0 {
      let positive = Double(positives[cell])
      let negative = Double(negatives[cell])
      if cell.isMultiple(of: 2), positive > 0, positive + negative > 1 {
        // Σ (TP + i)/(r + i) = n − (r − TP) Σ 1/(r + i), with r the rows above.
        let above = rows + negative
        low += positive - (above - truePositives) * Self.reciprocals(after: above, count: positives[cell])
        high += positive * (truePositives + positive) / (rows + positive)
      } else if positive > 0 {
        let step = positive * (truePositives + positive) / (rows + positive + negative)
        low += step
        high += step
      }
      truePositives += positive
      rows += positive + negative
    }
    return (low / Double(positiveCount), high / Double(positiveCount))
  }

  /// Σ 1/(start + i) for i = 1…count: the first terms one by one, the rest as a difference of digamma's expansion.
  private static func reciprocals(after start: Double, count: Int64) -> Double {
    let direct = min(count, 64)
    var sum = 0.0
    for i in 0..<direct { sum += 1 / (start + Double(i + 1)) }
    guard count > direct else { return sum }
    // ψ(x) ≈ ln x − 1/2x − 1/12x² + 1/120x⁴, within 10⁻¹³ from 64 on.
    let x = start + Double(direct) + 1
    let y = start + Double(count) + 1
    func correction(_ x: Double) -> Double { -1 / (2 * x) - (1 / 12 - 1 / (120 * x * x)) / (x * x) }
    return sum + log1p((y - x) / x) + correction(y) - correction(x)
  }

  /// Share of positives in the ⌈`share`·n⌉ highest scores; rows tied at the cut share the places that are left. `share` is
  /// taken as the decimal that it is written as, so 0.07 of 100 rows is 7 places. nil without rows or where `share` is not
  /// in (0, 1].
  public func precisionAtTop(_ share: Double) -> Double? {
    guard total > 0, let places = decimalPlaces(share, of: total) else { return nil }
    var left = places
    var hits = 0.0
    for cell in positives.indices.reversed() {
      let rows = positives[cell] + negatives[cell]
      if rows >= left {
        hits += Double(positives[cell]) / Double(rows) * Double(left)
        break
      }
      hits += Double(positives[cell])
      left -= rows
    }
    return hits / Double(places)
  }

  /// Score bounds of `precisionAtTop`, each on its own, with the hits of ties that straddle the cut rounded outwards: it takes
  /// the places as given, not as another draw would fill them. nil where that is nil.
  public func precisionAtTopBounds(_ share: Double, confidence: Double = 0.99) -> OneSidedBounds? {
    guard let precision = precisionAtTop(share), let places = decimalPlaces(share, of: total) else { return nil }
    let hits = precision * Double(places)
    // A whole number of hits may have lost its last digit to the division.
    let low = Int64((hits + 1e-6).rounded(.down))
    let high = min(places, Int64((hits - 1e-6).rounded(.up)))
    guard let lower = wilsonLowerBound(successes: low, trials: places, confidence: confidence),
      let upper = wilsonUpperBound(successes: max(low, high), trials: places, confidence: confidence)
    else { return nil }
    return OneSidedBounds(lower: lower, upper: upper)
  }

  /// The highest precision over the thresholds whose recall is at least `recall`. nil without positives or where `recall`
  /// is above 1.
  public func precision(atRecall recall: Double) -> Double? {
    guard positiveCount > 0 else { return nil }
    var best: Double?
    forEachThreshold { truePositives, predicted in
      guard Double(truePositives) / Double(positiveCount) >= recall else { return }
      best = max(best ?? 0, Double(truePositives) / Double(predicted))
    }
    return best
  }

  /// The highest recall over the thresholds whose precision is at least `precision`. nil without positives or where no
  /// threshold is that precise.
  public func recall(atPrecision precision: Double) -> Double? {
    guard positiveCount > 0 else { return nil }
    var best: Double?
    forEachThreshold { truePositives, predicted in
      guard Double(truePositives) / Double(predicted) >= precision else { return }
      best = max(best ?? 0, Double(truePositives) / Double(positiveCount))
    }
    return best
  }

  /// Visits the thresholds just below each cell that holds anything, from the highest score down.
  private func forEachThreshold(_ visit: (_ truePositives: Int64, _ predictedPositives: Int64) -> Void) {
    var truePositives: Int64 = 0
    var predicted: Int64 = 0
    for cell in positives.indices.reversed() where positives[cell] > 0 || negatives[cell] > 0 {
      truePositives += positives[cell]
      predicted += positives[cell] + negatives[cell]
      visit(truePositives, predicted)
    }
  }
}

/// ⌈share · count⌉ with `share` as the decimal of its shortest text, in exact integers; nil unless `share` is in (0, 1] and
/// `count` is positive.
func decimalPlaces(_ share: Double, of count: Int64) -> Int64? {
  guard share > 0, share <= 1, count > 0 else { return nil }
  // The standard library prints the shortest digits that read back the same, as 0.07 or 7e-05.
  let text = share.description.split(separator: "e", maxSplits: 1)
  var digits: UInt128 = 0
  var scale = text.count > 1 ? -(Int(text[1]) ?? 0) : 0
  var isFraction = false
  for byte in text[0].utf8 {
    if byte == UInt8(ascii: ".") {
      isFraction = true
    } else {
      digits = digits * 10 + UInt128(byte &- UInt8(ascii: "0"))
      scale += isFraction ? 1 : 0
    }
  }
  // At most 17 digits times 19: a divisor of more than 10³⁷ leaves less than one place.
  guard scale <= 37 else { return 1 }
  var divisor: UInt128 = 1
  for _ in 0..<max(0, scale) { divisor *= 10 }
  let (quotient, remainder) = (digits * UInt128(count)).quotientAndRemainder(dividingBy: divisor)
  return Int64(quotient) + (remainder > 0 ? 1 : 0)
}
