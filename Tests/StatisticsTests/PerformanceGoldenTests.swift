import LeewayStatistics
import Testing

struct PerformanceGolden: Decodable, Sendable {
  struct Binary: Decodable, Sendable {
    struct Expected: Decodable, Sendable {
      let auc, averagePrecision, ece, mce, calibrationIntercept, calibrationSlope, accuracy, precision, recall,
        f1: Double?
      let precisionAtTop, aucStandardError, spiegelhalterZ, positiveRate, predictedPositiveRate: Double?
      let brier, logLoss, meanScore: Double
      let reliability: [[Double]]
    }
    let name: String
    let scores: [Double]
    let labels: [Int]
    let threshold, topShare: Double
    let expected: Expected
  }
  struct Regression: Decodable, Sendable {
    struct Expected: Decodable, Sendable {
      let mae, rmse, bias, mape, wape, r2: Double
    }
    let targets, predictions: [Double]
    let expected: Expected
  }
  struct Multiclass: Decodable, Sendable {
    struct Expected: Decodable, Sendable {
      let accuracy, macroF1, logLoss: Double
      let confusion: [[Int64]]
    }
    let classes: [String]
    let probabilities: [[Double]]
    let labels: [Int]
    let expected: Expected
  }
  let binary: [Binary]
  let regression: [Regression]
  let multiclass: [Multiclass]
}

/// What labelled scores would leave in the cells of a binning fitted to them.
struct LabelledCells {
  let binning: NumericBinning
  var positives: [Int64]
  var negatives: [Int64]
  var scoreSums: [Double]

  init(scores: [Double], labels: [Int], resolution: Int) {
    binning = NumericBinning.fit(sorted: scores.sorted(), resolution: resolution)
    positives = Array(repeating: 0, count: binning.cellCount)
    negatives = positives
    scoreSums = Array(repeating: 0, count: binning.cellCount)
    for (score, label) in zip(scores, labels) {
      let cell = binning.cell(of: score)
      positives[cell] += Int64(label)
      negatives[cell] += Int64(1 - label)
      scoreSums[cell] += score
    }
  }

  var ranking: RankingCells { RankingCells(positives: positives, negatives: negatives) }

  /// The groups of the calibration line: knots are points, the others lie between their edges.
  var line: CalibrationLine? {
    var means: [Double] = []
    var lower: [Double] = []
    var upper: [Double] = []
    for cell in positives.indices {
      let index = cell / 2
      if cell.isMultiple(of: 2) {
        lower.append(index > 0 ? binning.knots[index - 1] : 0)
        upper.append(index < binning.knots.count ? binning.knots[index] : 1)
        let count = Double(positives[cell] + negatives[cell])
        means.append(count > 0 ? scoreSums[cell] / count : 0)
      } else {
        lower.append(binning.knots[index])
        upper.append(binning.knots[index])
        means.append(binning.knots[index])
      }
    }
    return calibrationRegression(
      scores: means, lowerEdges: lower, upperEdges: upper, positives: positives, negatives: negatives)
  }
}

struct PerformanceGoldenTests {
  @Test func rankingAgreesWhereAllScoresAreKnots() throws {
    let cases = try golden("performance", as: PerformanceGolden.self).binary
    #expect(cases.count == 6)
    for golden in cases {
      let expected = golden.expected
      let cells = LabelledCells(scores: golden.scores, labels: golden.labels, resolution: 2000)
      let ranking = cells.ranking
      expectClose(ranking.auc, expected.auc, "\(golden.name): auc")
      expectClose(ranking.averagePrecision, expected.averagePrecision, "\(golden.name): average_precision")
      expectClose(ranking.deLongStandardError, expected.aucStandardError, "\(golden.name): auc_standard_error")
      expectClose(
        ranking.precisionAtTop(golden.topShare)?.value, expected.precisionAtTop, "\(golden.name): precision_at_top")
      #expect(ranking.aucBound == (expected.auc == nil ? nil : 0), "\(golden.name)")
      #expect(ranking.averagePrecisionBound == (expected.auc == nil ? nil : 0), "\(golden.name)")
      let line = cells.line
      expectClose(line?.intercept, expected.calibrationIntercept, "\(golden.name): calibration_intercept")
      expectClose(line?.slope, expected.calibrationSlope, "\(golden.name): calibration_slope")
      #expect(line.map { [$0.interceptBound, $0.slopeBound] } ?? [0, 0] == [0, 0], "\(golden.name)")
    }
  }

