import LeewayStatistics
import Testing

/// Groups beside a reference, decision by decision, as SciPy's intervals and p-values have them.
struct FairnessGolden: Decodable, Sendable {
  struct Measures: Decodable, Sendable {
    let demographicParityDifference, disparateImpact, equalOpportunityDifference, equalisedOddsDifference: [Double]
  }
  struct PValues: Decodable, Sendable {
    let demographicParityDifference, demographicParityBelow, disparateImpact, equalOpportunityDifference,
      equalisedOddsDifference: Double
  }
  struct QValues: Decodable, Sendable {
    let demographicParityDifference, disparateImpact, equalOpportunityDifference, equalisedOddsDifference: [Double]
  }
  let favourable: Int
  /// True and false positives, false and true negatives; the reference first.
  let confusions: [[Int64]]
  let measures: [Measures]
  let p: [PValues]
  let q: QValues
}

struct FairnessTests {
  private static func fairness(_ golden: FairnessGolden, _ group: Int) -> GroupFairness {
    func counts(_ c: [Int64]) -> ConfusionCounts {
      ConfusionCounts(truePositives: c[0], falsePositives: c[1], falseNegatives: c[2], trueNegatives: c[3])
    }
    return GroupFairness(
      group: counts(golden.confusions[group + 1]), reference: counts(golden.confusions[0]),
      favourable: golden.favourable == 1 ? .positive : .negative)
  }

  private static func limit(_ measure: FairnessMeasure) -> FairnessLimit {
    switch measure {
    case .demographicParityDifference, .equalOpportunityDifference: .eitherSide(0.1)
    case .disparateImpact: .below(0.8)
    case .equalisedOddsDifference: .above(0.1)
    }
  }

  @Test func measuresAndIntervalsAreSciPys() throws {
    let all = try golden("fairness", as: [FairnessGolden].self)
    #expect(all.count == 6)
    for golden in all {
      for (group, measures) in golden.measures.enumerated() {
        let fairness = Self.fairness(golden, group)
        for (measure, expected) in [
          (FairnessMeasure.demographicParityDifference, measures.demographicParityDifference),
          (.disparateImpact, measures.disparateImpact),
          (.equalOpportunityDifference, measures.equalOpportunityDifference),
          (.equalisedOddsDifference, measures.equalisedOddsDifference),
        ] {
          let found = try #require(fairness.comparison(measure))
          for (value, wanted) in zip([found.estimate, found.lower, found.upper], expected) {
            expectClose(value, wanted, "\(measure) of group \(group)")
          }
        }
      }
    }
  }

  @Test func pValuesAndTheFamilyAreSciPys() throws {
    for golden in try golden("fairness", as: [FairnessGolden].self) {
      for (measure, name, q) in [
        (
          FairnessMeasure.demographicParityDifference, \FairnessGolden.PValues.demographicParityDifference,
          golden.q.demographicParityDifference
        ),
        (.disparateImpact, \.disparateImpact, golden.q.disparateImpact),
        (.equalOpportunityDifference, \.equalOpportunityDifference, golden.q.equalOpportunityDifference),
        (.equalisedOddsDifference, \.equalisedOddsDifference, golden.q.equalisedOddsDifference),
      ] {
        let p = try golden.p.indices.map { group in
          try #require(Self.fairness(golden, group).pValue(measure, beyond: Self.limit(measure)))
        }
        for (found, expected) in zip(p, golden.p) { expectClose(found, expected[keyPath: name], "\(measure)") }
        for (found, expected) in zip(benjaminiHochberg(p), q) { expectClose(found, expected, "q of \(measure)") }
      }
      for (group, expected) in golden.p.enumerated() {
        let found = Self.fairness(golden, group).pValue(.demographicParityDifference, beyond: .below(-0.05))
        expectClose(found, expected.demographicParityBelow, "below")
      }
    }
  }

  @Test func anIntervalIsBeyondALimitAsAWhole() {
    let interval = RateComparison(estimate: -0.2, lower: -0.3, upper: -0.12)
    for (limit, excludes, isReached) in [
      (FairnessLimit.eitherSide(0.1), true, true), (.eitherSide(0.12), false, true), (.eitherSide(0.25), false, false),
      (.below(-0.1), true, true), (.below(-0.15), false, true), (.above(-0.4), true, true), (.above(0.1), false, false),
    ] {
      #expect(limit.excludes(interval) == excludes, "\(limit)")
      #expect(limit.isReached(by: interval.estimate) == isReached, "\(limit)")
    }
  }

  @Test func aRatioOfCertaintiesHasAPValueToo() {
    let all = Rate(100, of: 100)
    #expect(all.pValue(ofRatioTo: all, beyond: .below(0.8)) == 1)
    #expect(all.pValue(ofRatioTo: all, beyond: .below(1)) == 0)
    #expect(all.pValue(ofRatioTo: all, beyond: .below(0)) == 1)
    #expect(Rate(0, of: 100).pValue(ofRatioTo: all, beyond: .below(0.8)).map { $0 < 1e-3 } == true)
    #expect(all.pValue(ofRatioTo: Rate(0, of: 0), beyond: .below(0.8)) == nil)
  }
}
