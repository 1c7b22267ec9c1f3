/// How far the challenger's outputs lie from the champion's in one window: the distances of `drift` lines, the champion's
/// rows standing for the baseline. nil unless both have rows.
struct VersionDrift {
  let comparison: DriftComparison
  let champion: Int64
  let challenger: Int64
  private let championCells: SubjectCells

  /// Values that a distance rests on, of the version that has fewer.
  func valuesUsed(_ metric: Metric) -> Int64 {
    min(DriftComparison.valuesUsed(metric, in: championCells), comparison.valuesUsed(metric))
  }

  init?(_ plan: MonitorPlan, _ versions: VersionComparison, _ drift: [NameKey: CellBlock]) {
    func block(_ version: String) -> CellBlock? { drift[NameKey(Slice.name(Slice.version, version))] }
    guard let champion = block(versions.champion), let challenger = block(versions.challenger) else { return nil }
    let subject = plan.drift.subjects[plan.outputSubject]
    let cells = plan.drift.cells(of: subject, in: champion)
    let deviation =
      if case .numeric(let domain) = subject.domain { cells.moments(domain)?.standardDeviation } else {
        Double?.none
      }
    comparison = DriftComparison(
      domain: subject.domain, baseline: BaselineSide(domain: subject.domain, cells: cells),
      baselineDeviation: deviation,
      window: plan.drift.cells(of: subject, in: challenger))
    championCells = cells
    self.champion = champion.counts[DriftLayout.rows]
    self.challenger = challenger.counts[DriftLayout.rows]
  }
}
