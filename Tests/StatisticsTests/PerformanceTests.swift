import Foundation
import LeewayStatistics
import LeewayTestSupport
import Testing

struct RankingTests {
  private struct Sample {
    var scores: [Double] = []
    var labels: [Int] = []

    init(seed: UInt64) {
      var random = SeededGenerator(seed: seed)
      let step = [0.1, 0.01, 1e-6][Int.random(in: 0...2, using: &random)]
      let strength = Double.random(in: 0...0.8, using: &random)
      for _ in 0..<Int.random(in: 20...250, using: &random) {
        let label = Bool.random(using: &random) ? 1 : 0
        let score = (1 - strength) * Double.random(in: 0...1, using: &random) + strength * Double(label)
        scores.append((score / step).rounded() * step)
        labels.append(label)
      }
      // Both classes, whatever the seed.
      scores += [0.25, 0.5, 0.5, 0.75]
      labels += [0, 1, 0, 1]
    }

    var auc: Double {
      var wins = 0.0
      for (i, x) in scores.enumerated() where labels[i] == 1 {
        for (j, y) in scores.enumerated() where labels[j] == 0 { wins += x > y ? 1 : x == y ? 0.5 : 0 }
      }
      return wins / Double(labels.count { $0 == 1 }) / Double(labels.count { $0 == 0 })
    }

    var thresholds: [(precision: Double, recall: Double)] {
      Set(scores).sorted(by: >).map { threshold in
        let predicted = labels.indices.filter { scores[$0] >= threshold }
        let hits = Double(predicted.count { labels[$0] == 1 })
        return (hits / Double(predicted.count), hits / Double(labels.count { $0 == 1 }))
      }
    }
  }

