import LeewayCore
import Testing

@testable import LeewayService

/// Names from other libraries lead to the metric that is meant, and never to one that merely looks alike.
@Suite struct CommonMetricNamesTests {
  private func suggestion(_ word: String, _ metrics: [Metric] = []) -> String {
    CommonMetricNames.suggestion(for: word, among: metrics)
  }

  @Test(arguments: [
    ("ROC AUC", Metric.auc), ("f1-score", .f1), ("r2_score", .r2), ("KS.statistic", .ks), ("null_rate", .missingRatio),
    ("std", .standardDeviation), ("equalized_odds", .equalisedOddsDifference),
  ]) func oneMetric(word: String, metric: Metric) {
    #expect(suggestion(word) == " Did you mean \(metric.name)?")
  }

  @Test func theTaskDecides() {
    #expect(suggestion("f1_score", [.accuracy, .macroF1]) == " Did you mean macro_f1?")
    #expect(suggestion("f1_score", [.accuracy, .f1]) == " Did you mean f1?")
  }

  /// Not by its letters: mse is one letter away from mce.
  @Test func whatIsNotAvailable() {
    #expect(suggestion("mse") == " The nearest is rmse, which is not the same: it is the square root.")
    #expect(suggestion("gini") == " The nearest is auc, which is not the same: gini is 2 auc - 1.")
    #expect(suggestion("throughput") == "")
  }

  /// A name that is a metric's own never gets here.
  @Test func noMetricIsCalledOtherwise() {
    for metric in Metric.all { #expect(suggestion(metric.name) == "", "\(metric)") }
  }
}
