import Glibc
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// The histogram of a slice is beside the part of the baseline that its line is beside, bar by bar.
@Suite struct HistogramTests {
  /// Of 600 predictions a third is on the web, which alone has a thousand training rows.
  @Test(arguments: [
    ("all", 600, Against.all), ("channel=web", 200, .slice), ("channel=app", 200, .all), ("version=v1", 600, .all),
  ])
  func barsAreThoseOfTheDriftLine(_ slice: String, _ count: Int64, _ against: Against) throws {
    let scene = try SliceBaselineTests.scene([])
    try scene.judge(at: Scene.minute(60))
    let web = SliceBaselineTests.rows.count { $0.channel == "web" }
    for subject in ["amount", "country", "score"] {
      let found = try #require(
        try scene.ledger.read {
          try HistogramReader(plan: scene.plan).histogram(
            window: "15m", slice: slice, subject: subject, end: Scene.minute(15), in: $0)
        })
      #expect(found.against == against && found.start == Scene.minute(0) && found.windowRows == count)
      #expect(found.baselineRows == Int64(against == .slice ? web : SliceBaselineTests.rows.count))
      let line = try #require(
        try scene.lines(.drift).first {
          $0.window == "15m" && $0.end == Scene.minute(15) && $0.slice == slice && $0.subject == subject
        })
      let shown = JSONReader(try JSONValue(parsing: Array(line.line.utf8)))
      #expect(try shown.member("against").string() == against.rawValue)
      // The stability index by its definition, from the bars: shares are taken as 1e-4 at least.
      let psi = found.bins.reduce(0.0) { sum, bin in
        let (p, q) = (max(bin.baseline, 1e-4), max(bin.window, 1e-4))
        return sum + (q - p) * log(q / p)
      }
      let judged = try shown.member("metrics").member("psi").double()
      #expect(abs(psi - judged) < 1e-12, "\(slice) \(subject): \(psi) for \(judged)")
      for shares in [found.bins.map(\.baseline), found.bins.map(\.window)] {
        #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
      }
    }
  }

  /// Without an end it is the newest closed window's; what there is not has none.
  @Test func theNewestWindowIsTheDefault() throws {
    let scene = try SliceBaselineTests.scene([])
    func end(
      of slice: String = "all", _ subject: String = "amount", window: String = "15m", at end: EventTime? = nil
    ) throws -> EventTime? {
      try scene.ledger.read {
        try HistogramReader(plan: scene.plan).histogram(
          window: window, slice: slice, subject: subject, end: end, in: $0)
      }?.end
    }
    #expect(try end() == nil)
    // Five minutes of lateness: the window that ends at minute 15 is closed, the next is not.
    try scene.judge(at: Scene.minute(24))
    #expect(try end() == Scene.minute(15))
    #expect(try end(at: Scene.minute(10)) == Scene.minute(10))
    #expect(try end(of: "channel=shop") == nil)
    #expect(try end(of: "all", "age") == nil)
    #expect(try end(window: "1d") == nil)
    #expect(try end(at: Scene.minute(500)) == nil)
  }
}
