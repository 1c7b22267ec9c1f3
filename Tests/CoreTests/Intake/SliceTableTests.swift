import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct SliceTableTests {
  /// More values than the fast table takes, long ones and empty ones, again and again: one number for each.
  @Test func everyValueKeepsItsNumber() throws {
    let seed: UInt64 = 0x511ce
    var random = SeededGenerator(seed: seed)
    var table = SliceTable(plan: try SampleMonitor.plan(try SampleMonitor.monitor(.binary)))
    var known: [String: Int32] = [:]
    for round in 0..<20_000 {
      // Version, channel (whose profile has web and app) and shop.
      let segment = Int.random(in: 0..<3, using: &random)
      let kind = Int.random(in: 0..<1500, using: &random)
      let value =
        kind == 0
        ? ""
        : kind < 900 ? "v\(kind)" : kind < 1200 ? ["web", "app"][kind % 2] : String(repeating: "é", count: kind - 1100)
      let slice = Array(value.utf8).withUnsafeBytes { table.slice(segment: segment, value: $0) }
      let name = table.names[Int(slice)]
      let kept = segment != 1 || value == "web" || value == "app"
      #expect(
        name == Slice.name(["version", "channel", "shop"][segment], kept ? value : Slice.otherValue),
        "seed \(seed), round \(round)")
      #expect(known[name, default: slice] == slice, "seed \(seed), round \(round): \(name)")
      known[name] = slice
    }
  }
}
