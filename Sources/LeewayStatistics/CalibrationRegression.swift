import Glibc

/// The logistic regression of the label on the logit of the score, P(label = 1) = 1/(1 + e^−(intercept + slope · logit)).
public struct CalibrationLine: Sendable, Equatable {
  /// 0 where scores are calibrated; positive where they are too low.
  public var intercept: Double
  /// 1 where scores are calibrated; below 1 where they are over-confident.
  public var slope: Double
  /// The line of the single scores has its intercept within ± this; 0 where every group is one score, ∞ where the groups are
  /// too wide to say.
  public var interceptBound: Double
  /// The same for the slope.
  public var slopeBound: Double
  /// √ of the inverse information at the maximum, for the intercept and for the slope.
  public var interceptStandardError: Double
  public var slopeStandardError: Double

  /// `intercept` ∓ (z · `interceptStandardError` + `interceptBound`), by its normal limit.
  public func interceptBounds(confidence: Double = 0.99) -> OneSidedBounds {
    OneSidedBounds(
      estimate: intercept, standardError: interceptStandardError, slack: interceptBound, confidence: confidence)
  }

  /// `slope` ∓ (z · `slopeStandardError` + `slopeBound`), by its normal limit.
  public func slopeBounds(confidence: Double = 0.99) -> OneSidedBounds {
    OneSidedBounds(estimate: slope, standardError: slopeStandardError, slack: slopeBound, confidence: confidence)
  }
}

/// How far scores are too low, in logits, if nothing but their level is wrong: the intercept a of
/// P(label = 1) = 1/(1 + e^−(a + logit)), by maximum likelihood.
public struct CalibrationInTheLarge: Sendable, Equatable {
  /// 0 where scores are calibrated in the large; positive where they are too low.
  public var intercept: Double
  /// That of the single scores is within ± this; 0 where every group is one score.
  public var bound: Double
  /// √ of the inverse information at the maximum.
  public var standardError: Double

  /// `intercept` ∓ (z · `standardError` + `bound`), by its normal limit.
  public func bounds(confidence: Double = 0.99) -> OneSidedBounds {
    OneSidedBounds(estimate: intercept, standardError: standardError, slack: bound, confidence: confidence)
  }

  /// Fits it to groups of rows, which are as for `calibrationRegression`.
  ///
  /// Source: Cox, Biometrika 45 (1958). The gradient falls in the intercept and in every score, so that the scores' edges
  /// bound the intercept of the single scores.
  ///
  /// - Returns: nil where all labels are the same, so that no maximum exists.
  public init?(
    scores: [Double], lowerEdges: [Double]? = nil, upperEdges: [Double]? = nil, positives: [Int64], negatives: [Int64]
  ) {
    let groups = scoreGroups(scores, lowerEdges, upperEdges, positives, negatives)
    guard let middle = Self.maximum(groups, \.x), let low = Self.maximum(groups, \.high),
      let high = Self.maximum(groups, \.low)
    else { return nil }
    intercept = middle
    bound = groups.allSatisfy(\.isPoint) ? 0 : max(high - middle, middle - low, 0)
    let information = groups.reduce(0) { sum, group in
      let mean = logistic(middle + group.x)
      return sum + group.rows * mean * (1 - mean)
    }
    standardError = 1 / information.squareRoot()
  }

  /// Where the gradient is 0: between two ends that are halved while Newton's step leaves them.
  private static func maximum(_ groups: [ScoreGroup], _ place: (ScoreGroup) -> Double) -> Double? {
    let positives = groups.reduce(0) { $0 + $1.positives }
    guard positives > 0, groups.contains(where: { $0.negatives > 0 }) else { return nil }
    let places = groups.map(place)
    // The largest logit is 14, and no share of positives of 2⁴⁸ rows needs another 34.
    var (low, high) = (-60.0, 60.0)
    var x = 0.0
    for _ in 0..<200 {
      var gradient = positives
      var information = 0.0
      for (group, place) in zip(groups, places) {
        let mean = logistic(x + place)
        gradient -= group.rows * mean
        information += group.rows * mean * (1 - mean)
      }
      if gradient > 0 { low = x } else { high = x }
      let step = information > 0 ? x + gradient / information : .infinity
      let next = step > low && step < high ? step : (low + high) / 2
      if abs(next - x) < 1e-14 * max(1, abs(x)) { return next }
      x = next
    }
    return x
  }
}

