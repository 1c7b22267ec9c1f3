import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// A slice has a part of its own in the baseline from a thousand training rows on, and a performance of its own from a thousand
/// labelled ones.
@Suite struct BaselineBuilderTests {
  /// So many rows on the web, of which the first have labels, and 500 labelled ones in the app. Of ten labels nine are right on
  /// the web and five in the app.
  ///
  /// - Parameter heldOut: rows on the web that the model was not trained on: of ten labels eight are right.
  private static func fit(web: Int, labelled: Int, heldOut: Int = 0) throws -> Baseline {
    let monitor = try SampleMonitor.monitor(.binary)
    let scores = (0..<20).map { Double($0) / 20 }
    let score = SubjectDomain.numeric(
      NumericDomain(
        binning: .fit(sorted: scores, resolution: monitor.resolution),
        fixedPoint: FixedPoint(origin: 0.5, standardDeviation: 0.3)))
    var builder = BaselineBuilder(
      monitor: monitor, subjects: [BaselineBuilder.Subject(name: monitor.outputName, domain: score)],
      segments: [SegmentProfile(name: "channel", values: ["web", "app"])], classes: [], labels: true)
    func label(_ i: Int, of ten: Int) -> LabelValue { .number((i % 10 < ten) == (i % 2 == 0) ? 1 : 0) }
    func output(_ i: Int) -> Double { i % 2 == 0 ? 0.9 : 0.1 }
    for i in 0..<web {
      builder.setNumber(0, output(i))
      builder.commitRow(
        slices: [("channel", "web")], output: .number(output(i)), label: i < labelled ? label(i, of: 9) : nil)
    }
    for i in 0..<500 {
      builder.setNumber(0, output(i))
      builder.commitRow(slices: [("channel", "app")], output: .number(output(i)), label: label(i, of: 5))
    }
    for i in 0..<heldOut {
      builder.commitHeldOut(slices: [("channel", "web")], output: .number(output(i)), label: label(i, of: 8))
    }
    return builder.finish()
  }

  @Test func aThousandRowsAreAPartOfTheirOwn() throws {
    #expect(try Self.fit(web: 999, labelled: 999).slices == [])
    let baseline = try Self.fit(web: 1000, labelled: 1000)
    #expect(baseline.slices.map(\.slice) == ["channel=web"] && baseline.slices.map(\.rows) == [1000])
    #expect(baseline.rows == 1500 && baseline.performance?.labelled == 1500)
    let own = try #require(baseline.slices.first?.performance)
    #expect(own.labelled == 1000 && own.inSample)
    #expect(own.metrics["accuracy"] == 0.9)
    // Of the whole: 900 and 250.
    #expect(baseline.performance?.metrics["accuracy"] == 1150.0 / 1500)
  }

  @Test func aThousandLabelsAreAPerformanceOfTheirOwn() throws {
    let baseline = try Self.fit(web: 1000, labelled: 999)
    #expect(baseline.slices.map(\.rows) == [1000] && baseline.slices.first?.performance == nil)
    #expect(baseline.performance?.labelled == 1499)
  }

  /// Where rows were held out performance is of them alone, of slices as well.
  @Test(arguments: [(999, nil as Double?), (1000, 0.8)])
  func heldOutLabelsCountAlone(_ heldOut: Int, _ accuracy: Double?) throws {
    let baseline = try Self.fit(web: 1000, labelled: 1000, heldOut: heldOut)
    #expect(baseline.slices.map(\.rows) == [1000])
    #expect(baseline.slices.first?.performance?.metrics["accuracy"] == accuracy)
    #expect(baseline.slices.first?.performance?.inSample == (accuracy == nil ? nil : false))
    #expect(baseline.performance?.labelled == Int64(heldOut))
  }
}
