import Glibc

/// P(D_N ≥ `statistic`) where D_N is the Kolmogorov statistic of N = n·m/(n + m) rows, rounded half to even: the
/// asymptotic two-sample test, but with the distribution of a finite N instead of its limit. In [0, 1].
///
/// Where N ≤ 140 it is exact to 10⁻¹⁰ relative. Above, it follows the choice of methods in Simard and L'Ecuyer, and with it
/// SciPy's `kstwo.sf` to 10⁻⁶ relative: their expansion (used for N·d² < 2.2) and their tail (from there on) are
/// themselves within 2.5·10⁻⁵ of the truth at N = 141 and 2·10⁻⁶ for large N.
///
/// Source: Simard and L'Ecuyer, "Computing the two-sided Kolmogorov–Smirnov distribution", Journal of Statistical Software
/// 39 (2011).
///
/// - Returns: nil where N is 0.
public func kolmogorovSmirnovPValue(statistic: Double, baselineCount: Int64, windowCount: Int64) -> Double? {
  precondition(baselineCount >= 0 && windowCount >= 0, "counts are never negative")
  let sum = Int128(baselineCount) + Int128(windowCount)
  guard sum > 0 else { return nil }
  let (quotient, remainder) = (Int128(baselineCount) * Int128(windowCount)).quotientAndRemainder(dividingBy: sum)
  let isUp = 2 * remainder > sum || (2 * remainder == sum && !quotient.isMultiple(of: 2))
  let rows = quotient + (isUp ? 1 : 0)
  return rows > 0 ? kolmogorovSurvival(statistic, rows: Double(rows)) : nil
}

/// P(D_n ≥ d) for one sample of `n` ≥ 1 rows.
func kolmogorovSurvival(_ d: Double, rows n: Double) -> Double {
  let nd = n * d
  if d.isNaN { return .nan }
  if nd <= 0.5 { return 1 }
  if d >= 1 { return 0 }
  if nd <= 1 {
    // Every row must lie in an interval of its own: P(D < d) = n! (2d − 1/n)ⁿ.
    return 1 - exp(lgamma(n + 1).0 + n * log((2 * nd - 1) / n))
  }
  let spread = nd * d
  if d >= 0.5 || spread >= (n <= 140 ? 4 : 2.2) { return min(1, 2 * smirnovSurvival(d, rows: n)) }
  // From 600 rows on the expansion and the matrix agree to 10⁻⁷ wherever the matrix would be asked.
  if n <= 140 || (n <= 600 && nd * d.squareRoot() <= 1.4) { return durbinSurvival(d, rows: Int(n)) }
  return pelzGoodSurvival(d, rows: n)
}

/// P(D⁺ ≥ d) = Σ over j ≤ n(1 − d) of C(n, j) d (d + j/n)^(j−1) (1 − d − j/n)^(n−j). Twice this is P(D ≥ d) but for the
/// paths that leave on both sides, which are rare in the tail and impossible from d = ½ on.
///
/// For more than 500 rows the summand is a smooth bump in j with a width of √n/(4d), falling to nothing at both ends. The
/// trapezoid rule is then exact to rounding already with steps of a tenth of that width, so that work does not grow with n.
private func smirnovSurvival(_ d: Double, rows n: Double) -> Double {
  let nd = n * d
  let stride = n <= 500 ? 1 : max(1, (n.squareRoot() / (40 * d)).rounded(.down))
  let last = n - nd
  let constant = SpecialFunctions.stirlingError(n) + 0.5 * log(n / (2 * Double.pi))
  var sum = stride == 1 ? exp(n * log1p(-d)) : 0
  var j = stride == 1 ? 1 : (stride / 2).rounded(.up)
  while j < last {
    let rest = n - j
    let exponent =
      constant - SpecialFunctions.stirlingError(j) - SpecialFunctions.stirlingError(rest)
      + j * log1p(nd / j) + rest * log1p(-nd / rest)
    if exponent > -745 { sum += stride * nd / (nd + j) * exp(exponent) / (j * rest).squareRoot() }
    j += stride
  }
  return sum
}

