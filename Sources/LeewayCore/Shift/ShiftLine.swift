import LeewayStatistics

/// Lines of type `shift` of a check's subject in a slice.
struct ShiftLine {
  let plan: MonitorPlan
  let design: ShiftDesign
  let slice: String
  let subject: String
  let check: String

  /// - Parameters:
  ///   - levels: of the check's tiers, ascending by tier.
  ///   - alarm: the tier that was reached in this hour; nil: none.
  ///   - end: of the hour.
  func record(
    _ finding: ShiftFinding, evidence: Double, levels: [(tier: Tier, level: Double)], alarm: Tier?, end: EventTime,
    rows: Int64
  ) -> ResultRecord {
    var w = JSONWriter(capacity: 512)
    w.beginObject()
    for (key, text) in [
      ("type", ResultType.shift.rawValue), ("monitor", plan.monitor.name), ("window", Check.hour),
    ] {
      w.key(key)
      w.string(text)
    }
    w.key("end")
    w.time(end)
    for (key, text) in [("slice", slice), ("subject", subject), ("check", check)] {
      w.key(key)
      w.string(text)
    }
    finding.writeMembers(to: &w)
    w.key("evidence")
    w.number(evidence)
    w.key("levels")
    w.beginObject()
    for (tier, level) in levels {
      w.key(tier.name)
      w.number(level)
    }
    w.endObject()
    w.key("rows")
    w.number(rows)
    w.key("alarm")
    if let alarm { w.string(alarm.name) } else { w.null() }
    w.endObject()
    return ResultRecord(
      monitor: plan.monitor.name, generation: plan.generation, type: .shift, window: Check.hour,
      size: design.hour.milliseconds, end: end, slice: slice, subject: subject, check: check,
      metric: finding.stream.key, line: w.text)
  }
}
