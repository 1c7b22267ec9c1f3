import Glibc

/// Distribution functions of the tests, to about 10⁻¹² relative also far in their tails.
///
/// Gamma and beta tails are a density at the edge times a series or a continued fraction; the densities are written by
/// saddle points, which lose no digits where the parameters are large. Source: Loader, "Fast and accurate computation of
/// binomial probabilities" (2000); continued fractions: NIST Digital Library of Mathematical Functions 8.9.2 and 8.17.22.
public enum SpecialFunctions {
  /// P(χ² ≥ `statistic`) with `degreesOfFreedom` ≥ 0 (with 0, χ² is always 0). In [0, 1].
  public static func chiSquaredSurvival(_ statistic: Double, degreesOfFreedom: Double) -> Double {
    guard degreesOfFreedom > 0 else { return statistic > 0 ? 0 : 1 }
    return regularisedGammaUpper(degreesOfFreedom / 2, statistic / 2)
  }

  /// Q(a, x) = Γ(a, x) / Γ(a) for a > 0 and any x; 1 where x ≤ 0. In [0, 1].
  public static func regularisedGammaUpper(_ a: Double, _ x: Double) -> Double {
    precondition(a > 0, "a must be positive")
    if x.isNaN { return .nan }
    if x <= 0 { return 1 }
    if x == .infinity { return 0 }
    // xᵃ e⁻ˣ / Γ(a + 1)
    let density = exp(-stirlingError(a) - deviance(a, x)) / (2 * Double.pi * a).squareRoot()
    let steps = 1000 + Int(20 * min(max(a, x), 1e12).squareRoot())
    if x < a + 1 {
      // P(a, x) = density · Σ xᵏ / ((a + 1)…(a + k))
      var term = 1.0
      var sum = 1.0
      for step in 1...steps {
        term *= x / (a + Double(step))
        sum += term
        if term < sum * 1e-17 { break }
      }
      return min(1, max(0, 1 - density * sum))
    }
    var b = x + 1 - a
    var fraction = ContinuedFraction(first: b)
    for step in 1...steps {
      let k = Double(step)
      b += 2
      if fraction.advance(numerator: -k * (k - a), denominator: b) { break }
    }
    return min(1, density * a / fraction.value)
  }

  /// P(F ≥ `statistic`) with `numerator` and `denominator` > 0 degrees of freedom, whole or not. In [0, 1].
  public static func fSurvival(_ statistic: Double, numerator: Double, denominator: Double) -> Double {
    if statistic <= 0 { return 1 }
    if statistic == .infinity { return 0 }
    let scaled = numerator * statistic
    let total = denominator + scaled
    return regularisedBeta(denominator / total, complement: scaled / total, denominator / 2, numerator / 2)
  }

  /// P(T ≥ `statistic`) of Student's t with `degreesOfFreedom` > 0. In [0, 1].
  public static func studentSurvival(_ statistic: Double, degreesOfFreedom: Double) -> Double {
    let square = statistic * statistic
    let total = degreesOfFreedom + square
    guard total.isFinite else { return statistic > 0 ? 0 : 1 }
    let half = regularisedBeta(degreesOfFreedom / total, complement: square / total, degreesOfFreedom / 2, 0.5) / 2
    return statistic > 0 ? half : 1 - half
  }

  /// P(X ≥ `successes`) for a binomial X of `trials` ≥ 0 and `probability` in [0, 1]; exact, not an approximation.
  public static func binomialAtLeast(_ successes: Int64, trials: Int64, probability: Double) -> Double {
    precondition(trials >= 0, "trials are never negative")
    if successes <= 0 { return 1 }
    if successes > trials || probability <= 0 { return 0 }
    if probability >= 1 { return 1 }
    return regularisedBeta(
      probability, complement: 1 - probability, Double(successes), Double(trials - successes) + 1)
  }

