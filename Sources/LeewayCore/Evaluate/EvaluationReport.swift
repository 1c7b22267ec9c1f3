/// What one round did.
package struct EvaluationReport: Sendable {
  /// How far the current generation has come; nil if nothing was to be done, in it or in those before.
  package var progress: EvaluationProgress?
  /// Windows computed, of drift and performance.
  package var windows = 0
  /// All prediction partitions are idle: the watermark holds, and nothing closes until data come.
  package var noData = false
  /// False: call again at once.
  package var isComplete = true
  package var results: [ResultRecord] = []
  package var verdicts: [Verdict] = []
  package var decisions = Decisions()
  /// Errors that came after detectors were fed with their pane, and never reach them.
  package var lateErrors: Int64 = 0
  /// What detectors found in the errors that they were fed in this round.
  package var changes: [(detector: MonitorDetector, count: Int64)] = []
  /// What the hours that `shift` took were expected to cost, and did.
  package var shift: [ShiftSpending] = []

  package init() {}

  /// What another round did, after this one.
  mutating func add(_ other: EvaluationReport) {
    progress = other.progress ?? progress
    windows += other.windows
    isComplete = isComplete && other.isComplete
    results += other.results
    verdicts += other.verdicts
    decisions.add(other.decisions)
    lateErrors &+= other.lateErrors
    changes += other.changes
    shift += other.shift
  }
}
