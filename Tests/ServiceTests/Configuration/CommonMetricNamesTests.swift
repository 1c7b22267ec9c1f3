import LeewayCore
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

/// Names from other libraries lead to the metric that is meant, and never to one that merely looks alike.
@Suite struct CommonMetricNamesTests {
  private func suggestion(_ word: String, _ metrics: [Metric] = []) -> String {
    CommonMetricNames.suggestion(for: word, among: metrics)
  }

  @Test(arguments: [
    ("ROC AUC", Metric.auc), ("f1-score", .f1), ("r2_score", .r2), ("KS.statistic", .ks), ("null_rate", .missingRatio),
    ("aucpr", .averagePrecision), ("log_loss_score", .logLoss), ("LogLoss", .logLoss), ("neg_log_loss", .logLoss),
    ("mlogloss", .logLoss), ("RocAuc", .auc), ("neg_mean_absolute_error", .mae), ("neg_root_mean_squared_error", .rmse),
    ("missing_values_rate", .missingRatio), ("precision_score", .precision), ("l1", .mae),
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
    #expect(suggestion("merror") == " The nearest is accuracy, which is not the same: it is 1 - error.")
    #expect(suggestion("throughput") == "")
  }

  /// rmse is no use to a binary monitor.
  @Test func metricsOfAnotherTaskAreNamedAsThat() {
    func suggestion(_ word: String, _ task: ModelTask) -> String {
      CommonMetricNames.suggestion(for: word, among: [.auc, .brier], task: task)
    }
    #expect(
      suggestion("mse", .binary) == " It is rmse or near it, a metric of regression; a binary monitor has auc, brier.")
    #expect(suggestion("mse", .regression) == " The nearest is rmse, which is not the same: it is the square root.")
    #expect(
      suggestion("roc_auc", .multiclass)
        == " It is auc or near it, a metric of binary; a multiclass monitor has auc, brier.")
    #expect(suggestion("acc", .regression).contains("a metric of binary and multiclass; a regression monitor has"))
    #expect(suggestion("null_rate", .regression) == " Did you mean missing_ratio?")
  }

  /// A name that is a metric's own never gets here.
  @Test func noMetricIsCalledOtherwise() {
    for metric in Metric.all { #expect(suggestion(metric.name) == "", "\(metric)") }
  }
}
