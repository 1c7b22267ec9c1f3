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
/// Source: Cox, Biometrika 45 (1958). The bounds are by Krawczyk's operator: the groups' scores are intervals, the
/// likelihood's equations become interval equations, and a box that they map into itself holds the only solution
/// (Krawczyk, Computing 4, 1969).
public func calibrationRegression(
  scores: [Double], lowerEdges: [Double]? = nil, upperEdges: [Double]? = nil, positives: [Int64], negatives: [Int64]
) -> CalibrationLine? {
  precondition(scores.count == positives.count && scores.count == negatives.count, "one count for each group")
  precondition(lowerEdges.map { $0.count == scores.count } ?? true, "one lower edge for each group")
  precondition(upperEdges.map { $0.count == scores.count } ?? true, "one upper edge for each group")
  var groups: [ScoreGroup] = []
  for index in scores.indices where positives[index] > 0 || negatives[index] > 0 {
    groups.append(
      ScoreGroup(
        score: scores[index], lower: lowerEdges?[index] ?? scores[index], upper: upperEdges?[index] ?? scores[index],
        positives: positives[index], negatives: negatives[index]))
  }
  guard !isSeparable(groups) else { return nil }
  // About the rows' mean logit the two equations are nearly independent.
  let rows = groups.reduce(0) { $0 + $1.rows }
  let centre = groups.reduce(0) { $0 + $1.rows * $1.x } / rows
  for index in groups.indices { groups[index].shift(by: -centre) }
  guard let fit = LogisticFit(groups, start: (centre, 1)) else { return nil }
  let bounds = groups.allSatisfy(\.isPoint) ? (0, 0) : fit.bounds(groups, centre: centre)
  return CalibrationLine(
    intercept: fit.intercept - fit.slope * centre, slope: fit.slope, interceptBound: bounds.0, slopeBound: bounds.1)
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

/// The maximum of the likelihood, and there the inverse of its second derivative (Fisher's information).
private struct LogisticFit {
  private(set) var intercept: Double
  private(set) var slope: Double
  private var inverse: (aa: Double, ab: Double, bb: Double) = (0, 0, 0)

  init?(_ groups: [ScoreGroup], start: (Double, Double)) {
    (intercept, slope) = start
    var loss = Self.loss(groups, intercept, slope)
    for _ in 0..<200 {
      var gradient = (a: 0.0, b: 0.0)
      var information = (aa: 0.0, ab: 0.0, bb: 0.0)
      for group in groups {
        let mean = logistic(intercept + slope * group.x)
        let residual = group.positives * (1 - mean) - group.negatives * mean
        let weight = group.rows * mean * (1 - mean)
        gradient.a += residual
        gradient.b += residual * group.x
        information.aa += weight
        information.ab += weight * group.x
        information.bb += weight * group.x * group.x
      }
      let determinant = information.aa * information.bb - information.ab * information.ab
      guard determinant > 0, determinant.isFinite else { return nil }
      inverse = (information.bb / determinant, -information.ab / determinant, information.aa / determinant)
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

  /// How far the maximum for the single rows can be from this one, as (intercept about logit 0, slope).
  func bounds(_ groups: [ScoreGroup], centre: Double) -> (Double, Double) {
    let rows = [
      (inverse.aa, inverse.ab), (inverse.ab, inverse.bb),
      // The intercept about logit 0 is a combination of both; bounding it as one keeps what cancels.
      (inverse.aa - centre * inverse.ab, inverse.ab - centre * inverse.bb),
    ]
    let shifts = rows.map { row in groups.reduce(0) { $0 + residualShift($1, row) } }
    var radius = (a: 2 * shifts[0], b: 2 * shifts[1])
    for _ in 0..<30 {
      guard radius.a.isFinite, radius.b.isFinite else { break }
      let changes = rows.map { row in
        groups.reduce(0) { $0 + informationShift($1, row, radius: radius) }
      }
      let a = shifts[0] + changes[0]
      let b = shifts[1] + changes[1]
      if a <= radius.a, b <= radius.b { return (shifts[2] + changes[2], b) }
      radius = (1.2 * max(a, radius.a), 1.2 * max(b, radius.b))
    }
    return (.infinity, .infinity)
  }

  /// The most that row · (gradient of the group) can change when its scores move inside their interval.
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

  /// The most that row · (information of the group) · (a vector of at most `radius`) can change with scores inside their
  /// interval and parameters inside the box.
  private func informationShift(
    _ group: ScoreGroup, _ row: (Double, Double), radius: (a: Double, b: Double)
  ) -> Double {
    let xs = Interval(group.low, group.high)
    let etas =
      Interval(intercept - radius.a, intercept + radius.a) + Interval(slope - radius.b, slope + radius.b) * xs
    let weight = Self.weight(intercept + slope * group.x)
    let weights = Interval(
      Self.weight(max(abs(etas.low), abs(etas.high))),
      Self.weight(etas.low <= 0 && etas.high >= 0 ? 0 : min(abs(etas.low), abs(etas.high))))
    let z = row.0 + row.1 * group.x
    let products = weights * (Interval(row.0, row.0) + Interval(row.1, row.1) * xs)
    let first = products - Interval(weight * z, weight * z)
    let second = products * xs - Interval(weight * z * group.x, weight * z * group.x)
    return group.rows * (first.magnitude * radius.a + second.magnitude * radius.b)
  }

  private static func weight(_ x: Double) -> Double { logistic(x) * logistic(-x) }
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
