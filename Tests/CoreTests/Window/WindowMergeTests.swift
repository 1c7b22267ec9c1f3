import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct WindowMergeTests {
  @Test func endsAreThoseOfTheWindowsThatHoldAPane() {
    let windows = [
      WindowDefinition(name: "a", size: .minutes(15), every: .minutes(5)),
      WindowDefinition(name: "b", size: .hours(1), every: .minutes(30)),
      WindowDefinition(name: "c", size: .minutes(5), every: .minutes(5)),
      WindowDefinition(name: "gaps", size: .minutes(10), every: .minutes(30)),
    ]
    for window in windows {
      for i in Int64(-30)...30 {
        let pane = EventTime(milliseconds: i * 300_000)
        let found = Array(window.ends(holding: pane))
        let all = stride(from: Int64(-100), through: 100, by: 1).map {
          EventTime(milliseconds: $0 * window.every.milliseconds)
        }
        let expected = all.filter { window.range(endingAt: $0).contains(pane) }.map(\.milliseconds)
        #expect(found == expected, "\(window.name) \(i)")
      }
    }
  }

  /// Moving by what enters and leaves is the same as merging again, panes of several writers included.
  @Test func movingForwardIsMergingAnew() throws {
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary))
    let generation = plan.generation
    for seed in UInt64(1)...15 {
      var random = SeededGenerator(seed: seed)
      let ledger = InMemoryLedger()
      try ledger.write { tx in
        for pane in Int64(0)..<40 {
          for writer in ["w1", "w2"] where Bool.random(using: &random) {
            var rows: [(key: PaneKey, block: [UInt8])] = []
            for slice in ["all", "shop=a", "shop=b", "shop=c", "shop=d", "shop=e", "shop=__other__", "channel=web"]
            where Bool.random(using: &random) {
              var block = CellBlock(plan.drift.shape)
              for _ in 0..<Int.random(in: 0...5, using: &random) {
                block.counts[Int.random(in: 0..<block.counts.count, using: &random)] += 3
                block.sums[Int.random(in: 0..<block.sums.count, using: &random)] -= 7
              }
              rows.append((PaneKey(pane: EventTime(milliseconds: pane), slice: slice), block.encoded()))
            }
            try tx.put(.drift, monitor: "m", generation: generation, writer: writer, blocks: rows)
          }
        }
      }
      try ledger.read { (reader: any LedgerReader) throws in
        var moving = WindowMerge(.drift, plan: plan, shape: plan.drift.shape)
        var lower: Int64 = 0
        var upper: Int64 = 5
        for _ in 0..<20 {
          lower += Int64.random(in: 0...6, using: &random)
          upper = max(upper, lower) + Int64.random(in: 0...6, using: &random)
          let range = EventTime(milliseconds: lower)..<EventTime(milliseconds: upper)
          try moving.move(to: range, in: reader)
          var fresh = WindowMerge(.drift, plan: plan, shape: plan.drift.shape)
          try fresh.move(to: range, in: reader)
          #expect(try moving.view() == fresh.view(), "seed \(seed)")
          let shops = try fresh.view().keys.map(\.name).filter { $0.hasPrefix("shop=") && $0 != "shop=__other__" }
          #expect(shops.count <= plan.monitor.maximumSegments, "seed \(seed)")
        }
      }
    }
  }

  /// A row that holds nothing any more still says that its slice was there, and is shown nowhere.
  @Test func emptyRowsCountForTheCapAndAreNotShown() throws {
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary))
    let shops = (0..<4).map { "shop=\($0)" }.sorted {
      Digest64.hash(String($0.dropFirst(5))) < Digest64.hash(String($1.dropFirst(5)))
    }
    var one = CellBlock(plan.drift.shape)
    one.counts[DriftLayout.rows] = 1
    let ledger = InMemoryLedger()
    try ledger.write { tx in
      // The smallest hash holds nothing, the greatest is one too many.
      try tx.put(
        .drift, monitor: "m", generation: plan.generation, writer: "w",
        blocks: shops.enumerated().map { i, shop in
          (
            PaneKey(pane: EventTime(milliseconds: 0), slice: shop),
            i == 0 ? CellBlock(plan.drift.shape).encoded() : one.encoded()
          )
        })
    }
    var merge = WindowMerge(.drift, plan: plan, shape: plan.drift.shape)
    try ledger.read { try merge.move(to: EventTime(milliseconds: 0)..<EventTime(milliseconds: 1), in: $0) }
    #expect(try Set(merge.view().keys.map(\.name)) == ["shop=__other__", shops[1], shops[2]])
  }
}
