/// What a monitor's checks find and promise, as one JSON object.
package struct ExplanationJSON {
  package let text: String

  /// - Parameter now: for how old the null is.
  package init(_ plan: MonitorPlan, now: EventTime) {
    var w = JSONWriter(capacity: 4096)
    w.beginObject()
    w.key("monitor")
    w.string(plan.monitor.name)
    w.key("baseline")
    w.string(plan.baseline.identity)
    w.key("power")
    w.number(0.8)
    w.key("checks")
    w.list(plan.explanations) { w, check in Self.write(check, now, to: &w) }
    w.endObject()
    w.endLine()
    text = w.text
  }

  private static func write(_ check: CheckExplanation, _ now: EventTime, to w: inout JSONWriter) {
    w.beginObject()
    w.key("check")
    w.string(check.check)
    w.key("metric")
    w.string(check.metric.name)
    w.key("window_hours")
    w.number(hours(check.window))
    w.key("null")
    write(check.null, now, to: &w)
    w.key("streams")
    if let sharing = check.sharing { w.number(sharing) } else { w.null() }
    w.key("slices")
    w.strings(check.slices)
    w.key("slices_left_out")
    w.number(check.slicesLeftOut)
    w.key("waits")
    w.list(check.waits) { w, wait in write(wait, to: &w) }
    w.key("tiers")
    w.list(check.tiers) { w, tier in write(tier, to: &w) }
    w.endObject()
  }

  private static func hours(_ span: TimeSpan) -> Double { span.seconds / 3600 }

  private static func write(_ null: CheckExplanation.Null, _ now: EventTime, to w: inout JSONWriter) {
    w.beginObject()
    w.key("kind")
    switch null {
    case .hours(let plan, let from, let to):
      w.string("hours")
      w.key("plan")
      w.string(plan)
      w.key("from")
      w.time(from)
      w.key("to")
      w.time(to)
      w.key("age_days")
      w.number(max(0, (now - to).seconds / 86_400))
    case .learned: w.string("learned")
    case .independentRows: w.string("iid")
    case .none: w.string("none")
    }
    w.endObject()
  }

  private static func write(_ wait: CheckExplanation.Wait, to w: inout JSONWriter) {
    w.beginObject()
    w.key("for")
    func span(_ name: String, _ span: TimeSpan) {
      w.string(name)
      w.key("hours")
      w.number(hours(span))
    }
    func count(_ name: String, _ count: Int64) {
      w.string(name)
      w.key("count")
      w.number(count)
    }
    switch wait {
    case .lateness(let length): span("lateness", length)
    case .wholeWindow(let length): span("whole_window", length)
    case .labels(let stage, let length):
      span("labels", length)
      w.key("stage")
      w.string(stage.rawValue)
    case .minimumRows(let rows): count("min_rows", rows)
    case .consecutive(let windows, let apart):
      count("consecutive", Int64(windows))
      w.key("hours")
      w.number(hours(apart))
    case .reference(let length): span("reference", length)
    case .usualRows(let windows): count("usual_rows", Int64(windows))
    case .settle(let length): span("settle", length)
    }
    w.endObject()
  }

  private static func write(_ tier: TierExplanation, to w: inout JSONWriter) {
    w.beginObject()
    w.key("tier")
    w.string(tier.tier.name)
    w.key("rule")
    w.string(tier.rule)
    w.key("false_alarms")
    let (kind, count, why): (String, Double?, String?) =
      switch tier.falseAlarms {
      case .budget(let count): ("budget", count, nil)
      case .atMost(let count, let condition): ("at_most", count, condition)
      case .notPromised(let why): ("not_promised", nil, why)
      }
    w.string(kind)
    w.key("false_alarms_per_quarter")
    w.number(count)
    w.key("why")
    text(why, to: &w)
    w.key("unknown")
    text(tier.unknown, to: &w)
    w.key("found")
    w.list(tier.found) { w, change in write(change, to: &w) }
    w.endObject()
  }

  private static func text(_ text: String?, to w: inout JSONWriter) {
    if let text { w.string(text) } else { w.null() }
  }

  private static func write(_ change: FoundChange, to w: inout JSONWriter) {
    w.beginObject()
    for (key, value) in [
      ("slice", change.slice), ("subject", change.subject), ("stream", change.stream), ("unit", change.unit),
    ] {
      w.key(key)
      w.string(value)
    }
    w.key("rows_per_hour")
    w.number(change.rowsPerHour)
    w.key("smallest")
    w.list(Array(zip(FoundChange.horizons, change.sizes))) { w, found in
      w.beginObject()
      w.key("within_hours")
      w.number(found.0)
      w.key("size")
      w.number(found.1?.size)
      w.key("was")
      w.number(found.1?.was)
      w.key("now")
      w.number(found.1?.now)
      w.endObject()
    }
    w.key("remark")
    text(change.remark, to: &w)
    w.endObject()
  }
}
