import LeewayCore

extension JSONWriter {
  /// A monitor's members, within an object.
  mutating func write(_ view: MonitorView) {
    let monitor = view.monitor
    member("monitor", monitor.name)
    member("task", monitor.task.rawValue)
    member("output", monitor.outputName)
    member("threshold", monitor.task == .binary ? monitor.threshold : nil)
    member("generation", view.generation?.generation)
    member("starts_at", view.generation?.startsAt)
    member("baseline", view.baseline)
    member("baseline_rows", view.baselineRows)
    member("has_labels", monitor.labels != nil)
    member("watermark", view.watermark)
    member("label_watermark", view.labelWatermark)
    member("closed_through", view.progress?.closedThrough)
    member("matured_through", view.progress?.maturedThrough)
    member("early_matured_through", monitor.labels?.early == nil ? nil : view.progress?.earlyMaturedThrough)
    members("draining", view.draining) { json, old in
      json.beginObject()
      json.member("generation", old.generation)
      json.member("baseline", old.baseline)
      json.member("until", old.until)
      json.member("due", old.due)
      json.endObject()
    }
    member("versions", view.versions)
    members("definitions", monitor.windows) { json, window in
      json.beginObject()
      json.member("window", window.name)
      json.member("size", window.size.description)
      json.member("every", window.every.description)
      json.member("every_ms", window.every.milliseconds)
      json.endObject()
    }
    members("subjects", monitor.features) { json, feature in
      json.beginObject()
      json.member("name", feature.name)
      json.member("kind", feature.kind.rawValue)
      json.endObject()
    }
    member("segments", monitor.segments.map(\.name))
  }

  /// A standing's members, within the same object. The monitor's checks come with their tiers.
  mutating func write(_ standing: MonitorStandings.Standing, of view: MonitorView) {
    members("checks", view.monitor.checks) { json, check in
      json.write(check, standing.checks[check.name] ?? CheckStanding(), of: view)
    }
    member("open_incidents", standing.openIncidents)
    members("windows", standing.windows) { json, window in
      json.beginObject()
      json.member("window", window.name)
      json.member("end", window.end)
      json.member("rows", window.rows)
      json.member("performance", json: window.performance ?? "null")
      json.member("final_performance", json: window.final ?? "null")
      json.endObject()
    }
  }

  /// A check and what it says now, as an element of an array.
  ///
  /// - Parameter limits: whether its limits and budgets are told too.
  mutating func write(_ check: Check, _ standing: CheckStanding, of view: MonitorView, limits: Bool = true) {
    let reference = check.reference == .baseline ? view.baselinePerformance[check.metric.name] : nil
    beginObject()
    member("check", check.name)
    member("on", check.subjectText)
    member("metric", check.metric.name)
    // As lines name it: with the place, where it has one.
    member("name", check.place.map { check.metric.name(at: $0) } ?? check.metric.name)
    member("window", check.window)
    member("group", check.causeGroup().rawValue)
    members("limits", limits ? check.limits : []) { json, limit in
      json.beginObject()
      json.member("tier", limit.tier.name)
      let (side, quantity) = limit.limit.parts
      json.member("side", side)
      switch quantity {
      case .absolute(let value): json.member("value", value)
      case .relative(let share): json.member("share", share)
      }
      // In slice all; slices with a baseline of their own have limits of their own.
      json.member("threshold", limit.limit.resolved(reference: reference)?.threshold)
      json.endObject()
    }
    members("budgets", limits ? check.budgets : []) { json, budget in
      json.beginObject()
      json.member("tier", budget.tier.name)
      json.member("alarms", budget.alarms)
      json.member("period", budget.period.rawValue)
      json.endObject()
    }
    let deciding = standing.deciding
    member("tier", deciding?.tier.name)
    member("judged_to", deciding?.end)
    if let due = standing.due {
      member("why", Shortfall.Reason.labelsDue.rawValue)
      members(numbers: [("due", due)])
    } else {
      member("why", deciding?.why)
      member("why_numbers", json: deciding?.whyNumbers ?? "null")
    }
    members("stages", standing.stages) { json, judged in
      json.beginObject()
      json.member("stage", judged.stage.rawValue)
      json.member("judged_to", judged.end)
      json.member("tier", judged.tier.name)
      json.member("verdicts", judged.verdicts)
      json.member("unjudged", judged.unjudged)
      json.member("why", judged.why)
      json.member("why_numbers", json: judged.whyNumbers ?? "null")
      json.member("subject", judged.subject)
      json.member("slice", judged.slice)
      json.endObject()
    }
    endObject()
  }

