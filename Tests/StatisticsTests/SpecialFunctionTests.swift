import LeewayStatistics
import LeewayTestSupport
import Testing

struct SpecialFunctionTests {
  struct Functions: Decodable {
    struct Adjustment: Decodable {
      let pValues, adjusted: [Double]
    }
    let chi2Sf, ksTwoSampleAsymptoticP, fSf, binomialAtLeast, normalPpf, wilsonInterval95: [[Double]]
    let benjaminiHochberg: [Adjustment]
  }

  struct Tails: Decodable {
    let chi2Sf, fSf, binomialAtLeast, normalSf, normalPpf, studentSf: [[Double]]
  }

  @Test func chiSquaredAgreesAlsoFarInTheTail() throws {
    let rows = try golden("functions", as: Functions.self).chi2Sf + golden("tails", as: Tails.self).chi2Sf
    #expect(rows.count > 100)
    for row in rows {
      let actual = SpecialFunctions.chiSquaredSurvival(row[0], degreesOfFreedom: row[1])
      expectClose(actual, row[2], "chi2_sf(\(row[0]), \(row[1]))", absolute: 1e-300)
    }
    #expect(rows.contains { $0[2] > 0 && $0[2] < 1e-200 })
  }

  @Test func fAgrees() throws {
    for row in try golden("functions", as: Functions.self).fSf + golden("tails", as: Tails.self).fSf {
      let actual = SpecialFunctions.fSurvival(row[0], numerator: row[1], denominator: row[2])
      expectClose(actual, row[3], "f_sf(\(row))", absolute: 1e-300)
    }
  }

  @Test func binomialAgrees() throws {
    let rows = try golden("functions", as: Functions.self).binomialAtLeast
    for row in try rows + golden("tails", as: Tails.self).binomialAtLeast {
      let actual = SpecialFunctions.binomialAtLeast(Int64(row[0]), trials: Int64(row[1]), probability: row[2])
      expectClose(actual, row[3], "binomial_at_least(\(row))", absolute: 1e-300)
    }
  }

  @Test func binomialEdges() {
    #expect(SpecialFunctions.binomialAtLeast(1, trials: 0, probability: 0.5) == 0)
    #expect(SpecialFunctions.binomialAtLeast(0, trials: 0, probability: 0.5) == 1)
    #expect(SpecialFunctions.binomialAtLeast(3, trials: 5, probability: 0) == 0)
    #expect(SpecialFunctions.binomialAtLeast(5, trials: 5, probability: 1) == 1)
    #expect(SpecialFunctions.binomialAtLeast(6, trials: 5, probability: 1) == 0)
  }

  @Test func normalAgrees() throws {
    for row in try golden("functions", as: Functions.self).normalPpf + golden("tails", as: Tails.self).normalPpf {
      expectClose(SpecialFunctions.normalQuantile(row[0]), row[1], "normal_ppf(\(row[0]))", relative: 1e-13)
    }
    for row in try golden("tails", as: Tails.self).normalSf {
      expectClose(SpecialFunctions.normalSurvival(row[0]), row[1], "normal_sf(\(row[0]))", absolute: 0)
      expectClose(SpecialFunctions.normalDistribution(-row[0]), row[1], "normal_cdf(\(-row[0]))", absolute: 0)
    }
    #expect(SpecialFunctions.normalQuantile(0) == -.infinity)
    #expect(SpecialFunctions.normalQuantile(1) == .infinity)
    #expect(SpecialFunctions.normalQuantile(1.5).isNaN)
  }

  @Test func studentAgrees() throws {
    for row in try golden("tails", as: Tails.self).studentSf {
      expectClose(
        SpecialFunctions.studentSurvival(row[0], degreesOfFreedom: row[1]), row[2], "t_sf(\(row))", absolute: 1e-300)
    }
  }

  @Test func wilsonAgrees() throws {
    for row in try golden("functions", as: Functions.self).wilsonInterval95 {
      let interval = try #require(wilsonInterval(successes: Int64(row[0]), trials: Int64(row[1]), confidence: 0.95))
      expectClose(interval.lower, row[2], "wilson \(row)")
      expectClose(interval.upper, row[3], "wilson \(row)")
      // One side at 97.5 % is the same as two at 95 %.
      expectClose(wilsonLowerBound(successes: Int64(row[0]), trials: Int64(row[1]), confidence: 0.975), row[2], "lower")
      expectClose(wilsonUpperBound(successes: Int64(row[0]), trials: Int64(row[1]), confidence: 0.975), row[3], "upper")
    }
    #expect(wilsonInterval(successes: 0, trials: 0, confidence: 0.95) == nil)
    #expect(wilsonBounds(successes: 0, trials: 0) == nil)
  }