  @Test(arguments: seeds)
  func boundsHoldAgainstBruteForce(seed: UInt64) throws {
    let sample = Sample(seed: seed)
    var recall = 0.0
    var averagePrecision = 0.0
    for point in sample.thresholds {
      averagePrecision += (point.recall - recall) * point.precision
      recall = point.recall
    }
    for resolution in [1, 3, 10, 40, 1000] {
      let ranking = LabelledCells(scores: sample.scores, labels: sample.labels, resolution: resolution).ranking
      let note: Comment = "seed \(seed), resolution \(resolution)"
      #expect(abs((try #require(ranking.auc)) - sample.auc) <= (try #require(ranking.aucBound)) + 1e-12, note)
      let bound = try #require(ranking.averagePrecisionBound)
      #expect(abs((try #require(ranking.averagePrecision)) - averagePrecision) <= bound + 1e-12, note)
      if resolution == 1000 { #expect(ranking.aucBound == 0 && bound == 0, note) }
    }
    let exact = LabelledCells(scores: sample.scores, labels: sample.labels, resolution: 1000).ranking
    for limit in [0, 0.3, 0.5, 0.8, 1.0] {
      let precision = sample.thresholds.filter { $0.recall >= limit }.map(\.precision).max()
      expectClose(exact.precision(atRecall: limit)?.value, precision, "seed \(seed): precision at recall \(limit)")
      let recall = sample.thresholds.filter { $0.precision >= limit }.map(\.recall).max()
      expectClose(exact.recall(atPrecision: limit)?.value, recall, "seed \(seed): recall at precision \(limit)")
      // Where scores share cells, what they hide is within the bound.
      for resolution in [1, 3, 10, 40] {
        let coarse = LabelledCells(scores: sample.scores, labels: sample.labels, resolution: resolution).ranking
        for (found, exact) in [
          (coarse.precision(atRecall: limit), precision), (coarse.recall(atPrecision: limit), recall),
          (coarse.precisionAtTop(limit), exact.precisionAtTop(limit)?.value),
        ] {
          guard let found, let exact else { continue }
          let note: Comment = "seed \(seed), resolution \(resolution), \(limit): \(found) for \(exact)"
          #expect(abs(found.value - exact) <= found.bound + 1e-12, note)
          #expect(found.bounds.lower <= exact && exact <= found.bounds.upper, note)
        }
      }
    }
    // Scores turned round turn the ranking round, with the same certainty.
    let turned = LabelledCells(scores: sample.scores.map { 1 - $0 }, labels: sample.labels, resolution: 1000).ranking
    expectClose(turned.auc, 1 - (try #require(exact.auc)), "seed \(seed)")
    expectClose(turned.deLongStandardError, exact.deLongStandardError, "seed \(seed)")
    let bounds = try #require(exact.aucBounds())
    let auc = try #require(exact.auc)
    #expect(0 <= bounds.lower && bounds.lower <= auc && auc <= bounds.upper && bounds.upper <= 1, "seed \(seed)")
  }

  @Test func largeCellsAreSummedWithoutALoop() throws {
    // The least of Σ (TP + i)/(r + i) over a hidden cell of a million, against the sum itself.
    let ranking = RankingCells(positives: [0, 0, 1_000_000, 30], negatives: [0, 4, 2_000_000, 3])
    var low = 30.0 * 30 / 33
    let high = low + 1_000_000 * 1_000_030 / 1_000_033.0
    for i in 1...1_000_000 { low += Double(30 + i) / Double(33 + 2_000_000 + i) }
    let total = 1_000_030.0
    expectClose(ranking.averagePrecision, (low + high) / 2 / total, "average_precision", relative: 1e-12)
    expectClose(ranking.averagePrecisionBound, (high - low) / 2 / total, "average_precision_bound", relative: 1e-12)
  }

  @Test func oneClassIsUndefined() {
    for ranking in [
      RankingCells(positives: [0, 0, 0], negatives: [1, 5, 2]),
      RankingCells(positives: [1, 2, 3], negatives: [0, 0, 0]),
      RankingCells(positives: [0], negatives: [0]), RankingCells(positives: [], negatives: []),
    ] {
      #expect(ranking.auc == nil && ranking.aucBound == nil && ranking.aucBounds() == nil)
      #expect(ranking.averagePrecision == nil && ranking.averagePrecisionBound == nil)
      #expect(ranking.deLongStandardError == nil)
    }
    #expect(RankingCells(positives: [0, 1], negatives: [0, 5]).deLongStandardError == nil)
    #expect(RankingCells(positives: [0, 0], negatives: [0, 5]).precision(atRecall: 0.5) == nil)
    #expect(RankingCells(positives: [0, 0], negatives: [0, 5]).recall(atPrecision: 0.5) == nil)
    #expect(RankingCells(positives: [0, 1], negatives: [0, 5]).recall(atPrecision: 0.5) == nil)
    #expect(RankingCells(positives: [0, 0], negatives: [0, 0]).precisionAtTop(0.5) == nil)
  }

  @Test func placesAreExactDecimals() {
    func places(_ share: Double, _ rows: Int64) -> Double? {
      // All positives stand on top, one in each cell, so that precision is 1 exactly up to the number of positives.
      RankingCells(positives: [0, 0, 0, rows / 10], negatives: [0, rows - rows / 10, 0, 0]).precisionAtTop(share)
        .map { Double(rows / 10) / $0.value }
    }
    expectClose(places(0.2, 100), 20, "20 places")
    expectClose(places(0.21, 1000), 210, "210 places")
    expectClose(places(0.2101, 1000), 211, "rounded up")
    expectClose(places(0.29, 100), 29, "29 places, though 0.29 · 100 is 28.999999999999996 in binary")
    expectClose(places(0.55, 100), 55, "55 places, though 0.55 · 100 is 55.00000000000001 in binary")
    expectClose(places(1, 50), 50, "all")
    #expect(places(0, 50) == nil && places(1.5, 50) == nil && places(-.infinity, 50) == nil && places(.nan, 50) == nil)
    let few = RankingCells(positives: [0, 3], negatives: [2, 0])
    #expect(few.precisionAtTop(.leastNonzeroMagnitude)?.value == 1)
    #expect(few.precisionAtTop(1e-5)?.value == 1)
    #expect(few.precisionAtTop(1)?.value == 0.6)
  }

  @Test func tiesAtTheCutShareThePlaces() {
    let ranking = RankingCells(positives: [0, 2, 0, 1], negatives: [0, 6, 0, 1])
    // Five places of ten: both on top with one hit, then three of eight tied rows with two hits among them.
    expectClose(ranking.precisionAtTop(0.5)?.value, (1 + 3 * 2.0 / 8) / 5, "precision_at_top")
  }
}

struct CalibrationTests {
  @Test func binsAreOpenBelowAndClosedAbove() {
    #expect(ReliabilityTable.bin(of: 0) == 0)
    for j in 1...9 {
      let edge = Double(j) / 10
      #expect(ReliabilityTable.bin(of: edge) == j - 1)
      #expect(ReliabilityTable.bin(of: edge.nextUp) == j)
      #expect(ReliabilityTable.bin(of: edge.nextDown) == j - 1)
    }
    #expect(ReliabilityTable.bin(of: 1) == 9)
  }

  private func table(_ rows: [Int: (count: Int64, sum: Double, positives: Int64)]) -> ReliabilityTable {
    ReliabilityTable(
      counts: (0..<10).map { rows[$0]?.count ?? 0 }, scoreSums: (0..<10).map { rows[$0]?.sum ?? 0 },
      positives: (0..<10).map { rows[$0]?.positives ?? 0 })
  }

  @Test func binsAreTestedAgainstWhatTheyPromise() throws {
    // (30 − 20)² / (20 · 0.8) + (48 − 45)² / (45 · 0.1) on two degrees of freedom.
    let test = try #require(table([1: (100, 20, 30), 8: (50, 45, 48)]).chiSquared)
    expectClose(test.statistic, 6.25 + 2, "statistic")
    #expect(test.degreesOfFreedom == 2)
    expectClose(test.pValue, exp(-8.25 / 2), "χ² with two degrees is an exponential")
  }

  @Test func certainBinsAreRightOrImpossible() throws {
    #expect(table([0: (9, 0, 0), 9: (5, 5, 5)]).chiSquared == nil)
    #expect(try #require(table([0: (9, 0, 1)]).chiSquared).pValue == 0)
    #expect(try #require(table([0: (9, 0, 0), 4: (10, 5, 5)]).chiSquared).degreesOfFreedom == 1)
  }

  @Test func nothingIsUndefined() {
    let empty = table([:])
    #expect(empty.ece == nil && empty.mce == nil && empty.rows.isEmpty && empty.chiSquared == nil)
    #expect(spiegelhalterZ(numerator: 0, variance: 0) == nil)
    #expect(spiegelhalterPValue(z: 0) == 1)
    expectClose(spiegelhalterPValue(z: -1.959963984540054), 0.05, "two-sided")
    expectClose(logLoss(ofTrueClassProbability: 0), 34.538776394910684, "−ln 10⁻¹⁵")
    #expect(logLoss(ofTrueClassProbability: 1) == 0)
  }

  @Test func separableLabelsHaveNoLine() {
    func line(_ positives: [Int64], _ negatives: [Int64]) -> CalibrationLine? {
      calibrationRegression(scores: [0.2, 0.4, 0.6], positives: positives, negatives: negatives)
    }
    #expect(line([0, 0, 5], [5, 5, 0]) == nil)
    #expect(line([0, 3, 5], [5, 5, 0]) == nil, "touching is separable too")
    #expect(line([5, 0, 0], [0, 5, 5]) == nil)
    #expect(line([5, 5, 5], [0, 0, 0]) == nil)
    #expect(line([0, 0, 0], [0, 0, 0]) == nil)
    #expect(line([0, 5, 0], [0, 5, 0]) == nil, "a single score")
    #expect(line([1, 3, 5], [5, 3, 1]) != nil)
  }

  @Test func aKnownLineIsFound() throws {
    // Shares that lie on a line exactly: a huge sample with P = logistic(0.7 + 0.4 logit s).
    let scores = [0.02, 0.1, 0.35, 0.6, 0.9, 0.99]
    let rows = 4_000_000_000_000_000.0
    let positives = scores.map { score in
      Int64((rows / (1 + exp(-(0.7 + 0.4 * log(score / (1 - score)))))).rounded())
    }
    let line = try #require(
      calibrationRegression(scores: scores, positives: positives, negatives: positives.map { Int64(rows) - $0 }))
    expectClose(line.intercept, 0.7, "intercept")
    expectClose(line.slope, 0.4, "slope")
    #expect(line.interceptBound == 0 && line.slopeBound == 0)
  }

  @Test func scoresOfZeroAndOneAreClipped() throws {
    let exact = try #require(calibrationRegression(scores: [0, 0.5, 1], positives: [1, 4, 9], negatives: [9, 5, 1]))
    let clipped = try #require(
      calibrationRegression(scores: [1e-6, 0.5, 1 - 1e-6], positives: [1, 4, 9], negatives: [9, 5, 1]))
    #expect(exact == clipped)
  }

  @Test(arguments: seeds.prefix(12))
  func boundsHoldForScoresBetweenKnots(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let slope = Double.random(in: 0.3...1.6, using: &random)
    let shift = Double.random(in: -1...1, using: &random)
    var scores: [Double] = []
    var labels: [Int] = []
    for _ in 0..<900 {
      let logit = (0..<3).map { _ in Double.random(in: -1.5...1.5, using: &random) }.reduce(-0.5, +)
      scores.append(1 / (1 + exp(-logit)))
      labels.append(Double.random(in: 0...1, using: &random) < 1 / (1 + exp(-(shift + slope * logit))) ? 1 : 0)
    }
    let exact = try #require(LabelledCells(scores: scores, labels: labels, resolution: 900).line)
    for resolution in [32, 512] {
      let line = try #require(LabelledCells(scores: scores, labels: labels, resolution: resolution).line)
      let note: Comment = "seed \(seed), resolution \(resolution): \(line), exactly \(exact)"
      #expect(abs(line.intercept - exact.intercept) <= line.interceptBound + 1e-9, note)
      #expect(abs(line.slope - exact.slope) <= line.slopeBound + 1e-9, note)
      if resolution >= 512 { #expect(line.interceptBound < 0.05 && line.slopeBound < 0.05, note) }
    }
  }
}

extension CalibrationTests {
  @Test func boundsAreNeededInTheWorstCase() throws {
    // In every cell the positives stand at its upper end and the negatives at its lower end, which steepens the line as much
    // as the cells allow.
    let edges = (0...400).map { 0.02 + 0.96 * Double($0) / 400 }
    var means: [Double] = []
    var points: (scores: [Double], positives: [Int64], negatives: [Int64]) = ([], [], [])
    var counts: (positives: [Int64], negatives: [Int64]) = ([], [])
    for (low, high) in zip(edges, edges.dropFirst()) {
      let positive = Int64(1000 * (low + high) / 2)
      let negative = 1000 - positive
      means.append((Double(positive) * high + Double(negative) * low) / 1000)
      counts.positives.append(positive)
      counts.negatives.append(negative)
      points.scores += [low, high]
      points.positives += [0, positive]
      points.negatives += [negative, 0]
    }
    let exact = try #require(
      calibrationRegression(scores: points.scores, positives: points.positives, negatives: points.negatives))
    let line = try #require(
      calibrationRegression(
        scores: means, lowerEdges: Array(edges.dropLast()), upperEdges: Array(edges.dropFirst()),
        positives: counts.positives, negatives: counts.negatives))
    let error = abs(line.slope - exact.slope)
    #expect(error <= line.slopeBound && line.slopeBound <= 3 * error, "\(line), exactly \(exact)")
  }
}

