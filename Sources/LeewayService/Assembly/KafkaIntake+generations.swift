import LeewayCore
import Logging

/// Predictions of a time before the first pane of the generation that reads them: after a change of a monitor or its baseline up to
/// a pane of them is missing from drift, and somebody will ask where it is.
extension KafkaIntakeLoop {
  /// Logs it once for each generation.
  func tellOfPredictionsBeforeTheirGeneration(_ report: FlushReport) {
    for plan in intake.plans where report.events[plan.monitor.name]?.beforeGeneration ?? 0 > 0 {
      guard toldGenerations.insert("\(plan.monitor.name) \(plan.generation)").inserted else { continue }
      let fate =
        plan.standing.pairsStartAt < plan.standing.startsAt && plan.performance != nil
        ? "count for performance and not for drift" : "are not counted"
      logger.notice(
        "monitor \(plan.monitor.name): predictions from before \(plan.standing.startsAt) \(fate): the monitor or its baseline has changed, and its new generation begins then",
        metadata: ["counter": "leeway_events_total{outcome=\"before_generation\"}"])
    }
  }
}