/// Fits the calibration line to groups of rows by maximum likelihood: Newton's steps from (0, 1), halved while they make
/// the likelihood worse.
///
/// - Parameters:
///   - scores: the mean score of each group; clipped to [10⁻⁶, 1 − 10⁻⁶] before the logit.
///   - lowerEdges, upperEdges: between what the scores of each group lie; equal, or left out, where a group is one score.
///   - positives, negatives: rows of each group by label.
/// - Returns: nil where the classes can be separated by a score, so that no maximum exists (also with a single class).
///
/// Source: Cox, Biometrika 45 (1958). The bounds follow from the concavity of the likelihood; see `LogisticFit.bounds`.
public func calibrationRegression(
  scores: [Double], lowerEdges: [Double]? = nil, upperEdges: [Double]? = nil, positives: [Int64], negatives: [Int64]
) -> CalibrationLine? {
  var groups = scoreGroups(scores, lowerEdges, upperEdges, positives, negatives)
  guard !isSeparable(groups) else { return nil }
  // About the rows' mean logit the two equations are nearly independent.
  let rows = groups.reduce(0) { $0 + $1.rows }
  let centre = groups.reduce(0) { $0 + $1.rows * $1.x } / rows
  for index in groups.indices { groups[index].shift(by: -centre) }
  guard let fit = LogisticFit(groups, start: (centre, 1)) else { return nil }
  let bounds = groups.allSatisfy(\.isPoint) ? (0, 0) : fit.bounds(groups, centre: centre)
  let errors = fit.standardErrors(groups, centre: centre)
  return CalibrationLine(
    intercept: fit.intercept - fit.slope * centre, slope: fit.slope, interceptBound: bounds.0, slopeBound: bounds.1,
    interceptStandardError: errors.intercept, slopeStandardError: errors.slope)
}

/// The groups that hold anything.
private func scoreGroups(
  _ scores: [Double], _ lowerEdges: [Double]?, _ upperEdges: [Double]?, _ positives: [Int64], _ negatives: [Int64]
) -> [ScoreGroup] {
  precondition(scores.count == positives.count && scores.count == negatives.count, "one count for each group")
  precondition(lowerEdges.map { $0.count == scores.count } ?? true, "one lower edge for each group")
  precondition(upperEdges.map { $0.count == scores.count } ?? true, "one upper edge for each group")
  return scores.indices.filter { positives[$0] > 0 || negatives[$0] > 0 }.map { index in
    ScoreGroup(
      score: scores[index], lower: lowerEdges?[index] ?? scores[index], upper: upperEdges?[index] ?? scores[index],
      positives: positives[index], negatives: negatives[index])
  }
}

/// Rows of one label count pair whose logits lie in [`low`, `high`], standing at `x`.
private struct ScoreGroup {
  var x: Double
  var low: Double
  var high: Double
  let positives: Double
  let negatives: Double

  var rows: Double { positives + negatives }
  var isPoint: Bool { low == high }

  init(score: Double, lower: Double, upper: Double, positives: Int64, negatives: Int64) {
    precondition(positives >= 0 && negatives >= 0, "counts are never negative")
    x = Self.logit(score)
    // A mean may fall out of its own cell by a rounding error.
    low = min(x, Self.logit(lower))
    high = max(x, Self.logit(upper))
    self.positives = Double(positives)
    self.negatives = Double(negatives)
  }

  mutating func shift(by distance: Double) {
    x += distance
    low += distance
    high += distance
  }

  private static func logit(_ score: Double) -> Double {
    let clipped = min(max(score, 1e-6), 1 - 1e-6)
    return log(clipped) - log1p(-clipped)
  }
}

private func isSeparable(_ groups: [ScoreGroup]) -> Bool {
  var positive = (least: Double.infinity, most: -Double.infinity)
  var negative = positive
  for group in groups {
    if group.positives > 0 { positive = (min(positive.least, group.x), max(positive.most, group.x)) }
    if group.negatives > 0 { negative = (min(negative.least, group.x), max(negative.most, group.x)) }
  }
  // Without one of the classes its least stays ∞ and its most −∞, which is separable too.
  return positive.least >= negative.most || positive.most <= negative.least
}

