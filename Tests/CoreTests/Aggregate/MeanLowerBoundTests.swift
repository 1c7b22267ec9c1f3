import Glibc
import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct MeanLowerBoundTests {
  private let bins = OctaveBins(smallest: 5, end: 41)

  private func counts(_ values: some Sequence<UInt64>) -> [Int64] {
    var counts = [Int64](repeating: 0, count: bins.count)
    for value in values { counts[bins.bin(of: value)] += 1 }
    return counts
  }

  /// Of 200 rows at a risk of e⁻⁴ a tenth, 20, give way: √(4 / 400).
  @Test func theGreatestValuesGiveWay() {
    let equal = counts((0..<200).map { _ in 1024 })
    #expect(abs(bins.meanLowerBound(equal, risk: exp(-4)) - 0.9 * 1024) < 1e-9)
    let spoilt = counts((0..<200).map { $0 < 20 ? 1 << 40 : 1024 })
    #expect(abs(bins.meanLowerBound(spoilt, risk: exp(-4)) - 0.9 * 1024) < 1e-9)
    #expect(bins.meanLowerBound(counts([]), risk: 0.001) == 0)
    #expect(bins.meanLowerBound(counts([1024]), risk: 0.001) == 0)
  }

  /// Pareto with index 1.5: mean 3 · 10⁴, no variance. At a risk of 1 % some 20 of 2,000 samples may be above it.
  @Test func itIsBelowTheMeanWhateverTheTail() {
    let seed = UInt64.random(in: 0..<(.max))
    var random = SeededGenerator(seed: seed)
    var above = 0
    for _ in 0..<2000 {
      let values = (0..<100).map { _ in UInt64(1e4 * pow(Double.random(in: 1e-9..<1, using: &random), -1 / 1.5)) }
      if bins.meanLowerBound(counts(values), risk: 0.01) > 3e4 { above += 1 }
    }
    #expect(above <= 45, "seed \(seed): \(above) of 2,000")
  }
}