/// Exact P(D ≥ d): Durbin's matrix in the form of Marsaglia, Tsang and Wang. Only one row of the power is needed, so a
/// vector is multiplied n times; n!/nⁿ is taken along factor by factor, and nothing overflows.
///
/// Source: Marsaglia, Tsang and Wang, Journal of Statistical Software 8 (2003).
private func durbinSurvival(_ d: Double, rows n: Int) -> Double {
  let nd = Double(n) * d
  let k = Int(nd.rounded(.down)) + 1
  let size = 2 * k - 1
  let h = Double(k) - nd
  // Inside, entry (i, j) is 1/(i − j + 1)!; the first column and the last row lack a part of it.
  var inverseFactorials = [1.0]
  var powers = [1.0]
  for i in 1...size {
    inverseFactorials.append(inverseFactorials[i - 1] / Double(i))
    powers.append(powers[i - 1] * h)
  }
  let corner = (1 - 2 * powers[size] + pow(max(0, 2 * h - 1), Double(size))) * inverseFactorials[size]
  var vector = [Double](repeating: 0, count: size)
  var next = vector
  vector[k - 1] = 1
  for step in 1...n {
    let scale = Double(step) / Double(n)
    let bottom = vector[size - 1]
    for column in 0..<size {
      var sum = 0.0
      if column == 0 {
        for row in 0..<(size - 1) { sum += vector[row] * (1 - powers[row + 1]) * inverseFactorials[row + 1] }
        sum += bottom * corner
      } else {
        for row in (column - 1)..<(size - 1) { sum += vector[row] * inverseFactorials[row - column + 1] }
        sum += bottom * (1 - powers[size - column]) * inverseFactorials[size - column]
      }
      next[column] = sum * scale
    }
    swap(&vector, &next)
  }
  return min(1, max(0, 1 - vector[k - 1]))
}

/// The limit of Kolmogorov with three correction terms in 1/√n, in the form that converges fast for small d.
///
/// Source: Pelz and Good, Journal of the Royal Statistical Society B 38 (1976), as printed by Simard and L'Ecuyer.
private func pelzGoodSurvival(_ d: Double, rows n: Double) -> Double {
  let z = n.squareRoot() * d
  let s = z * z
  // P(D < d) is below 10⁻²⁵ here.
  if s < 0.02 { return 1 }
  let q = s * s
  var k0 = 0.0
  var k1 = 0.0
  var k2 = 0.0
  var k3 = 0.0
  var k2Whole = 0.0
  var k3Whole = 0.0
  for term in 0..<20 {
    // x = π²(k + ½)² and y = π²(k + 1)²; the terms for negative k double both.
    let x = square(Double.pi * (Double(term) + 0.5))
    let weight = exp(-x / (2 * s))
    k0 += weight
    k1 += (x - s) * weight
    k2 += (6 * q * s + 2 * q + x * (2 * q - 5 * s) + x * x * (1 - 2 * s)) * weight
    k3 +=
      (x * x * x * (5 - 30 * s) + x * x * (212 * q - 60 * s) + x * (135 * q - 96 * q * s) - 30 * q * s - 90 * q * q)
      * weight
    let y = square(Double.pi * Double(term + 1))
    let wholeWeight = exp(-y / (2 * s))
    k2Whole += y * wholeWeight
    k3Whole += (3 * y * s - y * y) * wholeWeight
    if weight < 1e-20 * k0 { break }
  }
  let root = (2 * Double.pi).squareRoot()
  let first = root / z * k0
  let second = root / (6 * q) * k1
  let third = root / (72 * q * s * z) * k2 - root / (36 * s * z) * k2Whole
  let fourth = root / (6480 * q * q * s) * k3 + root / (216 * q * s) * k3Whole
  let below = first + (second + (third + fourth / n.squareRoot()) / n.squareRoot()) / n.squareRoot()
  return min(1, max(0, 1 - below))
}

private func square(_ x: Double) -> Double { x * x }
