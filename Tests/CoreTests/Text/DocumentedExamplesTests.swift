import Testing

@testable import LeewayCore

/// The numbers of the examples in doc comments.
@Suite struct DocumentedExamplesTests {
  @Test func examplesOfNumbersAndTimes() {
    #expect(FixedPoint(origin: 0, exponent: 3).quantise(1.3) == 10)
    #expect(ShiftBudget(.warning, 2, per: .week).hours == 84)
    #expect(EventTime(milliseconds: 1_767_225_600_000).description == "2026-01-01T00:00:00.000Z")
    #expect([2.0, 0.1 + 0.2, 1e21].map(ShortestText.of) == ["2", "0.30000000000000004", "1e+21"])
    let time = EventTime(milliseconds: 1_767_225_600_000) + .hours(10) + .minutes(7) + .seconds(30)
    #expect(time.floor(to: .minutes(5)).description == "2026-01-01T10:05:00.000Z")
  }
}
