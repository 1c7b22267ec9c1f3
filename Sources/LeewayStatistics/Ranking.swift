import Glibc

/// Labels by score: for each cell of a `NumericBinning`, in ascending order, its positives and its negatives.
///
/// The values of an odd cell are equal, those of an even cell are not, and their order is unknown: metrics treat them as
/// tied, and say with a bound how much that may matter. Everything that needs both classes is nil without them.
///
/// Example: negatives at 0.2 and 0.6, positives at 0.4 and 0.8: three of the four pairs are in order, so `auc` is 0.75.
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

  /// A metric of the rows above some threshold: within ± `bound`, since the order of scores inside an even cell is unknown.
  public struct AtThreshold: Sendable, Equatable {
    /// Among what the cells allow: tied rows share the places at a cut, else the middle.
    public var value: Double
    /// 0 where no even cell at the threshold holds both classes.
    public var bound: Double
    /// Each 99 % on its own (or as asked), for the threshold as given and not as another draw would set it: Wilson's bounds
    /// at the two ends of what the cells allow.
    public var bounds: OneSidedBounds

    /// - Parameters:
    ///   - value: nil: the middle.
    ///   - ends: what the cells allow; nil: from `low` to `high`.
    ///   - low, high: successes and trials at the ends of what the cells allow.
    init?(
      _ value: Double? = nil, ends: (Double, Double)? = nil, low: (Int64, Int64), high: (Int64, Int64),
      confidence: Double
    ) {
      guard low.1 > 0, high.1 > 0,
        let lower = wilsonLowerBound(successes: low.0, trials: low.1, confidence: confidence),
        let upper = wilsonUpperBound(successes: high.0, trials: high.1, confidence: confidence)
      else { return nil }
      let ends = ends ?? (Double(low.0) / Double(low.1), Double(high.0) / Double(high.1))
      let value = value ?? (ends.0 + ends.1) / 2
      self.value = value
      bound = max(ends.1 - value, value - ends.0, 0)
      bounds = OneSidedBounds(lower: lower, upper: upper)
    }
  }

  /// Share of positives in the ⌈`share`·n⌉ highest scores; rows tied at the cut share the places that are left. `share` is
  /// taken as the decimal that it is written as, so 0.07 of 100 rows is 7 places. nil without rows or where `share` is not
  /// in (0, 1].
  public func precisionAtTop(_ share: Double, confidence: Double = 0.99) -> AtThreshold? {
    guard total > 0, let places = decimalPlaces(share, of: total) else { return nil }
    var left = places
    var above: Int64 = 0
    for cell in positives.indices.reversed() {
      let rows = positives[cell] + negatives[cell]
      guard rows >= left else {
        above += positives[cell]
        left -= rows
        continue
      }
      let hits = Double(above) + Double(positives[cell]) / Double(rows) * Double(left)
      let share = hits / Double(places)
      if cell.isMultiple(of: 2) {
        // The places may all be of one class.
        let fewest = above + max(0, left - negatives[cell])
        let most = above + min(left, positives[cell])
        return AtThreshold(share, low: (fewest, places), high: (most, places), confidence: confidence)
      }
      // A whole number of hits may have lost its last digit to the division.
      let low = Int64((hits + 1e-6).rounded(.down))
      let high = max(low, min(places, Int64((hits - 1e-6).rounded(.up))))
      return AtThreshold(
        share, ends: (share, share), low: (low, places), high: (high, places), confidence: confidence)
    }
    return nil
  }

  /// The highest precision over the thresholds whose recall is at least `recall`. nil without positives or where `recall`
  /// is above 1.
  public func precision(atRecall recall: Double, confidence: Double = 0.99) -> AtThreshold? {
    guard positiveCount > 0 else { return nil }
    return best(confidence) { hits, predicted in
      Double(hits) / Double(positiveCount) >= recall ? (hits, predicted) : nil
    }
  }

  /// The highest recall over the thresholds whose precision is at least `precision`. nil without positives or where no
  /// threshold is that precise.
  public func recall(atPrecision precision: Double, confidence: Double = 0.99) -> AtThreshold? {
    guard positiveCount > 0 else { return nil }
    return best(confidence) { hits, predicted in
      Double(hits) / Double(predicted) >= precision ? (hits, positiveCount) : nil
    }
  }

  /// The highest share over all thresholds that have one: the least it can be at the thresholds between cells, the most with
  /// those inside even cells, whose positives may stand above their negatives.
  private func best(
    _ confidence: Double, _ share: (_ truePositives: Int64, _ predictedPositives: Int64) -> (Int64, Int64)?
  ) -> AtThreshold? {
    func isBetter(_ a: (Int64, Int64), _ b: (Int64, Int64)?) -> Bool {
      guard let b else { return true }
      return Int128(a.0) * Int128(b.1) > Int128(b.0) * Int128(a.1)
    }
    var low: (Int64, Int64)?
    var high: (Int64, Int64)?
    var truePositives: Int64 = 0
    var predicted: Int64 = 0
    for cell in positives.indices.reversed() where positives[cell] > 0 || negatives[cell] > 0 {
      if cell.isMultiple(of: 2), positives[cell] > 0,
        let inside = share(truePositives + positives[cell], predicted + positives[cell]), isBetter(inside, high)
      {
        high = inside
      }
      truePositives += positives[cell]
      predicted += positives[cell] + negatives[cell]
      guard let here = share(truePositives, predicted) else { continue }
      if isBetter(here, low) { low = here }
      if isBetter(here, high) { high = here }
    }
    guard let low, let high else { return nil }
    return AtThreshold(low: low, high: high, confidence: confidence)
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
