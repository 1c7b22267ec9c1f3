/// When a window's performance is judged. With `labels.early` there are two moments, each with lines and verdicts of its own.
package enum Stage: String, Sendable, CaseIterable {
  /// By the labels that came while each prediction was at most `early` old.
  case early
  /// By the labels within the horizon; drift has this stage only.
  case final

  /// Where its performance is counted.
  var panes: PaneKind { self == .early ? .earlyPerformance : .performance }
}