  @Test func benjaminiHochbergAgrees() throws {
    let cases = try golden("functions", as: Functions.self).benjaminiHochberg
    #expect(cases.count == 4)
    for golden in cases {
      let adjusted = benjaminiHochberg(golden.pValues)
      #expect(adjusted.count == golden.adjusted.count)
      for (actual, expected) in zip(adjusted, golden.adjusted) {
        expectClose(actual, expected, "\(golden.pValues)")
      }
    }
    #expect(benjaminiHochberg([]) == [])
  }

  @Test(arguments: seeds)
  func benjaminiHochbergKeepsTheOrderAndNeverShrinks(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let pValues = (0..<Int.random(in: 1...30, using: &random)).map { _ in
      Double(Int.random(in: 0...20, using: &random)) / 20
    }
    let adjusted = benjaminiHochberg(pValues)
    for (i, p) in pValues.enumerated() {
      #expect(adjusted[i] >= p && adjusted[i] <= 1, "seed \(seed)")
      for (j, other) in pValues.enumerated() where p < other {
        #expect(adjusted[i] <= adjusted[j], "seed \(seed)")
      }
      for (j, other) in pValues.enumerated() where p == other {
        #expect(adjusted[i] == adjusted[j], "seed \(seed)")
      }
    }
  }
}

struct KolmogorovDistributionTests {
  /// A window of n + 1 rows against n(n + 1) of baseline: N is exactly n.
  private func survival(_ d: Double, _ n: Int64) -> Double? {
    kolmogorovSmirnovPValue(statistic: d, baselineCount: n * (n + 1), windowCount: n + 1)
  }

  @Test func agreesWithSciPy() throws {
    let rows: [[Double]] = try golden("kolmogorov")
    #expect(rows.count > 700)
    for row in rows {
      let actual = try #require(survival(row[0], Int64(row[1])))
      expectClose(actual, row[2], "kstwo.sf(\(row[0]), \(row[1]))", relative: 1e-6, absolute: 1e-30)
    }
  }

  @Test func agreesWithSciPyForTwoSamples() throws {
    for row in try golden("functions", as: SpecialFunctionTests.Functions.self).ksTwoSampleAsymptoticP {
      let actual = kolmogorovSmirnovPValue(
        statistic: row[0], baselineCount: Int64(row[1]), windowCount: Int64(row[2]))
      expectClose(actual, row[3], "\(row)", relative: 1e-6, absolute: 1e-300)
    }
  }

  @Test func roundsHalfToEven() throws {
    // 1·1/2 = 0.5 rounds to 0, 3·3/6 = 1.5 to 2, 5·5/10 = 2.5 to 2.
    #expect(kolmogorovSmirnovPValue(statistic: 1, baselineCount: 1, windowCount: 1) == nil)
    let two = try #require(survival(0.6, 2))
    #expect(kolmogorovSmirnovPValue(statistic: 0.6, baselineCount: 3, windowCount: 3) == two)
    #expect(kolmogorovSmirnovPValue(statistic: 0.6, baselineCount: 5, windowCount: 5) == two)
    #expect(kolmogorovSmirnovPValue(statistic: 0.6, baselineCount: 0, windowCount: 9) == nil)
    #expect(kolmogorovSmirnovPValue(statistic: 0.6, baselineCount: 0, windowCount: 0) == nil)
  }

  @Test(arguments: [1, 7, 140, 141, 500, 501, 600, 601, 5000, 1_000_000, 2_000_000_000])
  func fallsFromOneToZero(n: Int64) throws {
    var last = 1.0
    for step in 0...400 {
      let spread = Double(step) / 400 * 5
      let actual = try #require(survival(spread / Double(n).squareRoot(), n))
      // Where the method changes, it changes by less than its error.
      #expect(actual >= 0 && actual <= last * (1 + 3e-5), "n \(n), z \(spread)")
      last = actual
    }
    #expect(last < 1e-12)
    #expect(survival(0, n) == 1)
    #expect(survival(1, n) == 0)
  }
}
