import LeewayCore
import Testing

@Suite("Ledger: errors and detectors")
struct ErrorConformance {
  private func row(_ time: Int64, _ id: [UInt8], _ version: String, _ error: Double?, _ slices: [UInt8] = [])
    -> ErrorRow
  {
    ErrorRow(time: .at(time), id: id, version: Array(version.utf8), error: error, slices: slices)
  }

  private func rows(_ ledger: any Ledger, _ range: Range<EventTime>, generation: String = "g") throws -> [ErrorRow] {
    var rows: [ErrorRow] = []
    try ledger.read { try $0.errors(monitor: "m", generation: generation, in: range) { rows.append($0) } }
    return rows
  }

  @Test(arguments: ledgers)
  func errorsComeByTimeThenByTheBytesOfIdAndVersion(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let long = [UInt8](repeating: 0x61, count: 700)
    let ids: [[UInt8]] = [[], [0], [0x61], long, long + [0x62], [0x62], [0xff]]
    let versions = ["", "\u{0}", "v1", "v10", "v2", String(repeating: "v", count: 5000)]
    let wanted = [-5, 0, 5, 9].flatMap { time in
      ids.flatMap { id in versions.map { row(time, id, $0, Double(time) / 3, [UInt8(id.count % 7)]) } }
    }
    try ledger.write { ledger in
      try ledger.put(errors: wanted.reversed(), monitor: "m", generation: "g")
      try ledger.put(errors: [row(0, [1], "other", 1)], monitor: "m", generation: "h")
    }
    #expect(try rows(ledger, .distantPast..<EventTime.distantFuture) == wanted)
    #expect(try rows(ledger, .at(0)..<EventTime.at(9)) == wanted.filter { $0.time >= .at(0) && $0.time < .at(9) })
    #expect(try rows(ledger, .at(0)..<EventTime.at(9), generation: "none") == [])
  }

  @Test(arguments: ledgers)
  func anErrorReplacesItsRowAndNoneDeletesIt(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    try ledger.write { ledger in
      try ledger.put(errors: [row(1, [1], "a", 0), row(1, [1], "b", 1)], monitor: "m", generation: "g")
      try ledger.put(
        errors: [row(1, [1], "a", 0.25, [7]), row(1, [1], "b", nil), row(2, [9], "", nil)], monitor: "m",
        generation: "g")
      // The last of several stands.
      try ledger.put(
        errors: [row(3, [3], "", 1), row(3, [3], "", nil), row(4, [4], "", nil), row(4, [4], "", 1)], monitor: "m",
        generation: "g")
    }
    #expect(
      try rows(ledger, .distantPast..<EventTime.distantFuture) == [row(1, [1], "a", 0.25, [7]), row(4, [4], "", 1)])
  }

  @Test(arguments: ledgers)
  func whatWasFedIsDeletedAndCounted(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    func delete(_ before: Int64, _ generation: String = "g") throws -> Int {
      try ledger.write { try $0.delete(errorsBefore: .at(before), monitor: "m", generation: generation) }
    }
    try ledger.write {
      try $0.put(errors: (0..<9).map { row($0, [UInt8($0)], "", 1) }, monitor: "m", generation: "g")
    }
    #expect(try delete(5, "h") == 0)
    #expect(try delete(5) == 5)
    #expect(try delete(5) == 0)
    #expect(try rows(ledger, .at(0)..<EventTime.at(99)).map(\.time) == (5..<9).map { .at($0) })
  }

  @Test(arguments: ledgers)
  func detectorsAndWhatTheyFoundAreKeptAndReclaimedWithTheirGeneration(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    func panes(_ from: Int64, _ to: Int64) throws -> [FedPaneRecord] {
      try ledger.read { try $0.fedPanes(monitor: "m", generation: "old", in: .at(from)..<EventTime.at(to)) }
    }
    try ledger.write { ledger in
      for generation in ["old", "new"] {
        try ledger.put(
          generation: GenerationRecord(monitor: "m", generation: generation, startsAt: .at(0), baseline: "b"))
      }
      #expect(try ledger.errorFeed(monitor: "m", generation: "old") == nil)
      try ledger.put(errorFeed: [1], monitor: "m", generation: "old")
      try ledger.put(errorFeed: [2, 3], monitor: "m", generation: "old")
      try ledger.put(
        fedPanes: [3, 1, 2].map { FedPaneRecord(pane: .at($0), block: [UInt8($0)]) }, monitor: "m", generation: "old")
      try ledger.put(fedPanes: [FedPaneRecord(pane: .at(2), block: [])], monitor: "m", generation: "old")
      try ledger.put(errors: [row(1, [1], "", 1), row(2, [2], "", 0)], monitor: "m", generation: "old")
    }
    #expect(try ledger.read { try $0.errorFeed(monitor: "m", generation: "old") } == [2, 3])
    #expect(try ledger.read { try $0.errorFeed(monitor: "m", generation: "new") } == nil)
    #expect(try panes(1, 3) == [FedPaneRecord(pane: .at(1), block: [1]), FedPaneRecord(pane: .at(2), block: [])])

    func reclaim(_ before: EventTime, _ limit: Int) throws -> Int {
      try ledger.write { try $0.reclaimErrors(monitor: "m", generation: "old", before: before, limit: limit) }
    }
    func reclaimGeneration() throws -> Int {
      try ledger.write { try $0.reclaimGeneration(monitor: "m", generation: "old") }
    }
    #expect(try reclaimGeneration() == 0)
    #expect(try reclaim(.at(2), 1) == 1)
    #expect(try reclaim(.at(2), 9) == 1)
    #expect(try reclaim(.at(2), 9) == 0)
    #expect(try panes(0, 9).map(\.pane) == [.at(2), .at(3)])
    #expect(try rows(ledger, .at(0)..<EventTime.at(9), generation: "old").map(\.time) == [.at(2)])
    #expect(try reclaimGeneration() == 0)
    #expect(try reclaim(.distantFuture, 9) == 3)
    #expect(try reclaimGeneration() == 1)
    #expect(try ledger.read { try $0.errorFeed(monitor: "m", generation: "old") } == nil)
  }
}
