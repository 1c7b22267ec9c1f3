import CCurl

/// What a receiver answered, whatever the status.
package struct HTTPAnswer: Sendable, Equatable {
  package var status: Int
  package var retryAfter: RetryAfter?
  /// The beginning of the body, at most `RequestLimits.answerBytes`.
  package var bodyPrefix: [UInt8]
  /// Whether the body went on and was refused. The status holds all the same: a receiver that answers 200 with a long
  /// page has taken the notification, and sending it again would only repeat it.
  package var isCut: Bool
  /// Why the body of an answer of 2xx did not come to its end. What was sent has been taken all the same.
  package var bodyProblem: String?

  package init(
    status: Int, retryAfter: RetryAfter? = nil, bodyPrefix: [UInt8] = [], isCut: Bool = false,
    bodyProblem: String? = nil
  ) {
    self.bodyProblem = bodyProblem
    self.status = status
    self.retryAfter = retryAfter
    self.bodyPrefix = bodyPrefix
    self.isCut = isCut
  }
}

/// The value of a `Retry-After` header (RFC 9110, 10.2.3). A date stays a date, because turning it into a wait needs a
/// clock, and time is an argument here.
package enum RetryAfter: Sendable, Equatable {
  /// Wait this many seconds, 0 or more.
  case seconds(Int64)
  /// Wait until then, in milliseconds since the epoch.
  case date(Int64)

  /// Reads delta-seconds or any of the three forms of an HTTP date; nil for anything else.
  package init?(_ text: String) {
    guard text.utf8.count <= 128 else { return nil }
    let text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard let first = text.utf8.first else { return nil }
    if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      // A number too long for 64 bits still says "very long", which is what the schedule's cap is for.
      self = .seconds(Int64(text) ?? Int64.max)
      return
    }
    // All HTTP dates begin with a weekday; curl_getdate by itself would also take "12:00" or "+1".
    guard (0x41...0x5A).contains(first & 0xDF) else { return nil }
    let seconds = curl_getdate(text, nil)
    guard seconds >= 0 else { return nil }
    let (milliseconds, overflow) = Int64(seconds).multipliedReportingOverflow(by: 1000)
    self = .date(overflow ? Int64.max : milliseconds)
  }

  /// Milliseconds to wait from `now` (milliseconds since the epoch), 0 or more.
  package func wait(from now: Int64) -> Int64 {
    switch self {
    case .seconds(let seconds):
      let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
      return overflow ? Int64.max : max(0, milliseconds)
    case .date(let date):
      let (milliseconds, overflow) = date.subtractingReportingOverflow(now)
      return overflow ? Int64.max : max(0, milliseconds)
    }
  }
}
