import LeewayDelivery
import Testing

@Suite struct RetryAfterTests {
  @Test(arguments: [
    ("0", RetryAfter.seconds(0)), ("120", .seconds(120)), (" 7\r\n", .seconds(7)),
    ("99999999999999999999999", .seconds(Int64.max)),
    // The three forms of RFC 9110, 5.6.7, all the same second.
    ("Sun, 06 Nov 1994 08:49:37 GMT", .date(784_111_777_000)),
    ("Sunday, 06-Nov-94 08:49:37 GMT", .date(784_111_777_000)),
    ("Sun Nov  6 08:49:37 1994", .date(784_111_777_000)),
  ])
  func reads(_ text: String, _ expected: RetryAfter) {
    #expect(RetryAfter(text) == expected)
  }

  @Test(arguments: [
    "", " ", "-1", "+5", "1.5", "soon", "12:00", "Sun, 99 Foo 1994", String(repeating: "1", count: 200),
  ])
  func refuses(_ text: String) {
    #expect(RetryAfter(text) == nil)
  }

  @Test func waitIsNeverNegativeAndNeverOverflows() {
    #expect(RetryAfter.seconds(3).wait(from: 1_000_000) == 3_000)
    #expect(RetryAfter.date(1_005_000).wait(from: 1_000_000) == 5_000)
    #expect(RetryAfter.date(1_005_000).wait(from: 2_000_000) == 0)
    #expect(RetryAfter.seconds(Int64.max).wait(from: 0) == Int64.max)
    #expect(RetryAfter.date(Int64.max).wait(from: -1) == Int64.max)
  }
}
