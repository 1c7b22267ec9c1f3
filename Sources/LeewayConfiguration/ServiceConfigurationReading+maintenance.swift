import Foundation
import LeewayCore

/// `maintenance`: recurring times in which messages are held back.
extension ServiceConfigurationReading {
  static let maintenanceKeys: [ConfigurationKey] = [
    .init("name", .other(NameRule.text, nil), required: true, "what messages and deliveries call it"),
    .init("matchers", .other("map", nil), required: true, "what it is about; all that are given must match"),
    .init("daily", .other("such as `02:00-04:00`", nil), without: "one of the three", "every day"),
    .init(
      "weekly", .other("such as `Sun 02:00-06:00` or `Sat,Sun 22:00-04:00`", nil), without: "one of the three",
      "on days of the week"),
    .init(
      "monthly", .other("such as `1 02:00-06:00` or `last 20:00-24:00`", nil), without: "one of the three",
      "on a day of the month"),
    .init("time_zone", .other("IANA name of a zone", "UTC"), "whose clock the times are of"),
    .init("reason", .other("text", nil), "for people"),
  ]

  static let maintenanceMatcherKeys: [ConfigurationKey] = SilenceMatchers.Field.allCases.map {
    .init(
      $0.rawValue, .other("name or list of up to 100, with `*` at the beginning or the end for any text", nil),
      "any of these \($0.rawValue)s")
  }

  private static let mostWindows = 100
  private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
  private static let rules = [
    "daily": "it takes a start and an end, such as \"02:00-04:00\"",
    "weekly": "it takes days, a start and an end, such as \"Sun 02:00-06:00\" or \"Sat,Sun 22:00-04:00\"",
    "monthly": "it takes a day, a start and an end, such as \"1 02:00-06:00\" or \"last 20:00-24:00\"",
  ]

  func readMaintenance(_ top: ConfigurationMap) -> [MaintenanceWindow] {
    var windows: [MaintenanceWindow] = []
    for value in top.value("maintenance")?.list(of: "maintenance windows", atMost: Self.mostWindows) ?? [] {
      let example = "a map such as {name: nightly, matchers: {monitor: fraud}, daily: \"02:00-04:00\"}"
      guard let map = value.map(example, .maintenance), let window = readMaintenance(map) else { continue }
      if windows.contains(where: { $0.name == window.name }) {
        map.value("name")?.complain("is the name of another maintenance window; give it one of its own")
      } else {
        windows.append(window)
      }
    }
    return windows
  }

  private func readMaintenance(_ map: ConfigurationMap) -> MaintenanceWindow? {
    let nameValue = map.required("name", add: "name: nightly")
    var name = nameValue?.text()
    if let text = name, !NameRule.isName(text) {
      nameValue?.refuse("it takes \(NameRule.text)")
      name = nil
    }
    let matchers = map.required("matchers", add: "matchers: {monitor: NAME}").flatMap(readMatchers)
    let zone = map.value("time_zone").map { $0.timeZone() } ?? "UTC"
    let reason = map.value("reason").flatMap { $0.text(limit: SilenceActs.maximumReason) }
    let given = Self.rules.keys.sorted().filter(map.contains)
    if given.count != 1 {
      reading.error(
        map.place,
        given.isEmpty
          ? "\(map.path) has none of daily, weekly and monthly; add one, such as daily: \"02:00-04:00\""
          : "\(map.path) has more than one of daily, weekly and monthly; keep one")
    }
    let times = given.compactMap { key in map.value(key).flatMap { self.times($0, key) } }.first
    map.finish()
    guard given.count == 1, let name, let matchers, let times, let zone, let zone = TimeZone(identifier: zone) else {
      return nil
    }
    return MaintenanceWindow(
      name: name, matchers: matchers, days: times.days, start: times.start, end: times.end, zone: zone, reason: reason)
  }

