/// What a count of rare events says of their rate.
public enum PoissonInterval {
  /// The exact two-sided interval of the mean of a Poisson count: the means below and above the count at which the count, or a more extreme
  /// one, has a chance of (1 − confidence)/2, by 80 halvings. With 3 events and 95 % it is 0.619 to 8.767.
  ///
  /// Source: Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936).
  ///
  /// - Parameter count: not negative.
  public static func mean(_ count: Int, confidence: Double = 0.95) -> (lower: Double, upper: Double) {
    let tail = (1 - confidence) / 2
    let k = Double(count)
    /// The mean at which a chance that falls (or rises) with it is `tail`.
    func solve(_ isBelow: (Double) -> Bool) -> Double {
      var (low, high) = (0.0, 2 * k + 50)
      for _ in 0..<80 {
        let middle = (low + high) / 2
        if isBelow(middle) { low = middle } else { high = middle }
      }
      return (low + high) / 2
    }
    // P(X ≥ k) = 1 − Q(k, m) and P(X ≤ k) = Q(k + 1, m).
    let lower = count == 0 ? 0 : solve { 1 - SpecialFunctions.regularisedGammaUpper(k, $0) < tail }
    return (lower, solve { SpecialFunctions.regularisedGammaUpper(k + 1, $0) > tail })
  }
}
