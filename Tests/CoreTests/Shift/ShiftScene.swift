import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Monitors with a baseline of four dated weeks, and traffic like it.
enum ShiftScene {
  static let rowsPerHour = 60

  /// Dated rows: as `SampleMonitor` makes them, the same number in every hour.
  private static let baseline: Baseline = {
    do {
      var monitor = try SampleMonitor.monitor(.binary)
      monitor.checks = [check(.features(except: []), slices: .each)]
      var baseline = SampleMonitor.baseline(monitor)
      let rows = SampleMonitor.trainingRows(4000, seed: 3)
      var gathering = ShiftGathering(
        monitor, baseline, ranges: monitor.features.map(\.range) + [0...1], .shipped)
      var random = SeededGenerator(seed: 5)
      // The hours before the scene's own.
      let end = Int(World.start.milliseconds / 3_600_000)
      let span = end - 672...end - 1
      for hour in span {
        for _ in 0..<rowsPerHour {
          let row = rows[Int.random(in: rows.indices, using: &random)]
          if Int.random(in: 0..<50, using: &random) == 0 {
            gathering.setMissing(0)
          } else {
            gathering.setNumber(0, row.amount)
          }
          Array(row.country.utf8).withUnsafeBytes { gathering.setCategory(1, $0) }
          gathering.setNumber(2, row.number)
          gathering.commitRow(hour: hour, slices: [("channel", row.channel)])
        }
      }
      let found = gathering.finish(span, field: "at", zone: "UTC", leftOut: [], minimumRows: 20)
      baseline.add(hours: found.hours)
      return baseline
    } catch { preconditionFailure("\(error)") }
  }()

  static func check(
    _ on: Check.Subjects, name: String = "moved", slices: Check.Slices = .all,
    budgets: [ShiftBudget] = [ShiftBudget(.warning, 1, per: .week), ShiftBudget(.critical, 1, per: .quarter)]
  ) -> Check {
    Check(name: name, on: on, budgets: budgets, slices: slices)
  }

  /// - Parameter learns: whether the baseline has no times, so that the null is learned.
  static func plan(
    _ checks: [Check], learns: Bool = false, configure: (inout Monitor) -> Void = { _ in }
  ) throws -> MonitorPlan {
    var monitor = try SampleMonitor.monitor(.binary, checks: checks)
    configure(&monitor)
    return try MonitorPlan(monitor: monitor, baseline: learns ? SampleMonitor.baseline(monitor) : baseline)
  }

  /// Predictions of hours after the start, evenly spread.
  static func predictions(
    _ hours: Range<Int>, seed: UInt64 = 9, _ change: (Int, inout PredictionEvent) -> Void = { _, _ in }
  ) -> [PredictionEvent] {
    var random = SeededGenerator(seed: seed)
    let rows = SampleMonitor.trainingRows(hours.count * rowsPerHour, seed: seed)
    return rows.enumerated().map { i, row in
      let hour = hours.lowerBound + i / rowsPerHour
      var event = PredictionEvent(
        id: "\"p\(hour)-\(i)\"", time: Scene.minute(Int64(hour) * 60) + .seconds(Int64(i % rowsPerHour) * 60 + 1),
        output: "\(row.number)", amount: "\(Int(row.amount))", country: "\"\(row.country)\"",
        channel: "\"\(row.channel)\"")
      if Int.random(in: 0..<50, using: &random) == 0 { event.amount = nil }
      change(hour, &event)
      return event
    }
  }
}
