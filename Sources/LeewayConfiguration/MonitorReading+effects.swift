import LeewayCore

extension MonitorReading {
  /// Refuses the keys of a check that its metric makes no use of: whoever writes one expects something of it.
  func refuseKeysWithoutEffect(_ map: ConfigurationMap, _ metric: Metric?) {
    guard let metric else { return }
    func refuse(_ keys: [String], _ why: String) {
      for key in keys where map.contains(key) {
        map.value(key)?.complain("has no effect on \(metric.name), \(why); remove it")
      }
    }
    if metric.family != .performance {
      refuse(["certain", "min_positives", "min_negatives"], "which is no performance metric")
    } else if let task, task != .binary {
      refuse(["min_positives", "min_negatives"], "since a \(task.rawValue) monitor has no positives")
    }
    if metric.family == .detector { refuse(["clear"], "which clears with a window without a change") }
    if metric.performance?.canBeCertain == false { refuse(["certain"], "which has no bound") }
    switch metric.family {
    case .distance, .ratio, .fairness: break
    case .performance where metric == .ece: break
    case .performance: refuse(["significance"], "which is judged by its bound and not by a p-value")
    case .level, .shift, .traffic, .estimate, .detector: refuse(["significance"], "which has no p-value")
    }
    switch metric.family {
    case .traffic: refuse(["min_rows"], "which is the number of rows itself")
    // The first days have to hold so many rows to be measured from.
    case .ratio where map.contains("reference"): break
    case .ratio: refuse(["min_rows"], "which is tested exactly at any number of rows")
    case .distance, .level, .shift, .performance, .estimate, .detector, .fairness: break
    }
  }
}
