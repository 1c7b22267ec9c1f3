import Glibc
import LeewayStatistics
import LeewayTestSupport
import Testing

struct BinningTests {
  /// The cell by its definition.
  private func cell(of x: Double, knots: [Double]) -> Int {
    2 * knots.count(where: { $0 < x }) + (knots.contains(x) ? 1 : 0)
  }

  private func neighbours(_ knots: [Double]) -> [Double] {
    knots.flatMap { [$0, $0.nextUp, $0.nextDown] } + zip(knots, knots.dropFirst()).map { $0 / 2 + $1 / 2 }
      + [-.greatestFiniteMagnitude, .greatestFiniteMagnitude, 0, -0.0, .leastNonzeroMagnitude, -1e300, 1e300]
  }

  @Test(arguments: [0, 1, 2, 3, 7, 8, 63, 64, 65, 1024, 1033])
  func cellsAreThoseOfTheDefinition(count: Int) {
    // Even, exponential, clustered and enormous: the table behind the search must not matter.
    let shapes: [(Int) -> Double] = [
      { Double($0) - 5 }, { Double.exp2(Double($0) - 500) }, { $0 % 2 == 0 ? Double($0 / 2) : Double($0 / 2).nextUp },
      { (Double($0) - Double(count) / 2) * 1.7e305 }, { $0 == count - 1 ? 1e308 : Double($0) * .leastNonzeroMagnitude },
    ]
    for shape in shapes {
      let knots = Set((0..<count).map(shape).filter(\.isFinite)).sorted()
      let binning = NumericBinning(knots: knots, cuts: [])
      #expect(binning.cellCount == 2 * knots.count + 1)
      for x in neighbours(knots) where x.isFinite {
        #expect(binning.cell(of: x) == cell(of: x, knots: knots), "\(x) among \(knots.count) knots")
      }
    }
  }

  @Test func zeroHasNoSign() {
    let binning = NumericBinning(knots: [-1, -0.0, 1], cuts: [-0.0])
    #expect(binning.cell(of: 0) == 3)
    #expect(binning.cell(of: -0.0) == 3)
    #expect(binning.knots[1].sign == .plus)
    #expect(binning == NumericBinning(knots: [-1, 0, 1], cuts: [0]))
  }

  @Test(arguments: seeds)
  func psiBinsAreOpenBelowAndClosedAbove(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let values = (0..<Int.random(in: 1...200, using: &random)).map { _ in
      Double(Int.random(in: -20...60, using: &random)) / 4
    }
    let binning = NumericBinning.fit(sorted: values.sorted(), resolution: Int.random(in: 1...40, using: &random))
    var cells = [Int64](repeating: 0, count: binning.cellCount)
    var bins = [Int64](repeating: 0, count: binning.cuts.count + 1)
    for x in values + neighbours(binning.knots) {
      let cell = binning.cell(of: x)
      cells[cell] += 1
      let bin = binning.cuts.count(where: { $0 < x })
      bins[bin] += 1
      #expect(binning.decileBin(ofCell: cell) == bin, "seed \(seed): \(x)")
    }
    #expect(binning.decileBins(cells) == bins, "seed \(seed)")
    // A mass at the minimum has what lies below it in a bin of its own.
    #expect(binning.hasBinBelow == (binning.cuts.first == binning.knots.first), "seed \(seed)")
    let psiBins = binning.psiBins(cells)
    #expect(psiBins.reduce(0, +) == bins.reduce(0, +), "seed \(seed)")
    #expect(
      binning.hasBinBelow
        ? psiBins[0] == cells[0] && Array(psiBins.dropFirst(2)) == Array(bins.dropFirst()) : psiBins == bins,
      "seed \(seed)")
  }

  @Test(arguments: seeds)
  func knotsAndCutsAreOrderStatistics(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let resolution = Int.random(in: 1...50, using: &random)
    let spread = Int.random(in: 0...100, using: &random)
    let values = (0..<Int.random(in: 1...300, using: &random)).map { _ in
      Double(Int.random(in: 0...spread, using: &random)) / 8 - 3
    }.sorted()
    // The smallest value whose share of values up to it is at least j/parts.
    func orderStatistics(_ range: ClosedRange<Int>, _ parts: Int) -> Set<Double> {
      Set(
        range.compactMap { j in
          values.first { x in values.count(where: { $0 <= x }) * parts >= j * values.count }
        })
    }
    let cuts = orderStatistics(1...9, 10)
    let distinct = Set(values)
    let knots = distinct.count <= resolution ? distinct : orderStatistics(0...resolution, resolution).union(cuts)
    let binning = NumericBinning.fit(sorted: values, resolution: resolution)
    #expect(binning.cuts == cuts.sorted(), "seed \(seed)")
    #expect(binning.knots == knots.sorted(), "seed \(seed)")
    // Runs, split at random, give the same.
    var runs: [(value: Double, count: Int64)] = []
    for value in values {
      if let last = runs.last, last.value == value, Bool.random(using: &random) {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((value, 1))
        runs.append((value, 0))
      }
    }
    #expect(
      NumericBinning.fit(total: Int64(values.count), resolution: resolution, runs: runs) == binning, "seed \(seed)")
  }

  @Test func emptyBaseline() {
    let binning = NumericBinning.fit(sorted: [])
    #expect(binning.knots.isEmpty && binning.cuts.isEmpty)
    #expect(binning.cellCount == 1)
    #expect(binning.cell(of: 3) == 0)
    #expect(binning.psiBins([4]) == [4])
  }
}

