/// A moment of event time in milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Arithmetic stops at the ends of Int64 instead of overflowing. Only times of the years 0000 to 9999 come from
/// outside and have an RFC 3339 text.
///
/// Example: 1767225600000 is 2026-01-01T00:00:00.000Z.
package struct EventTime: Hashable, Comparable, Sendable {
  /// Milliseconds since the epoch.
  package let milliseconds: Int64

  @inlinable package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Before all times: where a watermark stands that has seen nothing.
  package static let distantPast = EventTime(milliseconds: .min)
  /// After all times: what holds no watermark back.
  package static let distantFuture = EventTime(milliseconds: .max)
  /// 0000-01-01T00:00:00.000Z.
  package static let earliestWritable = EventTime(milliseconds: -62_167_219_200_000)
  /// 9999-12-31T23:59:59.999Z.
  package static let latestWritable = EventTime(milliseconds: 253_402_300_799_999)

  /// Seconds since the epoch, for Prometheus.
  package var seconds: Double { Double(milliseconds) / 1000 }

  package static func < (a: EventTime, b: EventTime) -> Bool { a.milliseconds < b.milliseconds }
  package static func + (time: EventTime, span: TimeSpan) -> EventTime {
    EventTime(milliseconds: time.milliseconds.addingSaturated(span.milliseconds))
  }
  package static func - (time: EventTime, span: TimeSpan) -> EventTime {
    EventTime(milliseconds: time.milliseconds.subtractingSaturated(span.milliseconds))
  }
  package static func - (a: EventTime, b: EventTime) -> TimeSpan {
    TimeSpan(milliseconds: a.milliseconds.subtractingSaturated(b.milliseconds))
  }

  /// The greatest multiple of `span` since the epoch that is at most this time; `span` is positive. A time within one
  /// span of the start of Int64 stays there.
  package func floor(to span: TimeSpan) -> EventTime {
    precondition(span.milliseconds > 0)
    let count = milliseconds.dividedRoundingDown(by: span.milliseconds)
    let (start, overflow) = count.multipliedReportingOverflow(by: span.milliseconds)
    return EventTime(milliseconds: overflow ? .min : start)
  }
}
