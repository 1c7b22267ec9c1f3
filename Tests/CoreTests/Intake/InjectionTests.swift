import Foundation
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Changes of single rows, where they are decoded.
@Suite struct InjectionTests {
  private static let start = EventTime(milliseconds: 1_772_409_600_000)

  private func injection(
    _ change: Injection.Change, _ subject: String = "amount", until: EventTime? = nil
  ) -> Injection {
    Injection(text: "\(subject):\(change)", subject: subject, change: change, from: Self.start, until: until)
  }

  /// The amount, country and output of a message at a time, as the decoder finds them after the change.
  private func read(
    _ injections: [Injection], _ json: String, at time: EventTime = start
  ) throws -> (amount: Double?, country: String?, score: Double?) {
    var monitor = try SampleMonitor.monitor(.binary)
    monitor.injections = injections
    let fields = [try FieldPath("amount"), try FieldPath("country"), try FieldPath("score"), try FieldPath("country")]
    let extractor = JSONExtractor(ExtractionPlan(fields: fields, rows: nil, schemas: nil), limits: DecodeLimits())
    // Kept until all has been read: a swapped value points into it.
    let aims = PredictionInjections(monitor, fields: fields, subjects: 0..<3)
    return try Array(json.utf8).withUnsafeBytes { payload in
      try extractor.extract(payload)
      aims?.apply(to: extractor, at: time, payload, row: -1, lenient: false)
      return withExtendedLifetime(aims) {
        func text(_ slot: Int) -> String? {
          extractor.category(of: extractor[slot]).map { String(decoding: $0, as: UTF8.self) }
        }
        // The segment of the same field.
        #expect(text(1) == text(3))
        return (extractor[0].double, text(1), extractor[2].double)
      }
    }
  }

  private let row = #"{"amount":10,"country":"DE","score":0.9}"#

  @Test func valuesAreChanged() throws {
    #expect(try read([injection(.add(2.5))], row).amount == 12.5)
    #expect(try read([injection(.spread(3, around: 8))], row).amount == 14)
    #expect(try read([injection(.multiply(1000))], row).amount == 10_000)
    #expect(try read([injection(.missing(1))], row).amount == nil)
    #expect(try read([injection(.swap("DE", "FR"), "country")], row).country == "FR")
    #expect(try read([injection(.swap("FR", "DE"), "country")], row).country == "FR")
    #expect(try read([injection(.swap("FR", "US"), "country")], row).country == "DE")
    // Scores stay scores, and what is no number stays what it is.
    #expect(try read([injection(.add(0.5), "score")], row).score == 1)
    #expect(try read([injection(.add(1))], #"{"amount":"ten"}"#).amount == nil)
    #expect(try read([injection(.multiply(1e300))], #"{"amount":1e300}"#).amount == nil)
    // In their order.
    #expect(try read([injection(.multiply(2)), injection(.add(1))], row).amount == 21)
  }

  @Test func nothingIsChangedBeforeAndAllOfItAfterwards() throws {
    let sudden = injection(.add(4))
    #expect(try read([sudden], row, at: Self.start - .milliseconds(1)).amount == 10)
    let slow = injection(.add(4), until: Self.start + .days(4))
    let found = try [Int64(0), 1, 2, 4, 9].map { try read([slow], row, at: Self.start + .days($0)).amount }
    #expect(found == [10, 11, 12, 14, 14])
  }

  @Test func sharesAreOfRowsAndTheSameEveryTime() throws {
    let missing = injection(.missing(0.3))
    let rows = (0..<10_000).map { #"{"amount":10,"id":"p\#($0)"}"# }
    let gone = try rows.map { try read([missing], $0).amount == nil }
    // Four standard deviations.
    let count = gone.count { $0 }
    let margin = 4 * (10_000 * 0.3 * 0.7).squareRoot()
    #expect(abs(Double(count) - 3000) < margin)
    let again = try rows.map { try read([missing], $0).amount == nil }
    #expect(again == gone)
    // Whoever has a new unit at a third of the way has it later, too.
    let unit = injection(.multiply(2), until: Self.start + .hours(3))
    let early = try rows.prefix(2000).map { try read([unit], $0, at: Self.start + .hours(1)).amount == 20 }
    let late = try rows.prefix(2000).map { try read([unit], $0, at: Self.start + .hours(2)).amount == 20 }
    #expect(zip(early, late).allSatisfy { !$0 || $1 })
    let part = early.count { $0 }
    let spread = 4 * (2000 * 2.0 / 9).squareRoot()
    #expect(abs(Double(part) - 2000.0 / 3) < spread)
  }

  @Test func labelsAreFlipped() throws {
    var monitor = try SampleMonitor.monitor(.binary)
    monitor.injections = [injection(.flip(0.25), "label")]
    let flips = try #require(LabelInjections(monitor, classes: []))
    func label(_ value: LabelValue?, _ canonical: String, at time: EventTime = Self.start) -> JoinedLabel {
      JoinedLabel(time: time, value: value, canonical: Array(canonical.utf8))
    }
    let ids = (0..<4000).map { Array("p\($0)".utf8) }
    let flipped = ids.filter { flips.applied(to: label(.number(1), "1"), of: $0).value == .number(0) }
    let spread = 4 * (4000 * 0.25 * 0.75).squareRoot()
    #expect(abs(Double(flipped.count) - 1000) < spread)
    for id in flipped.prefix(10) {
      // A label that comes twice is the same label, and other values stay other values.
      let changed = flips.applied(to: label(.number(1), "true"), of: id)
      #expect(changed.value == .number(0) && changed.canonical == Array("0".utf8))
      #expect(flips.applied(to: label(.number(0), "false"), of: id).value == .number(1))
      #expect(flips.applied(to: label(nil, ""), of: id).value == nil)
      #expect(flips.applied(to: label(.number(1), "1", at: Self.start - .hours(1)), of: id).value == .number(1))
    }
    monitor.injections = [injection(.flip(1), "label")]
    let classes = try #require(LabelInjections(monitor, classes: ["a", "b", "c"]))
    for (from, to) in [("a", "b"), ("c", "a"), ("x", "x")] {
      #expect(classes.applied(to: label(.category(from), "\"\(from)\""), of: [1]).value == .category(to))
    }
    monitor.injections = []
    #expect(LabelInjections(monitor, classes: []) == nil)
  }
}
