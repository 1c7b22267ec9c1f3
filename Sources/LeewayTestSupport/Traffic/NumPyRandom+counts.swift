import Glibc

extension NumPyRandom {
  /// `geometric(p)` for p ≥ 1/3: trials until the first success.
  package mutating func geometric(_ p: Double) -> Int {
    precondition(p >= 0.334, "small p are drawn in another way")
    let u = unit()
    var (trials, chance) = (1, p)
    var sum = p
    while u > sum {
      chance *= 1 - p
      sum += chance
      trials += 1
    }
    return trials
  }

  /// `poisson(mean)`. Source: Hörmann, "The transformed rejection method for generating Poisson random variables" (Insurance:
  /// Mathematics and Economics 12, 1993), its PTRS; below 10 by products of uniform numbers.
  package mutating func poisson(_ mean: Double) -> Int64 {
    if mean == 0 { return 0 }
    if mean < 10 {
      let end = exp(-mean)
      var count: Int64 = 0
      var product = unit()
      while product > end {
        count += 1
        product *= unit()
      }
      return count
    }
    let logMean = log(mean)
    let b = 0.931 + 2.53 * mean.squareRoot()
    let a = -0.059 + 0.02483 * b
    let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    let squeeze = 0.9277 - 3.6224 / (b - 2)
    while true {
      let u = unit() - 0.5
      let v = unit()
      let distance = 0.5 - abs(u)
      let k = ((2 * a / distance + b) * u + mean + 0.43).rounded(.down)
      if distance >= 0.07, v <= squeeze { return Int64(k) }
      if k < 0 || (distance < 0.013 && v > distance) { continue }
      let left = log(v) + log(inverseAlpha) - log(a / (distance * distance) + b)
      if left <= -mean + k * logMean - lgamma(k + 1).0 { return Int64(k) }
    }
  }

  /// `binomial(trials, p)`. With fewer than 30 expected by the inverse of the distribution, else as `Trials` does.
  package mutating func binomial(_ trials: Int64, _ p: Double) -> Int64 {
    if trials == 0 || p == 0 { return 0 }
    if p > 0.5 { return trials - rareBinomial(trials, 1 - p) }
    return rareBinomial(trials, p)
  }

  /// For p ≤ ½.
  private mutating func rareBinomial(_ trials: Int64, _ p: Double) -> Int64 {
    let n = Double(trials)
    if p * n > 30 { return BinomialRegions(n, p).draw(&self) }
    let q = 1 - p
    let none = exp(n * log1p(-p))
    let bound = min(n, n * p + 10 * (n * p * q + 1).squareRoot()).rounded(.down)
    var (count, chance, u) = (0.0, none, unit())
    while u > chance {
      count += 1
      if count > bound {
        (count, chance, u) = (0, none, unit())
      } else {
        u -= chance
        chance = (n - count + 1) * p * chance / (count * q)
      }
    }
    return Int64(count)
  }
}

/// A binomial of many trials from four regions under its density: a triangle, a parallelogram and two exponential tails.
///
/// Source: Kachitvichyanukul and Schmeiser, "Binomial random variate generation" (Communications of the ACM 31, 1988), its BTPE; names
/// as there.
private struct BinomialRegions {
  private let n, p, q: Double
  private let mode, halfWidth, middle, left, right, c, leftSlope, rightSlope: Double
  /// Where the regions end.
  private let p1, p2, p3, p4: Double

  /// - Parameter p: at most ½, with more than 30 successes expected.
  init(_ n: Double, _ p: Double) {
    self.n = n
    self.p = p
    q = 1 - p
    let f = n * p + p
    mode = f.rounded(.down)
    halfWidth = (2.195 * (n * p * q).squareRoot() - 4.6 * q).rounded(.down) + 0.5
    middle = mode + 0.5
    left = middle - halfWidth
    right = middle + halfWidth
    c = 0.134 + 20.5 / (15.3 + mode)
    let a = (f - left) / (f - left * p)
    leftSlope = a * (1 + a / 2)
    let b = (right - f) / (right * q)
    rightSlope = b * (1 + b / 2)
    p1 = halfWidth
    p2 = p1 * (1 + 2 * c)
    p3 = p2 + c / leftSlope
    p4 = p3 + c / rightSlope
  }

  func draw(_ random: inout NumPyRandom) -> Int64 {
    while true {
      let u = random.unit() * p4
      var v = random.unit()
      var y: Double
      if u <= p1 { return Int64((middle - p1 * v + u).rounded(.down)) }
      if u <= p2 {
        let x = left + (u - p1) / c
        v = v * c + 1 - abs(mode - x + 0.5) / p1
        if v > 1 { continue }
        y = x.rounded(.down)
      } else if u <= p3 {
        y = (left + log(v) / leftSlope).rounded(.down)
        if y < 0 || v == 0 { continue }
        v *= (u - p2) * leftSlope
      } else {
        y = (right - log(v) / rightSlope).rounded(.down)
        if y > n || v == 0 { continue }
        v *= (u - p3) * rightSlope
      }
      if accepts(y, v) { return Int64(y) }
    }
  }

  /// Whether v is at most f(y) / f(mode).
  private func accepts(_ y: Double, _ v: Double) -> Bool {
    let k = abs(y - mode)
    let variance = n * p * q
    if k <= 20 || k >= variance / 2 - 1 {
      let s = p / q
      let a = s * (n + 1)
      var f = 1.0
      for i in stride(from: mode + 1, through: y, by: 1) { f *= a / i - s }
      for i in stride(from: y + 1, through: mode, by: 1) { f /= a / i - s }
      return v <= f
    }
    let rho = k / variance * ((k * (k / 3 + 0.625) + 0.16666666666666666) / variance + 0.5)
    let t = -k * k / (2 * variance)
    let logV = log(v)
    if logV < t - rho { return true }
    if logV > t + rho { return false }
    let (x1, f1, z, w) = (y + 1, mode + 1, n + 1 - mode, n - y + 1)
    func stirling(_ x: Double) -> Double {
      let square = x * x
      return (13680 - (462 - (132 - (99 - 140 / square) / square) / square) / square) / x / 166320
    }
    let exact =
      middle * log(f1 / x1) + (n - mode + 0.5) * log(z / w) + (y - mode) * log(w * p / (x1 * q)) + stirling(f1)
      + stirling(z) + stirling(x1) + stirling(w)
    return logV <= exact
  }
}
