package import Foundation
package import LeewayCore

/// A recurring time in which what fires is expected, such as a nightly load: messages about evidence of windows that end in it are held
/// back. Event time, so a backlog is judged as the days it is of.
package struct MaintenanceWindow: Sendable, Equatable {
  package enum Days: Sendable, Equatable {
    case daily
    /// 0 is Monday.
    case weekly(Set<Int>)
    /// Months without the day have none.
    case monthly(Int)
    case lastOfMonth
  }

  package var name: String
  package var matchers: SilenceMatchers
  /// Days on which it begins.
  package var days: Days
  /// Minutes of the local day. An end that is not behind the start is on the next day.
  package var start: Int
  package var end: Int
  package var zone: TimeZone
  package var reason: String?

  /// As messages and deliveries call it.
  package var title: String { "maintenance \(name)" }

  private static let day: Int64 = 86_400_000
  private static let minute: Int64 = 60_000

  /// Whether a window of data that ends at `time` ends within it: behind the start, and no later than the end.
  package func holds(_ time: EventTime) -> Bool {
    let local = time.milliseconds - 1 + offset(at: time.milliseconds - 1)
    let day = Self.quotient(local, Self.day)
    let rest = local - day * Self.day
    let (start, end) = (Int64(start) * Self.minute, Int64(end) * Self.minute)
    if start < end { return rest >= start && rest < end && begins(on: day) }
    return (rest >= start && begins(on: day)) || (rest < end && begins(on: day - 1))
  }

  /// The one that is under way, or the next; nil if there is none within two years.
  package func next(after now: EventTime) -> Range<EventTime>? {
    let today = Self.quotient(now.milliseconds + offset(at: now.milliseconds), Self.day)
    for day in today - 1...today + 731 where begins(on: day) {
      let from = instant(day, start)
      let to = instant(start < end ? day : day + 1, end)
      // The hour that a clock change leaves out.
      if from < to, to > now { return from..<to }
    }
    return nil
  }

  private func begins(on day: Int64) -> Bool {
    switch days {
    case .daily: true
    // 1970-01-01 was a Thursday.
    case .weekly(let days): days.contains(Int(((day + 3) % 7 + 7) % 7))
    case .monthly(let number): Self.dayOfMonth(day) == number
    case .lastOfMonth: Self.dayOfMonth(day + 1) == 1
    }
  }

  private static func dayOfMonth(_ day: Int64) -> Int {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    return calendar.component(.day, from: Date(timeIntervalSince1970: TimeInterval(day * 86_400)))
  }

  /// Milliseconds east of UTC.
  private func offset(at milliseconds: Int64) -> Int64 {
    Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(milliseconds) / 1000))) * 1000
  }

  private func instant(_ day: Int64, _ minute: Int) -> EventTime {
    let local = day * Self.day + Int64(minute) * Self.minute
    return EventTime(milliseconds: local - offset(at: local - offset(at: local)))
  }

  private static func quotient(_ a: Int64, _ b: Int64) -> Int64 { a / b - (a % b < 0 ? 1 : 0) }
}
