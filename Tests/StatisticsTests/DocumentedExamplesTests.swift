import LeewayStatistics
import Testing

/// The numbers of the examples in doc comments.
@Suite struct DocumentedExamplesTests {
  @Test func examplesOfCells() {
    let binning = NumericBinning(knots: [1, 2, 5], cuts: [])
    #expect(binning.cellCount == 7)
    #expect([2, 3.7, 9].map(binning.cell) == [3, 4, 6])
    let ranking = RankingCells(positives: [0, 0, 0, 1, 0, 0, 0, 1, 0], negatives: [0, 1, 0, 0, 0, 1, 0, 0, 0])
    #expect(ranking.auc == 0.75)
  }

  @Test func examplesOfDistances() {
    let bins = BinComparison(baseline: [50, 50], window: [60, 40])
    expectClose(bins.psi, 0.0405, "psi", absolute: 5e-5)
    expectClose(bins.totalVariation, 0.1, "total_variation")
    expectClose(bins.chiSquared, 2.02, "chi2", absolute: 5e-3)
    expectClose(bins.chiSquaredPValue, 0.155, "p-value", absolute: 5e-4)
    let binning = NumericBinning(knots: [1, 2, 3, 4, 5], cuts: [])
    func cells(_ values: [Int]) -> NumericCells {
      var cells = NumericCells(
        counts: Array(repeating: 0, count: 11), offsetSums: Array(repeating: 0, count: 6), origin: 0)
      for value in values { cells.counts[2 * value - 1] += 1 }
      return cells
    }
    let numbers = NumericComparison(
      binning: binning, baseline: cells([1, 2, 3, 4]), window: cells([2, 3, 4, 5]), baselineStandardDeviation: 1)
    #expect(numbers.ks == 0.25)
    expectClose(numbers.wasserstein, 1, "wasserstein")
  }

  @Test func examplesOfCalibration() throws {
    var (counts, sums, positives) = (
      [Int64](repeating: 0, count: 10), [Double](repeating: 0, count: 10), [Int64](repeating: 0, count: 10)
    )
    for (score, label) in [(0.12, 0), (0.18, 1)] as [(Double, Int64)] {
      let bin = ReliabilityTable.bin(of: score)
      #expect(bin == 1)
      counts[bin] += 1
      sums[bin] += score
      positives[bin] += label
    }
    let table = ReliabilityTable(counts: counts, scoreSums: sums, positives: positives)
    expectClose(table.rows.first?.meanScore, 0.15, "mean score")
    #expect(table.rows.first?.positiveShare == 0.5)
    expectClose(table.ece, 0.35, "ece")
    expectClose(logLoss(ofTrueClassProbability: 0.5), 0.693, "log loss", absolute: 5e-4)
    expectClose(logLoss(ofTrueClassProbability: 0), 34.54, "log loss", absolute: 5e-3)
    let map = try #require(IsotonicMap(fitting: [0.1, 0.2, 0.3], positives: [0, 1, 0], negatives: [1, 0, 1]))
    #expect([0.2, 0.3].map { map.probability(of: $0) } == [0.5, 0.5])
    expectClose(map.probability(of: 0.15), 0.25, "probability")
  }

  @Test func examplesOfPerformance() throws {
    let confusion = ConfusionCounts(truePositives: 30, falsePositives: 10, falseNegatives: 10, trueNegatives: 50)
    #expect([confusion.precision, confusion.recall, confusion.f1, confusion.accuracy] == [0.75, 0.75, 0.75, 0.8])
    var classes = MulticlassConfusion(classCount: 3)
    for (label, prediction) in [(0, 0), (0, 1), (1, 1), (2, 2)] { classes.add(label: label, prediction: prediction) }
    #expect(classes.accuracy == 0.75)
    expectClose(classes.macroF1, 0.778, "macro_f1", absolute: 5e-4)
    let sums = RegressionSums(
      count: 2, errors: -1, squaredErrors: 13, absoluteErrors: 5, absoluteTargets: 30, targets: 30, squaredTargets: 500,
      relativeErrors: 0.35, zeroTargets: 0)
    #expect(sums.mae == 2.5 && sums.bias == -0.5)
    expectClose(sums.rmse, 2.55, "rmse", absolute: 5e-4)
    #expect(MeanSums(count: 3, sum: 6, squares: 14).mean == 2)
    let paired = PairedAccuracy(bothRight: 80, championAlone: 2, challengerAlone: 10, bothWrong: 8)
    let difference = try #require(paired.difference())
    expectClose(difference.estimate, 0.08, "difference")
    expectClose(difference.pValue, 0.0386, "p-value", absolute: 5e-5)
    expectClose(Rate(80, of: 100).difference(from: Rate(60, of: 100))?.estimate, 0.2, "difference")
    expectClose(Rate(80, of: 100).ratio(to: Rate(60, of: 100))?.estimate, 1.33, "ratio", absolute: 5e-3)
    for (found, wanted) in zip(benjaminiHochberg([0.01, 0.04, 0.03]), [0.03, 0.04, 0.04]) {
      expectClose(found, wanted, "adjusted")
    }
  }
}