private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// The maximum of the likelihood.
private struct LogisticFit {
  private(set) var intercept: Double
  private(set) var slope: Double

  init?(_ groups: [ScoreGroup], start: (Double, Double)) {
    (intercept, slope) = start
    var loss = Self.loss(groups, intercept, slope)
    for _ in 0..<200 {
      var gradient = (a: 0.0, b: 0.0)
      var information = Information()
      for group in groups {
        let mean = logistic(intercept + slope * group.x)
        let residual = group.positives * (1 - mean) - group.negatives * mean
        gradient.a += residual
        gradient.b += residual * group.x
        information.add(group.rows * mean * (1 - mean), group.x)
      }
      guard let inverse = information.inverse else { return nil }
      let step = (
        a: inverse.aa * gradient.a + inverse.ab * gradient.b, b: inverse.ab * gradient.a + inverse.bb * gradient.b
      )
      var share = 1.0
      var next = Self.loss(groups, intercept + step.a, slope + step.b)
      // Close to the maximum the loss is flat and only rounding can make it grow.
      while next > loss * (1 + 1e-13), share > 1e-10 {
        share /= 2
        next = Self.loss(groups, intercept + share * step.a, slope + share * step.b)
      }
      intercept += share * step.a
      slope += share * step.b
      loss = next
      if max(abs(step.a), abs(step.b)) < 1e-13 * max(1, abs(intercept), abs(slope)) { break }
    }
  }

  /// −ln of the likelihood.
  private static func loss(_ groups: [ScoreGroup], _ intercept: Double, _ slope: Double) -> Double {
    var sum = 0.0
    for group in groups {
      let x = intercept + slope * group.x
      // ln(1 + eˣ) without overflow
      let softplus = max(x, 0) + log1p(exp(-abs(x)))
      sum += group.rows * softplus - group.positives * x
    }
    return sum
  }

  /// For the intercept about logit 0 and of the slope, by the inverse of the information here; infinite where there is none.
  func standardErrors(_ groups: [ScoreGroup], centre: Double) -> (intercept: Double, slope: Double) {
    var information = Information()
    for group in groups {
      let mean = logistic(intercept + slope * group.x)
      information.add(group.rows * mean * (1 - mean), group.x)
    }
    guard let inverse = information.inverse else { return (.infinity, .infinity) }
    let variance = inverse.aa - 2 * centre * inverse.ab + centre * centre * inverse.bb
    return (max(0, variance).squareRoot(), inverse.bb.squareRoot())
  }

  /// How far the maximum for the single rows can be from this one, as (intercept about logit 0, slope).
  ///
  /// With δ the way to it, U the gradient of the single rows here and H the least that their information can be on the way,
  /// concavity gives δᵀHδ ≤ δᵀU, an ellipse: a direction e is bounded by ½ eᵀH⁻¹U + ½ √(eᵀH⁻¹e · UᵀH⁻¹U). Scores inside
  /// their intervals bound each of these, and parameters inside a box bound H. A box that holds the ellipse holds the
  /// maximum, since on its way out of the box the likelihood would have to fall.
  func bounds(_ groups: [ScoreGroup], centre: Double) -> (Double, Double) {
    var box = (a: 0.0, b: 0.0)
    for _ in 0..<30 {
      guard let (aa, ab, bb) = leastInformation(groups, box: box)?.inverse else { break }
      // H⁻¹ = LLᵀ
      let root = aa.squareRoot()
      let factor = [(root, ab / root), (0, max(0, bb - ab * ab / aa).squareRoot())]
      let norm = factor.map { shift(groups, $0) }.reduce(0) { $0 + $1 * $1 }.squareRoot()
      func bound(_ e: (a: Double, b: Double)) -> Double {
        let image = (aa * e.a + ab * e.b, ab * e.a + bb * e.b)
        let length = max(0, image.0 * e.a + image.1 * e.b).squareRoot()
        return (shift(groups, image) + length * norm) / 2
      }
      let reach = (a: bound((1, 0)), b: bound((0, 1)))
      if reach.a <= box.a, reach.b <= box.b { return (bound((1, -centre)), reach.b) }
      box = (1.1 * max(box.a, reach.a), 1.1 * max(box.b, reach.b))
      guard box.a.isFinite, box.b.isFinite else { break }
    }
    return (.infinity, .infinity)
  }

