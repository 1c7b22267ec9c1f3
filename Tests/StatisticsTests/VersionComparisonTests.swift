import LeewayStatistics
import LeewayTestSupport
import Testing

/// What `Fixtures/version_sets` does not show: equal models, what is undefined, and tables against the rows themselves.
struct VersionComparisonTests {
  private static func pairs(
    _ rows: [(champion: Double, challenger: Double, target: Double)], origin: Double = 0
  ) -> RegressionPairSums {
    func sum(_ term: (Double, Double, Double) -> Double) -> Double {
      rows.reduce(0) { $0 + term($1.champion - $1.target, $1.challenger - $1.target, $1.target) }
    }
    func mean(_ d: @escaping (Double, Double, Double) -> Double) -> MeanSums {
      MeanSums(count: Int64(rows.count), sum: sum(d), squares: sum { d($0, $1, $2) * d($0, $1, $2) })
    }
    func x(_ e: Double, _ f: Double) -> Double { f * f - e * e }
    func ratio(_ e: Double, _ y: Double) -> Double { y == 0 ? 0 : abs(e / y) }
    func t(_ y: Double) -> Double { y - origin }
    return RegressionPairSums(
      absoluteErrors: sum { e, _, _ in abs(e) }, absoluteDifferences: mean { e, f, _ in abs(f) - abs(e) },
      errors: sum { e, _, _ in e }, differences: mean { e, f, _ in f - e }, squaredErrors: sum { e, _, _ in e * e },
      challengerSquaredErrors: sum { _, f, _ in f * f }, absoluteTargets: sum { _, _, y in abs(y) },
      squaredTargets: sum { _, _, y in y * y }, zeroTargets: Int64(rows.count { $0.target == 0 }),
      moments: RegressionPairSums.Moments(
        fourthPowers: sum { e, _, _ in e * e * e * e }, mixed: sum { e, f, _ in e * e * x(e, f) },
        targets: TargetMoments(
          powers: (
            sum { t($2) }, sum { t($2) * t($2) }, sum { t($2) * t($2) * t($2) }, sum { t($2) * t($2) * t($2) * t($2) }
          ),
          products: (sum { e, f, _ in x(e, f) }, sum { x($0, $1) * t($2) }, sum { x($0, $1) * t($2) * t($2) }),
          squares: sum { e, f, _ in x(e, f) * x(e, f) }),
        products: sum { e, f, y in (abs(f) - abs(e)) * abs(y) }, relativeErrors: sum { e, _, y in ratio(e, y) },
        relativeDifferences: mean { e, f, y in ratio(f, y) - ratio(e, y) }))
  }

  @Test func equalRegressionsDoNotDiffer() throws {
    let rows = (1...40).map { i in
      let y = Double(i * i % 17) + 1
      return (champion: y + Double(i % 5) - 2, challenger: y + Double(i % 5) - 2, target: y)
    }
    for measure in RegressionMeasure.allCases {
      let found = try #require(Self.pairs(rows, origin: 8).difference(measure), "\(measure)")
      #expect(found == MetricDifference(estimate: 0, standardError: 0), "\(measure)")
    }
  }

  /// The targets' origin is a matter of rounding alone.
  @Test func whereTargetsAreMeasuredFromDoesNotMatter() throws {
    var random = SeededGenerator(seed: 5)
    let rows = (0..<200).map { _ in
      let y = Double.random(in: 10...90, using: &random)
      return (
        champion: y + .random(in: -9...9, using: &random), challenger: y + .random(in: -12...9, using: &random),
        target: y
      )
    }
    let near = try #require(Self.pairs(rows, origin: 50).difference(.r2))
    let far = try #require(Self.pairs(rows, origin: -300).difference(.r2))
    #expect(near.estimate < 0 && near.upper < 0)
    #expect(abs(near.estimate - far.estimate) < 1e-9 && abs(near.lower - far.lower) < 1e-6)
  }

