/// What an evaluator can find to do for one monitor, and what is shown of it: read for all monitors at once, so that those at rest cost
/// next to nothing.
package struct MonitorStanding: Sendable, Equatable {
  /// Changes whenever a generation of the monitor is begun, put again, drained or removed.
  package var generations: Generations = .none
  /// Ordered by (topic, partition).
  package var partitions: [PartitionRecord] = []
  /// How far each generation's windows have been judged, and each generation's pairs.
  package var progress: [String: EvaluationProgress] = [:]
  /// Marks that wait for an evaluator, of all generations.
  package var marks = Marks.none
  /// Acts of people that wait for an evaluator.
  package var queuedActs = 0
  /// The first deadline of a retrain that has no answer and was not said to be overdue.
  package var deadline: EventTime?

  /// The stored generations of a monitor, as far as a change of them shows.
  package struct Generations: Sendable, Equatable {
    /// The number of the one put last. Numbers are given once.
    package var last: Int64
    package var count: Int
    package var drained: Int

    package static let none = Generations(last: 0, count: 0, drained: 0)

    package init(last: Int64, count: Int, drained: Int) {
      self.last = last
      self.count = count
      self.drained = drained
    }
  }

  /// Marks as far as a change of them shows.
  package struct Marks: Sendable, Equatable {
    /// The highest number. A new mark has a higher one than those that its writer knows of.
    package var last: Int64
    package var count: Int

    package static let none = Marks(last: 0, count: 0)

    package init(last: Int64, count: Int) {
      self.last = last
      self.count = count
    }
  }

  package init() {}

  /// How far a plan's windows have been judged, as ``LedgerReader/progress(of:)`` says.
  package func progress(of plan: MonitorPlan) -> EvaluationProgress? {
    EvaluationProgress.shown(
      drift: progress[plan.generation], pairs: plan.pairs == plan.generation ? nil : progress[plan.pairs])
  }
}
