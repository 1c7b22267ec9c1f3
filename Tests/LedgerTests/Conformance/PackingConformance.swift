import LeewayTestSupport
import Testing

@testable import LeewayCore
@testable import LeewayLedger

/// Lines of drift as they are written: 20 numbers of 17 digits each.
enum DriftLines {
  static let names = (0..<20).map { "a_metric_of_drift_\($0)" }

  static func line(_ end: EventTime, subject: String, _ numbers: inout SeededGenerator) -> ResultRecord {
    var json = JSONWriter()
    json.beginObject()
    for (key, text) in [("type", "drift"), ("monitor", "m"), ("window", "1h"), ("subject", subject)] {
      json.key(key)
      json.string(text)
    }
    json.key("end")
    json.time(end)
    json.key("baseline")
    json.string("sha256:" + String(repeating: "0123456789abcdef", count: 4))
    json.key("metrics")
    json.beginObject()
    for name in names {
      json.key(name)
      json.number(Double.random(in: 0..<1, using: &numbers))
    }
    json.endObject()
    json.endObject()
    return ResultRecord(
      monitor: "m", generation: "g", type: .drift, window: "1h", size: 3_600_000, end: end, slice: "all",
      subject: subject, line: json.text)
  }
}

@Suite("Ledger: packing and thinning")
struct PackingConformance {
  @Test(arguments: ledgers)
  func packedLinesReadAsTheyWereWrittenRevisionsCountOnAndPositionsAreDeleted(_ store: LedgerUnderTest)
    throws
  {
    let seed = UInt64.random(in: 0..<(.max))
    var numbers = SeededGenerator(seed: seed)
    let ledger = try store.make()
    var all = (0..<200).flatMap { i in
      ["x", "y"].map { DriftLines.line(.at(Int64(i) * 300_000), subject: $0, &numbers) }
    }
    func stored() throws -> [ResultRecord] { try ledger.read { try $0.results(ResultQuery(limit: 9999)) } }
    func pack() throws -> Int { try ledger.write { try $0.packResults(monitor: "m", generation: "g", limit: 150) } }
    try ledger.write { try $0.put(results: Array(all[..<100])) }
    // Too few to learn from.
    #expect(try pack() == 0)
    try ledger.write { try $0.put(results: Array(all[100..<300])) }
    let isPlain = ledger is InMemoryLedger
    let packed = try [pack(), pack(), pack()]
    #expect(packed == (isPlain ? [0, 0, 0] : [150, 150, 0]))
    // From now on they are packed at once.
    try ledger.write { try $0.put(results: Array(all[300...])) }
    #expect(try pack() == 0)
    #expect(try stored() == all, "seed \(seed)")
    // The same again, and another.
    try ledger.write { try $0.put(results: all) }
    all[7].line = "{\"other\":\"é\\u0000\"}"
    all[7].revision = 1
    try ledger.write { try $0.put(results: [all[7], all[8]]) }
    #expect(try stored() == all, "seed \(seed)")
    let keys = try ledger.read { try $0.resultKeys(monitor: "m", after: .at(0), through: .at(600_000)) }
    #expect(keys.map(\.position).sorted() == all[2..<6].map(\.position))
    let gone = all[2..<6].map(\.position) + [all[2].position]
    let deleted = try ledger.write { try $0.delete(results: gone) }
    #expect(deleted == 4)
    all.removeSubrange(2..<6)
    #expect(try stored() == all, "seed \(seed)")
    #expect(try ledger.read { try $0.thinning(of: "m") } == nil)
    for end in [10, 5] as [Int64] {
      let progress = ThinningProgress(through: .at(end), before: .at(20))
      try ledger.write { try $0.put(thinning: progress, monitor: "m") }
      #expect(try ledger.read { try $0.thinning(of: "m") } == progress)
    }
  }

  /// What `leeway check` reckons with: 310 bytes of the file for a line of drift, within a fifth. As it came it takes 700.
  @Test func aPackedLineTakesItsShareOfTheFile() throws {
    let folder = try ScratchFolder()
    let ledger = try SQLiteLedger(path: "\(folder.path)/ledger.db")
    var numbers = SeededGenerator(seed: 6)
    func put(_ ends: Range<Int>) throws {
      let lines = ends.map { DriftLines.line(.at(Int64($0) * 300_000), subject: "x", &numbers) }
      try ledger.write { try $0.put(results: lines) }
    }
    try put(0..<200)
    let packed = try ledger.write { try $0.packResults(monitor: "m", generation: "g", limit: 1000) }
    #expect(packed == 200)
    ledger.close()
    let before = try folder.bytes(of: "ledger.db").count
    let again = try SQLiteLedger(path: "\(folder.path)/ledger.db")
    let lines = (200..<4200).map { DriftLines.line(.at(Int64($0) * 300_000), subject: "x", &numbers) }
    try again.write { try $0.put(results: lines) }
    again.close()
    let each = (try folder.bytes(of: "ledger.db").count - before) / 4000
    #expect((248...372).contains(each), "\(each) bytes a line")
  }
}
