import LeewayCore
import Testing

@Suite("Ledger: panes")
struct PaneConformance {
  private struct Row: Equatable {
    var pane: EventTime
    var slice: String
    var block: [UInt8]
  }

  private func panes(
    _ reader: any LedgerReader, _ kind: PaneKind, _ range: Range<EventTime>, generation: String = "g"
  ) throws -> [Row] {
    var rows: [Row] = []
    try reader.panes(kind, monitor: "m", generation: generation, in: range) { pane, slice, block in
      rows.append(Row(pane: pane, slice: slice, block: block))
    }
    return rows
  }

  @Test(arguments: PaneKind.allCases, ledgers)
  func aWriterOverwritesAndDeletesOnlyItsOwnBlocks(_ kind: PaneKind, _ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let keys = [(10, "all"), (10, "country=DE"), (20, "all")].map { PaneKey(pane: .at($0.0), slice: $0.1) }
    try ledger.write { ledger in
      for (n, writer) in ["w1", "w2"].enumerated() {
        try ledger.put(
          kind, monitor: "m", generation: "g", writer: writer,
          blocks: keys.enumerated().map { (key: $1, block: [UInt8(n), UInt8($0)]) })
      }
      try ledger.put(kind, monitor: "m", generation: "g", writer: "w1", blocks: [(key: keys[1], block: [])])
      try ledger.delete(
        kind, monitor: "m", generation: "g", writer: "w2", keys: [keys[0], PaneKey(pane: .at(11), slice: "all")])
    }
    func own(_ writer: String) throws -> [[UInt8]?] {
      try ledger.read { try $0.ownPanes(kind, monitor: "m", generation: "g", writer: writer, keys: keys) }
    }
    #expect(try own("w1") == [[0, 0], [], [0, 2]])
    #expect(try own("w2") == [nil, [1, 1], [1, 2]])
    #expect(try own("w3") == [nil, nil, nil])
    let all = EventTime.distantPast..<EventTime.distantFuture
    #expect(
      try ledger.read { try panes($0, kind, all) } == [
        Row(pane: .at(10), slice: "all", block: [0, 0]), Row(pane: .at(10), slice: "country=DE", block: []),
        Row(pane: .at(10), slice: "country=DE", block: [1, 1]), Row(pane: .at(20), slice: "all", block: [0, 2]),
        Row(pane: .at(20), slice: "all", block: [1, 2]),
      ])
    for other in PaneKind.allCases where other != kind { #expect(try ledger.read { try panes($0, other, all) } == []) }
    #expect(try ledger.read { try panes($0, kind, all, generation: "h") } == [])
    #expect(
      try ledger.read { try $0.ownSlices(kind, monitor: "m", generation: "g", writer: "w2", pane: .at(10)) }
        == ["country=DE"])
    #expect(
      try ledger.read { try $0.ownSlices(kind, monitor: "m", generation: "none", writer: "w2", pane: .at(10)) } == [])
  }

  @Test(arguments: ledgers)
  func blocksComeByPaneThenByTheSlicesBytesInTheRangeAskedFor(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let starts = [-300, 0, 300, 600].map { EventTime.at($0) }
    try ledger.write { ledger in
      for pane in starts.reversed() {
        try ledger.put(
          .drift, monitor: "m", generation: "g", writer: "w",
          blocks: awkwardNames.map { (key: PaneKey(pane: pane, slice: $0), block: Array($0.utf8)) })
      }
    }
    let slices = awkwardNames.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let found = try ledger.read { try panes($0, .drift, .at(-300)..<EventTime.at(600)) }
    #expect(found.map(\.pane) == starts.dropLast().flatMap { Array(repeating: $0, count: slices.count) })
    #expect(found.map(\.block) == starts.dropLast().flatMap { _ in slices.map { Array($0.utf8) } })
    #expect(found.allSatisfy { Array($0.slice.utf8) == $0.block })
    let own = try ledger.read {
      try $0.ownSlices(.drift, monitor: "m", generation: "g", writer: "w", pane: .at(300))
    }
    #expect(own.map { Array($0.utf8) } == slices.map { Array($0.utf8) })
    func ownKeys(_ before: Int64, _ limit: Int, _ writer: String = "w") throws -> [PaneKey] {
      try ledger.read {
        try $0.ownKeys(
          .drift, monitor: "m", generation: "g", writer: writer, before: .at(before), limit: limit)
      }
    }
    let keys = starts.flatMap { pane in slices.map { PaneKey(pane: pane, slice: $0) } }
    #expect(try ownKeys(601, 1000) == keys)
    #expect(try ownKeys(600, 1000) == Array(keys.dropLast(slices.count)))
    #expect(try ownKeys(601, slices.count + 1) == Array(keys.prefix(slices.count + 1)))
    #expect(try ownKeys(601, 9, "other") == [])
    func stored(_ range: Range<EventTime>) throws -> [EventTime] {
      try ledger.read { try $0.paneStarts(.drift, monitor: "m", generation: "g", in: range) }
    }
    #expect(try stored(.at(-300)..<EventTime.at(600)) == Array(starts.dropLast()))
    #expect(try stored(.at(-299)..<EventTime.at(601)) == Array(starts.dropFirst()))
    #expect(try stored(.at(1)..<EventTime.at(1)) == [])
  }

  @Test(arguments: ledgers)
  func slicesMayBeLongerThanAnIndexTakesAndComeInPages(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let long = String(repeating: "x", count: 4000)
    let slices = [long + "b", long + "a", long, String(repeating: "x", count: 255), "x", long + long]
    let keys = slices.flatMap { slice in (0..<60).map { PaneKey(pane: .at($0), slice: slice) } }
    try ledger.write { ledger in
      for writer in ["w1", "w2"] {
        try ledger.put(
          .drift, monitor: "m", generation: "g", writer: writer,
          blocks: keys.map { (key: $0, block: Array("\($0.slice.utf8.count) \(writer)".utf8)) })
      }
    }
    let sorted = slices.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let expected = (0..<60).flatMap { pane in
      sorted.flatMap { slice in
        ["w1", "w2"].map { Row(pane: .at(pane), slice: slice, block: Array("\(slice.utf8.count) \($0)".utf8)) }
      }
    }
    #expect(try ledger.read { try panes($0, .drift, .at(0)..<EventTime.at(60)) } == expected)
    #expect(try ledger.read { try panes($0, .drift, .at(59)..<EventTime.at(60)) } == expected.suffix(12))
    try ledger.write { try $0.delete(.drift, monitor: "m", generation: "g", writer: "w1", keys: [keys[0]]) }
    #expect(
      try ledger.read {
        try $0.ownPanes(.drift, monitor: "m", generation: "g", writer: "w1", keys: [keys[0], keys[60]])
      }
        == [nil, Array("4001 w1".utf8)])
  }

  @Test(arguments: ledgers)
  func aVisitorMayReadAndMayStop(_ store: LedgerUnderTest) throws {
    struct Enough: Error {}
    let ledger = try store.make()
    try ledger.write { ledger in
      try ledger.put(
        .drift, monitor: "m", generation: "g", writer: "w",
        blocks: (0..<4).map { (key: PaneKey(pane: .at($0), slice: "all"), block: [UInt8($0)]) })
    }
    try ledger.read { reader in
      var pairs: [[UInt8]] = []
      let all = EventTime.at(0)..<EventTime.at(10)
      try reader.panes(.drift, monitor: "m", generation: "g", in: all) { _, _, outer in
        try reader.panes(.drift, monitor: "m", generation: "g", in: all) { _, _, inner in pairs.append(outer + inner) }
      }
      #expect(pairs == (0..<4).flatMap { a in (0..<4).map { [UInt8(a), UInt8($0)] } })
    }
    #expect(throws: Enough.self) {
      try ledger.read { reader in
        try reader.panes(.drift, monitor: "m", generation: "g", in: .at(0)..<EventTime.at(10)) { pane, _, _ in
          if pane == .at(1) { throw Enough() }
        }
      }
    }
    #expect(try ledger.read { try panes($0, .drift, .at(0)..<EventTime.at(10)) }.count == 4)
  }

  @Test(arguments: PaneKind.allCases, ledgers)
  func reclaimingRemovesTheOldestInBoundedSteps(_ kind: PaneKind, _ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    try ledger.write { ledger in
      for writer in ["w1", "w2"] {
        try ledger.put(
          kind, monitor: "m", generation: "g", writer: writer,
          blocks: (0..<5).map { (key: PaneKey(pane: .at($0 * 10), slice: "all"), block: [1]) })
      }
    }
    func reclaim(before: Int64, limit: Int) throws -> Int {
      try ledger.write { try $0.reclaimPanes(kind, monitor: "m", generation: "g", before: .at(before), limit: limit) }
    }
    func left() throws -> [EventTime] {
      try ledger.read { try panes($0, kind, .distantPast..<EventTime.distantFuture) }.map(\.pane)
    }
    #expect(try reclaim(before: 30, limit: 0) == 0)
    #expect(try reclaim(before: 30, limit: 5) == 5)
    #expect(try left() == [20, 30, 30, 40, 40].map { .at($0) })
    #expect(try reclaim(before: 30, limit: 5) == 1)
    #expect(try reclaim(before: 30, limit: 5) == 0)
    #expect(try left() == [30, 30, 40, 40].map { .at($0) })
    #expect(
      try ledger.write { try $0.reclaimPanes(kind, monitor: "m", generation: "h", before: .at(99), limit: 5) } == 0)
  }

  @Test(arguments: ledgers)
  func aMarkMadeAfterTheEvaluatorReadSurvivesIt(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    try ledger.write {
      try $0.mark(
        dirty: [(.drift, .at(10)), (.performance, .at(10)), (.drift, .at(20)), (.earlyPerformance, .at(10))],
        monitor: "m", generation: "g")
      try $0.mark(dirty: [(.drift, .at(10))], monitor: "m", generation: "h")
    }
    func marks(_ generation: String) throws -> [DirtyMark] {
      try ledger.read { try $0.dirtyMarks(monitor: "m", generation: generation) }
    }
    let read = try marks("g")
    #expect(read.map(\.kind) == [.drift, .performance, .drift, .earlyPerformance])
    #expect(read.map(\.pane) == [.at(10), .at(10), .at(20), .at(10)])
    #expect(read.map(\.id) == read.map(\.id).sorted() && Set(read.map(\.id)).count == 4)
    try ledger.write { try $0.mark(dirty: [(.drift, .at(10))], monitor: "m", generation: "g") }
    try ledger.write { try $0.delete(dirtyMarks: read.map(\.id)) }
    let left = try marks("g")
    #expect(left.map(\.pane) == [.at(10)])
    #expect(left.map(\.kind) == [.drift])
    #expect(left.allSatisfy { $0.id > read[2].id })
    #expect(try marks("h").count == 1)
    try ledger.write { try $0.delete(dirtyMarks: left.map(\.id)) }
    try ledger.write { try $0.mark(dirty: [(.drift, .at(10))], monitor: "m", generation: "g") }
    // Ids are never used again.
    #expect(try marks("g").allSatisfy { mark in left.allSatisfy { mark.id > $0.id } })
  }
}
