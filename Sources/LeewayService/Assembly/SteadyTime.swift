import LeewayCore

/// A moment on the clock that measures intervals. It starts with the machine, counts the time that the machine sleeps
/// (`CLOCK_BOOTTIME`) and cannot be set, so an administrator, NTP or a virtual machine that is resumed moves no deadline.
///
/// Wall time (``WallClock``) is for what people read and for what is stored.
typealias SteadyTime = ContinuousClock.Instant

extension SteadyTime {
  static func + (moment: SteadyTime, span: TimeSpan) -> SteadyTime { moment + Duration(span) }
  static func - (moment: SteadyTime, span: TimeSpan) -> SteadyTime { moment - Duration(span) }
}

extension Duration {
  init(_ span: TimeSpan) { self = .milliseconds(span.milliseconds) }

  /// Whole milliseconds, rounded down; the largest number for what does not fit.
  var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    return whole + attoseconds / 1_000_000_000_000_000
  }
}
