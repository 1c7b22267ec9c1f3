import LeewayStatistics
import LeewayTestSupport
import Testing

struct BinComparisonTests {
  private func counts(_ size: Int, upTo most: Int64, using random: inout SeededGenerator) -> [Int64] {
    let counts = (0..<size).map { _ in Bool.random(using: &random) ? Int64.random(in: 0...most, using: &random) : 0 }
    return counts.allSatisfy { $0 == 0 } ? [1] + counts.dropFirst() : counts
  }

  @Test(arguments: seeds)
  func distancesAreSymmetricAndInRange(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let size = Int.random(in: 1...30, using: &random)
    let most: Int64 = seed.isMultiple(of: 2) ? 50 : 4_000_000_000_000
    let b = counts(size, upTo: most, using: &random)
    let w = counts(size, upTo: most, using: &random)
    let there = BinComparison(baseline: b, window: w)
    let back = BinComparison(baseline: w, window: b)
    #expect(there.isDefined)
    for (left, right) in [
      (there.psi, back.psi), (there.jensenShannon, back.jensenShannon), (there.hellinger, back.hellinger),
      (there.totalVariation, back.totalVariation), (there.lInfinity, back.lInfinity),
      (there.chiSquared, back.chiSquared), (there.pooledPValue, back.pooledPValue), (there.psiNoise, back.psiNoise),
    ] { expectClose(left, right, "seed \(seed)", relative: 1e-12) }
    for distance in [there.jensenShannon, there.hellinger, there.totalVariation, there.lInfinity] {
      #expect(distance >= 0 && distance <= 1, "seed \(seed)")
    }
    #expect(there.psi >= 0 && there.chiSquared >= 0, "seed \(seed)")
    #expect(there.lInfinity <= 2 * there.totalVariation + 1e-15, "seed \(seed)")
    // Hellinger² ≤ total variation ≤ √2 · Hellinger
    #expect(there.hellinger * there.hellinger <= there.totalVariation + 1e-12, "seed \(seed)")
    #expect(there.totalVariation <= 2.0.squareRoot() * there.hellinger + 1e-12, "seed \(seed)")
    #expect((0...1).contains(there.chiSquaredPValue) && (0...1).contains(there.pooledPValue), "seed \(seed)")
  }

  @Test(arguments: seeds)
  func equalSharesAreExactlyZeroApart(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let b = counts(12, upTo: 1000, using: &random)
    let factor = Int64.random(in: 1...1_000_000, using: &random)
    let comparison = BinComparison(baseline: b, window: b.map { $0 * factor })
    #expect(comparison.psi == 0 && comparison.jensenShannon == 0 && comparison.hellinger == 0, "seed \(seed)")
    #expect(comparison.totalVariation == 0 && comparison.lInfinity == 0 && comparison.chiSquared == 0, "seed \(seed)")
    #expect(comparison.chiSquaredPValue == 1 && comparison.pooledPValue == 1, "seed \(seed)")
  }

  @Test func bitsOfDifferenceAreNotLost() {
    // Shares that differ by 10⁻⁹: √(d²/(8 ln 2 · p)) for two bins of one half, which a difference of logarithms loses.
    let half: Int64 = 500_000_000
    let comparison = BinComparison(baseline: [half, half], window: [half + 1, half - 1])
    expectClose(
      comparison.jensenShannon, 1e-9 / (2 * 0.6931471805599453).squareRoot(), "jensen_shannon", absolute: 1e-17)
  }

  @Test func emptyBinsOnBothSidesDoNotCount() {
    let dense = BinComparison(baseline: [50, 30, 20], window: [20, 30, 60])
    let sparse = BinComparison(baseline: [0, 50, 0, 30, 20, 0], window: [0, 20, 0, 30, 60, 0])
    #expect(dense.psi == sparse.psi && dense.psiNoise == sparse.psiNoise)
    #expect(dense.degreesOfFreedom == 2 && sparse.degreesOfFreedom == 2)
    #expect(dense.chiSquaredPValue == sparse.chiSquaredPValue)
  }

  @Test func oneBinHasNothingToSay() {
    let comparison = BinComparison(baseline: [7], window: [9])
    #expect(comparison.degreesOfFreedom == 0 && comparison.psi == 0 && comparison.psiNoise == 0)
    #expect(comparison.chiSquaredPValue == 1 && comparison.pooledPValue == 1)
  }

  @Test func rareBinsAreTestedTogether() {
    // Expected counts of the smaller side: 8, 2 and 1.5; the last two become one bin.
    let comparison = BinComparison(baseline: [80, 20, 15], window: [8, 2, 1])
    let pooled = BinComparison(baseline: [80, 35], window: [8, 3])
    #expect(comparison.pooledPValue == pooled.chiSquaredPValue)
    #expect(comparison.chiSquaredPValue != pooled.chiSquaredPValue)
    #expect(BinComparison(baseline: [3, 3], window: [1, 2]).pooledPValue == 1)
    // Exactly five is enough.
    let enough = BinComparison(baseline: [5, 4, 20], window: [5, 6, 18])
    #expect(enough.pooledPValue == enough.chiSquaredPValue)
  }

  @Test func nothingOnOneSideIsUndefined() {
    for comparison in [
      BinComparison(baseline: [0, 0], window: [1, 2]), BinComparison(baseline: [1, 2], window: [0, 0]),
      BinComparison(baseline: [], window: []),
    ] {
      #expect(!comparison.isDefined)
      #expect(comparison.psi.isNaN && comparison.hellinger.isNaN && comparison.pooledPValue.isNaN)
    }
  }
}

