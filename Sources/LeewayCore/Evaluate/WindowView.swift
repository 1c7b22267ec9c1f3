/// What checks and lines look at: one window and end, by slice.
struct WindowView {
  let definition: WindowDefinition
  let end: EventTime
  /// Not across the generation's first pane.
  let complete: Bool
  /// The first moment of which the window may hold rows: the generation's start or the first event, whichever is later.
  var begins: EventTime?
  /// Of a superseded generation: later windows may lack rows that had not been read when the next one began.
  var readThrough: EventTime?
  /// Of `performance`.
  var stage = Stage.final
  private(set) var drift: [NameKey: CellBlock] = [:]
  /// Of `drift`, beside the baseline.
  private(set) var comparisons = DriftComparisons()
  var performance: [NameKey: PerformanceSummary] = [:]
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
}
