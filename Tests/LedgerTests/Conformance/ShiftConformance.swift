import LeewayCore
import Testing

@Suite("Ledger: detectors of shifts")
struct ShiftConformance {
  private func record(_ hash: String, _ slice: String, through: Int64 = 0, state: [UInt8] = [1]) -> ShiftRecord {
    ShiftRecord(key: SliceKey(hash: hash, slice: slice), through: .at(through), state: state)
  }

  /// Also names that only look alike, and those that are too long for an index.
  private let slices = [
    "all", "country=DE", "country=\u{e9}", "country=e\u{301}", "country=" + String(repeating: "x", count: 6000),
    "country=" + String(repeating: "x", count: 6000) + "y",
  ]

  @Test(arguments: ledgers)
  func aStateIsFoundByHashAndSliceAndTheLastOnePutStands(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let wanted = ["a", "b"].flatMap { hash in
      slices.map { record(hash, $0, state: [UInt8($0.utf8.count % 251), UInt8(hash.utf8.count)]) }
    }
    try ledger.write { ledger in
      try ledger.put(shiftStates: wanted.map { record($0.key.hash, $0.key.slice, state: []) }, monitor: "m")
      try ledger.put(shiftStates: wanted.reversed() + [record("c", "all", state: [7])], monitor: "m")
      try ledger.put(shiftStates: [record("c", "all", state: [8]), record("c", "all", state: [9])], monitor: "m")
      try ledger.put(shiftStates: [record("a", "all", state: [9])], monitor: "other")
    }
    func states(_ monitor: String, _ keys: [SliceKey]) throws -> [[UInt8]?] {
      try ledger.read { try $0.shiftStates(monitor: monitor, keys: keys) }
    }
    #expect(try states("m", wanted.map(\.key)) == wanted.map { Optional($0.state) })
    let keys = [SliceKey(hash: "d", slice: "all"), SliceKey(hash: "c", slice: "all"), SliceKey(hash: "c", slice: "x")]
    #expect(try states("m", keys) == [nil, [9], nil])
    #expect(try states("none", keys) == [nil, nil, nil])
    #expect(try states("m", []) == [])
  }

  @Test(arguments: ledgers)
  func whatHasTakenNoHourForLongGoesTheOldestFirst(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let keys = (0..<6).map { SliceKey(hash: "a", slice: "s\($0)") }
    try ledger.write { ledger in
      try ledger.put(shiftStates: (0..<6).map { record("a", "s\($0)", through: 5 - $0) }, monitor: "m")
      try ledger.put(shiftStates: [record("a", "all", through: -9)], monitor: "other")
    }
    func reclaim(_ before: Int64, _ limit: Int) throws -> Int {
      try ledger.write { try $0.reclaimShiftStates(monitor: "m", before: .at(before), limit: limit) }
    }
    func left() throws -> [Bool] { try ledger.read { try $0.shiftStates(monitor: "m", keys: keys).map { $0 != nil } } }
    #expect(try reclaim(3, 2) == 2)
    #expect(try left() == [true, true, true, true, false, false])
    #expect(try reclaim(3, 9) == 1)
    #expect(try reclaim(3, 9) == 0)
    #expect(try left() == [true, true, true, false, false, false])
    #expect(
      try ledger.read { try $0.shiftStates(monitor: "other", keys: [SliceKey(hash: "a", slice: "all")]) } == [[1]])
  }
}
