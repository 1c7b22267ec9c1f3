import LeewayStatistics
import Testing

struct DistanceCase: Decodable, Sendable {
  struct Expected: Decodable, Sendable {
    let psi, jensenShannon, hellinger, totalVariation, lInfinity, chi2: Double
    let chi2Dof: Int
    let chi2PValue, pooledPValue, psiNoise: Double
  }
}

func expectDistances(_ actual: BinComparison, _ expected: DistanceCase.Expected, _ name: String) {
  expectClose(actual.psi, expected.psi, "\(name): psi")
  expectClose(actual.jensenShannon, expected.jensenShannon, "\(name): jensen_shannon")
  expectClose(actual.hellinger, expected.hellinger, "\(name): hellinger")
  expectClose(actual.totalVariation, expected.totalVariation, "\(name): total_variation")
  expectClose(actual.lInfinity, expected.lInfinity, "\(name): l_infinity")
  expectClose(actual.chiSquared, expected.chi2, "\(name): chi2")
  #expect(actual.degreesOfFreedom == expected.chi2Dof, "\(name)")
  expectClose(actual.chiSquaredPValue, expected.chi2PValue, "\(name): chi2_p_value", absolute: 0)
  expectClose(actual.pooledPValue, expected.pooledPValue, "\(name): pooled_p_value", absolute: 0)
  expectClose(actual.psiNoise, expected.psiNoise, "\(name): psi_noise")
}

struct NumericCase: Decodable, Sendable {
  struct Expected: Decodable, Sendable {
    let ks, ksPValue, wasserstein: Double
    let wassersteinNormalised: Double?
  }
  let name: String
  let baseline, window: [Double]
  let baselineMissing, windowMissing: Int64
  let cuts: [Double]
  let baselineCounts, windowCounts: [Int64]
  let expected: Expected
}

/// What a stream of values would leave in the cells.
func cells(_ values: [Double], _ binning: NumericBinning, origin: Double) -> NumericCells {
  var cells = NumericCells(
    counts: Array(repeating: 0, count: binning.cellCount),
    offsetSums: Array(repeating: 0, count: binning.knots.count + 1), origin: origin)
  for value in values {
    let cell = binning.cell(of: value)
    cells.counts[cell] += 1
    if cell.isMultiple(of: 2) { cells.offsetSums[cell / 2] += value - origin }
  }
  return cells
}

func standardDeviation(_ values: [Double]) -> Double {
  let mean = values.reduce(0, +) / Double(values.count)
  return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
}

func compare(
  _ baseline: [Double], _ window: [Double], resolution: Int
) -> (binning: NumericBinning, comparison: NumericComparison) {
  let sorted = baseline.sorted()
  let binning = NumericBinning.fit(sorted: sorted, resolution: resolution)
  let origin = sorted[(sorted.count - 1) / 2]
  return (
    binning,
    NumericComparison(
      binning: binning, baseline: cells(baseline, binning, origin: origin),
      window: cells(window, binning, origin: origin), baselineStandardDeviation: standardDeviation(baseline))
  )
}

struct NumericGoldenTests {
  @Test func cutsCountsAndDistancesAreThoseOfSciPy() throws {
    let cases: [NumericCase] = try golden("drift_numeric")
    let distances: [ExpectedDistances] = try golden("drift_numeric")
    #expect(cases.count == 12)
    for (golden, distances) in zip(cases, distances) {
      let binning = NumericBinning.fit(sorted: golden.baseline.sorted())
      #expect(binning.cuts == golden.cuts, "\(golden.name)")
      var baseline = binning.psiBins(cells(golden.baseline, binning, origin: 0).counts)
      var window = binning.psiBins(cells(golden.window, binning, origin: 0).counts)
      if binning.hasBinBelow {
        // SciPy's bins are without the one below a mass at the minimum, where none of these windows has a value.
        #expect(baseline.removeFirst() == 0 && window.removeFirst() == 0, "\(golden.name)")
      }
      if golden.baselineMissing > 0 || golden.windowMissing > 0 {
        baseline.append(golden.baselineMissing)
        window.append(golden.windowMissing)
      }
      #expect(baseline == golden.baselineCounts, "\(golden.name)")
      #expect(window == golden.windowCounts, "\(golden.name)")
      expectDistances(BinComparison(baseline: baseline, window: window), distances.expected, golden.name)
    }
  }

