/// What the hours of a check on `shift` are of. Each has detectors of its own.
package enum ShiftFeed: Sendable, CaseIterable {
  /// Features and the output, as an hour ends.
  case subjects
  /// How many predictions came, as an hour ends. An hour without any is an hour of silence and no gap.
  case traffic
  /// How wrong the model was, once the labels of an hour's predictions are due.
  case errors

  /// nil where the check is not on `shift`.
  package init?(_ check: Check) {
    guard check.metric.family == .shift else { return nil }
    switch check.on {
    case .traffic: self = .traffic
    case .errors: self = .errors
    default: self = .subjects
    }
  }

  /// Where a ledger keeps what it is made from.
  var panes: PaneKind { self == .errors ? .performance : .drift }

  /// Whether an hour without rows says something.
  var hasSilence: Bool { self == .traffic }

  /// The least median of rows an hour that a null is learned from. The log of a count knows its own noise, down to few rows.
  var minimumRows: Int64 { self == .traffic ? 10 : BaselineHours.minimumRows }

  /// Subjects that the baseline has no distribution of, each with one stream; none for features and the output.
  func levels(_ task: ModelTask) -> [String] {
    switch self {
    case .subjects: []
    case .traffic: [ShiftLevel.traffic]
    case .errors: ShiftLevel.errors(task)
    }
  }
}
