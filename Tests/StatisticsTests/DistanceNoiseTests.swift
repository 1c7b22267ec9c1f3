import LeewayStatistics
import LeewayTestSupport
import Testing

/// What distances are where nothing has drifted, by drawing both sides from one distribution many times.
@Suite struct DistanceNoiseTests {
  private static let n = 1500
  private static let m = 300
  private static let rounds = 300

  /// Shares that are not alike: 10 bins of 1 to 10 parts in 55.
  private static func bin(_ random: inout SeededGenerator) -> Int {
    var place = Int.random(in: 0..<55, using: &random)
    for i in 0..<10 {
      if place <= i { return i }
      place -= i + 1
    }
    return 9
  }

  private static func bins(_ count: Int, _ random: inout SeededGenerator) -> [Int64] {
    var counts = [Int64](repeating: 0, count: 10)
    for _ in 0..<count { counts[bin(&random)] += 1 }
    return counts
  }

  @Test(arguments: [UInt64(3), 17])
  func distancesOfBinsAreTheirNoise(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var found: [String: (distance: Double, noise: Double)] = [:]
    for _ in 0..<Self.rounds {
      let comparison = BinComparison(baseline: Self.bins(Self.n, &random), window: Self.bins(Self.m, &random))
      for (name, distance, noise) in [
        ("psi", comparison.psi, comparison.psiNoise),
        ("jensen_shannon", comparison.jensenShannon, comparison.jensenShannonNoise),
        ("hellinger", comparison.hellinger, comparison.hellingerNoise),
        ("total_variation", comparison.totalVariation, comparison.totalVariationNoise),
        ("l_infinity", comparison.lInfinity, comparison.lInfinityNoise),
      ] {
        let sums = found[name] ?? (0, 0)
        found[name] = (sums.distance + distance, sums.noise + noise)
      }
    }
    for (name, sums) in found {
      let ratio = sums.distance / sums.noise
      // Roots lie below the root of the mean square; the largest of all is an upper value.
      let expected =
        name == "psi" || name == "total_variation" ? 0.95...1.08 : name == "l_infinity" ? 0.3...1 : 0.9...1.02
      #expect(expected.contains(ratio), "seed \(seed): \(name) \(ratio)")
    }
  }

  @Test(arguments: [UInt64(5), 23])
  func distancesOfValuesAreTheirNoise(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    // Squares are skewed, so that the spread is not that of an even distribution.
    func values(_ count: Int) -> [Double] {
      (0..<count).map { _ in
        let x = Double.random(in: 0..<10, using: &random)
        return x * x
      }
    }
    var ks = (0.0, 0.0)
    var wasserstein = (0.0, 0.0)
    for _ in 0..<60 {
      let baseline = values(Self.n).sorted()
      let binning = NumericBinning.fit(sorted: baseline, resolution: 1 << 20)
      func cells(_ values: [Double]) -> NumericCells {
        var counts = [Int64](repeating: 0, count: binning.cellCount)
        var sums = [Double](repeating: 0, count: binning.knots.count + 1)
        for x in values {
          let below = binning.knots.firstIndex { $0 >= x } ?? binning.knots.count
          if below < binning.knots.count, binning.knots[below] == x {
            counts[2 * below + 1] += 1
          } else {
            counts[2 * below] += 1
            sums[below] += x
          }
        }
        return NumericCells(counts: counts, offsetSums: sums, origin: 0)
      }
      let side = cells(baseline)
      let found = NumericComparison(
        binning: binning, baseline: side, window: cells(values(Self.m)), baselineStandardDeviation: 1)
      ks.0 += found.ks
      ks.1 += DistanceNoise.kolmogorovSmirnov(Int64(Self.n), Int64(Self.m))
      wasserstein.0 += found.wasserstein
      wasserstein.1 += DistanceNoise.wasserstein(
        spread: DistanceNoise.spread(binning, side), Int64(Self.n), Int64(Self.m))
    }
    #expect((0.9...1.1).contains(ks.0 / ks.1), "seed \(seed): ks \(ks.0 / ks.1)")
    #expect((0.88...1.12).contains(wasserstein.0 / wasserstein.1), "seed \(seed): \(wasserstein.0 / wasserstein.1)")
  }

  /// Of 0 and 1 in equal parts F is ½ between them; of a constant there is no spread.
  @Test func spreadIsTheAreaOfTheRoot() {
    let binning = NumericBinning.fit(sorted: [0, 1], resolution: 10)
    func spread(_ counts: [Int64]) -> Double {
      DistanceNoise.spread(binning, NumericCells(counts: counts, offsetSums: [0, 0, 0], origin: 0))
    }
    #expect(spread([0, 5, 0, 5, 0]) == 0.5)
    #expect(abs(spread([0, 9, 0, 1, 0]) - 0.3) < 1e-15)
    #expect(spread([0, 9, 0, 0, 0]) == 0 && spread([0, 0, 0, 0, 0]) == 0)
  }

  /// Two pairs of samples that are equally far apart differ by chance only; p-values of such pairs are not small more often
  /// than they say.
  @Test(arguments: [DistanceSize.Distance.psi, .jensenShannon, .hellinger, .totalVariation, .lInfinity])
  func equalDistancesAreAlike(_ distance: DistanceSize.Distance) {
    var random = SeededGenerator(seed: 11)
    var small = 0
    for _ in 0..<Self.rounds {
      func size() -> DistanceSize? {
        // A quarter of the window lies in the first bin, whatever it was.
        let window = Self.bins(Self.m, &random)
        let moved = window.map { $0 / 4 }
        var shifted = zip(window, moved).map { $0 - $1 }
        shifted[0] += moved.reduce(0, +)
        return DistanceSize(distance, baseline: Self.bins(Self.n, &random), window: shifted)
      }
      guard let a = size(), let b = size() else { continue }
      if a.difference(from: b).pValue < 0.05 { small += 1 }
    }
    #expect(small < Self.rounds / 10, "\(small) of \(Self.rounds)")
  }

  @Test func aSideWithoutValuesHasNoSize() {
    #expect(DistanceSize(.psi, baseline: [1, 2], window: [0, 0]) == nil)
    #expect(DistanceSize(ksBaseline: [0, 0, 0], window: [1, 0, 0]) == nil)
  }
}