  private mutating func members(numbers: [(name: String, time: EventTime)]) {
    key("why_numbers")
    beginObject()
    for (name, time) in numbers { member(name, time) }
    endObject()
  }

  /// The numbers that the monitor's lines have.
  mutating func write(_ metrics: [LineMetric]) {
    members("metrics", metrics) { json, metric in
      json.beginObject()
      json.member("name", metric.name)
      json.member("line", metric.line.rawValue)
      json.member("path", metric.path)
      json.member("subjects", metric.subjects.rawValue)
      json.member("family", metric.family.name)
      json.member("unit", metric.unit.rawValue)
      json.member("direction", metric.direction.name)
      json.member("two_sided", Metric.named(metric.name)?.isTwoSided ?? false)
      json.member("description", metric.summary)
      json.endObject()
    }
  }

  /// What this instance has seen of a monitor's labels, as one member; null for a monitor without.
  mutating func write(labels: (counts: [(LabelOutcome, Int64)], delays: MetricHistogram)?) {
    key("labels")
    guard let labels else { return null() }
    beginObject()
    for (outcome, count) in labels.counts { member(outcome.rawValue, count) }
    for (name, share) in [("delay_p50_seconds", 0.5), ("delay_p90_seconds", 0.9), ("delay_p99_seconds", 0.99)] {
      member(name, labels.delays.quantile(share))
    }
    endObject()
  }

  mutating func write(_ partition: PartitionRecord) {
    beginObject()
    member("topic", partition.key.topic)
    member("partition", Int64(partition.key.partition))
    member("role", partition.role.rawValue)
    member("next_offset", partition.nextOffset)
    member("watermark", partition.watermark)
    member("idle_until", partition.idleUntil)
    member("owner", partition.owner)
    endObject()
  }

  mutating func write(_ histogram: SubjectHistogram) {
    beginObject()
    member("monitor", histogram.monitor)
    member("window", histogram.window)
    member("slice", histogram.slice)
    member("subject", histogram.subject)
    member("start", histogram.start)
    member("end", histogram.end)
    member("against", histogram.against.rawValue)
    member("baseline_rows", histogram.baselineRows)
    member("window_rows", histogram.windowRows)
    members("bins", histogram.bins) { json, bin in
      json.beginObject()
      json.member("label", bin.label)
      json.member("lower", bin.lower)
      json.member("upper", bin.upper)
      json.member("baseline", bin.baseline)
      json.member("window", bin.window)
      json.endObject()
    }
    endObject()
  }
}

extension Check {
  /// What it runs on, as a monitor file says it.
  fileprivate var subjectText: String {
    switch on {
    case .features(let except): except.isEmpty ? "features" : "features except \(except.joined(separator: ", "))"
    case .named(let names): names.joined(separator: ", ")
    case .output: "output"
    case .performance: "performance"
    case .errors: "errors"
    case .fairness(let groups): "fairness of \(groups.segment) beside \(groups.reference)"
    case .traffic: "traffic"
    case .comparison: "comparison"
    }
  }
}

extension Limit {
  fileprivate var parts: (side: String, quantity: Quantity) {
    switch self {
    case .above(let quantity): ("above", quantity)
    case .below(let quantity): ("below", quantity)
    case .beyond(let quantity): ("beyond", quantity)
    case .maximumDrop(let quantity): ("max_drop", quantity)
    case .maximumRise(let quantity): ("max_rise", quantity)
    }
  }
}
