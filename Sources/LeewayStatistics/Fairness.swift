import Glibc

/// A difference or a ratio of two rates with an interval.
public struct RateComparison: Sendable, Equatable {
  /// Group less reference, or group by reference.
  public var estimate: Double
  public var lower: Double
  public var upper: Double

  public init(estimate: Double, lower: Double, upper: Double) {
    self.estimate = estimate
    self.lower = lower
    self.upper = upper
  }
}

/// A rate: successes of trials.
///
/// Example: 80 of 100 less 60 of 100 is 0.2, and their ratio 1.33.
public struct Rate: Sendable, Equatable {
  public var successes: Int64
  public var trials: Int64

  /// - Precondition: 0 ≤ `successes` ≤ `trials`.
  public init(_ successes: Int64, of trials: Int64) {
    precondition(successes >= 0 && successes <= trials, "successes are a part of the trials")
    self.successes = successes
    self.trials = trials
  }

  /// In [0, 1]; nil without trials.
  public var value: Double? { trials > 0 ? Double(successes) / Double(trials) : nil }

  /// This rate less another, in [−1, 1], with the hybrid score interval: from p₁ − p₂ the distance √((p₁ − l₁)² + (u₂ − p₂)²) down
  /// and √((u₁ − p₁)² + (p₂ − l₂)²) up, l and u the ends of each rate's Wilson interval. nil without trials on either side.
  ///
  /// Source: Newcombe, Statistics in Medicine 17 (1998), method 10.
  public func difference(from other: Rate, confidence: Double = 0.99) -> RateComparison? {
    guard let p = value, let q = other.value,
      let own = wilsonInterval(successes: successes, trials: trials, confidence: confidence),
      let others = wilsonInterval(successes: other.successes, trials: other.trials, confidence: confidence)
    else { return nil }
    let difference = p - q
    return RateComparison(
      estimate: difference, lower: difference - hypot(p - own.lower, others.upper - q),
      upper: difference + hypot(own.upper - p, q - others.lower))
  }

  /// This rate by another, from 0 up, with the interval exp(ln r ∓ z √(1/x₁ − 1/n₁ + 1/x₂ − 1/n₂)); with no success on this side it
  /// is [0, ∞]. nil where the other rate is 0 or has no trials, or this one has none.
  ///
  /// Source: Katz et al., Biometrics 34 (1978).
  public func ratio(to other: Rate, confidence: Double = 0.99) -> RateComparison? {
    guard let p = value, let q = other.value, q > 0 else { return nil }
    guard successes > 0 else { return RateComparison(estimate: 0, lower: 0, upper: .infinity) }
    let z = SpecialFunctions.normalQuantile((1 + confidence) / 2)
    let error =
      (1 / Double(successes) - 1 / Double(trials) + 1 / Double(other.successes) - 1 / Double(other.trials)).squareRoot()
    return RateComparison(estimate: p / q, lower: p / q * exp(-z * error), upper: p / q * exp(z * error))
  }

  /// p-value that this rate less another is beyond a limit, by the normal limit of the difference d:
  /// P(Z ≥ (d − L)/s) above L, P(Z ≤ (d − L)/s) below it, and on either side of 0 the sum of P(Z ≥ (|d| − L)/s) and
  /// P(Z ≥ (|d| + L)/s); s² = p₁(1 − p₁)/n₁ + p₂(1 − p₂)/n₂ with half a success and half a failure added to each side, so that s is
  /// never 0. nil without trials.
  ///
  /// Source: Agresti and Caffo, The American Statistician 54 (2000), for the added halves.
  public func pValue(ofDifferenceFrom other: Rate, beyond limit: FairnessLimit) -> Double? {
    guard let p = value, let q = other.value else { return nil }
    let error = (variance + other.variance).squareRoot()
    switch limit {
    case .above(let x): return SpecialFunctions.normalSurvival((p - q - x) / error)
    case .below(let x): return SpecialFunctions.normalSurvival((x - p + q) / error)
    case .eitherSide(let x):
      let distance = abs(p - q)
      return min(
        1,
        SpecialFunctions.normalSurvival((distance - x) / error)
          + SpecialFunctions.normalSurvival((distance + x) / error))
    }
  }