struct ConfusionTests {
  @Test func whatIsUndefinedIsNil() {
    let nothing = ConfusionCounts(truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0)
    #expect(nothing.accuracy == nil && nothing.precision == nil && nothing.recall == nil && nothing.f1 == nil)
    #expect(nothing.positiveRate == nil && nothing.predictedPositiveRate == nil && nothing.f1Bounds() == nil)
    let quiet = ConfusionCounts(truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 9)
    #expect(quiet.accuracy == 1 && quiet.precision == nil && quiet.recall == nil && quiet.f1 == nil)
    let missed = ConfusionCounts(truePositives: 0, falsePositives: 0, falseNegatives: 4, trueNegatives: 9)
    #expect(missed.precision == nil && missed.recall == 0 && missed.f1 == 0)
  }

  @Test func boundsSurroundTheRates() throws {
    let counts = ConfusionCounts(truePositives: 60, falsePositives: 25, falseNegatives: 10, trueNegatives: 305)
    for (rate, bounds) in [
      (counts.accuracy, counts.accuracyBounds()), (counts.precision, counts.precisionBounds()),
      (counts.recall, counts.recallBounds()), (counts.f1, counts.f1Bounds()),
      (counts.positiveRate, counts.positiveRateBounds()),
      (counts.predictedPositiveRate, counts.predictedPositiveRateBounds()),
    ] {
      let rate = try #require(rate)
      let bounds = try #require(bounds)
      #expect(0 < bounds.lower && bounds.lower < rate && rate < bounds.upper && bounds.upper < 1)
    }
    #expect(counts.precisionBounds() == wilsonBounds(successes: 60, trials: 85))
    #expect(counts.recallBounds() == wilsonBounds(successes: 60, trials: 70))
    #expect(counts.accuracyBounds() == wilsonBounds(successes: 365, trials: 400))
    // F1 = 2J/(1 + J) with J = 60/95.
    expectClose(counts.f1, 2 * (60.0 / 95) / (1 + 60.0 / 95), "f1")
    let jaccard = try #require(wilsonLowerBound(successes: 60, trials: 95))
    expectClose(counts.f1Bounds()?.lower, 2 * jaccard / (1 + jaccard), "f1's lower bound")
  }

