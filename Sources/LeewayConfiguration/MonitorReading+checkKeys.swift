import LeewayCore
import LeewayStatistics

extension MonitorReading {
  private static let maximumRows: Int64 = 1_000_000_000_000

  /// The keys of every check. Which of them go together, the readers say.
  static let checkKeys = keysOfWhatIsJudged + keysOfTiers + keysOfHowItIsJudged

  private static let keysOfWhatIsJudged: [ConfigurationKey] = [
    .init("name", .other(NameRule.text, nil), required: true, "the check's name, its own within the monitor"),
    .init(
      "on",
      .other(
        "`features`, names of features, `score` or `prediction`, `performance`, `errors`, `fairness`, `traffic` or "
          + "`comparison`", nil), required: true, "what is judged"),
    .init("except", .other("list of features", nil), "with `on: features`: all but these"),
    .init(
      "metric", .other("name of a metric", nil),
      without: "required; with `on: errors` `shift` or, where tiers are numbers, `adwin`",
      "what it is judged by"),
    .init(
      "at", .other("share, such as `1%`", nil),
      "the place of `precision_at_top`, `precision_at_recall` and `recall_at_precision`"),
    .init("window", .other("name of a window", nil), without: "required; not with `shift`", "which window is judged"),
  ]

  private static let keysOfTiers: [ConfigurationKey] = firingTiers.map { tier in
    ConfigurationKey(
      tier.name, .other("number, percentage or map; with `shift` a budget such as `1 per week`", nil),
      "the limit from which on the verdict is `\(tier.name)`; a check needs at least one tier")
  }

  private static let keysOfHowItIsJudged: [ConfigurationKey] = [
    .init("for", .integer(1...1000, 1), "fires after so many failing windows in a row"),
    .init(
      "clear", .other("as the limit of the lowest tier", nil), without: "that limit",
      "what a value must be back beyond before what has fired clears"),
    .init("clear_for", .integer(1...1000, 1), "clears after so many windows in a row that are back"),
    .init(
      "slices", .other("`all`, `each` or a list such as `[country=DE]`", "all"), "which slices are judged"),
    .init(
      "significance", .other("number above 0 and up to 0.5, or `off`", "0.01"),
      "the largest adjusted p-value that counts"),
    .init(
      "min_rows", .integer(0...maximumRows, 200), without: "`200`; fairness `\(GroupFairness.minimumRows)`",
      "values that the metric must rest on"),
    .init("partial", .truth(false), "also judge windows that are not complete"),
    .init("certain", .truth(true), "performance: fire only where the 99 % bound is beyond the limit"),
    .init("min_positives", .integer(0...maximumRows, 30), "binary performance: positive labels that are needed"),
    .init("min_negatives", .integer(0...maximumRows, 30), "binary performance: negative labels that are needed"),
    .init(
      "reference", .other("`baseline` or such as `first 30d`; fairness: a value of the segment", "baseline"),
      "what is measured from"),
    .init("stages", .other("list of `early` and `final`", nil), without: "both", "performance: when it is judged"),
    .init("retrain", .choice(["early"]), "early verdicts may ask for a retrain, too"),
    .init("segment", .other("name of a segment", nil), "fairness: whose values are the groups"),
    .init("favourable", .choice(["1", "0"]), "fairness: the outcome that is good for people"),
  ]
}