  /// p-value that this rate by another is beyond a limit, by the normal limit of the ratio's logarithm, with half a success
  /// added to both rates and half a trial: s² = 1/x₁ − 1/n₁ + 1/x₂ − 1/n₂. 1 for limits of 0 or less. nil without trials.
  ///
  /// Source: Walter, Biometrika 62 (1975), for the added halves.
  public func pValue(ofRatioTo other: Rate, beyond limit: FairnessLimit) -> Double? {
    guard trials > 0, other.trials > 0 else { return nil }
    let (x, n) = (Double(successes) + 0.5, Double(trials) + 0.5)
    let (y, m) = (Double(other.successes) + 0.5, Double(other.trials) + 0.5)
    let error = max(0, 1 / x - 1 / n + 1 / y - 1 / m).squareRoot()
    func tail(_ limit: Double, isAbove: Bool) -> Double {
      guard limit > 0 else { return 1 }
      let distance = log(x / n / (y / m)) - log(limit)
      guard error > 0 else { return isAbove ? (distance >= 0 ? 0 : 1) : (distance <= 0 ? 0 : 1) }
      return SpecialFunctions.normalSurvival((isAbove ? distance : -distance) / error)
    }
    switch limit {
    case .above(let x): return tail(x, isAbove: true)
    case .below(let x): return tail(x, isAbove: false)
    case .eitherSide(let x): return tail(x, isAbove: true)
    }
  }

  private var variance: Double {
    let n = Double(trials) + 1
    let p = (Double(successes) + 0.5) / n
    return p * (1 - p) / n
  }
}

/// Where a difference between groups is too large.
public enum FairnessLimit: Sendable, Equatable {
  case above(Double)
  case below(Double)
  /// At this distance from 0, whoever is worse off.
  case eitherSide(Double)

  /// Whether all of an interval is beyond it.
  public func excludes(_ comparison: RateComparison) -> Bool {
    switch self {
    case .above(let x): comparison.lower > x
    case .below(let x): comparison.upper < x
    case .eitherSide(let x): comparison.lower > x || comparison.upper < -x
    }
  }

  /// Whether a value is at it or beyond.
  public func isReached(by value: Double) -> Bool {
    switch self {
    case .above(let x): value >= x
    case .below(let x): value <= x
    case .eitherSide(let x): abs(value) >= x
    }
  }
}

/// The numbers that compare two groups.
public enum FairnessMeasure: Sendable, CaseIterable {
  case demographicParityDifference, disparateImpact, equalOpportunityDifference, equalisedOddsDifference
}

/// How one group is treated beside a reference group, from both confusions at one threshold.
///
/// Groups of fewer than `minimumRows` labelled rows say nothing: every value is nil.
///
/// Source: Hardt, Price and Srebro, NeurIPS (2016); Feldman et al., KDD (2015) for the disparate impact.
public struct GroupFairness: Sendable, Equatable {
  public static let minimumRows: Int64 = 100

  /// Which decision is the good one for whom it concerns.
  public enum Favourable: Sendable { case positive, negative }

  private let group: Sides
  private let reference: Sides
  private let confidence: Double
  private let isEnough: Bool

  /// Rates of a good decision: among all, among those who deserve it, among those who do not.
  private struct Sides: Sendable, Equatable {
    let selected: Rate
    let deserving: Rate
    let undeserving: Rate

