import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayStatistics

extension BaselineFit {
  /// How rows are dated.
  package struct Dates {
    /// The column of their times.
    package var field: String
    /// Local days, counted from 1970-01-01, that are no normal traffic; ascending, apart.
    package var leftOut: [ClosedRange<Int>]

    package init(field: String, leftOut: [ClosedRange<Int>] = []) {
      self.field = field
      self.leftOut = leftOut
    }

    /// `2026-02-03..2026-02-08`, both included, or one day; nil for anything else.
    package static func days(_ text: String) -> ClosedRange<Int>? {
      let parts = text.replacingOccurrences(of: "..", with: "/").split(separator: "/", omittingEmptySubsequences: false)
        .map { MonitorReading.day(String($0)) }
      guard (1...2).contains(parts.count), let first = parts.first ?? nil, let last = parts.last ?? nil, first <= last
      else { return nil }
      return first...last
    }
  }

  /// The null of every slice, from another reading of the rows.
  func fitHours(
    _ dates: Dates, _ baseline: Baseline, _ subjects: [BaselineBuilder.Subject]
  ) throws -> (hours: BaselineHours, remarks: [String]) {
    func unusable(_ problem: String) -> TrainingReader.Unusable { TrainingReader.Unusable(description: problem) }
    let files = paths.joined(separator: ", ")
    // The zone's hours of the week are known when the rows' hours are.
    var span: ClosedRange<Int>?
    try forEachRow { reader in
      let hour = try self.hour(reader, dates)
      span = span.map { min($0.lowerBound, hour)...max($0.upperBound, hour) } ?? hour...hour
    }
    guard let span else { throw unusable("\(files): no rows") }
    guard span.count <= BaselineHours.maximumHours else {
      throw unusable(
        "\(files): \(dates.field) goes from \(Self.text(span.lowerBound)) to \(Self.text(span.upperBound)), which is more than "
          + "two years; check the column and time_format, or give fewer rows")
    }
    var configuration = ShiftConfiguration.shipped
    // Two years after the rows.
    configuration.calendar = ShiftCalendar(
      zone: monitor.timeZone, span.lowerBound...span.upperBound + BaselineHours.maximumHours)
    let leftOut = MonitorReading.merged(dates.leftOut + monitor.excluded)
    let kept = span.count { hour in
      let day = configuration.calendar.day(hour)
      return !leftOut.contains { $0.contains(day) }
    }
    // A shorter null would have to be replaced after two weeks.
    guard [.hours, .short].contains(ShiftPlan(hours: kept)) else {
      throw unusable(
        "\(files): \(dates.field) spans \(kept) hours; a null of hours needs 336, which is 14 days, and 28 days to keep its "
          + "budget as measured; give rows of more days, or fit without --time and take the checks on shift out of the monitor until there are"
      )
    }
    var gathering = ShiftGathering(monitor, baseline, ranges: subjects.map(\.range), configuration)
    try forEachRow { reader in
      for (i, subject) in subjects.enumerated() {
        let value = reader.value(i)
        if value.isMissing {
          gathering.setMissing(i)
          continue
        }
        switch subject.domain {
        case .numeric: if let x = value.numeric { gathering.setNumber(i, x) } else { gathering.setMissing(i) }
        case .categorical:
          if value.withCategory(csv: reader.isCSV, { gathering.setCategory(i, $0) }) == nil { gathering.setInvalid(i) }
        }
      }
      gathering.commitRow(hour: try self.hour(reader, dates), slices: slices(reader))
    }
    let found = gathering.finish(span, field: dates.field, zone: monitor.timeZone, leftOut: leftOut)
    if let all = found.tooFew.first(where: { $0.slice == "all" }) {
      throw unusable(
        "\(files): half of the hours have \(all.rows) rows or fewer; a null of hours needs \(BaselineHours.minimumRows), so fit "
          + "without --time, and remove checks on metric: shift")
    }
    return (found.hours, remarks(found, configuration.calendar))
  }

  private func remarks(_ found: ShiftGathering.Found, _ calendar: ShiftCalendar) -> [String] {
    var remarks: [String] = []
    for (slice, rows) in found.tooFew {
      remarks.append(
        "slice \(slice) has a median of \(rows) rows an hour and is left out of shift, which needs \(BaselineHours.minimumRows)"
      )
    }
    for (subject, first, last) in found.contaminated.prefix(Self.mostContaminated) {
      let days = "\(Self.dayText(calendar.day(first)))..\(Self.dayText(calendar.day(last)))"
      remarks.append(
        "\(subject) is unlike the other half of the rows in \(days); if that was no normal traffic, fit again with "
          + "--leave-out \(days)")
    }
    if found.contaminated.count > Self.mostContaminated {
      remarks.append("and \(found.contaminated.count - Self.mostContaminated) more such stretches")
    }
    return remarks
  }

  private static let mostContaminated = 8

  private func hour(_ reader: TrainingReader, _ dates: Dates) throws -> Int {
    guard let time = try time(reader) else {
      throw TrainingReader.Unusable(
        description:
          "\(reader.path):\(reader.line): \(dates.field) is \(reader.value(timeColumn).shown), which is no time in "
          + "\(monitor.predictions.timeFormat.rawValue) or rfc3339")
    }
    return Int((Double(time.milliseconds) / 3_600_000).rounded(.down))
  }

  static func text(_ hour: Int) -> String { EventTime(milliseconds: Int64(hour) * 3_600_000).description }

  static func dayText(_ day: Int) -> String { String(text(day * 24).prefix(10)) }
}
