import LeewayStatistics

/// Reads one subject's distribution in one window from committed panes.
package struct HistogramReader: Sendable {
  package let plan: MonitorPlan

  package init(plan: MonitorPlan) { self.plan = plan }

  /// - Parameter end: nil: the newest closed window's.
  /// - Returns: nil if there is no such window, slice or subject, or it holds no rows.
  package func histogram(
    window name: String, slice: String, subject subjectName: String, end: EventTime?, in reader: any LedgerReader
  ) throws -> SubjectHistogram? {
    guard let window = plan.monitor.window(named: name),
      let index = plan.subjects(in: slice).first(where: { utf8Equal(plan.drift.subjects[$0].name, subjectName) })
    else { return nil }
    let (side, against) = plan.baselineSide(subject: index, slice: NameKey(slice))
    let baseline = side.cells
    let progress = try reader.progress(of: plan)
    guard let end = end ?? progress.map({ $0.closedThrough.floor(to: window.every) }), end > .earliestWritable else {
      return nil
    }
    var merge = WindowMerge(.drift, plan: plan, shape: plan.drift.shape)
    let range = window.range(endingAt: end)
    try merge.move(to: range, in: reader)
    guard let block = try merge.view()[NameKey(slice)] else { return nil }
    let cells = plan.drift.cells(of: plan.drift.subjects[index], in: block)
    guard cells.rows > 0 else { return nil }
    return SubjectHistogram(
      monitor: plan.monitor.name, window: name, slice: slice, subject: subjectName, start: range.lowerBound, end: end,
      against: against,
      baselineRows: baseline.rows &- baseline.invalid, windowRows: cells.rows &- cells.invalid,
      bins: bins(plan.drift.subjects[index].domain, baseline, cells))
  }

  private func bins(_ domain: SubjectDomain, _ baseline: SubjectCells, _ window: SubjectCells) -> [SubjectHistogram.Bin]
  {
    let n = Double(max(baseline.rows &- baseline.invalid, 1))
    let m = Double(max(window.rows &- window.invalid, 1))
    func bin(_ label: String, _ p: Int64, _ q: Int64, _ lower: Double? = nil, _ upper: Double? = nil)
      -> SubjectHistogram.Bin
    {
      SubjectHistogram.Bin(label: label, lower: lower, upper: upper, baseline: Double(p) / n, window: Double(q) / m)
    }
    var out: [SubjectHistogram.Bin] = []
    switch domain {
    case .numeric(let numeric):
      let cuts = numeric.binning.cuts
      var p = numeric.binning.psiBins(baseline.counts)
      var q = numeric.binning.psiBins(window.counts)
      var first = 0
      if numeric.binning.hasBinBelow, let lowest = cuts.first {
        if p[0] &+ q[0] > 0 {
          // What lies below the lowest cut, then the cut itself.
          let text = ShortestText.of(lowest)
          out.append(bin("< \(text)", p[0], q[0], nil, lowest))
          out.append(bin(text, p[1], q[1], lowest, lowest))
          first = 1
        }
        p.removeFirst()
        q.removeFirst()
      }
      for i in first..<p.count {
        let lower = i == 0 ? nil : cuts[i - 1]
        let upper = i < cuts.count ? cuts[i] : nil
        let label =
          switch (lower, upper) {
          case (nil, .some(let b)): "≤ \(ShortestText.of(b))"
          case (.some(let a), nil): "> \(ShortestText.of(a))"
          case (.some(let a), .some(let b)): "(\(ShortestText.of(a)), \(ShortestText.of(b))]"
          case (nil, nil): "all"
          }
        out.append(bin(label, p[i], q[i], lower, upper))
      }
    case .categorical(let categorical):
      // A page shows so many bars; the rest stands together.
      let shown = min(categorical.categories.count, 20)
      for (i, category) in categorical.categories.prefix(shown).enumerated() {
        out.append(bin(category, baseline.counts[i], window.counts[i]))
      }
      let rest = shown..<categorical.categories.count + 1
      let restOfBaseline = baseline.counts[rest].reduce(0, &+)
      let restOfWindow = window.counts[rest].reduce(0, &+)
      if restOfBaseline &+ restOfWindow > 0 { out.append(bin(Slice.otherValue, restOfBaseline, restOfWindow)) }
      let unseen = categorical.categories.count + 1
      if window.counts[unseen] > 0 { out.append(bin("__unseen__", baseline.counts[unseen], window.counts[unseen])) }
    }
    if baseline.missing &+ window.missing > 0 { out.append(bin("__missing__", baseline.missing, window.missing)) }
    return out
  }
}
