import Foundation
import LeewayCore
import Testing

@testable import LeewayConfiguration

/// Recurring times in which messages are held back: what is written, and which times are meant.
@Suite struct MaintenanceTests {
  private func read(_ maintenance: String) -> (windows: [MaintenanceWindow]?, problems: [String]) {
    let text = "kafka: {bootstrap: \"localhost:9092\"}\nmaintenance:\n\(maintenance)\n"
    let reading = ServiceConfigurationReading(path: "leeway.yaml", environment: [:])
    let configuration = reading.read(Array(text.utf8))
    return (
      configuration?.maintenance, reading.reading.problems.sorted().map { "\($0.line):\($0.column): \($0.message)" }
    )
  }

  private func window(_ times: String, _ zone: String = "Europe/Amsterdam") throws -> MaintenanceWindow {
    let read = read("  - {name: n, matchers: {monitor: fraud}, \(times), time_zone: \(zone)}")
    return try #require(read.windows?.first, "\(read.problems)")
  }

  private func time(_ text: String) throws -> EventTime { try #require(EventTime(rfc3339: text)) }

  @Test func everyKeyIsRead() throws {
    let read = read(
      """
        - name: nightly-load
          matchers: {monitor: [fraud, "churn*"], check: missing, subject: "*_eur", slice: all}
          daily: "02:00-04:30"
          reason: the warehouse is loaded
        - {name: sundays, matchers: {monitor: fraud}, weekly: "Sat,Sun 22:00-02:00", time_zone: Europe/Amsterdam}
        - {name: monthly, matchers: {monitor: fraud}, monthly: "last 20:00-24:00"}
      """)
    #expect(read.problems == [])
    let windows = try #require(read.windows)
    try #require(windows.count == 3)
    #expect(windows[0].title == "maintenance nightly-load" && windows[0].reason == "the warehouse is loaded")
    #expect(
      windows[0].matchers.text
        == #"{"monitor":["fraud","churn*"],"check":["missing"],"subject":["*_eur"],"slice":["all"]}"#)
    #expect(windows[0].days == .daily && windows[0].start == 120 && windows[0].end == 270)
    #expect(windows[0].zone.identifier == "UTC" || windows[0].zone.secondsFromGMT() == 0)
    #expect(windows[1].days == .weekly([5, 6]) && windows[1].zone.identifier == "Europe/Amsterdam")
    #expect(windows[2].days == .lastOfMonth && windows[2].end == 1440)
  }

  @Test(arguments: [
    (
      "  - {matchers: {monitor: fraud}, daily: \"02:00-04:00\"}",
      "3:5: maintenance[0].name is missing; add name: nightly"
    ),
    ("  - {name: n, daily: \"02:00-04:00\"}", "3:5: maintenance[0].matchers is missing; add matchers: {monitor: NAME}"),
    (
      "  - {name: n, matchers: {}, daily: \"02:00-04:00\"}",
      "3:25: maintenance[0].matchers is empty; give it one of monitor, check, subject, slice"
    ),
    (
      "  - {name: n, matchers: {monitor: a*b}, daily: \"02:00-04:00\"}",
      "3:35: maintenance[0].matchers.monitor is a*b; it takes a name, with * only at its beginning or its end"
    ),
    (
      "  - {name: n, matchers: {monitor: fraud}}",
      "3:5: maintenance[0] has none of daily, weekly and monthly; add one, such as daily: \"02:00-04:00\""
    ),
    (
      "  - {name: n, matchers: {monitor: fraud}, daily: \"02:00-04:00\", monthly: \"1 02:00-04:00\"}",
      "3:5: maintenance[0] has more than one of daily, weekly and monthly; keep one"
    ),
    (
      "  - {name: n, matchers: {monitor: fraud}, daily: \"2-4\"}",
      "3:50: maintenance[0].daily is 2-4; it takes a start and an end, such as \"02:00-04:00\""
    ),
    (
      "  - {name: n, matchers: {monitor: fraud}, weekly: \"Sunday 02:00-04:00\"}",
      "3:51: maintenance[0].weekly is Sunday 02:00-04:00; \"Sunday\" is none of Mon, Tue, Wed, Thu, Fri, Sat, Sun. Did you mean Sun?"
    ),
    (
      "  - {name: n, matchers: {monitor: fraud}, monthly: \"32 02:00-04:00\"}",
      "3:52: maintenance[0].monthly is 32 02:00-04:00; 32 is no day of a month; it takes 1 to 31, or last"
    ),
    (
      "  - {name: n, matchers: {monitor: fraud}, daily: \"02:00-04:00\", time_zone: Europe/Amsterdm}",
      "3:76: maintenance[0].time_zone is Europe/Amsterdm; it takes IANA's name of a zone, such as Europe/Berlin or UTC. Did you mean Europe/Amsterdam?"
    ),
    (
      "  - {name: n, matchers: {monitor: fraud}, daily: \"02:00-02:00\"}",
      "3:50: maintenance[0].daily is 02:00-02:00; it starts and ends at 02:00; give it another end, or 00:00-24:00 for the whole day"
    ),
    (
      "  - {name: n, matchers: {monitor: a}, daily: \"02:00-04:00\"}\n  - {name: n, matchers: {monitor: b}, daily: \"02:00-04:00\"}",
      "4:12: maintenance[1].name is the name of another maintenance window; give it one of its own"
    ),
  ])
  func eachMistakeHasItsPlaceAndFix(_ text: String, _ problem: String) {
    let read = read(text)
    #expect(read.windows == nil && read.problems == [problem])
  }

  /// In Amsterdam 02:00 is 01:00Z in winter and 00:00Z in summer; a window of data lies in it by its end.
  @Test func timesAreThoseOfTheZoneAndOfTheEndsOfWindows() throws {
    let sundays = try window("weekly: \"Sun 02:00-06:00\"")
    // 2026-01-11 and 2026-07-12 are Sundays.
    for (text, holds) in [
      ("2026-01-11T01:00:00Z", false), ("2026-01-11T01:05:00Z", true), ("2026-01-11T05:00:00Z", true),
      ("2026-01-11T05:05:00Z", false), ("2026-01-12T03:00:00Z", false), ("2026-07-12T00:00:00Z", false),
      ("2026-07-12T00:05:00Z", true), ("2026-07-12T04:00:00Z", true), ("2026-07-12T04:05:00Z", false),
    ] {
      #expect(sundays.holds(try time(text)) == holds, "\(text)")
    }
  }

  /// On 2026-03-29 the clock goes from 02:00 to 03:00, on 2026-10-25 from 03:00 back to 02:00.
  @Test func anHourThatIsLeftOutIsNoneAndOneThatComesTwiceIsTwo() throws {
    let nightly = try window("daily: \"02:00-03:00\"")
    var held = 0
    for minute in 0..<1440 where nightly.holds(try time("2026-03-29T00:00:00Z") + .minutes(Int64(minute)) + .minutes(1))
    {
      held += 1
    }
    #expect(held == 0)
    held = 0
    for minute in 0..<1440 where nightly.holds(try time("2026-10-24T12:00:00Z") + .minutes(Int64(minute)) + .minutes(1))
    {
      held += 1
    }
    #expect(held == 120)
  }

  @Test func nightsGoOverIntoTheNextDayAndMonthsHaveLastDays() throws {
    let nights = try window("weekly: \"Sat 22:00-04:00\"", "UTC")
    #expect(try nights.holds(time("2026-01-10T23:00:00Z")) && nights.holds(time("2026-01-11T04:00:00Z")))
    #expect(try !nights.holds(time("2026-01-11T23:00:00Z")) && !nights.holds(time("2026-01-10T04:00:00Z")))
    let last = try window("monthly: \"last 20:00-24:00\"", "UTC")
    for day in ["2026-02-28", "2028-02-29", "2026-04-30", "2026-12-31"] {
      #expect(last.holds(try time("\(day)T21:00:00Z")), "\(day)")
    }
    #expect(try !last.holds(time("2028-02-28T21:00:00Z")) && last.holds(time("2026-03-01T00:00:00Z")))
    let first = try window("monthly: \"1 00:00-06:00\"", "UTC")
    #expect(try first.holds(time("2026-03-01T06:00:00Z")) && !first.holds(time("2026-03-02T06:00:00Z")))
  }

  @Test func theNextOneIsTheOneUnderWayOrTheNext() throws {
    func next(_ times: String, _ zone: String = "Europe/Amsterdam", after text: String) throws -> String {
      let found = try window(times, zone).next(after: try time(text))
      return found.map { "\($0.lowerBound) \($0.upperBound)" } ?? "none"
    }
    #expect(
      try next("weekly: \"Sun 02:00-06:00\"", after: "2026-01-07T12:00:00Z")
        == "2026-01-11T01:00:00.000Z 2026-01-11T05:00:00.000Z")
    #expect(
      try next("weekly: \"Sun 02:00-06:00\"", after: "2026-01-11T04:59:00Z")
        == "2026-01-11T01:00:00.000Z 2026-01-11T05:00:00.000Z")
    #expect(
      try next("weekly: \"Sun 02:00-06:00\"", after: "2026-01-11T05:00:00Z")
        == "2026-01-18T01:00:00.000Z 2026-01-18T05:00:00.000Z")
    #expect(
      try next("daily: \"22:00-04:00\"", "UTC", after: "2026-01-11T01:00:00Z")
        == "2026-01-10T22:00:00.000Z 2026-01-11T04:00:00.000Z")
    #expect(
      try next("monthly: \"31 02:00-06:00\"", "UTC", after: "2026-02-01T00:00:00Z")
        == "2026-03-31T02:00:00.000Z 2026-03-31T06:00:00.000Z")
  }
}
