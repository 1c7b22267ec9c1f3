import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Blocks come from a database: whatever is in them, looking at a window gives numbers or an error.
@Suite struct DamagedBlockTests {
  private static func joined(_ plan: MonitorPlan, _ layout: PerformanceLayout, _ random: inout SeededGenerator)
    -> CellBlock
  {
    var block = CellBlock(layout.shape)
    for _ in 0..<60 {
      let output: ModelOutput =
        plan.monitor.task == .multiclass
        ? .category(
          SampleMonitor.classes[Int.random(in: 0..<3, using: &random)],
          probabilities: [ClassProbability(name: "cat", probability: Double.random(in: 0...1, using: &random))])
        : .number(Double(Int.random(in: 0...20, using: &random)) / 20)
      let label: LabelValue =
        plan.monitor.task == .multiclass
        ? .category(SampleMonitor.classes[Int.random(in: 0..<3, using: &random)])
        : .number(Double(Int.random(in: 0...1, using: &random)))
      let has = Int.random(in: 0..<4, using: &random) > 0
      layout.apply(
        PerformanceRow(
          output: output, label: has ? label : nil,
          delay: has ? .milliseconds(Int64.random(in: -10...10_000_000, using: &random)) : nil),
        to: &block)
    }
    return block
  }

  /// Stores one block, damaged or not, as a pane and lets a window look at it.
  private static func look(_ kind: PaneKind, _ plan: MonitorPlan, _ bytes: [UInt8]) throws -> [ResultRecord] {
    let ledger = InMemoryLedger()
    let pane = World.start
    try ledger.write { tx in
      try tx.put(
        generation: GenerationRecord(
          monitor: plan.monitor.name, generation: plan.generation, startsAt: .distantPast, baseline: ""))
      try tx.put(
        kind, monitor: plan.monitor.name, generation: plan.generation, writer: "w",
        blocks: [(PaneKey(pane: pane, slice: "all"), bytes)])
      try tx.mark(dirty: [(.drift, pane - .hours(2))], monitor: plan.monitor.name, generation: plan.generation)
    }
    let later = pane + .days(1)
    return try SimulatedInstance.evaluate(plan, ledger, watermarks: Watermarks(predictions: later, labels: later))
      .flatMap(\.results)
  }

  @Test(arguments: ModelTask.allCases)
  func damagedPerformanceBlocksGiveNumbersOrAnError(_ task: ModelTask) throws {
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(task, checks: World.checks(task)))
    let layout = try #require(plan.performance)
    var refused = 0
    var lines = 0
    for seed in UInt64(1)...60 {
      var random = SeededGenerator(seed: seed)
      var block = Self.joined(plan, layout, &random)
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let i = Int.random(in: 0..<block.counts.count, using: &random)
        block.counts[i] = [0, 1, 7, -1, 1 << 40, 1 << 62, .max].randomElement(using: &random) ?? 0
        let s = Int.random(in: 0..<block.sums.count, using: &random)
        block.sums[s] = [0, -1, .max, .min, 1 << 80].randomElement(using: &random) ?? 0
        if !block.squares.isEmpty {
          block.squares[0] =
            [Int192(low: .max, high: .max), Int192(low: 0, high: .min), .zero].randomElement(using: &random) ?? .zero
        }
      }
      do { lines += try Self.look(.performance, plan, block.encoded()).count } catch is CellBlockDamaged {
        refused += 1
      }
    }
    #expect(refused > 5 && lines > 40)
  }

  @Test func damagedDriftBlocksGiveNumbersOrAnError() throws {
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary, checks: World.checks(.binary)))
    var refused = 0
    var lines = 0
    for seed in UInt64(1)...60 {
      var random = SeededGenerator(seed: seed)
      var block = CellBlock(plan.drift.shape)
      for i in block.counts.indices where Int.random(in: 0..<3, using: &random) == 0 {
        block.counts[i] = Int64.random(in: 0...20, using: &random)
      }
      block.counts[0] = 1000
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        block.counts[Int.random(in: 0..<block.counts.count, using: &random)] =
          [0, -1, 1 << 40, 1 << 62, .max].randomElement(using: &random) ?? 0
        block.sums[Int.random(in: 0..<block.sums.count, using: &random)] =
          [0, -1, .max, .min, 1 << 80].randomElement(using: &random) ?? 0
        block.squares[0] =
          [Int192(low: .max, high: .max), Int192(low: 0, high: .min), .zero].randomElement(using: &random) ?? .zero
      }
      do { lines += try Self.look(.drift, plan, block.encoded()).count } catch is CellBlockDamaged { refused += 1 }
    }
    #expect(refused > 5 && lines > 40)
  }

  /// A time that no event can have, from a damaged row, neither overflows nor runs for ever.
  @Test(arguments: [Int64.min, .min + 1, .max, .max - 1, .max - 300_000])
  func impossiblePanesAreHarmless(_ milliseconds: Int64) throws {
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary, checks: World.checks(.binary)))
    let pane = EventTime(milliseconds: milliseconds)
    let ledger = InMemoryLedger()
    var block = CellBlock(plan.drift.shape)
    block.counts[0] = 1
    try ledger.write { tx in
      try tx.put(
        generation: GenerationRecord(
          monitor: plan.monitor.name, generation: plan.generation, startsAt: .distantPast, baseline: ""))
      try tx.put(
        .drift, monitor: plan.monitor.name, generation: plan.generation, writer: "w",
        blocks: [(PaneKey(pane: pane, slice: "all"), block.encoded())])
      try tx.mark(dirty: [(.drift, pane)], monitor: plan.monitor.name, generation: plan.generation)
    }
    for watermark in [EventTime.distantPast, World.start, .latestWritable] {
      let reports = try SimulatedInstance.evaluate(
        plan, ledger, maximumWindows: 10, watermarks: Watermarks(predictions: watermark, labels: watermark))
      #expect(reports.count < 20)
    }
    _ = try ledger.read { try OpenWindows(plan: plan).results(ResultQuery(limit: 10), in: $0) }
  }
}