  @Test(arguments: [16, 64, 256, 1024])
  func boundsHoldAtCoarseResolutions(resolution: Int) throws {
    for golden in try golden("performance", as: PerformanceGolden.self).binary where golden.expected.auc != nil {
      let cells = LabelledCells(scores: golden.scores, labels: golden.labels, resolution: resolution)
      let ranking = cells.ranking
      let auc = try #require(ranking.auc)
      let expectedAUC = try #require(golden.expected.auc)
      #expect(abs(auc - expectedAUC) <= (try #require(ranking.aucBound)) + 1e-12, "\(golden.name)")
      let precision = try #require(ranking.averagePrecision)
      let expectedPrecision = try #require(golden.expected.averagePrecision)
      #expect(
        abs(precision - expectedPrecision) <= (try #require(ranking.averagePrecisionBound)) + 1e-12, "\(golden.name)")
      guard let intercept = golden.expected.calibrationIntercept, let slope = golden.expected.calibrationSlope else {
        continue
      }
      let line = try #require(cells.line)
      #expect(abs(line.intercept - intercept) <= line.interceptBound + 1e-9, "\(golden.name): \(line), \(intercept)")
      #expect(abs(line.slope - slope) <= line.slopeBound + 1e-9, "\(golden.name): \(line), \(slope)")
      if resolution >= 256 {
        #expect(line.interceptBound < 0.2 && line.slopeBound < 0.2, "\(golden.name): \(line)")
      }
    }
  }

  @Test func calibrationAgrees() throws {
    for golden in try golden("performance", as: PerformanceGolden.self).binary {
      var counts = [Int64](repeating: 0, count: 10)
      var positives = counts
      var sums = [Double](repeating: 0, count: 10)
      var numerator = 0.0
      var variance = 0.0
      var brier = MeanSums(count: 0, sum: 0, squares: 0)
      var loss = brier
      for (score, label) in zip(golden.scores, golden.labels) {
        let bin = ReliabilityTable.bin(of: score)
        counts[bin] += 1
        positives[bin] += Int64(label)
        sums[bin] += score
        let y = Double(label)
        numerator += (y - score) * (1 - 2 * score)
        variance += (1 - 2 * score) * (1 - 2 * score) * score * (1 - score)
        brier.count += 1
        brier.sum += (score - y) * (score - y)
        loss.count += 1
        loss.sum += logLoss(ofTrueClassProbability: label == 1 ? score : 1 - score)
      }
      let table = ReliabilityTable(counts: counts, scoreSums: sums, positives: positives)
      let expected = golden.expected
      expectClose(table.ece, expected.ece, "\(golden.name): ece")
      expectClose(table.mce, expected.mce, "\(golden.name): mce")
      #expect(table.rows.count == expected.reliability.count, "\(golden.name)")
      for (row, expected) in zip(table.rows, expected.reliability) {
        #expect(Double(row.count) == expected[0], "\(golden.name)")
        expectClose(row.meanScore, expected[1], "\(golden.name): mean score")
        expectClose(row.positiveShare, expected[2], "\(golden.name): positive share")
      }
      expectClose(
        spiegelhalterZ(numerator: numerator, variance: variance), expected.spiegelhalterZ,
        "\(golden.name): spiegelhalter_z")
      expectClose(brier.mean, expected.brier, "\(golden.name): brier")
      expectClose(loss.mean, expected.logLoss, "\(golden.name): log_loss")
      expectClose(sums.reduce(0, +) / Double(golden.scores.count), expected.meanScore, "\(golden.name): mean_score")
    }
  }

  @Test func confusionAgrees() throws {
    for golden in try golden("performance", as: PerformanceGolden.self).binary {
      var confusion = ConfusionCounts(truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0)
      for (score, label) in zip(golden.scores, golden.labels) {
        switch (score >= golden.threshold, label == 1) {
        case (true, true): confusion.truePositives += 1
        case (true, false): confusion.falsePositives += 1
        case (false, true): confusion.falseNegatives += 1
        case (false, false): confusion.trueNegatives += 1
        }
      }
      let expected = golden.expected
      expectClose(confusion.accuracy, expected.accuracy, "\(golden.name): accuracy")
      expectClose(confusion.precision, expected.precision, "\(golden.name): precision")
      expectClose(confusion.recall, expected.recall, "\(golden.name): recall")
      expectClose(confusion.f1, expected.f1, "\(golden.name): f1")
      expectClose(confusion.positiveRate, expected.positiveRate, "\(golden.name): positive_rate")
      expectClose(
        confusion.predictedPositiveRate, expected.predictedPositiveRate, "\(golden.name): predicted_positive_rate")
    }
  }

  @Test func regressionAgrees() throws {
    let cases = try golden("performance", as: PerformanceGolden.self).regression
    #expect(cases.count == 1)
    for golden in cases {
      for origin in [0, 100.0] {
        let sums = regressionSums(golden.targets, golden.predictions, origin: origin)
        expectClose(sums.mae, golden.expected.mae, "mae")
        expectClose(sums.rmse, golden.expected.rmse, "rmse")
        expectClose(sums.bias, golden.expected.bias, "bias")
        expectClose(sums.mape, golden.expected.mape, "mape")
        expectClose(sums.wape, golden.expected.wape, "wape")
        expectClose(sums.r2, golden.expected.r2, "r2")
      }
    }
  }

  @Test func multiclassAgrees() throws {
    let cases = try golden("performance", as: PerformanceGolden.self).multiclass
    #expect(cases.count == 1)
    for golden in cases {
      var confusion = MulticlassConfusion(classCount: golden.classes.count)
      var loss = 0.0
      for (probabilities, label) in zip(golden.probabilities, golden.labels) {
        let prediction = try #require(probabilities.indices.max { probabilities[$0] < probabilities[$1] })
        confusion.add(label: label, prediction: prediction)
        loss += logLoss(ofTrueClassProbability: probabilities[label])
      }
      expectClose(confusion.accuracy, golden.expected.accuracy, "accuracy")
      expectClose(confusion.macroF1, golden.expected.macroF1, "macro_f1")
      expectClose(loss / Double(golden.labels.count), golden.expected.logLoss, "log_loss")
      #expect(confusion.counts == golden.expected.confusion.flatMap { $0 })
    }
  }
}

func regressionSums(_ targets: [Double], _ predictions: [Double], origin: Double) -> RegressionSums {
  var sums = RegressionSums(
    count: 0, errors: 0, squaredErrors: 0, absoluteErrors: 0, absoluteTargets: 0, targets: 0, squaredTargets: 0,
    relativeErrors: 0, zeroTargets: 0)
  for (y, prediction) in zip(targets, predictions) {
    let e = prediction - y
    sums.count += 1
    sums.errors += e
    sums.squaredErrors += e * e
    sums.absoluteErrors += abs(e)
    sums.absoluteTargets += abs(y)
    sums.targets += y - origin
    sums.squaredTargets += (y - origin) * (y - origin)
    if y == 0 { sums.zeroTargets += 1 } else { sums.relativeErrors += abs(e / y) }
  }
  return sums
}

/// Calibration lines and calibration in the large of statsmodels, with their standard errors.
struct CalibrationGolden: Decodable, Sendable {
  let scores: [Double]
  let labels: [Int64]
  let intercept, slope, interceptError, slopeError, inTheLarge, inTheLargeError: Double
}

struct CalibrationGoldenTests {
  @Test func linesAndStandardErrorsAreThoseOfStatsmodels() throws {
    let cases: [CalibrationGolden] = try golden("calibration")
    #expect(cases.count == 5)
    for golden in cases {
      let negatives = golden.labels.map { 1 - $0 }
      let line = try #require(
        calibrationRegression(scores: golden.scores, positives: golden.labels, negatives: negatives))
      let large = try #require(
        CalibrationInTheLarge(scores: golden.scores, positives: golden.labels, negatives: negatives))
      for (found, expected, what) in [
        (line.intercept, golden.intercept, "intercept"), (line.slope, golden.slope, "slope"),
        (line.interceptStandardError, golden.interceptError, "intercept's error"),
        (line.slopeStandardError, golden.slopeError, "slope's error"),
        (large.intercept, golden.inTheLarge, "in the large"),
        (large.standardError, golden.inTheLargeError, "error in the large"),
      ] { expectClose(found, expected, what, relative: 1e-7) }
      #expect(line.slopeBound == 0 && large.bound == 0)
      let bounds = line.slopeBounds()
      expectClose(bounds.upper - line.slope, 2.3263478740408408 * golden.slopeError, "one-sided 99 %", relative: 1e-7)
    }
    #expect(CalibrationInTheLarge(scores: [0.2, 0.7], positives: [0, 0], negatives: [3, 2]) == nil)
    #expect(CalibrationInTheLarge(scores: [0.2, 0.7], positives: [3, 2], negatives: [0, 0]) == nil)
  }

  /// Scores that share cells: the intercept of the single scores is within the bound.
  @Test(arguments: [10, 30, 100]) func boundsInTheLargeHold(resolution: Int) throws {
    for golden in try golden("calibration", as: [CalibrationGolden].self) {
      let binning = NumericBinning.fit(sorted: golden.scores.sorted(), resolution: resolution)
      var positives = [Int64](repeating: 0, count: binning.cellCount)
      var negatives = positives
      var sums = [Double](repeating: 0, count: binning.cellCount)
      for (score, label) in zip(golden.scores, golden.labels) {
        let cell = binning.cell(of: score)
        positives[cell] += label
        negatives[cell] += 1 - label
        sums[cell] += score
      }
      let filled = sums.indices.filter { positives[$0] + negatives[$0] > 0 }
      func edge(_ cell: Int, _ side: Int) -> Double {
        cell % 2 == 1 ? binning.knots[cell / 2] : binning.knots[cell / 2 - 1 + side]
      }
      let large = try #require(
        CalibrationInTheLarge(
          scores: filled.map { sums[$0] / Double(positives[$0] + negatives[$0]) },
          lowerEdges: filled.map { edge($0, 0) },
          upperEdges: filled.map { edge($0, 1) }, positives: filled.map { positives[$0] },
          negatives: filled.map { negatives[$0] }))
      #expect(abs(large.intercept - golden.inTheLarge) <= large.bound + 1e-9)
      #expect(large.bound < 0.5, "\(large.bound)")
    }
  }
}