  @Test func whatIsUndefinedHasNoDifference() {
    let zero = [(champion: 1.0, challenger: 2.0, target: 0.0), (2, 3, 5), (4, 4, 9)]
    #expect(Self.pairs(zero).difference(.mape) == nil && Self.pairs(zero).difference(.wape) != nil)
    let constant = [(champion: 1.0, challenger: 2.0, target: 5.0), (2, 3, 5), (4, 4, 5)]
    #expect(Self.pairs(constant, origin: 1).difference(.r2) == nil)
    var far = Self.pairs(constant)
    far.moments = nil
    for measure in [RegressionMeasure.rmse, .mape, .wape, .r2] { #expect(far.difference(measure) == nil) }
    #expect(far.difference(.mae) != nil && far.difference(.bias) != nil)
    for measure in RegressionMeasure.allCases {
      #expect(Self.pairs([(1, 2, 3)]).difference(measure) == nil && Self.pairs([]).values(measure) == nil)
    }
    #expect(PairedScoreGrid().averagePrecisionDifference() == nil)
    #expect(RankingCells(positives: [0, 3, 0], negatives: [0, 0, 0]).averagePrecisionEstimate == nil)
    #expect(MulticlassConfusion(classCount: 2).macroF1Estimate == nil)
  }

  /// Five tables say of each class, and of right and wrong, what the rows do.
  @Test func tablesOfPairsSayWhatTheRowsDo() throws {
    for seed in UInt64(1)...60 {
      var random = SeededGenerator(seed: seed)
      let k = Int.random(in: 1...5, using: &random)
      let rows = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        (
          label: Int.random(in: 0..<k, using: &random), champion: Int.random(in: 0..<k, using: &random),
          challenger: Int.random(in: 0..<k, using: &random)
        )
      }
      var counts = [Int64](repeating: 0, count: PairedClasses.tables * k * k)
      for row in rows {
        for i in PairedClasses.indices(
          label: row.label, champion: row.champion, challenger: row.challenger, classCount: k)
        {
          counts[i] += 1
        }
      }
      let pairs = PairedClasses(classCount: k, counts: counts)
      #expect(pairs.total == Int64(rows.count), "seed \(seed)")
      for c in 0..<k {
        var expected = [Int64](repeating: 0, count: PairedDecisions.count)
        for row in rows {
          expected[
            PairedDecisions.index(
              champion: row.champion == c, challenger: row.challenger == c, positive: row.label == c)] += 1
        }
        #expect(pairs.oneAgainstRest(c)?.counts == expected, "seed \(seed) class \(c)")
      }
      let right = rows.map { (champion: $0.champion == $0.label, challenger: $0.challenger == $0.label) }
      #expect(
        pairs.accuracy
          == PairedAccuracy(
            bothRight: Int64(right.count { $0.champion && $0.challenger }),
            championAlone: Int64(right.count { $0.champion && !$0.challenger }),
            challengerAlone: Int64(right.count { !$0.champion && $0.challenger }),
            bothWrong: Int64(right.count { !$0.champion && !$0.challenger })), "seed \(seed)")
    }
    // What no rows can have made, as in a damaged pane, says nothing and ends nothing.
    let impossible = PairedClasses(classCount: 1, counts: [0, 0, 0, 5, 0])
    #expect(impossible.oneAgainstRest(0) == nil && impossible.accuracy == nil)
  }

  /// Of one constant score average precision is the share of positives, whose error is known.
  @Test func tiedScoresHaveTheErrorOfARate() throws {
    let found = try #require(RankingCells(positives: [0, 30, 0], negatives: [0, 90, 0]).averagePrecisionEstimate)
    #expect(abs(found.value - 0.25) < 1e-15)
    #expect(abs(found.standardError - (0.25 * 0.75 / 120).squareRoot()) < 1e-15)
    // Perfect ranking cannot be told from a better one.
    let perfect = try #require(
      RankingCells(positives: [0, 0, 0, 9, 0], negatives: [0, 9, 0, 0, 0]).averagePrecisionEstimate)
    #expect(perfect == Estimate(value: 1, standardError: 0))
  }
}
