import Glibc
package import LeewayStatistics

/// Simulated traffic of a model: the constants. Hours from Monday 2026-01-05T00:00Z on, a baseline and then production.
///
/// Features 0 to 15 are numeric, the rest categorical with Zipf shares. Everything is a function of (world, seed, quarter), and counts
/// also of the feature and its change: the same numbers as the Python program of the measurements draws.
///
/// - rows: n_t ~ Poisson(rows · v_t exp(0.1 z_t − 0.005)), z an AR(1) of unit variance with φ 0.9,
///   v_t ~ exp(0.5 cos(2π (hour − 14)/24) − 0.3 weekend + 0.2 t/T) with mean 1;
/// - latent mean: μ_tj = swing cos(2π (hour − p_j)/24) + b_j weekend + a_tj + wander sin(2π t/8760 + θ_j), p ~ U(0, 24), b ~ U(±0.3),
///   θ ~ U(0, 2π);
/// - hourly noise: a_tj = √noise (√common Σ_k L_jk f_tk + √(1 − common) g_tj), f (2 factors) and g AR(1) with φ, L_j a random unit vector;
/// - a row's latent: μ + √(1 − noise) times a standard normal; its value that, its exponential, 1.2 sinh, or its category;
/// - missing: 0, 1 or 2 % of a feature; bursts of geometric(½) hours with 5 to 40 % in one feature (80 %) or four.
package struct TrafficWorld: Sendable, Equatable {
  /// Hours.
  package var baseline = 1344
  package var production = 2184
  /// Numeric features, and the categories of each of the others.
  package var numeric = 16
  package var categories = [5, 12, 40, 200]
  /// Cells of a feature; the last one of a category feature lumps what does not fit.
  package var cells = 16
  /// Where the cells of numeric features are cut.
  package var quantiles = [
    0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995,
  ]
  /// The first hour, since 1970.
  package var epoch = 490_992
  /// Rows an hour on average.
  package var rows = 1000.0
  package var swing = 0.5
  package var noise = 0.08
  package var phi = 0.9
  /// The share of the hourly noise that all features have in common.
  package var common = 0.5
  package var wander = 0.1
  /// Bursts of missing values a week.
  package var bursts = 5.0
  /// Degrees of freedom of the hourly noise's innovations; 0: normal.
  package var freedom = 0.0
  /// Days with 40 % fewer rows and five features off by a half, per 8 weeks.
  package var holidays = 0.0

  package init() {}

  /// T.
  package var hours: Int { baseline + production }
  /// J.
  package var features: Int { numeric + categories.count }
  /// Standard deviation of a feature's latent over all rows: the unit of every change.
  package var sigma: Double { (1 + swing * swing / 2).squareRoot() }

  /// The features as subjects of the detector.
  package var subjects: [ShiftSubject] {
    (0..<features).map { feature in
      let name = feature < 10 ? "f0\(feature)" : "f\(feature)"
      guard feature >= numeric else { return ShiftSubject(name, .numeric) }
      let lumps = categories[feature - numeric] > cells
      return ShiftSubject(name, .category(other: lumps ? cells - 1 : nil))
    }
  }

  /// Latent cuts that give `count` categories shares proportional to 1, 1/2, 1/3 …
  package func zipfCuts(_ count: Int) -> [Double] {
    let shares = (1...count).map { 1 / Double($0) }
    let total = shares.reduce(0, +)
    var below = 0.0
    return shares.dropLast().map { share in
      below += share / total
      return SpecialFunctions.normalQuantile(below) * sigma
    }
  }

  /// Latent cuts between the cells of a feature.
  package func cuts(_ feature: Int) -> [Double] {
    guard feature >= numeric else { return quantiles.map { SpecialFunctions.normalQuantile($0) * sigma } }
    return Array(zipfCuts(categories[feature - numeric]).prefix(cells - 1))
  }

  /// Value of a numeric feature from its latent.
  package func value(_ feature: Int, _ latent: Double) -> Double {
    feature < 8 ? latent : feature < 13 ? exp(latent) : sinh(1.2 * latent)
  }

  /// Inverse of `value`.
  package func latent(_ feature: Int, _ value: Double) -> Double {
    feature < 8 ? value : feature < 13 ? log(value) : asinh(value) / 1.2
  }
}