  /// I_x(a, b), the regularised incomplete beta function, for x in [0, 1], a and b > 0. In [0, 1].
  public static func regularisedBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    regularisedBeta(x, complement: 1 - x, a, b)
  }

  /// The same where 1 − x is known better than by subtraction.
  static func regularisedBeta(_ x: Double, complement y: Double, _ a: Double, _ b: Double) -> Double {
    precondition(a > 0 && b > 0, "a and b must be positive")
    if x.isNaN { return .nan }
    if x <= 0 { return 0 }
    if y <= 0 { return 1 }
    // The fraction converges fast on the far side of the mean only; elsewhere the complement is taken.
    if x * (a + b + 2) > a + 1 { return min(1, max(0, 1 - betaTail(y, x, b, a))) }
    return min(1, betaTail(x, y, a, b))
  }

  private static func betaTail(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    // xᵃ yᵇ / (a B(a, b)), by way of the binomial density at a of a + b.
    let total = a + b
    let exponent =
      stirlingError(total) - stirlingError(a) - stirlingError(b) - deviance(a, total * x) - deviance(b, total * y)
    let density = exp(exponent) * (total / (2 * Double.pi * a * b)).squareRoot() * b / total
    var fraction = ContinuedFraction(first: 1)
    for step in 1...(1000 + Int(20 * min(max(a, b), 1e12).squareRoot())) {
      let k = Double(step - 1)
      let odd = -(a + k) * (total + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
      _ = fraction.advance(numerator: odd, denominator: 1)
      let even = (k + 1) * (b - k - 1) * x / ((a + 2 * k + 1) * (a + 2 * k + 2))
      if fraction.advance(numerator: even, denominator: 1) { break }
    }
    return density / fraction.value
  }

  /// Φ(x). In [0, 1].
  public static func normalDistribution(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }

  /// 1 − Φ(x), without loss in the tail. In [0, 1].
  public static func normalSurvival(_ x: Double) -> Double { erfc(x / 2.0.squareRoot()) / 2 }

  /// Φ⁻¹(p) for p in [0, 1]; ∓∞ at the ends, NaN outside.
  ///
  /// A rational start (Abramowitz and Stegun 26.2.23, within 4.5·10⁻⁴) made exact by Halley's steps.
  public static func normalQuantile(_ p: Double) -> Double {
    guard p >= 0, p <= 1 else { return .nan }
    let tail = min(p, 1 - p)
    if tail == 0.5 { return 0 }
    if tail == 0 { return p == 0 ? -.infinity : .infinity }
    let t = (-2 * log(tail)).squareRoot()
    var z =
      t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    for _ in 0..<3 {
      // Relative to the density, so that far tails need no more steps than the middle.
      let density = exp(-z * z / 2) / (2 * Double.pi).squareRoot()
      guard density > 0 else { break }
      let error = (normalSurvival(z) - tail) / density
      z += error / (1 - z * error / 2)
    }
    return p < 0.5 ? -z : z
  }

  /// ln Γ(x + 1) − (x + ½) ln x + x − ½ ln 2π for x > 0: what Stirling's formula leaves out.
  static func stirlingError(_ x: Double) -> Double {
    if x < 16 { return lgamma(x + 1).0 - (x + 0.5) * log(x) + x - 0.5 * log(2 * Double.pi) }
    let s = 1 / (x * x)
    return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188 - s * 691 / 360_360))))) / x
  }

  /// x ln(x / mean) + mean − x, without cancellation where both are close; 0 or more for x > 0 and mean > 0.
  static func deviance(_ x: Double, _ mean: Double) -> Double {
    let difference = x - mean
    guard abs(difference) < 0.1 * (x + mean) else { return x * log(x / mean) - difference }
    // With v = (x − mean) / (x + mean): ln(x / mean) = 2 (v + v³/3 + v⁵/5 + …)
    let v = difference / (x + mean)
    var sum = difference * v
    var term = 2 * x * v
    for step in 1...60 {
      term *= v * v
      let next = sum + term / Double(2 * step + 1)
      if next == sum { break }
      sum = next
    }
    return sum
  }
}

/// A continued fraction b₀ + a₁/(b₁ + a₂/(b₂ + …)) from the front, by the modified method of Lentz (Thompson and Barnett,
/// Journal of Computational Physics 64, 1986).
private struct ContinuedFraction {
  private(set) var value: Double
  private var c: Double
  private var d = 0.0

  init(first: Double) {
    value = Self.awayFromZero(first)
    c = value
  }

  /// Takes in one more level; true once it changes nothing any more.
  mutating func advance(numerator: Double, denominator: Double) -> Bool {
    d = 1 / Self.awayFromZero(denominator + numerator * d)
    c = Self.awayFromZero(denominator + numerator / c)
    let factor = c * d
    value *= factor
    return abs(factor - 1) < 1e-16
  }

  private static func awayFromZero(_ x: Double) -> Double { abs(x) < 1e-290 ? 1e-290 : x }
}
