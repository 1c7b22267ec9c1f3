import Glibc
import LeewayStatistics

/// A ratio that rises in a window, and whether its exact test says so.
struct RisenRatio {
  let was: Double
  let rows: Int64
  /// The fewest rows for which the check fires; nil: not even all of them.
  private let fewest: Int64?

  /// - Parameters:
  ///   - limit: of the ratio.
  ///   - significance: the largest p-value of P(X ≥ k) at the limit that counts; nil: it is not asked.
  init(was: Double, rows: Int64, limit: Double, significance: Double?) {
    self.was = was
    self.rows = rows
    let share = min(max(limit, 0), 1)
    func fires(_ k: Int64) -> Bool {
      guard Double(k) >= limit * Double(rows) else { return false }
      return significance.map { SpecialFunctions.binomialAtLeast(k, trials: rows, probability: share) <= $0 } ?? true
    }
    guard fires(rows) else {
      fewest = nil
      return
    }
    var (low, high) = (Int64(-1), rows)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if fires(middle) { high = middle } else { low = middle }
    }
    fewest = high
  }

  /// The smallest rise for which P(X ≥ fewest) is 80 %, X binomial with the window's ratio.
  func smallest(share: Double) -> FoundChange.Size? {
    guard share > 0, let fewest else { return nil }
    let size = SmallestChange.find(upTo: 1 - was) {
      SpecialFunctions.binomialAtLeast(fewest, trials: rows, probability: min(was + share * $0, 1))
    }
    return size.map { .init(size: $0, was: was, now: was + $0) }
  }
}

/// The mean or the standard deviation of a subject that moves until a window's is at its limit.
struct MovedLevel {
  let moments: (mean: Double, standardDeviation: Double)
  let isMean: Bool
  let rows: Double
  let limit: Double
  let fires: Metric.Direction

  /// A mean moves in standard deviations, and is found where mean ± σ z/√n is beyond the limit; a standard deviation σ moves as ln (σ'/σ)², found
  /// where √((1 − f) σ² + f σ'²) ± z σ/√(2n) is (normal values). z is 0.84, f the share of the window.
  func smallest(share: Double) -> FoundChange.Size? {
    guard share > 0 else { return nil }
    let (mean, deviation) = moments
    let slack =
      SpecialFunctions.normalQuantile(SmallestChange.power) * deviation / (isMean ? rows : 2 * rows).squareRoot()
    let value = isMean ? mean : deviation
    func rises() -> Double { limit + slack }
    func falls() -> Double { (fires == .eitherSide ? -limit : limit) - slack }
    /// The level of the changed rows for which the window's is `aim`; nil: there is none.
    func changed(_ aim: Double) -> Double? {
      guard !isMean else { return (aim - (1 - share) * value) / share }
      let square = (aim * aim - (1 - share) * value * value) / share
      return aim > 0 && square > 0 ? square.squareRoot() : nil
    }
    let aims =
      switch fires {
      case .above: [max(rises(), value)]
      case .below: [min(falls(), value)]
      case .eitherSide: [max(rises(), value), min(falls(), value)]
      }
    let ends = aims.compactMap(changed)
    guard let now = ends.min(by: { abs($0 - value) < abs($1 - value) }) else { return nil }
    let size = isMean ? abs(now - value) / deviation : abs(log(now / value)) * 2
    return .init(size: size, was: value, now: now)
  }
}
