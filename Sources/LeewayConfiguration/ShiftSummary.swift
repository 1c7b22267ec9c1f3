package import LeewayCore

/// What a monitor's checks on `shift` share their budgets over, for people.
package struct ShiftSummary {
  /// A line for each check; none where there are no such checks.
  package let lines: [String]

  package init(_ plan: MonitorPlan) {
    lines = plan.monitor.checks.compactMap { check in
      guard let design = plan.shift(of: check) else { return nil }
      let learned = design.learners.count { check.isOn(slice: $0.slice) }
      let slices = design.units.count { check.isOn(slice: $0.slice) } + learned
      let streams = design.streams(of: check.name)
      let budgets = check.budgets.map { "\($0.tier.name) \($0.text)" }.joined(separator: ", ")
      var nulls = Set(design.units.filter { check.isOn(slice: $0.slice) }.map(\.null.plan.rawValue)).sorted()
      if learned > 0 { nulls = ["is learned in production, from the 7th day on"] }
      return
        "monitor \(plan.monitor.name): check \(check.name): \(streams) \(streams == 1 ? "stream" : "streams") in \(slices) "
        + "\(slices == 1 ? "slice" : "slices") \(streams == 1 ? "has" : "share") \(budgets) false alarms; null \(nulls.joined(separator: ", "))"
    }
  }
}