  @Test func macroF1LeavesOutClassesThatNeverOccur() {
    // Class 2 is in neither; class 1 is predicted, and never right.
    let confusion = MulticlassConfusion(classCount: 3, counts: [6, 2, 0, 0, 0, 0, 0, 0, 0])
    expectClose(confusion.macroF1, (2.0 * 6 / (12 + 2) + 0) / 2, "macro_f1")
    expectClose(confusion.accuracy, 0.75, "accuracy")
    #expect(confusion.accuracyBounds() == wilsonBounds(successes: 6, trials: 8))
    #expect(MulticlassConfusion(classCount: 2).macroF1 == nil)
    #expect(MulticlassConfusion(classCount: 2).accuracy == nil)
    #expect(confusion[0, 1] == 2)
  }
}

struct RegressionTests {
  @Test func whatIsUndefinedIsNil() {
    let nothing = regressionSums([], [], origin: 0)
    #expect(nothing.mae == nil && nothing.rmse == nil && nothing.bias == nil && nothing.mape == nil)
    #expect(nothing.wape == nil && nothing.r2 == nil && nothing.maeBounds() == nil)
    let zeros = regressionSums([0, 0], [1, -1], origin: 0)
    #expect(zeros.mae == 1 && zeros.bias == 0 && zeros.mape == nil && zeros.wape == nil && zeros.r2 == nil)
    #expect(regressionSums([5], [4], origin: 0).r2 == nil)
    #expect(regressionSums([0.1, 0.1, 0.1], [0.2, 0.1, 0], origin: 0).r2 == nil, "constant but for rounding")
    #expect(regressionSums([1, 2, 4], [1, 2, 4], origin: 2).r2 == 1)
  }

