import Glibc

/// HDDM_A: the mean of all values against the mean up to the point where it was least, by Hoeffding's inequality; rising
/// errors only.
///
/// With x̂ of n₁ values up to that point and ẑ of all n: a change where ẑ − x̂ ≥ √((n − n₁)/(n₁ n) · ln(2/α)/2) with α = 0.001, a
/// warning with α = 0.005. The point moves on while x̂ + √(ln(1/α)/2n₁) is at least ẑ + √(ln(1/α)/2n).
///
/// Source: Frías-Blanco et al., IEEE Transactions on Knowledge and Data Engineering 27 (2015); details after river.
struct HoeffdingAverages: Sendable, Equatable {
  private static let change = 0.001
  private static let warning = 0.005

  private var all = RunningMean()
  private var least = RunningMean()

  init() {}

  mutating func update(_ x: Double) -> ChangeDetector.Signal {
    all.add(x)
    if least.count == 0 || least.value + Self.bound(least.count) >= all.value + Self.bound(all.count) { least = all }
    if hasRisen(Self.change) { return .change }
    return hasRisen(Self.warning) ? .warning : .none
  }

  private static func bound(_ n: Double) -> Double { (1 / (2 * n) * log(1 / change)).squareRoot() }

  private func hasRisen(_ confidence: Double) -> Bool {
    guard least.count != all.count else { return false }
    let weight = (all.count - least.count) / least.count * (1 / all.count)
    return all.value - least.value >= (weight / 2 * log(2 / confidence)).squareRoot()
  }

  var numbers: [Double] { [all.count, all.value, least.count, least.value] }

  init?(_ reader: inout StoredNumbers) {
    guard let n = reader.count(), let mean = reader.finite(), let n1 = reader.count(), let mean1 = reader.finite(),
      n1 <= n
    else { return nil }
    all = RunningMean(count: n, value: mean)
    least = RunningMean(count: n1, value: mean1)
  }
}
