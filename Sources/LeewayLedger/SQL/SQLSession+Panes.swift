import LeewayCore

extension PaneKind {
  var table: String {
    switch self {
    case .drift: "drift_panes"
    case .performance: "performance_panes"
    case .earlyPerformance: "early_performance_panes"
    }
  }
}
