import LeewayStatistics
import LeewayTestSupport
import Testing

/// Differences of rates, models and rankings by statsmodels, SciPy and the definition of DeLong over all pairs of rows.
struct ComparisonGolden: Decodable, Sendable {
  struct Rates: Decodable, Sendable {
    let counts: [Int64]
    let difference, lower, upper: Double
    let ratio, ratioLower, ratioUpper: Double?
  }
  struct Difference: Decodable, Sendable { let estimate, lower, upper, pValue: Double }
  struct McNemar: Decodable, Sendable {
    let table: [Int64]
    let pValue: Double
  }
  let rates: [Rates]
  let champion, challenger: [Double]
  let labels: [Int]
  let pairedAuc, unpairedAuc, pairedBrier: Difference
  let mcnemar: [McNemar]
}

struct ComparisonTests {
  private func expectSame(_ found: MetricDifference?, _ expected: ComparisonGolden.Difference, _ name: String) {
    expectClose(found?.estimate, expected.estimate, "\(name) estimate")
    expectClose(found?.lower, expected.lower, "\(name) lower")
    expectClose(found?.upper, expected.upper, "\(name) upper")
    expectClose(found?.pValue, expected.pValue, "\(name) p")
  }

  @Test func ratesDifferAsStatsmodelsSays() throws {
    for golden in try golden("comparisons", as: ComparisonGolden.self).rates {
      let c = golden.counts
      let rate = Rate(c[0], of: c[1])
      let other = Rate(c[2], of: c[3])
      let difference = try #require(rate.difference(from: other))
      expectClose(difference.estimate, golden.difference, "\(c)")
      expectClose(difference.lower, golden.lower, "\(c)")
      expectClose(difference.upper, golden.upper, "\(c)")
      let ratio = rate.ratio(to: other)
      expectClose(ratio?.estimate, golden.ratio, "\(c)")
      expectClose(ratio?.lower, golden.ratioLower, "\(c)")
      if let upper = golden.ratioUpper { expectClose(ratio?.upper, upper, "\(c)") }
    }
    #expect(Rate(0, of: 0).value == nil && Rate(0, of: 0).difference(from: Rate(1, of: 2)) == nil)
    #expect(Rate(1, of: 2).ratio(to: Rate(0, of: 2)) == nil)
    #expect(Rate(0, of: 2).ratio(to: Rate(1, of: 2))?.upper == .infinity)
  }

  @Test func aDifferenceBeyondALimitHasASmallPValue() throws {
    let group = Rate(300, of: 1000)
    let reference = Rate(420, of: 1100)
    let far = try #require(group.pValue(ofDifferenceFrom: reference, beyond: .below(-0.02)))
    let near = try #require(group.pValue(ofDifferenceFrom: reference, beyond: .below(-0.08)))
    #expect(far < 0.01 && near > 0.4)
    // The other way about, it is the mirror image.
    expectClose(reference.pValue(ofDifferenceFrom: group, beyond: .above(0.02)), far, "mirrored")
    #expect(Rate(0, of: 0).pValue(ofDifferenceFrom: group, beyond: .above(0)) == nil)
  }

  /// A bank that grants 60 of 100 and 45 of 150; who deserved it is known.
  @Test func fairnessIsOfTheFavourableDecision() throws {
    let reference = ConfusionCounts(truePositives: 50, falsePositives: 10, falseNegatives: 10, trueNegatives: 30)
    let group = ConfusionCounts(truePositives: 30, falsePositives: 15, falseNegatives: 30, trueNegatives: 75)
    let fairness = GroupFairness(group: group, reference: reference)
    expectClose(fairness.demographicParityDifference?.estimate, 45.0 / 150 - 0.6, "parity")
    expectClose(fairness.disparateImpact?.estimate, 0.5, "impact")
    expectClose(fairness.equalOpportunityDifference?.estimate, 0.5 - 50.0 / 60, "opportunity")
    expectClose(fairness.equalisedOddsDifference?.estimate, 50.0 / 60 - 0.5, "odds")
    let odds = try #require(fairness.equalisedOddsDifference)
    #expect(odds.lower > 0.05 && odds.lower < odds.estimate && odds.estimate < odds.upper && odds.upper <= 1)
    #expect(try #require(fairness.pValue(.demographicParityDifference, beyond: .below(-0.1))) < 0.001)
    #expect(try #require(fairness.pValue(.equalOpportunityDifference, beyond: .below(-0.4))) > 0.5)
    // Where being refused is the good decision, the rates turn round.
    let turned = GroupFairness(group: group, reference: reference, favourable: .negative)
    expectClose(turned.demographicParityDifference?.estimate, 0.3, "turned parity")
    expectClose(turned.equalOpportunityDifference?.estimate, 75.0 / 90 - 0.75, "turned opportunity")
  }

