/// Logarithm, arcsine, exponential and normal quantile with the same bits on every machine.
///
/// What a shift check decides must not depend on which C library a machine has, so nothing here calls one: only `+ − × ÷`
/// and the square root, which IEEE 754 defines to the last bit, in a fixed order and without fused multiply-add (Swift never
/// fuses by itself). Each is within 4 units in the last place of the true value.
enum RepeatableMath {
  /// ln 2 in two parts, the first with 20 trailing zero bits, so that k times it is exact for |k| < 2²⁰.
  private static let ln2High = 0x1.62e42feep-1
  private static let ln2Low = 0x1.a39ef35793c76p-33

  /// ln x. −∞ at 0, NaN below.
  ///
  /// With x = 2ᵏ (1 + f), √½ ≤ 1 + f < √2 and s = f / (2 + f): ln(1 + f) = 2s + s R, R = 2z/3 + 2z²/5 + …, z = s² ≤ 0.0295, cut
  /// where a term is below 10⁻¹⁸; 2s is taken as f − f²/2 + s f²/2, which loses nothing where f is small.
  static func log(_ x: Double) -> Double {
    guard x > 0, x < .infinity else { return x == 0 ? -.infinity : x == .infinity ? x : .nan }
    var k = x.exponent
    var m = x.significand
    if m > 1.4142135623730951 {
      m /= 2
      k += 1
    }
    let f = m - 1
    let s = f / (2 + f)
    let z = s * s
    var r = 2.0 / 23
    r = 2.0 / 21 + z * r
    r = 2.0 / 19 + z * r
    r = 2.0 / 17 + z * r
    r = 2.0 / 15 + z * r
    r = 2.0 / 13 + z * r
    r = 2.0 / 11 + z * r
    r = 2.0 / 9 + z * r
    r = 2.0 / 7 + z * r
    r = 2.0 / 5 + z * r
    r = 2.0 / 3 + z * r
    r *= z
    let half = f * f / 2
    let e = Double(k)
    return e * ln2High - ((half - (s * (half + r) + e * ln2Low)) - f)
  }

  /// arcsin x for x in [0, 1]; NaN outside.
  ///
  /// Above ½ by arcsin x = π/2 − 2 arcsin √((1 − x)/2), then by half the angle, arcsin x = 2 arcsin(x / √(2 + 2√(1 − x²))), so
  /// that the series x (1 + z/6 + 3z²/40 + …) runs over z = x² ≤ 0.067 and is cut where a term is below 10⁻¹⁷.
  static func arcsine(_ x: Double) -> Double {
    guard x >= 0, x <= 1 else { return .nan }
    if x > 0.5 { return Double.pi / 2 - 2 * lowArcsine(((1 - x) / 2).squareRoot()) }
    return lowArcsine(x)
  }

  /// cⱼ = (2j)! / (4ʲ j!² (2j + 1)), j = 1…13.
  private static let arcsineSeries: [Double] = {
    var central = 1.0
    return (1...13).map { j in
      central *= Double(2 * j - 1) / Double(2 * j)
      return central / Double(2 * j + 1)
    }
  }()

  private static func lowArcsine(_ x: Double) -> Double {
    let h = x / (2 + 2 * (1 - x * x).squareRoot()).squareRoot()
    let z = h * h
    var sum = 0.0
    for c in arcsineSeries.reversed() { sum = z * (c + sum) }
    return 2 * (h + h * sum)
  }

  /// eˣ; 0 and ∞ where the result is beyond a double.
  ///
  /// With x = k ln 2 + r, |r| ≤ ln 2 / 2: 2ᵏ times the series of eʳ up to r¹⁵ / 15!.
  static func exp(_ x: Double) -> Double {
    guard x < 710 else { return x.isNaN ? x : .infinity }
    guard x > -746 else { return 0 }
    let k = (x / 0.6931471805599453).rounded()
    let r = (x - k * ln2High) - k * ln2Low
    return Double(sign: .plus, exponent: Int(k), significand: 1 + expm1Series(r))
  }

  /// sin x for x in [0, π/2], by its series up to x²³ / 23!, beyond which a term is below 10⁻¹⁹.
  static func sine(_ x: Double) -> Double {
    let square = x * x
    var sum = 0.0
    for n in stride(from: 23.0, through: 3, by: -2) { sum = -square / (n * (n - 1)) * (1 + sum) }
    return x + x * sum
  }

  /// eˣ − 1, without cancellation near 0.
  static func expm1(_ x: Double) -> Double { abs(x) < 0.35 ? expm1Series(x) : exp(x) - 1 }

  private static func expm1Series(_ x: Double) -> Double {
    var sum = 0.0
    for n in stride(from: 15.0, through: 2, by: -1) { sum = x / n * (1 + sum) }
    return x + x * sum
  }
}

extension RepeatableMath {
  /// Φ⁻¹(p) for p in [0, 1]; ∓∞ at the ends, NaN outside. To about 10⁻¹⁶ relative.
  ///
  /// Source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution" (Applied Statistics 37, 1988), its
  /// routine PPND16: one rational function of q² around the middle, two of √(−ln p) in the tails.
  static func normalQuantile(_ p: Double) -> Double {
    guard p >= 0, p <= 1 else { return .nan }
    let q = p - 0.5
    if abs(q) <= 0.425 {
      let r = 0.180625 - q * q
      return q * polynomial(middleTop, r) / polynomial(middleBottom, r)
    }
    let tail = q < 0 ? p : 1 - p
    guard tail > 0 else { return q < 0 ? -.infinity : .infinity }
    let r = (-log(tail)).squareRoot()
    let z =
      r <= 5
      ? polynomial(tailTop, r - 1.6) / polynomial(tailBottom, r - 1.6)
      : polynomial(farTop, r - 5) / polynomial(farBottom, r - 5)
    return q < 0 ? -z : z
  }

  private static func polynomial(_ coefficients: [Double], _ x: Double) -> Double {
    coefficients.reduce(0) { $0 * x + $1 }
  }

  // By falling powers.
  private static let middleTop: [Double] = [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987,
    13731.69376550946, 1971.5909503065513, 133.14166789178438, 3.3871328727963665,
  ]
  private static let middleBottom: [Double] = [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597,
    5394.196021424751, 687.1870074920579, 42.31333070160091, 1.0,
  ]
  private static let tailTop: [Double] = [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684,
    3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ]
  private static let tailBottom: [Double] = [
    1.0507500716444169e-09, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008,
    0.6897673349851, 1.6763848301838038, 2.053191626637759, 1.0,
  ]
  private static let farTop: [Double] = [
    2.0103343992922881e-07, 2.7115555687434876e-05, 0.0012426609473880784, 0.026532189526576124,
    0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ]
  private static let farBottom: [Double] = [
    2.0442631033899397e-15, 1.421511758316446e-07, 1.8463183175100548e-05, 0.0007868691311456133,
    0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1.0,
  ]
}
