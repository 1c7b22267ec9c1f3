import LeewayCore

extension MonitorReading {
  private static let mostExcluded = 1000
  /// 2015 to 2049: for nulls that are learned in production.
  static let hoursOfCalendar = 394_464...701_256

  /// `time_zone` and `excluded`; nil if one is wrong.
  func readDays() -> (zone: String, excluded: [ClosedRange<Int>])? {
    let before = reading.problems.count
    let zone = top.value("time_zone").flatMap { $0.timeZone() } ?? "UTC"
    var days: [ClosedRange<Int>] = []
    for value in top.value("excluded")?.list(of: "excluded", atMost: Self.mostExcluded) ?? [] {
      if let range = readDays(value) { days.append(range) }
    }
    return reading.problems[before...].hasErrors ? nil : (zone, Self.merged(days))
  }

  /// `2026-12-24` or `2026-12-24/2026-12-26`, both included.
  private func readDays(_ value: ConfigurationValue) -> ClosedRange<Int>? {
    guard let text = value.text() else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Self.day(String($0)) }
    guard (1...2).contains(parts.count), let first = parts.first ?? nil, let last = parts.last ?? nil else {
      value.refuse("it takes a day, such as 2026-12-24, or the first and the last, such as 2026-12-24/2026-12-26")
      return nil
    }
    guard first <= last else {
      value.refuse("it takes the earlier day first")
      return nil
    }
    return first...last
  }

  /// Days since 1970-01-01.
  package static func day(_ text: String) -> Int? {
    guard text.utf8.count == 10 else { return nil }
    return Array("\(text)T00:00:00Z".utf8).withUnsafeBytes { EventTime(rfc3339: $0) }.map {
      Int(($0.milliseconds / 1000 - ($0.milliseconds < 0 ? 86_399 : 0)) / 86_400)
    }
  }

  /// Ascending and apart.
  package static func merged(_ days: [ClosedRange<Int>]) -> [ClosedRange<Int>] {
    var out: [ClosedRange<Int>] = []
    for range in days.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = out.last, range.lowerBound <= last.upperBound + 1 {
        out[out.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        out.append(range)
      }
    }
    return out
  }

  /// Both are of `shift`, which looks at days and hours of the week; windows do not.
  func refuseDaysWithoutEffect() {
    // A check whose metric is misspelt may be the one that is meant.
    guard checks.allSatisfy({ $0.metric != nil && $0.metric != .shift }) else { return }
    for key in ["time_zone", "excluded"] where top.contains(key) {
      top.value(key)?.complain(
        "has an effect only on checks with metric: shift, and there is none; add one, or remove it")
    }
  }
}
