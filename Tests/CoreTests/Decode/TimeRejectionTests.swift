import Testing

@testable import LeewayCore

/// Times that cannot be right are refused with the format that would make sense of them.
@Suite struct TimeRejectionTests {
  /// `CODE: REASON`, or the time that was read.
  private func read(_ json: String, _ format: TimeFormat) throws -> String {
    let field = try FieldPath("at")
    let extractor = JSONExtractor(fields: [field])
    return try Array("{\"at\":\(json)}".utf8).withUnsafeBytes { bytes in
      try extractor.extract(bytes)
      if let time = extractor[0].time(format), time.isPlausible { return time.description }
      let rejection = extractor.timeRejection(extractor[0], of: field, in: format)
      return "\(rejection.code): \(rejection.reason)"
    }
  }

  @Test func theFormatThatIsMeant() throws {
    #expect(
      try read("1700000000", .epochMilliseconds)
        == "implausible_time: at is 1970-01-20T16:13:20.000Z in epoch_ms, which is before 1990. Did you mean epoch_s?")
    #expect(
      try read("1700000000123", .epochMicroseconds)
        == "implausible_time: at is 1970-01-20T16:13:20.000Z in epoch_us, which is before 1990. Did you mean epoch_ms?")
    #expect(
      try read("631152000000", .epochMicroseconds)
        == "implausible_time: at is 1970-01-08T07:19:12.000Z in epoch_us, which is before 1990. Did you mean epoch_ms?")
    // Beyond the year 9999 a number is no time at all.
    #expect(
      try read("1700000000123", .epochSeconds)
        == "bad_time: at is 1700000000123, which is no time in epoch_s. Did you mean epoch_ms?")
    #expect(
      try read("1700000000123456", .epochMilliseconds)
        == "bad_time: at is 1700000000123456, which is no time in epoch_ms. Did you mean epoch_us?")
    #expect(
      try read("\"2026-03-01T00:00:00Z\"", .epochMilliseconds)
        == "bad_time: at is \"2026-03-01T00:00:00Z\", which is no time in epoch_ms. Did you mean rfc3339?")
    #expect(
      try read("1700000000", .rfc3339)
        == "bad_time: at is 1700000000, which is no time in rfc3339. Did you mean epoch_s?")
    #expect(
      try read("\"1700000000123\"", .epochMilliseconds)
        == "bad_time: at is \"1700000000123\", which is no time in epoch_ms: it is text; send the number without quotes, or set lenient: true"
    )
  }

  @Test func nanosecondsAreFarFromOtherTimes() throws {
    #expect(try read("1700000000123456789", .epochNanoseconds) == "2023-11-14T22:13:20.123Z")
    #expect(
      try read("1700000000123456789", .epochMicroseconds)
        == "bad_time: at is 1700000000123456789, which is no time in epoch_us. Did you mean epoch_ns?")
    #expect(
      try read("1700000000123", .epochNanoseconds)
        == "implausible_time: at is 1970-01-01T00:28:20.000Z in epoch_ns, which is before 1990. Did you mean epoch_ms?")
    // An offset, and all digits that there may be.
    #expect(try read("\"2026-03-01T05:30:00.123456789+05:30\"", .rfc3339) == "2026-03-01T00:00:00.123Z")
    #expect(try read("\"2026-02-28T16:00:00.999999999-08:00\"", .rfc3339) == "2026-03-01T00:00:00.999Z")
  }

  @Test func noFormatFits() throws {
    #expect(
      try read("0", .epochMilliseconds)
        == "implausible_time: at is 1970-01-01T00:00:00.000Z in epoch_ms, which is before 1990; fix the producer's clock"
    )
    #expect(
      try read("\"2150-01-01T00:00:00Z\"", .rfc3339)
        == "implausible_time: at is 2150-01-01T00:00:00.000Z in rfc3339, which is after 2100; fix the producer's clock"
    )
    #expect(
      try read("\"noon\"", .epochMilliseconds)
        == "bad_time: at is \"noon\", which is no time in epoch_ms; fix the producer or time_format")
    #expect(
      try read("null", .epochSeconds)
        == "bad_time: at is missing; name the field of the time, or fix the producer")
  }

  @Test func bothEndsArePlausible() throws {
    #expect(try read("631152000000", .epochMilliseconds) == "1990-01-01T00:00:00.000Z")
    #expect(try read("4102444800000", .epochMilliseconds) == "2100-01-01T00:00:00.000Z")
    for milliseconds: Int64 in [631_151_999_999, 4_102_444_800_001, .min, .max] {
      #expect(!EventTime(milliseconds: milliseconds).isPlausible, "\(milliseconds)")
    }
  }
}
