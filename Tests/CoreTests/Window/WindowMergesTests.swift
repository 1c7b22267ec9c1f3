import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct WindowMergesTests {
  /// A ledger and one who judges what is in it.
  private struct Stage {
    let plan: MonitorPlan
    let ledger = InMemoryLedger()
    let lease: EvaluationLease

    init(plan: MonitorPlan) throws {
      self.plan = plan
      let name = EvaluationLease.name(monitor: "m")
      let epoch = try ledger.write { tx in
        try tx.put(
          generation: GenerationRecord(
            monitor: "m", generation: plan.generation, startsAt: .distantPast, baseline: plan.baseline.identity))
        for writer in ["a", "b"] { try tx.register(writer: writer, instance: InstanceIdentity(host: "h", process: 1)) }
        return try tx.acquire(lease: name, holder: "evaluator", lasting: .days(1))
      }
      lease = EvaluationLease(name: name, epoch: try #require(epoch))
    }

    func put(_ rows: [(writer: String, key: PaneKey, block: [UInt8])]) throws {
      try ledger.write { tx in
        for (writer, key, block) in rows {
          try tx.put(.drift, monitor: "m", generation: plan.generation, writer: writer, blocks: [(key, block)])
          try tx.mark(dirty: [(.drift, key.pane)], monitor: "m", generation: plan.generation)
        }
      }
    }

    /// Lines of results, in an order of their own.
    func judge(through end: EventTime, _ merges: WindowMerges?) throws -> [String] {
      let reached = end + plan.monitor.lateness
      var lines: [String] = []
      while true {
        let report = try Evaluator(plan: plan).evaluate(
          ledger, lease: lease, now: end, watermarks: Watermarks(predictions: reached, labels: end), merges: merges)
        lines += report.results.map(\.line)
        if report.isComplete { return lines.sorted() }
      }
    }
  }

  private static func block(_ plan: MonitorPlan, _ random: inout SeededGenerator) -> [UInt8] {
    var block = CellBlock(plan.drift.shape)
    block.counts[DriftLayout.rows] = 9
    for _ in 0..<9 {
      block.counts[Int.random(in: 0..<block.counts.count, using: &random)] += 3
      block.sums[Int.random(in: 0..<block.sums.count, using: &random)] -= 7
    }
    return block.encoded()
  }

  /// Whoever goes on with merges says what whoever begins again says, though panes of closed windows change, rows are
  /// folded and rounds pass without work.
  @Test func goingOnIsBeginningAnew() throws {
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary))
    func time(_ pane: Int64) -> EventTime { EventTime(milliseconds: 0) + .minutes(5 * pane) }
    var revisions = 0
    for seed in UInt64(1)...8 {
      var random = SeededGenerator(seed: seed)
      let kept = try Stage(plan: plan)
      let again = try Stage(plan: plan)
      let merges = WindowMerges()
      var pane: Int64 = 1000
      for round in 0..<12 {
        var rows: [(writer: String, key: PaneKey, block: [UInt8])] = []
        let next = pane + Int64.random(in: 0...4, using: &random)
        // More shops than the cap lets through.
        for slice in ["all", "shop=a", "shop=b", "shop=c", "shop=d", "shop=e"] {
          for new in pane..<next where Int.random(in: 0..<3, using: &random) == 0 {
            let writer = Bool.random(using: &random) ? "a" : "b"
            rows.append((writer, PaneKey(pane: time(new), slice: slice), Self.block(plan, &random)))
          }
          // What came late, to a window that may have been judged.
          if Int.random(in: 0..<12, using: &random) == 0 {
            let old = pane - Int64.random(in: 1...14, using: &random)
            rows.append(("b", PaneKey(pane: time(old), slice: slice), Self.block(plan, &random)))
            revisions += 1
          }
        }
        pane = next
        for stage in [kept, again] { try stage.put(rows) }
        if Int.random(in: 0..<3, using: &random) == 0 {
          merges.forget(monitor: "m")
          for stage in [kept, again] {
            _ = try Fold(plan: plan, deadAfter: .days(1)).step(stage.ledger, lease: stage.lease)
          }
        }
        let found = try kept.judge(through: time(pane), merges)
        #expect(try found == again.judge(through: time(pane), nil), "seed \(seed), round \(round)")
      }
    }
    #expect(revisions > 20)
  }

  /// Another epoch may have folded rows or taken marks away; beyond the limit nothing is kept.
  @Test func whatMayNotOrCannotBeKeptIsNot() throws {
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary))
    var random = SeededGenerator(seed: 1)
    let stage = try Stage(plan: plan)
    let pane = EventTime(milliseconds: 0) + .days(1)
    try stage.put([("a", PaneKey(pane: pane, slice: "all"), Self.block(plan, &random))])
    let merges = WindowMerges()
    let small = WindowMerges(limitBytes: 100)
    #expect(try !stage.judge(through: pane + .minutes(5), merges).isEmpty)
    #expect(merges.residentBytes > 0)
    let window = plan.monitor.windows[0]
    var taken = merges.take(window, plan: plan, epoch: stage.lease.epoch + 1, marked: [])
    #expect(taken.range == nil)
    #expect(merges.take(window, plan: plan, epoch: stage.lease.epoch, marked: []).range == nil, "it was handed over")

    try stage.ledger.read { taken = try moved(taken, to: pane..<pane + .minutes(5), in: $0) }
    merges.keep(taken, window, plan: plan, epoch: 1)
    small.keep(taken, window, plan: plan, epoch: 1)
    #expect(small.residentBytes == 0)
    #expect(merges.take(window, plan: plan, epoch: 1, marked: [pane - .minutes(5)]).range != nil)
    merges.keep(taken, window, plan: plan, epoch: 1)
    #expect(merges.take(window, plan: plan, epoch: 1, marked: [pane]).range == nil)
  }

  /// A week is thousands of rows to merge again, an hour a dozen.
  @Test func longerWindowsHaveTheRoom() throws {
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary))
    var random = SeededGenerator(seed: 2)
    let stage = try Stage(plan: plan)
    let end = EventTime(milliseconds: 0) + .days(1)
    try stage.put([("a", PaneKey(pane: end - .minutes(5), slice: "all"), Self.block(plan, &random))])
    let windows = plan.monitor.windows
    let merged = try stage.ledger.read { reader in
      try windows.map {
        try moved(WindowMerge(.drift, plan: plan, shape: plan.drift.shape), to: $0.range(endingAt: end), in: reader)
      }
    }
    #expect(windows.map(\.size) == [.minutes(15), .hours(1)] && merged[0].residentBytes == merged[1].residentBytes)
    let merges = WindowMerges(limitBytes: merged[0].residentBytes * 3 / 2)
    for next in [0, 1, 0] { merges.keep(merged[next], windows[next], plan: plan, epoch: 1) }
    #expect(merges.residentBytes == merged[1].residentBytes)
    #expect(merges.take(windows[0], plan: plan, epoch: 1, marked: []).range == nil)
    #expect(merges.take(windows[1], plan: plan, epoch: 1, marked: []).range == windows[1].range(endingAt: end))
  }

  private func moved(_ merge: WindowMerge, to range: Range<EventTime>, in reader: any LedgerReader) throws
    -> WindowMerge
  {
    var merge = merge
    try merge.move(to: range, in: reader)
    return merge
  }
}
