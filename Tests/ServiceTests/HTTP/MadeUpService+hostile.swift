import LeewayCore
import LeewayTestSupport

@testable import LeewayService
@testable import LeewayWeb

extension MadeUpService {
  static let hostileSlices = HostileNames.all.map { "channel=" + $0 }

  /// As `filled`, with hostile names wherever names come from events: slices, subjects, categories, evidence, errors.
  static func withHostileNames() throws -> MadeUpService {
    let service = try filled()
    let hour = fraud.windows[0]
    try service.ledger.write { writer in
      for slice in hostileSlices {
        for step in 0..<12 {
          let end = noon - hour.every * Int64(step)
          let lines = (subjects + HostileNames.all).map { drift(hour, end: end, slice: slice, subject: $0) }
          let verdicts = HostileNames.all.map { verdict("input-drift", hour, end: end, subject: $0, .warning) }
          try writer.put(
            results: lines + verdicts + [
              performance(hour, end: end, slice: slice), comparison(hour, end: end, slice: slice),
            ])
        }
      }
      for step in 0..<12 {
        try writer.put(results: [comparison(hour, end: noon - hour.every * Int64(step), slice: "all")])
      }
      _ = try SilenceActs.add(
        SilenceMatchers([.subject: HostileNames.all.compactMap(NamePattern.init)]), by: "alice",
        reason: HostileNames.markup,
        start: nil, end: .after(.hours(1)), in: writer)
      try writer.put(
        incident: IncidentRecord(
          id: "fraud-5e5e5e", monitor: "fraud", group: .drift, state: .open, tier: .critical,
          openedAt: noon - .minutes(5),
          changedAt: noon, checks: ["input-drift"], subjects: HostileNames.all, evidence: evidence()))
      try writer.put(retrain: candidate)
      for name in HostileNames.all {
        var detail = JSONWriter()
        detail.beginObject()
        detail.member("note", name)
        detail.endObject()
        try writer.record(
          audit: AuditRecord(
            at: noon, name: "alice", action: "comment", outcome: "accepted", monitor: "fraud", incident: "fraud-5e5e5e",
            detail: detail.text))
      }
      let letters = HostileNames.all.enumerated().map { i, name in
        OutboxRecord(
          key: "fraud-5e5e5e/\(i)-opened/chat", monitor: "fraud", incident: "fraud-5e5e5e", receiver: "chat",
          sequence: Int64(i), body: "{}", createdAt: noon, nextAttemptAt: noon)
      }
      try writer.enqueue(letters)
      for (letter, name) in zip(letters, HostileNames.all) {
        for var row in try writer.leaseDeliveries(receiver: "chat", due: noon, lasting: .minutes(1), limit: 10)
        where row.key == letter.key {
          (row.state, row.attempts, row.lastError) = (.dead, 6, name)
          _ = try writer.settle(delivery: row)
        }
      }
      try writer.quarantine(
        [
          QuarantineRecord(
            monitor: "fraud", topic: "serving.fraud.predictions", partition: 0, offset: 119_901, code: "not_json",
            reason: "is not JSON", sample: Array(HostileNames.markup.utf8))
        ], keep: 100)
    }
    return service
  }

  /// A model that waits for approval, whose trainer wrote what it liked.
  static let candidate = RetrainRecord(
    id: "rt-88", monitor: "fraud", incident: "fraud-5e5e5e", state: .candidate, requestedAt: noon - .minutes(4),
    deadline: noon + .hours(6), requestedWall: noon - .minutes(4), completedWall: noon,
    answer: """
      {"status":"succeeded","model_version":\(quoted(HostileNames.markup)),"metrics":{"auc":0.861},"champion":{"auc":0.842},\
      "scorecard":[{"metric":"auc","at_least":0.837,"at_least_is":"champion - 0.005","champion":0.842,"value":0.861,\
      "passes":true},{"metric":\(quoted(HostileNames.long)),"at_most":50,"value":41.2,"passes":true}]}
      """)

  private static func quoted(_ text: String) -> String {
    var json = JSONWriter()
    json.string(text)
    return json.text
  }

  private static func evidence() -> String {
    var json = JSONWriter()
    json.beginArray()
    for name in HostileNames.all {
      json.beginObject()
      json.member("check", "input-drift")
      json.member("subject", name)
      json.member("slice", "channel=" + name)
      json.member("metric", "psi")
      json.member("value", 0.5)
      json.member("threshold", 0.3)
      json.member("window", "1h")
      json.member("end", noon)
      json.member("rows", 1200)
      json.member("tier", "critical")
      json.member("worst_slice", "channel=" + name)
      json.member("worst_value", 0.7)
      json.endObject()
    }
    json.endArray()
    return json.text
  }

  /// A challenger that is better in one metric, worse in another and alike in the third.
  private static func comparison(_ window: WindowDefinition, end: EventTime, slice: String) -> ResultRecord {
    let step = Int(truncatingIfNeeded: end.milliseconds / 300_000)
    var w = JSONWriter()
    w.beginObject()
    w.member("type", "comparison")
    w.member("monitor", "fraud")
    w.member("window", window.name)
    w.member("start", end - window.size)
    w.member("end", end)
    w.member("slice", slice)
    w.member("subject", "performance")
    w.member("champion", HostileNames.markup)
    w.member("challenger", HostileNames.long)
    for key in ["predictions", "labelled"] {
      w.key(key)
      w.beginObject()
      for (who, rows) in [("champion", 4100), ("challenger", 3900), ("pairs", 900)] { w.member(who, rows) }
      w.endObject()
    }
    w.member("paired", true)
    w.member("final", true)
    w.key("differences")
    w.beginObject()
    for (metric, difference, reach) in [("auc", 0.031, 0.012), ("log_loss", 0.02, 0.009), ("brier", 0.001, 0.01)] {
      let moved = difference + 0.004 * noise(step, metric.utf8.count)
      w.key(metric)
      w.beginObject()
      for (key, value) in [
        ("champion", 0.81), ("challenger", 0.81 + moved), ("difference", moved), ("lower", moved - reach),
        ("upper", moved + reach), ("p_value", 0.002),
      ] { w.member(key, value) }
      w.member("method", "delong_paired")
      w.endObject()
    }
    w.endObject()
    w.endObject()
    return ResultRecord(
      monitor: "fraud", generation: "8f2c61d09ab34e57", type: .comparison, window: window.name,
      size: window.size.milliseconds, end: end, slice: slice, subject: "performance", line: w.text)
  }
}