  private func readMatchers(_ value: ConfigurationValue) -> SilenceMatchers? {
    guard let map = value.map("a map such as {monitor: fraud, subject: \"amount*\"}", .maintenanceMatchers) else {
      return nil
    }
    var patterns: [SilenceMatchers.Field: [NamePattern]] = [:]
    var places: [SilencedPlace] = []
    for field in SilenceMatchers.Field.allCases {
      guard let value = map.value(field.rawValue) else { continue }
      let values: [ConfigurationValue]
      if case .list = value.node.content {
        values = value.list(of: "names", atMost: SilenceMatchers.mostPatterns) ?? []
      } else {
        values = [value]
      }
      for value in values {
        guard let text = value.text(limit: NamePattern.longest) else { continue }
        if let pattern = NamePattern(text) {
          patterns[field, default: []].append(pattern)
          places.append(SilencedPlace(field: field, pattern: pattern, path: value.path, place: value.place))
        } else {
          value.refuse("it takes a name, with * only at its beginning or its end")
        }
      }
      if patterns[field] == nil, values.isEmpty { value.complain("is empty; give it a name or remove it") }
    }
    silenced.append((SilenceMatchers(patterns), places))
    map.finish()
    if map.isEmpty {
      value.complain(
        "is empty; give it one of \(SilenceMatchers.Field.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return patterns.isEmpty ? nil : SilenceMatchers(patterns)
  }

  private func times(
    _ value: ConfigurationValue, _ key: String
  ) -> (days: MaintenanceWindow.Days, start: Int, end: Int)? {
    guard let text = value.text() else { return nil }
    let parts = text.split(separator: " ").map(String.init)
    let clocks = (parts.last ?? "").split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == (key == "daily" ? 1 : 2), clocks.count == 2, clocks.allSatisfy(Self.isClock) else {
      value.refuse(Self.rules[key] ?? "")
      return nil
    }
    let days: MaintenanceWindow.Days
    switch key {
    case "daily": days = .daily
    case "weekly":
      let words = parts[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      if let wrong = words.first(where: { !Self.weekdays.contains($0) }) {
        value.refuse(
          "\"\(wrong)\" is none of \(Self.weekdays.joined(separator: ", ")).\(Self.weekday(wrong))")
        return nil
      }
      days = .weekly(Set(words.compactMap(Self.weekdays.firstIndex)))
    default:
      if parts[0] == "last" {
        days = .lastOfMonth
      } else if let day = Int(parts[0]), (1...31).contains(day) {
        days = .monthly(day)
      } else {
        value.refuse("\(parts[0]) is no day of a month; it takes 1 to 31, or last")
        return nil
      }
    }
    guard let start = Self.minutes(clocks[0]), start < 1440 else {
      value.refuse("it cannot start at \(clocks[0]); it takes 00:00 to 23:59")
      return nil
    }
    guard let end = Self.minutes(clocks[1]) else {
      value.refuse("it cannot end at \(clocks[1]); it takes 00:00 to 24:00")
      return nil
    }
    guard start != end else {
      value.refuse(
        "it starts and ends at \(clocks[0]); give it another end, or 00:00-24:00 for the whole day")
      return nil
    }
    return (days, start, end)
  }

  /// ` Did you mean Sun?` for Sunday, or for sun.
  private static func weekday(_ text: String) -> String {
    weekdays.first { text.lowercased().hasPrefix($0.lowercased()) }.map { " Did you mean \($0)?" } ?? ""
  }

  /// Two digits, a colon, two digits.
  private static func isClock(_ text: String) -> Bool {
    let digits = text.split(separator: ":", omittingEmptySubsequences: false)
    return digits.count == 2
      && digits.allSatisfy { $0.utf8.count == 2 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
  }

  /// `02:30` as 150; `24:00` is the end of a day.
  private static func minutes(_ text: String) -> Int? {
    let parts = text.split(separator: ":")
    guard parts.count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60,
      hour < 24 || (hour == 24 && minute == 0)
    else { return nil }
    return hour * 60 + minute
  }
}

/// A name in `maintenance`, and where it stands.
struct SilencedPlace {
  var field: SilenceMatchers.Field
  var pattern: NamePattern
  var path: String
  var place: ConfigurationNode.Place
}

extension ConfigurationValue {
  /// IANA's name of a time zone.
  func timeZone() -> String? {
    guard let text = text() else { return nil }
    let known = TimeZone.knownTimeZoneIdentifiers + ["UTC"]
    guard known.contains(text) else {
      refuse(
        "it takes IANA's name of a zone, such as Europe/Berlin or UTC.\(Spelling.suggestion(for: text, among: known))")
      return nil
    }
    return text
  }
}
