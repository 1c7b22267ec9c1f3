import LeewayCore
import Logging

/// Predictions whose time is before the first pane of the generation that reads them. After a monitor or its baseline changes, up to
/// one pane of them is missing from drift; the log says so.
extension KafkaIntakeLoop {
  /// Logs the first of them for each generation.
  func tellOfPredictionsBeforeTheirGeneration(_ report: FlushReport) {
    for plan in intake.plans where report.events[plan.monitor.name]?.beforeGeneration ?? 0 > 0 {
      guard toldGenerations.insert("\(plan.monitor.name) \(plan.generation)").inserted else { continue }
      let fate =
        plan.standing.pairsStartAt < plan.standing.startsAt && plan.performance != nil
        ? "count for performance and not for drift" : "are not counted"
      logger.notice(
        "monitor \(plan.monitor.name): predictions from before \(plan.standing.startsAt) \(fate): the monitor or its baseline has changed, and its new generation begins then",
        metadata: ["monitor": "\(plan.monitor.name)", "counter": "leeway_events_total{outcome=\"before_generation\"}"])
    }
  }
}
