/// Results of windows that are not closed yet and hold rows, from committed state; nothing is stored.
package struct OpenWindows: Sendable {
  package let plan: MonitorPlan

  package init(plan: MonitorPlan) { self.plan = plan }

  /// Drift and performance lines in their fixed order, `final: false`.
  ///
  /// - Parameter query: its filters apply; `after` and `limit` do not.
  package func results(_ query: ResultQuery, in reader: any LedgerReader) throws -> [ResultRecord] {
    let monitor = plan.monitor
    guard query.monitor == nil || query.monitor == monitor.name,
      let generation = try reader.generation(of: monitor.name), generation.generation == plan.generation
    else { return [] }
    let standing = GenerationStanding(generation)
    func reached(_ kind: PaneKind) throws -> (progress: EvaluationProgress, firstPane: EventTime?) {
      let names = kind == .drift ? [plan.generation] : Array(Set([plan.generation, plan.pairs]))
      let found = try names.map { try reader.progress(monitor: monitor.name, generation: $0) }
      let marked = try names.flatMap { try reader.dirtyMarks(monitor: monitor.name, generation: $0).map(\.pane) }
      let progress = try reader.progress(monitor: monitor.name, generation: plan.key(of: kind))
      return (progress ?? EvaluationProgress(), (found.compactMap { $0?.firstPane } + marked).min())
    }
    let lines = ResultLines(plan: plan)
    var references = try FrozenReferences(plan: plan, in: reader)
    var out: [ResultRecord] = []
    for window in monitor.windows where query.window == nil || query.window == window.name {
      for (kind, type) in [
        (PaneKind.drift, ResultType.drift), (.performance, .performance), (.earlyPerformance, .performance),
      ]
      where query.type == nil || query.type == type || query.type == .comparison {
        guard let shape = plan.shape(of: kind) else { continue }
        let (progress, firstPane) = try reached(kind)
        let startsAt =
          switch kind {
          case .drift: standing.startsAt
          case .performance: standing.pairsStartAt
          case .earlyPerformance: standing.earlyStartsAt
          }
        var merge = WindowMerge(kind, plan: plan, shape: shape)
        for end in try ends(kind, window, after: progress.closedThrough, reader)
        where (query.from.map { end >= $0 } ?? true) && (query.to.map { end < $0 } ?? true) {
          let range = window.range(endingAt: end)
          try merge.move(to: range, in: reader)
          var view = WindowView(
            definition: window, end: end,
            complete: range.lowerBound >= startsAt && firstPane.map { range.lowerBound >= $0 } ?? false)
          switch kind {
          case .drift:
            view.setDrift(try merge.view(), plan)
            view.references = try references.drift(view, in: reader)
            out.append(contentsOf: lines.drift(view, closed: false, final: false))
            if let versions = monitor.comparison.flatMap({ VersionDrift(plan, $0, view.drift) }) {
              out.append(lines.comparison(view, versions, closed: false, final: false))
            }
          case .performance, .earlyPerformance:
            guard let layout = plan.performance else { continue }
            let blocks = try merge.view()
            if kind == .earlyPerformance { view.stage = .early }
            let longestDelay = monitor.labels?.longestDelay(at: view.stage)
            view.performance = blocks.mapValues {
              PerformanceSummary(layout: layout, block: $0, withImplied: false, longestDelay: longestDelay)
            }
            out.append(contentsOf: lines.performance(view, mature: false))
            guard view.stage == .final else { continue }
            let versions = VersionDifferences.bySlice(layout: layout, performance: blocks, withImplied: false)
            out.append(contentsOf: lines.comparison(view, versions, mature: false))
          }
        }
      }
    }
    return out.filter {
      (query.type == nil || $0.type == query.type) && (query.slice == nil || $0.slice == query.slice)
        && (query.subject == nil || $0.subject == query.subject) && (query.stage == nil || $0.stage == query.stage)
    }.sorted { $0.position < $1.position }
  }

  private func ends(
    _ kind: PaneKind, _ window: WindowDefinition, after: EventTime, _ reader: any LedgerReader
  ) throws -> [EventTime] {
    let from = after == .distantPast ? after : after - window.size
    let panes = try reader.paneStarts(
      kind, monitor: plan.monitor.name, generation: plan.key(of: kind), in: from..<EventTime.distantFuture)
    var out: [EventTime] = []
    for pane in panes {
      for end in window.ends(holding: pane).map(EventTime.init(milliseconds:)) where end > max(after, out.last ?? after)
      {
        out.append(end)
      }
    }
    return out
  }
}
