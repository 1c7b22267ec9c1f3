/// A length of time in whole milliseconds, written as a whole number and a unit: `250ms`, `90s`, `5m`, `1h`, `7d`.
///
/// Arithmetic stops at the ends of Int64 instead of overflowing.
package struct TimeSpan: Hashable, Comparable, Sendable {
  /// The length; negative for a difference that runs backwards.
  package let milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  package static let zero = TimeSpan(milliseconds: 0)

  package static func milliseconds(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: count) }
  package static func seconds(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: 1000) * count }
  package static func minutes(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: 60_000) * count }
  package static func hours(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: 3_600_000) * count }
  package static func days(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: 86_400_000) * count }

  /// The length in seconds, for Prometheus and for display.
  package var seconds: Double { Double(milliseconds) / 1000 }

  package static func < (a: TimeSpan, b: TimeSpan) -> Bool { a.milliseconds < b.milliseconds }
  package static func + (a: TimeSpan, b: TimeSpan) -> TimeSpan {
    TimeSpan(milliseconds: a.milliseconds.addingSaturated(b.milliseconds))
  }
  package static func - (a: TimeSpan, b: TimeSpan) -> TimeSpan {
    TimeSpan(milliseconds: a.milliseconds.subtractingSaturated(b.milliseconds))
  }
  package static func * (a: TimeSpan, count: Int64) -> TimeSpan {
    let (product, overflow) = a.milliseconds.multipliedReportingOverflow(by: count)
    guard overflow else { return TimeSpan(milliseconds: product) }
    return TimeSpan(milliseconds: (a.milliseconds < 0) == (count < 0) ? .max : .min)
  }

  /// Whether a whole number of `other` makes this length; `other` is positive.
  package func isMultiple(of other: TimeSpan) -> Bool { milliseconds.isMultiple(of: other.milliseconds) }
}

extension TimeSpan: CustomStringConvertible {
  /// The units that a text may use, largest first, in milliseconds.
  private static let units: [(name: String, milliseconds: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  /// The length in the largest unit that divides it, as `7d` and `5m`; `0s` for none.
  package var description: String {
    guard milliseconds != 0 else { return "0s" }
    for unit in Self.units where milliseconds.isMultiple(of: unit.milliseconds) {
      return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
    return "\(milliseconds)ms"
  }

  /// Parses a whole number, 0 or more, and one of the units `d`, `h`, `m`, `s`, `ms`.
  ///
  /// - Throws: ``TimeSpanFailure`` for anything else, and for more than Int64 milliseconds.
  package init(_ text: String) throws(TimeSpanFailure) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let suffix = text[digits.endIndex...]
    guard !digits.isEmpty, let unit = Self.units.first(where: { $0.name == suffix }) else {
      throw TimeSpanFailure(
        text: text, problem: "is not a duration; write a whole number and a unit, as 250ms, 90s, 5m, 1h or 7d")
    }
    guard let count = Int64(digits),
      case let (product, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds),
      !overflow
    else { throw TimeSpanFailure(text: text, problem: "is too long a duration; the longest is 106751991167d") }
    milliseconds = product
  }
}

/// A text that is no duration.
package struct TimeSpanFailure: Error, Equatable, CustomStringConvertible {
  /// The text as written.
  package let text: String
  /// What is wrong with it, and the fix.
  package let problem: String

  package var description: String { "\"\(text)\" \(problem)" }
}

extension Int64 {
  /// The sum, or the end of the range that it would pass.
  func addingSaturated(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  /// The difference, or the end of the range that it would pass.
  func subtractingSaturated(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }

  /// The greatest multiple of `divisor`, which is positive, that is at most this number, as a count of divisors.
  func dividedRoundingDown(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