  @Test func kolmogorovSmirnovIsExactWhereAllValuesAreKnots() throws {
    for golden in try golden("drift_numeric", as: [NumericCase].self) {
      let distinct = Set(golden.baseline).count
      let (binning, comparison) = compare(golden.baseline, golden.window, resolution: max(1024, distinct))
      #expect(binning.knots.count == distinct, "\(golden.name)")
      #expect(comparison.ksBound == 0, "\(golden.name)")
      expectClose(comparison.ks, golden.expected.ks, "\(golden.name): ks")
      expectClose(comparison.ksPValue, golden.expected.ksPValue, "\(golden.name): ks_p_value", absolute: 1e-30)
      #expect(
        abs(comparison.wasserstein - golden.expected.wasserstein)
          <= comparison.wassersteinBound + 1e-9 * golden.expected.wasserstein + 1e-12, "\(golden.name)")
      #expect((comparison.wassersteinNormalised == nil) == (golden.expected.wassersteinNormalised == nil))
      if let actual = comparison.wassersteinNormalised, let bound = comparison.wassersteinNormalisedBound,
        let expected = golden.expected.wassersteinNormalised
      {
        #expect(abs(actual - expected) <= bound + 1e-9 * expected + 1e-12, "\(golden.name)")
        #expect(bound <= 0.002, "\(golden.name): only window values between two knots are uncertain, not \(bound)")
      }
    }
  }

  @Test func wassersteinIsExactWhereAllValuesOfBothSidesAreKnots() throws {
    for golden in try golden("drift_numeric", as: [NumericCase].self) {
      let knots = Set(golden.baseline + golden.window).sorted()
      let binning = NumericBinning(knots: knots, cuts: [])
      let comparison = NumericComparison(
        binning: binning, baseline: cells(golden.baseline, binning, origin: 1),
        window: cells(golden.window, binning, origin: 1), baselineStandardDeviation: standardDeviation(golden.baseline))
      #expect(comparison.wassersteinBound == 0, "\(golden.name)")
      expectClose(comparison.wasserstein, golden.expected.wasserstein, "\(golden.name): wasserstein")
      expectClose(
        comparison.wassersteinNormalised, golden.expected.wassersteinNormalised,
        "\(golden.name): wasserstein_normalised")
      expectClose(comparison.ks, golden.expected.ks, "\(golden.name): ks")
    }
  }

  @Test(arguments: [1, 4, 16, 100])
  func boundsHoldAtCoarseResolutions(resolution: Int) throws {
    for golden in try golden("drift_numeric", as: [NumericCase].self) {
      let (binning, comparison) = compare(golden.baseline, golden.window, resolution: resolution)
      #expect(binning.knots.count <= resolution + 10, "\(golden.name)")
      #expect(binning.cuts == golden.cuts, "\(golden.name)")
      let slack = 1e-9
      #expect(
        comparison.ks <= golden.expected.ks + slack, "\(golden.name): the borders alone cannot exceed the supremum")
      #expect(comparison.ks + comparison.ksBound + slack >= golden.expected.ks, "\(golden.name)")
      #expect(
        abs(comparison.wasserstein - golden.expected.wasserstein)
          <= comparison.wassersteinBound + slack * golden.expected.wasserstein + 1e-12,
        "\(golden.name): \(comparison.wasserstein) ± \(comparison.wassersteinBound)")
    }
  }
}

struct ExpectedDistances: Decodable, Sendable {
  let expected: DistanceCase.Expected
}

struct CategoricalGoldenTests {
  struct Case: Decodable, Sendable {
    let name: String
    let baseline, window: [String: Int64]
    let expected: DistanceCase.Expected
  }

  @Test func distancesAreThoseOfSciPy() throws {
    let cases: [Case] = try golden("drift_categorical")
    #expect(cases.count == 7)
    for golden in cases {
      let known = golden.baseline.keys.filter { $0 != "__missing__" }.sorted()
      let unseen = golden.window.filter { $0.key != "__missing__" && golden.baseline[$0.key] == nil }
      let baseline = known.map { golden.baseline[$0] ?? 0 } + [0, golden.baseline["__missing__"] ?? 0]
      let window =
        known.map { golden.window[$0] ?? 0 } + [unseen.values.reduce(0, +), golden.window["__missing__"] ?? 0]
      expectDistances(BinComparison(baseline: baseline, window: window), golden.expected, golden.name)
    }
  }
}
