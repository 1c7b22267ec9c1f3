import Foundation
import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Changes of the size that is said to be found with a chance of 80 %, as rows that the checks' own comparison looks at.
///
/// Seeds were written down before the first run: baseline 1, windows 2001 to 2300. The predicted 80 % must be 73 % to 87 %, three
/// standard deviations of 300 draws. With `ks`, more is found, up to 97 %: the prediction is of the place where the distributions are furthest
/// apart, and the largest difference of a draw may be at another one.
@Suite struct DistancePowerTests {
  private static let windows = 2001...2300
  private static let tolerance = 0.73...0.87

  private static func gauss(_ random: inout SeededGenerator) -> Double {
    (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
  }

  private static func cells(_ values: [Double], _ domain: NumericDomain) -> SubjectCells {
    var cells = SubjectCells(
      counts: Array(repeating: 0, count: domain.binning.cellCount),
      sums: Array(repeating: 0, count: domain.binning.knots.count + 1))
    for x in values {
      let (cell, u) = (domain.binning.cell(of: x), domain.fixedPoint.quantise(x) ?? 0)
      cells.counts[cell] += 1
      if cell.isMultiple(of: 2) { cells.sums[cell / 2] += Int128(u) }
      cells.squares += Int192(squareOf: u)
    }
    return cells
  }

  private static let baseline: (values: [Double], domain: NumericDomain, side: BaselineSide) = {
    var random = SeededGenerator(seed: 1)
    let values = (0..<20_000).map { _ in 50 + 20 * gauss(&random) }
    let domain = NumericDomain(
      binning: .fit(sorted: values.sorted()), fixedPoint: FixedPoint(origin: 50, standardDeviation: 20))
    return (values, domain, BaselineSide(domain: .numeric(domain), cells: cells(values, domain)))
  }()

  @Test(arguments: [
    (Metric.psi, 0.1, 800, 1.0), (.psi, 0.2, 5000, 0.5), (.ks, 0.1, 400, 1), (.ks, 0.05, 5000, 0.25),
    (.jensenShannon, 0.15, 600, 1), (.hellinger, 0.15, 800, 0.75), (.totalVariation, 0.2, 500, 1),
    (.wassersteinNormalised, 0.2, 500, 1), (.wasserstein, 4, 800, 0.5), (.energy, 1, 500, 1),
  ])
  func numbersThatMove(metric: Metric, limit: Double, rows: Int, share: Double) throws {
    let (values, domain, side) = Self.baseline
    let moved = try #require(
      MovedSubject(
        domain: .numeric(domain), side: side, metric: metric, rows: Double(rows), limit: limit, significance: 0.002))
    let size = try #require(moved.smallest(share: share))
    let deviation = try #require(side.moments?.standardDeviation)
    #expect(abs((size.now ?? 0) - (size.was ?? 0) - size.size * deviation) < 1e-9)
    // Upwards or downwards, whichever is found later, to which the size belongs.
    let sign = moved.chance(size.size, share: share) <= moved.chance(-size.size, share: share) ? 1.0 : -1
    let hits = Self.windows.count { seed in
      var random = SeededGenerator(seed: UInt64(seed))
      let drawn = (0..<rows).map { _ in
        let x = values[Int.random(in: values.indices, using: &random)]
        return Double.random(in: 0..<1, using: &random) < share ? x + sign * size.size * deviation : x
      }
      let comparison = DriftComparison(
        domain: .numeric(domain), baseline: side, baselineDeviation: deviation, window: Self.cells(drawn, domain))
      return (comparison.value(metric) ?? 0) >= limit && (comparison.pValue(metric) ?? 1) <= 0.002
    }
    let found = Double(hits) / Double(Self.windows.count)
    let tolerance = metric == .ks ? 0.73...0.97 : Self.tolerance
    #expect(tolerance.contains(found), "\(metric) at \(limit), \(rows) rows: \(found), size \(size.size)")
  }

