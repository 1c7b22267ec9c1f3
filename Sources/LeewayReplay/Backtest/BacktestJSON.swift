import LeewayCore

/// A backtest as one JSON object.
package struct BacktestJSON {
  package let text: String

  package init(_ report: BacktestReport) {
    var w = JSONWriter(capacity: 8192)
    w.beginObject()
    w.key("monitor")
    w.string(report.monitor.name)
    w.key("baseline")
    w.string(report.baseline)
    Self.time("from", report.from, &w)
    Self.time("to", report.to, &w)
    w.key("weeks")
    w.number(report.weeks)
    w.key("predictions")
    w.number(report.summary.events.accepted)
    Self.list("alarms", report.alarms, &w, Self.alarm)
    Self.list("incidents", report.transitions, &w) { w, step in w.raw(step.line.utf8) }
    Self.list("injections", Array(report.injections.enumerated()), &w) { w, of in
      Self.injection(of.element, of.offset, report, &w)
    }
    Self.list("policies", report.rows, &w) { w, row in
      w.beginObject()
      Self.which(row.check, row.tier, row.rule, &w)
      w.key("current")
      w.bool(row.isCurrent)
      w.key("judged")
      w.bool(row.isJudged)
      Self.count(row.alarms, report, &w)
      w.key("firing_ratio")
      w.number(row.firing)
      Self.list("found_hours", Array(zip(row.detections, report.injections)), &w) { w, pair in
        w.number(pair.0.map { ($0.end - pair.1.from).seconds / 3600 })
      }
      w.endObject()
    }
    w.key("wish")
    if let wish = report.wish { w.string(wish.text) } else { w.null() }
    Self.list("suggestions", report.suggestions, &w) { w, suggestion in
      w.beginObject()
      Self.which(suggestion.check, suggestion.tier, suggestion.rule, &w)
      w.key("current")
      w.bool(suggestion.isCurrent)
      Self.count(suggestion.alarms, report, &w)
      w.endObject()
    }
    w.endObject()
    w.endLine()
    text = w.text
  }

  private static func list<Element>(
    _ key: String, _ elements: [Element], _ w: inout JSONWriter, _ write: (inout JSONWriter, Element) -> Void
  ) {
    w.key(key)
    w.beginArray()
    for element in elements { write(&w, element) }
    w.endArray()
  }

  private static func which(_ check: String, _ tier: Tier, _ rule: String?, _ w: inout JSONWriter) {
    w.key("check")
    w.string(check)
    w.key("tier")
    w.string(tier.name)
    w.key("rule")
    if let rule { w.string(rule) } else { w.null() }
  }

  /// Alarms with their rate.
  private static func count(_ alarms: Int, _ report: BacktestReport, _ w: inout JSONWriter) {
    w.key("alarms")
    w.number(alarms)
    let rate = report.rate(alarms)
    for (key, value) in [
      ("alarms_per_week", rate?.perWeek), ("alarms_per_week_lower", rate?.lower),
      ("alarms_per_week_upper", rate?.upper),
    ] {
      w.key(key)
      w.number(value)
    }
  }

  private static func time(_ key: String, _ time: EventTime?, _ w: inout JSONWriter) {
    w.key(key)
    if let time { w.time(time) } else { w.null() }
  }

  private static func alarm(_ w: inout JSONWriter, _ alarm: Alarm) {
    w.beginObject()
    time("end", alarm.end, &w)
    for (key, text) in [
      ("check", alarm.check), ("tier", alarm.tier.name), ("slice", alarm.slice), ("subject", alarm.subject),
      ("stage", alarm.stage.rawValue),
    ] {
      w.key(key)
      w.string(text)
    }
    w.key("value")
    w.number(alarm.value)
    w.key("stream")
    if let stream = alarm.stream { w.string(stream) } else { w.null() }
    time("since", alarm.since, &w)
    w.endObject()
  }

  private static func injection(_ injection: Injection, _ place: Int, _ report: BacktestReport, _ w: inout JSONWriter) {
    w.beginObject()
    w.key("inject")
    w.string(injection.text)
    time("from", injection.from, &w)
    time("until", injection.until, &w)
    list("found", report.rows.filter(\.isCurrent), &w) { w, row in
      w.beginObject()
      which(row.check, row.tier, row.rule, &w)
      let found = row.detections[place]
      time("end", found?.end, &w)
      time("due", found?.due, &w)
      w.key("hours")
      w.number(found.map { ($0.end - injection.from).seconds / 3600 })
      w.key("due_hours")
      w.number(found.map { ($0.due - injection.from).seconds / 3600 })
      for (key, text) in [("slice", found?.slice), ("subject", found?.subject)] {
        w.key(key)
        if let text { w.string(text) } else { w.null() }
      }
      w.endObject()
    }
    w.endObject()
  }
}
