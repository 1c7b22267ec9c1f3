package import LeewayCore

/// How much disk a monitor's result lines take, by its configuration. Histograms and waiting predictions are not in it: they
/// depend on the traffic, and are bounded by windows and horizon. docs/operating.md has the formula.
package struct DiskEstimate: Sendable, Equatable {
  package struct Part: Sendable, Equatable {
    package var name: String
    /// Lines of a day as they are stored first.
    package var lines: Double
    /// Bytes of a day of whole results, packed.
    package var day: Double
    /// Bytes after a year, what is old thinned or removed.
    package var year: Double
  }

  /// In the order of the monitors' files.
  package private(set) var monitors: [Part]

  /// - Parameter limits: nil: the defaults.
  package init(limits: ServiceConfiguration.Limits?, plans: [MonitorPlan]) {
    let limits = limits ?? ServiceConfiguration.Limits()
    monitors = plans.map { plan in
      var part = Part(name: plan.monitor.name, lines: 0, day: 0, year: 0)
      let kept = min(limits.resultsKept.seconds / Self.day, 365)
      let whole = min(kept, ((plan.monitor.labels?.horizon ?? .zero) + limits.resultsWhole).seconds / Self.day)
      for (count, bytes, every) in Self.lines(plan) {
        let day = Double(count) * Double(bytes) * Self.day / every.seconds
        part.lines += Double(count) * Self.day / every.seconds
        part.day += day
        part.year += day * (whole + (kept - whole) * min(1, every.seconds / ThinningRule.hour.seconds))
      }
      return part
    }
  }

  /// Bytes of the file that a packed line takes with its row and its keys; measured, with 17 digits a number.
  package static let driftBytes = 310
  package static let performanceBytes = 580
  package static let verdictBytes = 170
  private static let day = 86_400.0

  /// How many lines of one size each window's end brings.
  private static func lines(_ plan: MonitorPlan) -> [(count: Int, bytes: Int, every: TimeSpan)] {
    let monitor = plan.monitor
    let slices = MonitorMemory.slices(plan)
    let stages = monitor.labels?.early == nil ? 1 : 2
    var out: [(count: Int, bytes: Int, every: TimeSpan)] = []
    for window in monitor.windows {
      out.append((slices * plan.drift.subjects.count, driftBytes, window.every))
      if plan.performance != nil { out.append((slices * stages, performanceBytes, window.every)) }
      if monitor.comparison != nil { out.append((1 + slices, performanceBytes, window.every)) }
      for check in monitor.checks where check.isOn(window) {
        let subjects = check.metric.isOfLabels ? stages : plan.drift.subjects.count
        out.append(((check.slices == .all ? 1 : slices) * subjects, verdictBytes, window.every))
      }
    }
    // A line and a verdict of each subject once a day.
    for check in monitor.checks where check.metric.family == .shift {
      let design = plan.shift(of: check)
      let units = design?.units.filter { check.isOn(slice: $0.slice) } ?? []
      let learners = design?.learners.filter { check.isOn(slice: $0.slice) } ?? []
      let subjects =
        units.reduce(0) { $0 + $1.null.streams.subjects.count }
        + learners.reduce(0) { $0 + $1.streams.subjects.count }
      out.append((subjects * 2, verdictBytes, .days(1)))
    }
    return out
  }

  /// The totals in a line, then a line for each monitor; megabytes of 1,000,000 bytes.
  package var text: String {
    func megabytes(_ bytes: Double) -> String { "\((bytes / 1e5).rounded() / 10) MB" }
    let (day, year) = monitors.reduce((0, 0)) { ($0.0 + $1.day, $0.1 + $1.year) }
    return
      (["disk: about \(megabytes(day)) of results a day, \(megabytes(year)) in a year, and what waits and histograms"]
      + monitors.map {
        "  monitor \($0.name): \(Int($0.lines.rounded())) lines, \(megabytes($0.day)) a day, \(megabytes($0.year)) in a year"
      }).joined(separator: "\n")
  }
}