  /// The most that row · (gradient of all groups) can be once their scores move inside their intervals.
  private func shift(_ groups: [ScoreGroup], _ row: (Double, Double)) -> Double {
    groups.reduce(0) { $0 + residualShift($1, row) }
  }

  /// A matrix below the information of the single rows for all scores inside their intervals and all parameters inside the
  /// box; nil where it is not positive.
  ///
  /// For a score h off the group's and any t in (0, 1), (u + vx + vh)² ≥ (1 − t)(u + vx)² − (1/t − 1)(vh)².
  private func leastInformation(_ groups: [ScoreGroup], box: (a: Double, b: Double)) -> Information? {
    var points = Information()
    var intervals = Information()
    var squares = 0.0
    for group in groups {
      let etas =
        Interval(intercept - box.a, intercept + box.a)
        + Interval(slope - box.b, slope + box.b) * Interval(group.low, group.high)
      let weight = group.rows * logistic(etas.magnitude) * logistic(-etas.magnitude)
      if group.isPoint {
        points.add(weight, group.x)
      } else {
        intervals.add(weight, group.x)
        let distance = max(group.high - group.x, group.x - group.low)
        squares += weight * distance * distance
      }
    }
    let t = min(0.5, (squares / (points.bb + intervals.bb)).squareRoot())
    let share = 1 - t
    let least = Information(
      aa: points.aa + share * intervals.aa, ab: points.ab + share * intervals.ab,
      bb: points.bb + share * intervals.bb - (t > 0 ? squares * share / t : 0))
    return least.bb > 0 && least.inverse != nil ? least : nil
  }

  /// The same for one group.
  private func residualShift(_ group: ScoreGroup, _ row: (Double, Double)) -> Double {
    if group.isPoint { return 0 }
    let mean = logistic(intercept + slope * group.x)
    let means = Interval(logistic(intercept + slope * group.low), logistic(intercept + slope * group.high))
    let z = row.0 + row.1 * group.x
    let zs = Interval(row.1 * (group.low - group.x), row.1 * (group.high - group.x))
    let drift = (means - Interval(mean, mean)) * Interval(z, z)
    let positive = zs * (Interval(1, 1) - means) - drift
    let negative = zs * (Interval(0, 0) - means) - drift
    return group.positives * positive.magnitude + group.negatives * negative.magnitude
  }
}

/// The symmetric 2 × 2 matrix Σ w (1, x)ᵀ(1, x).
private struct Information {
  var aa = 0.0
  var ab = 0.0
  var bb = 0.0

  mutating func add(_ weight: Double, _ x: Double) {
    aa += weight
    ab += weight * x
    bb += weight * x * x
  }

  /// nil unless the matrix is positive.
  var inverse: (aa: Double, ab: Double, bb: Double)? {
    let determinant = aa * bb - ab * ab
    guard aa > 0, determinant > 0, determinant.isFinite else { return nil }
    return (bb / determinant, -ab / determinant, aa / determinant)
  }
}

/// All numbers between two ends, given in any order.
private struct Interval {
  let low: Double
  let high: Double

  init(_ first: Double, _ second: Double) {
    low = min(first, second)
    high = max(first, second)
  }

  var magnitude: Double { max(abs(low), abs(high)) }

  static func + (left: Interval, right: Interval) -> Interval {
    Interval(left.low + right.low, left.high + right.high)
  }

  static func - (left: Interval, right: Interval) -> Interval {
    Interval(left.low - right.high, left.high - right.low)
  }

  static func * (left: Interval, right: Interval) -> Interval {
    let first = (left.low * right.low, left.low * right.high)
    let second = (left.high * right.low, left.high * right.high)
    return Interval(
      min(first.0, first.1, second.0, second.1), max(first.0, first.1, second.0, second.1))
  }
}