extension Double {
  fileprivate static func exp2(_ x: Double) -> Double { Double(sign: .plus, exponent: Int(x), significand: 1) }

  /// A flag, days with a mass at 0, and a constant, each moved below its minimum and as far above: SciPy's
  /// `jensenshannon([1, 0], [0, 1], 2)` is 1.
  @Test func whatLiesBelowTheLowestBinIsSeen() {
    func comparison(_ baseline: [Double], _ window: [Double]) -> BinComparison {
      let binning = NumericBinning.fit(sorted: baseline.sorted())
      func bins(_ values: [Double]) -> [Int64] {
        var cells = [Int64](repeating: 0, count: binning.cellCount)
        for x in values { cells[binning.cell(of: x)] += 1 }
        return binning.psiBins(cells)
      }
      return BinComparison(baseline: bins(baseline), window: bins(window))
    }
    let flag = (0..<1000).map { Double($0 % 2) }
    let down = comparison(flag, flag.map { $0 == 0 ? -1 : 1 })
    let up = comparison(flag, flag.map { $0 == 0 ? 2 : 1 })
    #expect(down.psi == up.psi && down.jensenShannon == up.jensenShannon && down.lInfinity == 0.5)
    #expect(down.chiSquaredPValue < 1e-100 && down.pooledPValue < 1e-100)
    let constant = [Double](repeating: 7, count: 500)
    for moved in [3.0, 9.0] {
      let found = comparison(constant, constant.map { _ in moved })
      #expect(found.jensenShannon == 1 && found.hellinger == 1 && found.totalVariation == 1 && found.lInfinity == 1)
      #expect(found.chiSquaredPValue < 1e-100 && found.degreesOfFreedom == 1)
    }
    #expect(comparison(constant, constant).psi == 0)
  }

  /// A heavy tail (Pareto, so that a value in a thousand is far out): the bound stays below 1 % of a deviation, and the exact
  /// distance, from the sorted values themselves, is within it.
  @Test(arguments: seeds.prefix(10)) func heavyTailsGetKnotsOfTheirOwn(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    func draw() -> Double { 3 * pow(Double.random(in: 1e-6..<1, using: &random), -1 / 2.2) }
    let baseline = (0..<20_000).map { _ in draw() }.sorted()
    let window = (0..<20_000).map { _ in draw() }.sorted()
    let deviation = standardDeviation(baseline)
    let plain = NumericBinning.fit(sorted: baseline)
    var tails = NumericBinning.TailValues(at: plain.tailPlaces(standardDeviation: deviation))
    for x in baseline { tails.add(x) }
    let binning = plain.adding(knots: tails.values)
    #expect(!tails.values.isEmpty && tails.values.count <= NumericBinning.maximumTailPlaces)
    #expect(Set(binning.knots).isSubset(of: Set(baseline)) && binning.cuts == plain.cuts)
    let found = NumericComparison(
      binning: binning, baseline: cells(baseline, binning, origin: 0), window: cells(window, binning, origin: 0),
      baselineStandardDeviation: deviation)
    let exact = zip(baseline, window).reduce(0) { $0 + abs($1.0 - $1.1) } / 20_000
    #expect(abs(found.wasserstein - exact) <= found.wassersteinBound * (1 + 1e-9) + 1e-9, "seed \(seed)")
    let bound = try #require(found.wassersteinNormalisedBound)
    #expect(bound < 0.01, "seed \(seed): \(bound)")
  }

  @Test func lightTailsNeedNoMoreKnots() {
    let values = (0..<5000).map { Double($0) / 10 }
    #expect(NumericBinning.fit(sorted: values).tailPlaces(standardDeviation: standardDeviation(values)).isEmpty)
    #expect(NumericBinning.fit(sorted: []).tailPlaces(standardDeviation: 0).isEmpty)
    let binning = NumericBinning(knots: (0...30).map { Double($0) / 10 } + [67], cuts: [1])
    let places = binning.tailPlaces(standardDeviation: 2)
    #expect(places.count == 64 && abs(places[0] - 3.9846) < 1e-3 && abs(places[63] - 66.0154) < 1e-3)
  }
}
