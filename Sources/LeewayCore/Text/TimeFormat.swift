/// How a field writes a time.
package enum TimeFormat: String, CaseIterable, Sendable {
  /// Seconds since the epoch, with or without a fraction.
  case epochSeconds = "epoch_s"
  /// Milliseconds since the epoch, with or without a fraction.
  case epochMilliseconds = "epoch_ms"
  /// Microseconds since the epoch.
  case epochMicroseconds = "epoch_us"
  /// Nanoseconds since the epoch.
  case epochNanoseconds = "epoch_ns"
  /// RFC 3339 text, as `2025-03-01T12:00:00Z`.
  case rfc3339 = "rfc3339"

  /// The time that an integer stands for; nil out of the years 0000 to 9999 and for ``rfc3339``. What is finer than a
  /// millisecond is cut off towards the past.
  package func time(from number: Int64) -> EventTime? {
    let milliseconds: Int64
    switch self {
    case .epochSeconds:
      let (product, overflow) = number.multipliedReportingOverflow(by: 1000)
      if overflow { return nil }
      milliseconds = product
    case .epochMilliseconds: milliseconds = number
    case .epochMicroseconds: milliseconds = number.dividedRoundingDown(by: 1000)
    case .epochNanoseconds: milliseconds = number.dividedRoundingDown(by: 1_000_000)
    case .rfc3339: return nil
    }
    return EventTime(writable: milliseconds)
  }

  /// The time that a number stands for; nil out of the years 0000 to 9999, for NaN and for ``rfc3339``.
  ///
  /// It is rounded to the microsecond, since 1700000000.123 has no exact Double and would fall short of its own
  /// millisecond, and then cut off towards the past.
  package func time(from number: Double) -> EventTime? {
    let microseconds: Double
    switch self {
    case .epochSeconds: microseconds = (number * 1_000_000).rounded()
    case .epochMilliseconds: microseconds = (number * 1000).rounded()
    case .epochMicroseconds: microseconds = number.rounded()
    case .epochNanoseconds: microseconds = (number / 1000).rounded()
    case .rfc3339: return nil
    }
    guard let exact = Int64(exactly: microseconds) else { return nil }
    return EventTime(writable: exact.dividedRoundingDown(by: 1000))
  }

  /// The time in a text, as in a CSV file: RFC 3339, or a decimal number. Nil if it is neither, or out of range.
  package func time(fromText text: UnsafeRawBufferPointer) -> EventTime? {
    if self == .rfc3339 { return EventTime(rfc3339: text) }
    guard text.count <= 32, let first = text.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first) else {
      return nil
    }
    let number = String(decoding: text, as: UTF8.self)
    if let integer = Int64(number) { return time(from: integer) }
    // Double's own parser also reads hexadecimal numbers, which no epoch is written in.
    guard !text.contains(where: { $0 | 0x20 == UInt8(ascii: "x") }), let double = Double(number) else { return nil }
    return time(from: double)
  }
}

extension EventTime {
  /// The time, unless it is out of the years 0000 to 9999.
  init?(writable milliseconds: Int64) {
    self.init(milliseconds: milliseconds)
    guard self >= .earliestWritable, self <= .latestWritable else { return nil }
  }
}
