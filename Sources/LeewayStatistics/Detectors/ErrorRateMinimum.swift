/// DDM: the error rate p with its deviation s = √(p (1 − p)/n) against where p + s was least.
///
/// From 31 values on: a warning where p + s > p_min + 2 s_min, a change where it is > p_min + 3 s_min.
///
/// Source: Gama et al., "Learning with drift detection" (2004); details after river.
struct ErrorRateMinimum: Sendable, Equatable {
  private static let warmStart = 30.0

  private var rate = RunningMean()
  private var leastRate = Double.infinity
  private var leastDeviation = Double.infinity

  init() {}

  mutating func update(_ x: Double) -> ChangeDetector.Signal {
    rate.add(x)
    guard rate.count > Self.warmStart else { return .none }
    let p = rate.value
    let s = max(0, p * (1 - p) / rate.count).squareRoot()
    if p + s <= leastRate + leastDeviation {
      leastRate = p
      leastDeviation = s
    }
    if p + s > leastRate + 3 * leastDeviation { return .change }
    return p + s > leastRate + 2 * leastDeviation ? .warning : .none
  }

  var numbers: [Double] { [rate.count, rate.value, leastRate, leastDeviation] }

  init?(_ reader: inout StoredNumbers) {
    guard let count = reader.count(), let value = reader.finite(), let rate = reader.number(),
      let deviation = reader.number()
    else { return nil }
    self.rate = RunningMean(count: count, value: value)
    leastRate = rate
    leastDeviation = deviation
  }
}
