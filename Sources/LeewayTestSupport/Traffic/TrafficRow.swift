import Glibc

/// One prediction of simulated traffic, with its label.
package struct TrafficRow: Sendable, Equatable {
  package enum Value: Sendable, Equatable {
    case missing
    /// Rounded to six decimals.
    case number(Double)
    /// Written as `c` and this number.
    case category(Int)
  }

  /// Quarter, hour and place in the hour: `0-1344-17`.
  package var id: String
  /// Event times in milliseconds since 1970; the label comes an exponential time of mean 6 h later.
  package var time, labelTime: Int64
  package var values: [Value]
  /// In [0, 1], rounded to six decimals.
  package var score: Double
  package var label: Bool
}

extension TrafficWorld {
  /// The rows of one hour in order of time: a function of (world, seed, quarter, hour, change).
  ///
  /// They share the paths with the counts, not the draws: alike in distribution, not equal. Features within a row depend on each other:
  /// a row's latent is μ + √(1 − noise) (±√0.3 common + √0.7 own). The score is 1 / (1 + exp(−(0.8 x₀ − 0.6 x₁ + 0.4 x₈
  /// + 0.5 [the first category feature has its first category] − 0.5))) of the latents x, and the label is drawn with that chance.
  package func rows(
    _ paths: TrafficPaths, hour t: Int, seed: UInt64, quarter: UInt64, change: TrafficChange? = nil
  ) -> [TrafficRow] {
    var random = NumPyRandom([seed, quarter, 2, UInt64(t)])
    let n = Int(paths.rows[t])
    let laws = (0..<features).map { j in law(j, paths, hour: t, change?.feature == j ? change : nil) }
    let kind = change.flatMap { t >= $0.onset ? $0.kind : nil }
    let common = (0..<n).map { _ in random.normal() }
    var x = (0..<n * features).map { _ in random.normal() }
    for i in 0..<n {
      for j in 0..<features {
        let shared = (j % 2 == 1 ? 1 : -1) * 0.3.squareRoot() * common[i]
        x[i * features + j] = laws[j].mean + laws[j].deviation * (shared + 0.7.squareRoot() * x[i * features + j])
      }
    }
    let gone = (0..<n * features).map { cell in random.unit() < laws[cell % features].missing }
    let cuts = categories.map(zipfCuts)
    let scores = (0..<n).map { i in
      let latent = x[i * features..<(i + 1) * features]
      let first = latent.startIndex
      let isFirst: Double = latent[first + numeric] < cuts[0][0] ? 1 : 0
      return 1
        / (1 + exp(-(0.8 * latent[first] - 0.6 * latent[first + 1] + 0.4 * latent[first + 8] + 0.5 * isFirst - 0.5)))
    }
    let labels = scores.map { (random.unit() < $0) != (kind == .labels) }
    let times = (0..<n).map { _ in Int64(random.integer(3_600_000)) }.sorted()
    return (0..<n).map { i in
      let time = times[i] + Int64(epoch + t) * 3_600_000
      let values = (0..<features).map { j -> TrafficRow.Value in
        let latent = x[i * features + j]
        let changes = change?.feature == j ? kind : nil
        if gone[i * features + j] { return .missing }
        if j < numeric {
          return .number(Self.rounded(value(j, latent) * (changes == .unit ? 1000 : 1)))
        }
        let category = cuts[j - numeric].firstIndex { $0 >= latent } ?? cuts[j - numeric].count
        return .category(changes == .swap && category < 2 ? 1 - category : category)
      }
      return TrafficRow(
        id: "\(quarter)-\(t)-\(i)", time: time, labelTime: time + Int64(6 * random.exponential() * 3_600_000),
        values: values, score: Self.rounded(scores[i]), label: labels[i])
    }
  }

  private static func rounded(_ x: Double) -> Double { (x * 1e6).rounded(.toNearestOrEven) / 1e6 }
}
