package import LeewayCore

/// A message of each event, made up: what `leeway check` tries templates on, and what `leeway alerts test` sends.
package enum SampleMessages {
  package static let monitor = "leeway-test"

  /// In the order in which an incident would go through them.
  package static let events = [
    "incident.opened", "incident.escalated", "incident.spread", "incident.reminder", "incident.acknowledged",
    "incident.accepted", "incident.flapping",
    "incident.retrain_held", "incident.retraining", "incident.failed", "incident.overdue", "incident.candidate",
    "incident.verifying", "incident.confirmed", "incident.withdrawn", "incident.reopened", "incident.resolved",
    "delivery.failed",
  ]

  /// The JSON of an event, with every member that it can have.
  ///
  /// - Parameters:
  ///   - incident: its id, so that what is sent twice is told apart.
  ///   - at: when it is said to have happened.
  ///   - url: the service's own address; nil: no link.
  package static func message(_ event: String, incident: String, at: EventTime, url: String? = nil) -> [UInt8] {
    var json = JSONWriter(capacity: 1024)
    func time(_ key: String, _ time: EventTime) {
      json.key(key)
      json.time(time)
    }
    json.beginObject()
    json.key("version")
    json.number(1 as Int64)
    for (key, text) in [("event", event), ("incident", incident), ("monitor", monitor), ("tier", "warning")] {
      json.member(key, text)
    }
    time("opened_at", at - .minutes(5))
    time("at", at)
    json.member("reason", "drift")
    if let url { json.member("url", "\(url)/incidents/\(incident)") }
    if event == "delivery.failed" {
      json.member("receiver", "chat")
      json.member("message", "incident.opened")
      json.member("because", "this is a test: every message was delivered")
      json.endObject()
      return json.bytes
    }
    json.member("model_version", "v1")
    json.member("advice", "This is a test of the receiver. Nothing is wrong, and nothing is to be done.")
    json.member("baseline", "sha256:0000000000000000")
    json.member("checks", ["test"])
    json.member("subjects", ["amount"])
    json.member("window") { json in
      json.key("start")
      json.time(at - .days(7))
      json.key("end")
      json.time(at)
    }
    json.key("evidence")
    json.beginArray()
    if !["incident.resolved", "incident.flapping"].contains(event) {
      json.beginObject()
      for (key, text) in [
        ("check", "test"), ("subject", "amount"), ("slice", "all"), ("metric", "psi"), ("window", "7d"),
        ("tier", "warning"),
      ] {
        json.member(key, text)
      }
      for (key, number) in [("value", 0.25), ("threshold", 0.2), ("p_value", 0.0001), ("q_value", 0.001)] {
        json.key(key)
        json.number(number)
      }
      json.key("rows")
      json.number(10_000)
      time("end", at)
      json.endObject()
    }
    json.endArray()
    switch event {
    case "incident.spread":
      json.member("highest", "warning")
      json.key("spread")
      json.beginArray()
      json.beginObject()
      for (key, text) in [("check", "test"), ("subject", "amount"), ("tier", "warning")] { json.member(key, text) }
      json.key("slices")
      json.number(1)
      json.member("names", ["all"])
      json.endObject()
      json.endArray()
    case "incident.retrain_held": json.member("held", "retrain held: this is a test")
    case "incident.retraining":
      json.member("retrain", "rt-0000000000000000")
      time("held_since", at - .minutes(1))
    case "incident.candidate", "incident.verifying", "incident.overdue":
      json.member("retrain", "rt-0000000000000000")
      if event == "incident.verifying" { json.member("by", "alice") }
      if event != "incident.overdue" { evaluation(to: &json) }
    case "incident.failed":
      json.member("retrain", "rt-0000000000000000")
      json.member("because", "this is a test: no retrain has failed")
      evaluation(to: &json)
    case "incident.resolved": json.member("because", "this was a test")
    case "incident.flapping": json.member("because", "this is a test: nothing comes and goes")
    case "incident.reminder": json.member("because", "this is a test: nothing has been open for long")
    default: break
    }
    json.endObject()
    return json.bytes
  }

  private static func evaluation(to json: inout JSONWriter) {
    json.member("evaluation") { json in
      json.member("status", "succeeded")
      json.member("model_version", "v2")
      json.member("metrics") { json in
        json.key("auc")
        json.number(0.84)
      }
      json.key("scorecard")
      json.beginArray()
      json.beginObject()
      json.member("metric", "auc")
      for (key, number) in [("at_least", 0.8), ("value", 0.84)] {
        json.key(key)
        json.number(number)
      }
      json.key("passes")
      json.bool(true)
      json.endObject()
      json.endArray()
    }
  }
}