    init(_ c: ConfusionCounts, _ favourable: Favourable) {
      switch favourable {
      case .positive:
        selected = Rate(c.predictedPositives, of: c.total)
        deserving = Rate(c.truePositives, of: c.positives)
        undeserving = Rate(c.falsePositives, of: c.negatives)
      case .negative:
        selected = Rate(c.total - c.predictedPositives, of: c.total)
        deserving = Rate(c.trueNegatives, of: c.negatives)
        undeserving = Rate(c.falseNegatives, of: c.positives)
      }
    }
  }

  public init(
    group: ConfusionCounts, reference: ConfusionCounts, favourable: Favourable = .positive, confidence: Double = 0.99
  ) {
    self.group = Sides(group, favourable)
    self.reference = Sides(reference, favourable)
    self.confidence = confidence
    isEnough = min(group.total, reference.total) >= Self.minimumRows
  }

  private func compare(_ rate: KeyPath<Sides, Rate>) -> RateComparison? {
    isEnough ? group[keyPath: rate].difference(from: reference[keyPath: rate], confidence: confidence) : nil
  }

  /// P(good decision) of the group less that of the reference, in [−1, 1].
  public var demographicParityDifference: RateComparison? { compare(\.selected) }

  /// P(good decision) of the group by that of the reference, from 0 up; under 0.8 is the four-fifths rule's limit.
  public var disparateImpact: RateComparison? {
    isEnough ? group.selected.ratio(to: reference.selected, confidence: confidence) : nil
  }

  /// P(good decision | deserved) of the group less that of the reference, in [−1, 1].
  public var equalOpportunityDifference: RateComparison? { compare(\.deserving) }

  /// The greater of the absolute differences of both conditional rates, in [0, 1]. Its interval goes from the greater of the two
  /// least distances from 0 to the greater of the two most, each interval at (1 + `confidence`)/2, so that both hold together
  /// (Bonferroni).
  public var equalisedOddsDifference: RateComparison? {
    let joint = (1 + confidence) / 2
    guard isEnough, let a = group.deserving.difference(from: reference.deserving, confidence: joint),
      let b = group.undeserving.difference(from: reference.undeserving, confidence: joint)
    else { return nil }
    func least(_ c: RateComparison) -> Double { c.lower <= 0 && c.upper >= 0 ? 0 : min(abs(c.lower), abs(c.upper)) }
    func most(_ c: RateComparison) -> Double { min(1, max(abs(c.lower), abs(c.upper))) }
    return RateComparison(
      estimate: max(abs(a.estimate), abs(b.estimate)), lower: max(least(a), least(b)), upper: max(most(a), most(b)))
  }

  /// One of the four, by name.
  public func comparison(_ measure: FairnessMeasure) -> RateComparison? {
    switch measure {
    case .demographicParityDifference: demographicParityDifference
    case .disparateImpact: disparateImpact
    case .equalOpportunityDifference: equalOpportunityDifference
    case .equalisedOddsDifference: equalisedOddsDifference
    }
  }

  /// p-value that a measure is beyond a limit, for Benjamini–Hochberg over the groups. For the equalised odds difference twice
  /// the smaller of its two differences' (Bonferroni), each on either side.
  public func pValue(_ measure: FairnessMeasure, beyond limit: FairnessLimit) -> Double? {
    guard isEnough else { return nil }
    switch measure {
    case .demographicParityDifference:
      return group.selected.pValue(ofDifferenceFrom: reference.selected, beyond: limit)
    case .disparateImpact: return group.selected.pValue(ofRatioTo: reference.selected, beyond: limit)
    case .equalOpportunityDifference:
      return group.deserving.pValue(ofDifferenceFrom: reference.deserving, beyond: limit)
    case .equalisedOddsDifference:
      guard case .above(let x) = limit,
        let a = group.deserving.pValue(ofDifferenceFrom: reference.deserving, beyond: .eitherSide(x)),
        let b = group.undeserving.pValue(ofDifferenceFrom: reference.undeserving, beyond: .eitherSide(x))
      else { return nil }
      return min(1, 2 * min(a, b))
    }
  }
}