struct NumericComparisonTests {
  /// Both distances by their definitions over the sorted values.
  private func bruteForce(_ baseline: [Double], _ window: [Double]) -> (ks: Double, wasserstein: Double) {
    let points = Set(baseline + window).sorted()
    var ks = 0.0
    var area = 0.0
    for (index, x) in points.enumerated() {
      let p = Double(baseline.count(where: { $0 <= x })) / Double(baseline.count)
      let q = Double(window.count(where: { $0 <= x })) / Double(window.count)
      ks = max(ks, abs(p - q))
      if index + 1 < points.count { area += abs(p - q) * (points[index + 1] - x) }
    }
    return (ks, area)
  }

  @Test(arguments: seeds)
  func boundsHoldAgainstBruteForce(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    // Small steps make ties, a shift makes drift, and the window may leave the baseline's range.
    let step = [1.0, 0.25, 1e-6][Int.random(in: 0...2, using: &random)]
    func sample(_ count: Int, shift: Double, scale: Double) -> [Double] {
      (0..<count).map { _ -> Double in
        let x = (0..<4).map { _ in Double.random(in: -1...1, using: &random) }.reduce(0, +)
        return ((x * scale + shift) / step).rounded() * step
      }
    }
    let rows = Int.random(in: 1...300, using: &random)
    let baseline = sample(rows, shift: 0, scale: 1)
    let window = sample(
      Int.random(in: 1...200, using: &random), shift: Double.random(in: -1...1, using: &random),
      scale: Double.random(in: 0.2...2, using: &random))
    let truth = bruteForce(baseline, window)
    for resolution in [1, 2, 5, 20, 100, 1000] {
      let (binning, comparison) = compare(baseline, window, resolution: resolution)
      let note: Comment = "seed \(seed), resolution \(resolution)"
      #expect(comparison.ks <= truth.ks + 1e-12 && truth.ks <= comparison.ks + comparison.ksBound + 1e-12, note)
      #expect(abs(comparison.wasserstein - truth.wasserstein) <= comparison.wassersteinBound + 1e-9, note)
      if resolution == 1000 { expectClose(comparison.ks, truth.ks, "\(note)", absolute: 1e-14) }
      let sides = (
        cells(baseline, binning, origin: 0.5), cells(window, binning, origin: -3)
      )
      let back = NumericComparison(
        binning: binning, baseline: sides.1, window: sides.0, baselineStandardDeviation: 1)
      #expect(
        back.ks == comparison.ks && back.ksBound == comparison.ksBound && back.ksPValue == comparison.ksPValue, note)
      expectClose(back.wasserstein, comparison.wasserstein, "\(note)", absolute: 1e-11)
      expectClose(back.wassersteinBound, comparison.wassersteinBound, "\(note)", absolute: 1e-11)
    }
  }

  @Test func identicalSidesAreZeroApart() {
    let values = (0..<500).map { Double($0 * $0 % 83) }
    let comparison = compare(values, values, resolution: 1024).comparison
    #expect(comparison.ks == 0 && comparison.ksPValue == 1)
    #expect(comparison.wasserstein == 0 && comparison.wassersteinBound == 0 && comparison.wassersteinNormalised == 0)
  }

  @Test func aShiftIsExactEvenBetweenKnots() {
    // Everything moves one way, so the sign is known everywhere whatever the cells hide.
    let baseline = (0..<5000).map { Double($0) / 100 }
    let comparison = compare(baseline, baseline.map { $0 + 7.003 }, resolution: 16).comparison
    expectClose(comparison.wasserstein, 7.003, "wasserstein")
    #expect(comparison.wassersteinBound == 0)
  }

  @Test func aSingleValueBetweenKnotsIsKnownByItsSum() {
    let binning = NumericBinning(knots: [0, 10], cuts: [0])
    func side(_ values: [Double]) -> NumericCells { cells(values, binning, origin: 5) }
    for (x, y) in [(2.0, 7.0), (7.0, 2.0), (4.0, 4.0)] {
      let comparison = NumericComparison(
        binning: binning, baseline: side([0, x, 10]), window: side([0, y, 10]), baselineStandardDeviation: 0)
      expectClose(comparison.wasserstein, abs(x - y) / 3, "\(x) and \(y)")
      #expect(comparison.wassersteinBound == 0)
      #expect(comparison.wassersteinNormalised == nil && comparison.wassersteinNormalisedBound == nil)
      #expect(comparison.ks == 0)
      expectClose(comparison.ksBound, 1.0 / 3, "ks_bound")
    }
  }

  @Test func nothingOnOneSideIsUndefined() {
    let binning = NumericBinning(knots: [1, 2], cuts: [1])
    let comparison = NumericComparison(
      binning: binning, baseline: cells([1, 2], binning, origin: 1), window: cells([], binning, origin: 1),
      baselineStandardDeviation: 0.5)
    #expect(!comparison.isDefined)
    #expect(comparison.ks.isNaN && comparison.wasserstein.isNaN)
    #expect(comparison.ksPValue == nil && comparison.wassersteinNormalised == nil)
  }

  @Test func withoutKnotsOnlyTheMeansAreKnown() {
    let binning = NumericBinning(knots: [], cuts: [])
    let comparison = NumericComparison(
      binning: binning, baseline: cells([1, 2], binning, origin: 0), window: cells([5, 8], binning, origin: 0),
      baselineStandardDeviation: 0.5)
    #expect(comparison.wasserstein == 5 && comparison.wassersteinBound == .infinity)
  }
}
