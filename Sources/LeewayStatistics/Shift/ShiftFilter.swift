/// One stream's Kalman filter: r = x + sampling noise, x an AR(1) of the hours themselves with variance `variance` and memory φ.
struct ShiftFilter: Sendable, Equatable {
  /// What is expected of the next r.
  var mean = 0.0
  /// The variance of x about it.
  var variance: Double

  /// At rest: nothing known of the hours before.
  init(restingAt variance: Double) { self.variance = variance }

  init(mean: Double, variance: Double) {
    self.mean = mean
    self.variance = variance
  }

  /// What one hour says.
  struct Innovation: Sendable, Equatable {
    /// Standardised surprise: variance 1 and no memory while nothing has changed.
    var u = 0.0
    /// How far u moves in its first hour when r steps by 1.
    var response = 0.0
    /// The part of a surprise that the filter takes as lasting, in [0, 1].
    var gain = 0.0
  }

  /// Takes in one hour: S = Π + noise, gain = Π / S, u = (r − a) / √S, response = 1 / √S; then a ← φ(a + gain (r − a)) and
  /// Π ← φ²(1 − gain) Π + variance (1 − φ²). Source: Kalman (1960).
  ///
  /// - Parameters:
  ///   - r: nil where there is no value: u, response and gain are 0 then, so that a and Π only relax.
  ///   - noise: the sampling variance of r, above 0.
  ///   - memory: φ.
  ///   - variance: of x in the long run, above 0.
  mutating func take(_ r: Double?, noise: Double, memory: Double, variance: Double) -> Innovation {
    var out = Innovation()
    var surprise = 0.0
    if let r {
      let s = self.variance + noise
      surprise = r - mean
      out = Innovation(u: 0, response: 1 / s.squareRoot(), gain: self.variance / s)
      out.u = surprise * out.response
    }
    mean = memory * (mean + out.gain * surprise)
    self.variance = memory * memory * (1 - out.gain) * self.variance + variance * (1 - memory * memory)
    return out
  }
}
