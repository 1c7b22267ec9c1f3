extension Monitor {
  /// A superseded monitor as its pairs are judged now: read, joined and counted as it was, with the checks of performance, the windows,
  /// the alerts and the retraining that the monitor has by now.
  package func judged(as now: Monitor) -> Monitor {
    var out = self
    let isDivided = now.windows.allSatisfy {
      $0.size.milliseconds % pane.milliseconds == 0 && $0.every.milliseconds % pane.milliseconds == 0
    }
    if isDivided { out.windows = now.windows }
    out.checks = now.checks.filter { check in
      check.metric.isOfLabels && check.window(of: out) != nil
        && (check.on != .comparison || comparison == now.comparison)
    }
    out.alerts = now.alerts
    out.retrain = now.retrain
    out.series = now.series
    if let labels = now.labels { out.labels?.minimumCoverage = labels.minimumCoverage }
    return out
  }
}
