/// What a null allows to be found, from nothing but the null.
package struct ShiftPower: Sendable, Equatable {
  /// Horizons at which the chance is looked at, in hours.
  private static let horizons: Set<Int> = [1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 504]

  /// A unit step's effect on one view's surprise in a typical hour, the filter's gain and memory.
  var response, gain, memory: Double
  /// Nats.
  var level: Double
  var tolerance: Double
  var sizes: [Double]

  /// For one stream in one view.
  package init(_ null: ShiftNull, stream: Int, tier: Int, view: Int) {
    let k = null.streams.count
    let inflation = null.inflation[view * k + stream]
    let scale = view == 0 ? inflation : null.regression.left[stream] * inflation
    response = null.typicalResponse[stream] / scale.squareRoot()
    gain = null.typicalGain[stream]
    memory = null.fit.memory[stream]
    level = null.level(tier: tier, view: view, stream: stream)
    tolerance = null.tolerance[stream]
    sizes = null.configuration.sizes
  }

  /// Chance that a lasting step of `size` from the filter's steady state is an alarm within `horizon` hours.
  ///
  /// For every size d of the bank: g₀ = 1, b ← φ(1 − g + gain g), g = 1 − b; e₀ = 0, later min(tolerance, 0.8 d);
  /// a_t = (d − e_t) g_t i, m = Σ a_t (size g_t i − (d + e_t) g_t i / 2), V = Σ a_t²; the largest Φ((m − level) / √V) over d and over
  /// the hours 1, 2, 3, 6, 12, 24, 48, 96, 168, 336 and 504 up to the horizon. Checked against simulation: 0.80 was 0.75 to 0.88.
  package func chance(of size: Double, within horizon: Int) -> Double {
    var best = 0.0
    for step in sizes {
      var (b, m, v) = (0.0, 0.0, 0.0)
      for t in 0..<horizon {
        let g = 1 - b
        let wander = t == 0 ? 0 : min(tolerance, 0.8 * step)
        b = memory * (b + gain * g)
        let a = (step - wander) * g * response
        m += a * (size * g * response - 0.5 * (step + wander) * g * response)
        v += a * a
        if v > 0, Self.horizons.contains(t + 1) {
          best = max(best, SpecialFunctions.normalDistribution((m - level) / v.squareRoot()))
        }
      }
    }
    return best
  }

  /// The smallest step that is found with chance `power` within `horizon` hours, in units of the stream, by 30 halvings of [0, 20];
  /// 20 means not at all.
  package func smallestStep(within horizon: Int, power: Double = 0.8) -> Double {
    var (low, high) = (0.0, 20.0)
    for _ in 0..<30 {
      let middle = (low + high) / 2
      if chance(of: middle, within: horizon) >= power { high = middle } else { low = middle }
    }
    return high
  }
}

extension ShiftNull {
  /// The smallest step of `stream` that `tier` finds, by the better of the two views; as `ShiftPower.smallestStep`.
  package func smallestStep(of stream: Int, tier: Int, within horizon: Int, power: Double = 0.8) -> Double {
    (0..<2).map { view in
      ShiftPower(self, stream: stream, tier: tier, view: view).smallestStep(within: horizon, power: power)
    }.min() ?? 20
  }
}