  @Test func smallGroupsSayNothing() {
    let small = ConfusionCounts(truePositives: 20, falsePositives: 20, falseNegatives: 20, trueNegatives: 39)
    var enough = small
    enough.trueNegatives += 1
    for (group, reference, isNil) in [(small, enough, true), (enough, small, true), (enough, enough, false)] {
      let fairness = GroupFairness(group: group, reference: reference)
      #expect((fairness.demographicParityDifference == nil) == isNil)
      #expect((fairness.disparateImpact == nil) == isNil)
      #expect((fairness.equalisedOddsDifference == nil) == isNil)
      #expect((fairness.pValue(.demographicParityDifference, beyond: .above(0)) == nil) == isNil)
    }
  }

  @Test func mcNemarIsExact() throws {
    for golden in try golden("comparisons", as: ComparisonGolden.self).mcnemar {
      let t = golden.table
      let paired = PairedAccuracy(bothRight: t[0], championAlone: t[1], challengerAlone: t[2], bothWrong: t[3])
      let difference = try #require(paired.difference())
      expectClose(difference.pValue, golden.pValue, "\(t)")
      let n = Double(t.reduce(0, +))
      expectClose(difference.estimate, Double(t[2] - t[1]) / n, "\(t)")
      #expect(difference.lower <= difference.estimate && difference.estimate <= difference.upper)
    }
    #expect(PairedAccuracy(bothRight: 0, championAlone: 0, challengerAlone: 0, bothWrong: 0).difference() == nil)
  }

  @Test func pairedRankingsAreDeLongsOnTheGrid() throws {
    let golden = try golden("comparisons", as: ComparisonGolden.self)
    var grid = PairedScoreGrid()
    for (i, label) in golden.labels.enumerated() {
      grid.add(champion: golden.champion[i], challenger: golden.challenger[i], positive: label == 1)
    }
    expectSame(grid.aucDifference(), golden.pairedAuc, "paired auc")
    #expect(PairedScoreGrid(positives: grid.positives, negatives: grid.negatives) == grid)
    #expect(PairedScoreGrid().aucDifference() == nil)
    #expect(PairedScoreGrid.bin(of: 0) == 0 && PairedScoreGrid.bin(of: 1) == 63 && PairedScoreGrid.bin(of: 0.5) == 32)
  }

  @Test func unpairedRankingsAndPairedLosses() throws {
    let golden = try golden("comparisons", as: ComparisonGolden.self)
    func cells(_ scores: ArraySlice<Double>, _ labels: ArraySlice<Int>) -> RankingCells {
      LabelledCells(scores: Array(scores), labels: Array(labels), resolution: 2000).ranking
    }
    let champion = cells(golden.champion[..<450], golden.labels[..<450])
    let challenger = cells(golden.challenger[450...], golden.labels[450...])
    expectSame(challenger.aucDifference(from: champion), golden.unpairedAuc, "unpaired auc")
    var sums = MeanSums(count: 0, sum: 0, squares: 0)
    for (i, label) in golden.labels.enumerated() {
      let y = Double(label)
      let d =
        (golden.challenger[i] - y) * (golden.challenger[i] - y) - (golden.champion[i] - y) * (golden.champion[i] - y)
      sums.count += 1
      sums.sum += d
      sums.squares += d * d
    }
    expectSame(sums.pairedDifference(), golden.pairedBrier, "paired brier")
    #expect(MeanSums(count: 1, sum: 1, squares: 1).pairedDifference() == nil)
  }

  @Test func equalModelsDoNotDiffer() {
    let none = MetricDifference(estimate: 0, standardError: 0)
    #expect(none.pValue == 1 && none.lower == 0 && none.upper == 0)
    #expect(MetricDifference(estimate: 0.1, standardError: 0).pValue == 0)
  }
}
