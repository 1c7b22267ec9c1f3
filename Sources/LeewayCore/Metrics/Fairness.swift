import LeewayStatistics

extension Metric {
  package static let demographicParityDifference = Metric(
    "demographic_parity_difference", .fairness(.demographicParityDifference),
    "Share of favourable decisions in the group less that in the reference group.",
    unit: .ratio, worse: .eitherSide, isTwoSided: true, range: -1...1, tasks: [.binary],
    alsoCalled: ["demographicparity", "statisticalparity", "statisticalparitydifference"])

  package static let disparateImpact = Metric(
    "disparate_impact", .fairness(.disparateImpact),
    "Share of favourable decisions in the group divided by that in the reference group.",
    worse: .below, range: 0...100, tasks: [.binary],
    alsoCalled: ["disparateimpactratio", "demographicparityratio"])

  package static let equalOpportunityDifference = Metric(
    "equal_opportunity_difference", .fairness(.equalOpportunityDifference),
    "Share of favourable decisions among those with the favourable outcome, less that in the reference group.",
    unit: .ratio, worse: .eitherSide, isTwoSided: true, range: -1...1, tasks: [.binary],
    alsoCalled: ["equalopportunity"])

  package static let equalisedOddsDifference = Metric(
    "equalised_odds_difference", .fairness(.equalisedOddsDifference),
    "The greater of the differences of true and of false positive rates between the group and the reference group.",
    unit: .ratio, tasks: [.binary],
    alsoCalled: ["equalizedodds", "equalisedodds", "equalizedoddsdifference"])
}
