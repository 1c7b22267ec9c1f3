import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct TimeTests {
  /// Milliseconds as computed by Python's datetime.
  @Test(
    arguments: [
      ("1970-01-01T00:00:00.000Z", 0), ("1969-12-31T23:59:59.999Z", -1), ("2000-02-29T23:59:59.999Z", 951_868_799_999),
      ("0001-01-01T00:00:00.000Z", -62_135_596_800_000), ("1900-03-01T00:00:00.000Z", -2_203_891_200_000),
      ("9999-12-31T23:59:59.999Z", 253_402_300_799_999), ("0000-01-01T00:00:00.000Z", -62_167_219_200_000),
      ("2024-02-29T06:30:00.000Z", 1_709_188_200_000),
    ] as [(String, Int64)])
  func writesAndReadsRFC3339(_ text: String, _ milliseconds: Int64) {
    #expect(EventTime(milliseconds: milliseconds).description == text)
    #expect(EventTime(rfc3339: text)?.milliseconds == milliseconds)
    var bytes = Array("x".utf8)
    EventTime(milliseconds: milliseconds).appendText(to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == "x" + text)
  }

  @Test func everyMonthFollowsTheOneBefore() {
    var days = -719_528  // 0000-01-01
    for year in 0...9999 {
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      for (index, length) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
        let first = CivilDate(year: year, month: index + 1, day: 1)
        let last = CivilDate(year: year, month: index + 1, day: length)
        guard first.daysSinceEpoch == days, last.daysSinceEpoch == days + length - 1,
          CivilDate(daysSinceEpoch: days) == first, CivilDate(daysSinceEpoch: days + length - 1) == last,
          CivilDate.daysInMonth(index + 1, ofYear: year) == length
        else {
          Issue.record("\(year)-\(index + 1)")
          return
        }
        days += length
      }
    }
    #expect(days == 2_932_897)  // 10000-01-01
  }

  @Test func roundTripsRandomTimes() {
    let seed: UInt64 = 0x7135
    var random = SeededGenerator(seed: seed)
    let range = EventTime.earliestWritable.milliseconds...EventTime.latestWritable.milliseconds
    for _ in 0..<5_000 {
      let time = EventTime(milliseconds: .random(in: range, using: &random))
      let text = time.description
      #expect(text.utf8.count == EventTime.textLength)
      #expect(EventTime(rfc3339: text) == time, "seed \(seed): \(text)")
      // The same moment on a clock somewhere else.
      let offset = Int64.random(in: -1439...1439, using: &random)
      let local = time + .minutes(offset)
      guard range.contains(local.milliseconds) else { continue }
      let sign = offset < 0 ? "-" : "+"
      let clock = "\(100 + abs(offset) / 60)".dropFirst() + ":" + "\(100 + abs(offset) % 60)".dropFirst()
      #expect(EventTime(rfc3339: local.description.dropLast() + sign + clock) == time, "seed \(seed): \(text)")
    }
  }

  @Test(arguments: [
    ("2024-05-06t07:08:09z", "2024-05-06T07:08:09.000Z"), ("2024-05-06 07:08:09Z", "2024-05-06T07:08:09.000Z"),
    ("2024-05-06T07:08:09.5Z", "2024-05-06T07:08:09.500Z"),
    ("2024-05-06T07:08:09.1239999999Z", "2024-05-06T07:08:09.123Z"),
    ("2024-05-06T07:08:09+00:00", "2024-05-06T07:08:09.000Z"),
    ("2024-05-06T00:08:09-23:59", "2024-05-07T00:07:09.000Z"),
    ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"), ("2016-12-31T23:59:60.25Z", "2016-12-31T23:59:59.999Z"),
    ("2024-01-01T00:00:00+05:30", "2023-12-31T18:30:00.000Z"),
  ])
  func readsWhatRFC3339Allows(_ text: String, _ canonical: String) {
    #expect(EventTime(rfc3339: text)?.description == canonical)
  }

  @Test(arguments: [
    "", "2024", "2024-05-06", "2024-05-06T07:08:09", "2024-05-06T07:08Z", "2024-13-06T07:08:09Z",
    "2024-00-06T07:08:09Z",
    "2024-05-32T07:08:09Z", "2024-05-00T07:08:09Z", "2023-02-29T07:08:09Z", "1900-02-29T07:08:09Z",
    "2024-04-31T07:08:09Z",
    "2024-05-06T24:00:00Z", "2024-05-06T07:60:09Z", "2024-05-06T07:08:61Z", "2024-05-06T07:08:09.Z",
    "2024-05-06T07:08:09,5Z",
    "2024-05-06T07:08:09+24:00", "2024-05-06T07:08:09+05:60", "2024-05-06T07:08:09+0530", "2024-05-06T07:08:09Zx",
    "+2024-05-06T07:08:09Z", "-001-05-06T07:08:09Z", "2024-5-06T07:08:09Z", "2024-05-06X07:08:09Z",
    " 2024-05-06T07:08:09Z",
    "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "２024-05-06T07:08:09Z",
  ])
  func refusesWhatIsNotRFC3339(_ text: String) {
    #expect(EventTime(rfc3339: text) == nil)
  }

  @Test func timesSaturate() {
    #expect(EventTime.distantPast - .days(7) == .distantPast)
    #expect(EventTime.distantFuture + .days(7) == .distantFuture)
    #expect(EventTime.distantFuture - EventTime.distantPast == TimeSpan(milliseconds: .max))
    #expect(EventTime.distantPast - EventTime.distantFuture == TimeSpan(milliseconds: .min))
    #expect(TimeSpan.days(.max) == TimeSpan(milliseconds: .max))
    #expect(TimeSpan.days(.min) == TimeSpan(milliseconds: .min))
    #expect(TimeSpan(milliseconds: -2) * .min == TimeSpan(milliseconds: .max))
    #expect(EventTime.distantPast.description == "distant past")
    #expect(EventTime(milliseconds: .min + 1).description == "0000-01-01T00:00:00.000Z")
    #expect(EventTime(milliseconds: .max - 1).description == "9999-12-31T23:59:59.999Z")
  }

  @Test func floors() {
    let hour = TimeSpan.hours(1)
    #expect(EventTime(milliseconds: 7_199_999).floor(to: hour).milliseconds == 3_600_000)
    #expect(EventTime(milliseconds: 7_200_000).floor(to: hour).milliseconds == 7_200_000)
    #expect(EventTime(milliseconds: -1).floor(to: hour).milliseconds == -3_600_000)
    #expect(EventTime(milliseconds: -3_600_000).floor(to: hour).milliseconds == -3_600_000)
    #expect(EventTime.distantPast.floor(to: hour) == .distantPast)
    #expect(EventTime.distantFuture.floor(to: hour) <= .distantFuture)
    let seed: UInt64 = 0xf100
    var random = SeededGenerator(seed: seed)
    for _ in 0..<1000 {
      let time = EventTime(milliseconds: .random(in: -1 << 60...1 << 60, using: &random))
      let span = TimeSpan(milliseconds: .random(in: 1...1 << 40, using: &random))
      let start = time.floor(to: span)
      #expect(start <= time && time < start + span && start.milliseconds % span.milliseconds == 0, "seed \(seed)")
    }
  }

  @Test func convertsEpochs() {
    func ms(_ format: TimeFormat, _ number: Int64) -> Int64? { format.time(from: number)?.milliseconds }
    func ms(_ format: TimeFormat, _ number: Double) -> Int64? { format.time(from: number)?.milliseconds }
    #expect(ms(.epochSeconds, 1_700_000_000 as Int64) == 1_700_000_000_000)
    #expect(ms(.epochMicroseconds, 1_700_000_000_123_999 as Int64) == 1_700_000_000_123)
    #expect(ms(.epochMicroseconds, -1 as Int64) == -1, "a time before the epoch is cut off towards the past")
    #expect(ms(.epochSeconds, Int64.max) == nil && ms(.epochSeconds, Int64.min) == nil)
    #expect(ms(.epochMilliseconds, Int64.max) == nil && ms(.epochMicroseconds, Int64.max) == nil)
    #expect(ms(.epochMilliseconds, 253_402_300_799_999 as Int64) == 253_402_300_799_999)
    #expect(ms(.epochMilliseconds, 253_402_300_800_000 as Int64) == nil)
    #expect(ms(.epochMilliseconds, -62_167_219_200_001 as Int64) == nil)
    #expect(ms(.rfc3339, 1 as Int64) == nil && ms(.rfc3339, 1.0) == nil)

    #expect(ms(.epochSeconds, 1_700_000_000.9999) == 1_700_000_000_999)
    #expect(ms(.epochMilliseconds, 1_700_000_000_123.75) == 1_700_000_000_123)
    #expect(ms(.epochMicroseconds, 1.700000000123456e15) == 1_700_000_000_123)
    #expect(ms(.epochSeconds, -0.0005) == -1)
    #expect(ms(.epochNanoseconds, 1_700_000_000_123_999_999 as Int64) == 1_700_000_000_123)
    #expect(ms(.epochNanoseconds, -1 as Int64) == -1)
    #expect(ms(.epochNanoseconds, Int64.max) == 9_223_372_036_854)
    #expect(ms(.epochNanoseconds, 1.700000000123e18) == 1_700_000_000_123)
    for bad in [Double.nan, .infinity, -.infinity, 1e300, -1e300, 9.3e27] {
      for format in TimeFormat.allCases { #expect(ms(format, bad) == nil, "\(bad) \(format)") }
    }
    // Every millisecond of a second, as a producer's division by 1000 writes it.
    for milliseconds in 0..<1000 as Range<Int64> {
      let time = 1_700_000_000_000 + milliseconds
      #expect(ms(.epochSeconds, Double(time) / 1000) == time)
    }
  }

  @Test func readsTimesInText() {
    func ms(_ format: TimeFormat, _ text: String) -> Int64? {
      Array(text.utf8).withUnsafeBytes { format.time(fromText: $0)?.milliseconds }
    }
    #expect(ms(.epochMilliseconds, "1700000000123") == 1_700_000_000_123)
    #expect(ms(.epochSeconds, "1700000000.123") == 1_700_000_000_123)
    #expect(ms(.epochSeconds, "1.7e9") == 1_700_000_000_000)
    #expect(ms(.epochSeconds, "-1") == -1000)
    #expect(ms(.rfc3339, "2023-11-14T22:13:20.123Z") == 1_700_000_000_123)
    for bad in [
      "", "-", "nan", "inf", "0x10", "-0x1p3", "12 ", " 12", "+12", "1e999", "1,5", "２",
      String(repeating: "1", count: 33),
    ] {
      #expect(ms(.epochMilliseconds, bad) == nil, "\(bad)")
    }
    #expect(TimeFormat(rawValue: "epoch_us") == .epochMicroseconds)
    #expect(TimeFormat(rawValue: "epoch_ns") == .epochNanoseconds)
  }

  @Test(
    arguments: [
      ("250ms", 250, "250ms"), ("90s", 90_000, "90s"), ("5m", 300_000, "5m"), ("1h", 3_600_000, "1h"),
      ("7d", 604_800_000, "7d"), ("60m", 3_600_000, "1h"), ("0s", 0, "0s"), ("0d", 0, "0s"), ("1500ms", 1500, "1500ms"),
      ("48h", 172_800_000, "2d"), ("007s", 7000, "7s"),
    ] as [(String, Int64, String)])
  func readsAndWritesDurations(_ text: String, _ milliseconds: Int64, _ canonical: String) throws {
    let span = try TimeSpan(text)
    #expect(span.milliseconds == milliseconds)
    #expect(span.description == canonical)
    #expect(try TimeSpan(span.description) == span)
  }

  @Test(arguments: ["", "5", "m", "5 m", "-5m", "+5m", "1.5h", "5M", "1w", "1h30m", "5mm", "５m", "5m ", "²s"])
  func refusesWhatIsNoDuration(_ text: String) {
    let failure = #expect(throws: TimeSpanFailure.self) { try TimeSpan(text) }
    #expect(
      failure?.description
        == "\"\(text)\" is not a duration; write a whole number and a unit, as 250ms, 90s, 5m, 1h or 7d")
  }

  @Test func refusesDurationsThatAreTooLong() throws {
    #expect(try TimeSpan("106751991167d").milliseconds == 9_223_372_036_828_800_000)
    for text in ["106751991168d", "99999999999999999999s"] {
      let failure = #expect(throws: TimeSpanFailure.self) { try TimeSpan(text) }
      #expect(failure?.description == "\"\(text)\" is too long a duration; the longest is 106751991167d")
    }
    #expect(TimeSpan(milliseconds: -300_000).description == "-5m")
    #expect(TimeSpan(milliseconds: .min).description == "-9223372036854775808ms")
  }
}
