/// Two distributions on one axis, as places with the share that each has there: what a distance of values in their order comes to in a
/// window of n independent rows, beside a baseline that is taken as exact.
public struct OrderedSampling: Sendable {
  /// A distance of values in their order.
  public enum Distance: Sendable { case kolmogorovSmirnov, wasserstein, energy }

  /// Between two neighbouring places: its width, and the shares at or below it.
  private struct Step {
    var width: Double
    var below: (p: Double, q: Double)
  }

  private var steps: [Step] = []
  /// By place: the window's share.
  private var shares: [Double] = []

  /// - Parameters:
  ///   - places: ascending; equal ones may come twice.
  ///   - baseline, window: shares by place.
  public init(places: [Double], baseline: [Double], window: [Double]) {
    precondition(places.count == baseline.count && places.count == window.count, "a share of both for each place")
    var below = (p: 0.0, q: 0.0)
    for (index, place) in places.enumerated() {
      below.p += baseline[index]
      below.q += window[index]
      shares.append(window[index])
      if index + 1 < places.count { steps.append(Step(width: places[index + 1] - place, below: below)) }
    }
  }

  /// The mean and standard deviation, with F the baseline's and G the window's distribution function.
  ///
  /// - ks: max |F − G|, √(G (1 − G)/n) at that place.
  /// - wasserstein: ∫ |F − G| dx, noise √(2/(π n)) ∫ √(G (1 − G)) dx where nothing moved, both added in squares; the variance is that of
  ///   ∫_{t ≥ X} sign(F − G) dt over n.
  /// - energy: √(2 ∫ (F − G)² dx + 2 ∫ G (1 − G) dx / n); the variance of its square is 16/n times that of ∫_{t ≥ X} (F − G) dt.
  ///
  /// Source of the variances: influence functions, van der Vaart, Asymptotic Statistics, 20.
  public func of(_ distance: Distance, rows n: Double) -> DistanceSampling {
    switch distance {
    case .kolmogorovSmirnov:
      // Between equal places there is nothing.
      let furthest = steps.lazy.filter { $0.width > 0 }.max {
        abs($0.below.p - $0.below.q) < abs($1.below.p - $1.below.q)
      }
      guard let furthest else { return DistanceSampling(mean: 0, deviation: 0) }
      let below = min(max(furthest.below.q, 0), 1)
      return DistanceSampling(
        mean: abs(furthest.below.p - below), deviation: (below * (1 - below) / n).squareRoot())
    case .wasserstein:
      var (area, noise) = (0.0, 0.0)
      for step in steps {
        area += abs(step.below.p - step.below.q) * step.width
        noise += Self.spread(step.below.q).squareRoot() * step.width
      }
      let chance = (2 / (Double.pi * n)).squareRoot() * noise
      let variance = variance { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 } / n
      return DistanceSampling(mean: (area * area + chance * chance).squareRoot(), deviation: variance.squareRoot())
    case .energy:
      var (area, noise) = (0.0, 0.0)
      for step in steps {
        let difference = step.below.p - step.below.q
        area += difference * difference * step.width
        noise += Self.spread(step.below.q) * step.width
      }
      let mean = (2 * area + 2 * noise / n).squareRoot()
      guard mean > 0 else { return DistanceSampling(mean: 0, deviation: 0) }
      let variance = 16 * variance { $0 } / n
      return DistanceSampling(mean: mean, deviation: variance.squareRoot() / (2 * mean))
    }
  }

  private static func spread(_ share: Double) -> Double { max(0, share * (1 - share)) }

  /// The variance of ∫_{t ≥ X} slope(F − G) dt with X from the window's distribution.
  private func variance(_ slope: (Double) -> Double) -> Double {
    var above = 0.0
    var (sum, squares) = (0.0, 0.0)
    for index in shares.indices.reversed() {
      if index < steps.count {
        above += slope(steps[index].below.p - steps[index].below.q) * steps[index].width
      }
      sum += shares[index] * above
      squares += shares[index] * above * above
    }
    return max(0, squares - sum * sum)
  }
}