  @Test func boundsAreTheDeltaMethod() throws {
    // Errors 1, −1, 3, −3: mean 0, Σe² = 20, so s² = 20/3; z(0.99) = 2.3263478740408408.
    let z = 2.3263478740408408
    var sums = regressionSums([10, 20, 30, 40], [11, 19, 33, 37], origin: 25)
    let bias = try #require(sums.biasBounds())
    expectClose(bias.upper, z * (20.0 / 3 / 4).squareRoot(), "bias")
    expectClose(bias.lower, -bias.upper, "bias")
    // |e| = 1, 1, 3, 3: mean 2, variance 4/3.
    expectClose(sums.maeBounds()?.lower, 2 - z * (4.0 / 3 / 4).squareRoot(), "mae")
    #expect(sums.rmseBounds() == nil && sums.mapeBounds() == nil && sums.wapeBounds() == nil)
    // e² = 1, 1, 9, 9: mean 5, variance 64/3.
    sums.fourthPowers = 164
    expectClose(sums.rmseBounds()?.upper, (5 + z * (64.0 / 3 / 4).squareRoot()).squareRoot(), "rmse")
    #expect(try #require(sums.rmseBounds()).lower == 0, "a mean square is never negative")
    // |e| − R|y| with R = 8/100: 0.2, −0.6, 0.6, −0.2, squares 0.8 over three and four, mean target 25.
    sums.absoluteProducts = 10 + 20 + 90 + 120
    sums.squaredAbsoluteTargets = 3000
    let wape = try #require(sums.wapeBounds())
    expectClose(wape.upper, 0.08 + z * (0.8 / 3 / 4).squareRoot() / 25, "wape")
    expectClose(wape.lower, 0.08 - z * (0.8 / 3 / 4).squareRoot() / 25, "wape")
    // |e/y| = 0.1, 0.05, 0.1, 0.075
    sums.squaredRelativeErrors = 0.01 + 0.0025 + 0.01 + 0.005625
    let deviation = ((0.028125 - 0.325 * 0.325 / 4) / 3 / 4).squareRoot()
    expectClose(sums.mapeBounds()?.upper, 0.325 / 4 + z * deviation, "mape")
    #expect(MeanSums(count: 1, sum: 2, squares: 4).bounds() == nil)
    #expect(MeanSums(count: 0, sum: 0, squares: 0).mean == nil)
  }
}