  @Test(arguments: [(Metric.psi, 0.1, 900, 1.0), (.jensenShannon, 0.1, 2000, 0.5), (.lInfinity, 0.1, 600, 1)])
  func categoriesThatMove(metric: Metric, limit: Double, rows: Int, share: Double) throws {
    let domain = SubjectDomain.categorical(CategoricalDomain(categories: ["DE", "FR", "US", "IT"]))
    let side = BaselineSide(
      domain: domain, cells: SubjectCells(counts: [9000, 5000, 3500, 2000, 0, 0], missing: 500))
    let moved = try #require(
      MovedSubject(domain: domain, side: side, metric: metric, rows: Double(rows), limit: limit, significance: 0.002))
    #expect(moved.stream == "share of DE" && moved.unit == "share")
    let size = try #require(moved.smallest(share: share))
    expectClose(size.was ?? 0, 9000.0 / 19_500)
    // By place: what remains of the largest, and what the others get.
    var shares = [0.45, 0.25, 0.175, 0.1, 0, 0, 0.025]
    let others = 0.525
    for i in 1...3 { shares[i] += share * size.size * shares[i] / others }
    shares[0] -= share * size.size
    let hits = Self.windows.count { seed in
      var random = SeededGenerator(seed: UInt64(seed))
      var counts = [Int64](repeating: 0, count: 7)
      for _ in 0..<rows {
        var left = Double.random(in: 0..<1, using: &random)
        let place = shares.firstIndex { share in
          left -= share
          return left < 0
        }
        counts[place ?? 6] += 1
      }
      let comparison = DriftComparison(
        domain: domain, baseline: side, baselineDeviation: nil,
        window: SubjectCells(counts: Array(counts.dropLast()), missing: counts[6]))
      return (comparison.value(metric) ?? 0) >= limit && (comparison.pValue(metric) ?? 1) <= 0.002
    }
    let found = Double(hits) / Double(Self.windows.count)
    #expect(Self.tolerance.contains(found), "\(metric) at \(limit), \(rows) rows: \(found), size \(size.size)")
  }

  /// SciPy's numbers; see Tests/Golden/power.py.
  @Test func ratiosThatRise() throws {
    let wanted: [(was: Double, rows: Int64, limit: Double, significance: Double, share: Double, size: Double?)] = [
      (0, 200, 0.05, 0.01, 1, 0.11139643908917173), (0, 200, 0.05, 0.01, 0.25, 0.44558575635576403),
      (0, 200, 0.05, 0.01, 0.04, nil), (0.02, 1000, 0.05, 0.005, 1, 0.056617807286120855),
      (0.02, 1000, 0.05, 0.005, 0.25, 0.22647122914448342), (0.1, 5000, 0.3, 0.01, 1, 0.22085957284075391),
      (0.1, 5000, 0.3, 0.01, 0.25, 0.8834382913630366), (0.1, 5000, 0.3, 0.01, 0.04, nil),
    ]
    for c in wanted {
      let risen = RisenRatio(was: c.was, rows: c.rows, limit: c.limit, significance: c.significance)
      let size = risen.smallest(share: c.share)?.size
      #expect((size == nil) == (c.size == nil), "\(c)")
      if let size, let expected = c.size { expectClose(size, expected, relative: 1e-6) }
    }
  }

  private func expectClose(_ found: Double, _ wanted: Double, relative: Double = 1e-9) {
    #expect(abs(found - wanted) <= relative * abs(wanted), "\(found), expected \(wanted)")
  }

  @Test func levelsThatMove() throws {
    let moments = (mean: 50.0, standardDeviation: 20.0)
    // 50 + δ 20 − 0.8416 · 20 / √400 = 55, and half of the window twice as far.
    let up = MovedLevel(moments: moments, isMean: true, rows: 400, limit: 55, fires: .above)
    expectClose(try #require(up.smallest(share: 1)).size, (5 + 0.8416212335729143) / 20)
    expectClose(try #require(up.smallest(share: 0.5)).size, 2 * (5 + 0.8416212335729143) / 20)
    #expect(up.smallest(share: 0) == nil)
    let down = MovedLevel(moments: moments, isMean: true, rows: 400, limit: 45, fires: .below)
    expectClose(try #require(down.smallest(share: 1)).size, (5 + 0.8416212335729143) / 20)
    // σ' with σ' − 0.8416 · 20 / √800 = 25.
    let wide = MovedLevel(moments: moments, isMean: false, rows: 400, limit: 25, fires: .above)
    let size = try #require(wide.smallest(share: 1))
    expectClose(size.now ?? 0, 25 + 0.8416212335729143 * 20 / 800.0.squareRoot())
    expectClose(size.size, 2 * log((size.now ?? 0) / 20))
  }
}
