import LeewayStatistics

/// What a monitor keeps in memory, in bytes, only by its configuration and its baseline. Messages do not matter: panes
/// are in the ledger, and what waits for its commit has a limit that all monitors share.
package struct MonitorMemory: Sendable, Equatable {
  /// Bins, and the counts of every slice that the baseline has.
  package var baseline: Int
  /// Every window as merged in the round before, of every slice; `WindowMerges` keeps those that fit it.
  package var windows: Int
  /// One more of the largest while it is judged, drift and performance, and the references that it is measured from.
  package var judged: Int
  /// A batch of rows on its way from messages to panes, of each thread that decodes.
  package var batch: Int

  /// - Parameter plan: of a segment without a profile as many values are expected as have slices of their own, and two
  ///   versions where the baseline has no profile of them.
  package init(_ plan: MonitorPlan) {
    let slices = Self.slices(plan)
    let block = CellBlock(plan.drift.shape).residentBytes
    let domains = plan.drift.subjects.reduce(0) { sum, subject in
      switch subject.domain {
      // Knots, the same once more with a table to find them by.
      case .numeric(let domain): sum + 16 * domain.binning.knots.count + 8 * 1024
      // Names, and an index of them, half empty, that holds them again.
      case .categorical(let domain):
        sum + domain.categories.reduce(0) { $0 + 112 + 2 * $1.utf8.count } + 8 * domain.otherHashes.count
      }
    }
    baseline =
      domains + (plan.baseline.slices.count + 1) * block
      + plan.shifts.flatMap(\.units).reduce(0) { $0 + $1.null.residentBytes }
    windows = plan.monitor.windows.count * slices * block
    // A detector's state is read, and written once an hour.
    let states =
      plan.shifts.flatMap(\.units).reduce(0) { $0 + $1.stateBytes }
      + plan.shifts.flatMap(\.learners).reduce(0) { $0 + $1.stateBytes }
    judged = states + slices * (block + (plan.performance.map { CellBlock($0.shape).residentBytes } ?? 0))
    // What checks measure from the first days of production.
    let isInSlices = plan.monitor.checks.contains { $0.slices != .all }
    judged += plan.references.subjects.reduce(0) { sum, subject in
      sum + (plan.references.shape(subject).map { CellBlock($0).residentBytes } ?? 0) * (isInSlices ? slices : 1)
    }
    batch = 536 * 12 * plan.drift.subjects.count
  }

  /// How many slices are expected: `all`, versions and values of segments.
  package static func slices(_ plan: MonitorPlan) -> Int {
    var slices = 1
    if plan.monitor.predictions.version != nil {
      slices += plan.baseline.segments.first { $0.name == Slice.version }.map { max(1, $0.values.count) } ?? 2
    }
    for values in plan.segmentValues { slices += values.map { $0.count } ?? plan.monitor.maximumSegments }
    return slices
  }
}
