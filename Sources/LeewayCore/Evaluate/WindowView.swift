/// What checks and lines look at: one window and end, by slice.
struct WindowView {
  let definition: WindowDefinition
  let end: EventTime
  /// Not across the generation's first pane.
  let complete: Bool
  /// The first moment of which the window may hold rows: the generation's start or the first event, whichever is later.
  var begins: EventTime?
  /// For a superseded generation: later windows may lack rows that had not been read when the next one began.
  var readThrough: EventTime?
  /// The stage of `performance`.
  var stage = Stage.final
  private(set) var drift: [NameKey: CellBlock] = [:]
  /// `drift` beside the baseline.
  private(set) var comparisons = DriftComparisons()
  /// `drift` beside the first days of production: where some check on the window asks for them.
  var references: [DriftReferenceKey: Reference<DriftReference>] = [:]
  var performance: [NameKey: PerformanceSummary] = [:]
  /// What limits of performance are measured from where that is the first days of production.
  var performanceReferences: [PerformanceReferenceKey: Reference<PerformanceSummary>] = [:]
  /// What detectors made of the window's errors; those that have not seen all of it are left out.
  var fed: [DetectorKey: FedCounts] = [:]

  init(definition: WindowDefinition, end: EventTime, complete: Bool, begins: EventTime? = nil) {
    self.definition = definition
    self.end = end
    self.complete = complete
    self.begins = begins
  }

  /// Sets the window's drift, and compares every slice and subject with the baseline.
  mutating func setDrift(_ blocks: [NameKey: CellBlock], _ plan: MonitorPlan) {
    drift = blocks
    comparisons = DriftComparisons(plan, blocks)
  }

  /// A subject beside its first days of production, the shortest first; empty until these are over.
  func comparedReferences(
    _ plan: MonitorPlan, _ slice: NameKey, _ subject: Int
  ) -> [(name: String, comparison: DriftComparison)] {
    guard !references.isEmpty else { return [] }
    return plan.references.spans.compactMap { span in
      guard case .full(let reference)? = references[DriftReferenceKey(slice: slice, subject: subject, span: span)]
      else {
        return nil
      }
      return reference.comparison.map { (ReferenceSubject.name(span), $0) }
    }
  }
}
