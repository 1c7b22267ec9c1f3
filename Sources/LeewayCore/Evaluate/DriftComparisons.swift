/// One window beside the baseline: a comparison for every slice that has rows and every subject that has a line there. Made
/// once, so that lines, checks and groups rest on the same numbers.
struct DriftComparisons {
  private var bySlice: [NameKey: [DriftComparison?]] = [:]

  init() {}

  /// - Parameter drift: the window's blocks by slice.
  init(_ plan: MonitorPlan, _ drift: [NameKey: CellBlock]) {
    for (slice, block) in drift where block.counts[DriftLayout.rows] > 0 {
      var found = [DriftComparison?](repeating: nil, count: plan.drift.subjects.count)
      for i in plan.subjects(in: slice.name) {
        let window = plan.drift.cells(of: plan.drift.subjects[i], in: block)
        found[i] = Self.comparison(plan, subject: i, slice: slice, window: window)
      }
      bySlice[slice] = found
    }
  }

  /// nil: the slice has no rows, or the subject is the feature that makes the slice.
  subscript(slice: String, subject: Int) -> DriftComparison? { bySlice[NameKey(slice)]?[subject] }

  /// One subject of one slice, for those that need no others.
  static func comparison(
    _ plan: MonitorPlan, subject index: Int, slice: NameKey, window: SubjectCells
  ) -> DriftComparison {
    let subject = plan.drift.subjects[index]
    let (side, against) = plan.baselineSide(subject: index, slice: slice)
    return DriftComparison(
      domain: subject.domain, baseline: side, against: against,
      baselineDeviation: plan.baseline.subject(named: subject.name)?.standardDeviation, window: window)
  }
}
