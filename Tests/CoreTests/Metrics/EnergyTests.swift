import Glibc
import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Numbers are of `scipy.stats.energy_distance`, SciPy 1.17.1, of the same values.
@Suite struct EnergyTests {
  private func cells(_ values: [Double], _ binning: NumericBinning) -> NumericCells {
    var cells = NumericCells(
      counts: [Int64](repeating: 0, count: binning.cellCount),
      offsetSums: [Double](repeating: 0, count: binning.knots.count + 1), origin: 0)
    for value in values {
      let cell = binning.cell(of: value)
      cells.counts[cell] += 1
      if cell.isMultiple(of: 2) { cells.offsetSums[cell / 2] += value }
    }
    return cells
  }

  private func energy(_ baseline: [Double], _ window: [Double], resolution: Int = 1024) -> (
    distance: Double, bound: Double
  ) {
    let binning = NumericBinning.fit(sorted: baseline.sorted(), resolution: resolution)
    return energy(binning, cells(baseline, binning), cells(window, binning))
  }

  private func energy(_ binning: NumericBinning, _ baseline: NumericCells, _ window: NumericCells) -> (
    distance: Double, bound: Double
  ) {
    (
      energyDistance(binning, baseline, window),
      EnergySide(binning, baseline).bound + EnergySide(binning, window).bound
    )
  }

  @Test func valuesThatAreKnotsOrAloneInTheirCellGiveTheExactDistance() {
    let zerosAndOnes = energy([0, 1, 1, 1], [0, 0, 0, 1])
    #expect(abs(zerosAndOnes.distance - 0.5.squareRoot()) < 1e-15 && zerosAndOnes.bound == 0)
    let one = energy([1.5], [1.5, 4])
    #expect(abs(one.distance - 1.118033988749895) < 1e-15 && one.bound == 0)
  }

  @Test func valuesThatAreAllKnotsAreThoseOfSciPy() {
    let a = (0..<500).map { Double($0 * 37 % 101) / 8 }
    let b = (0..<300).map { Double($0 * 53 % 89 + 5) / 8 }
    let found = energy(a, b)
    #expect(abs(found.distance - 0.1776372708639716) < 1e-12 && found.bound == 0, "\(found)")
  }

  @Test func smoothValuesAreThoseOfSciPyWithinTheBound() {
    func logistic(_ i: Int, _ step: Double) -> Double {
      let u = (Double(i) * step).truncatingRemainder(dividingBy: 1)
      return log(u / (1 - u))
    }
    let a = (1...20_000).map { logistic($0, 0.6180339887498949) }
    let b = (1...3000).map { logistic($0, 0.4142135623730951) * 1.25 + 0.5 }
    for resolution in [64, 1024] {
      let found = energy(a, b, resolution: resolution)
      #expect(abs(found.distance - 0.3123268367317046) <= found.bound, "\(found)")
      #expect(found.bound < 0.15, "\(found)")
    }
  }

  @Test func itIsSymmetricAndNothingWithoutADifference() {
    let seed = UInt64.random(in: 0..<(.max))
    var random = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      let a = (0..<Int.random(in: 1...80, using: &random)).map { _ in Double(Int.random(in: -9...9, using: &random)) }
      let b = (0..<Int.random(in: 1...80, using: &random)).map { _ in Double.random(in: -12...12, using: &random) }
      let binning = NumericBinning.fit(sorted: a.sorted())
      let (ours, theirs) = (cells(a, binning), cells(b, binning))
      let there = energy(binning, ours, theirs)
      let back = energy(binning, theirs, ours)
      #expect(abs(there.distance - back.distance) < 1e-12 && there.bound == back.bound, "seed \(seed)")
      #expect(energyDistance(binning, ours, ours) == 0, "seed \(seed)")
      // By the values themselves: E|a − b| − (E|a − a'| + E|b − b'|) / 2, twice and its root.
      func mean(_ x: [Double], _ y: [Double]) -> Double {
        x.reduce(0) { sum, x in sum + y.reduce(0) { $0 + abs(x - $1) } } / Double(x.count * y.count)
      }
      let exact = max(0, 2 * mean(a, b) - mean(a, a) - mean(b, b)).squareRoot()
      #expect(abs(there.distance - exact) <= there.bound + 1e-7, "seed \(seed)")
    }
  }
}
