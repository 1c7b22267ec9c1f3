/// The JSON that receivers get, as a webhook sends it; other formats are made of it.
struct Notification {
  let monitor: String
  let baseline: String
  let context: DecisionContext
  let group: CauseGroup
  let machine: IncidentMachine
  let incident: IncidentMachine.Incident

  /// `incident.opened`, `incident.escalated`, `incident.resolved`.
  func incident(_ step: IncidentTransition) -> String {
    var w = JSONWriter(capacity: 1024)
    w.beginObject()
    common(&w, event: "incident.\(step.transition)")
    w.key("at")
    w.time(step.at)
    w.key("checks")
    w.strings(step.checks)
    w.key("subjects")
    w.strings(step.subjects)
    if let url = context.publicURL {
      w.key("url")
      w.string("\(url)/#incident=\(incident.id)")
    }
    w.endObject()
    return w.text
  }

  /// `retrain.requested`.
  func retrain(id: String, deadline: EventTime) -> String {
    var w = JSONWriter(capacity: 1024)
    w.beginObject()
    common(&w, event: "retrain.requested")
    w.key("retrain")
    w.string(id)
    if let url = context.publicURL {
      w.key("callback_url")
      w.string("\(url)/api/v1/retrains/\(id)/result")
    }
    w.key("callback_token")
    w.string(context.callbackToken(id, deadline))
    w.key("deadline")
    w.time(deadline)
    w.endObject()
    return w.text
  }

  private func common(_ w: inout JSONWriter, event: String) {
    w.key("version")
    w.number(1 as Int64)
    for (key, text) in [
      ("event", event), ("incident", incident.id), ("monitor", monitor), ("tier", incident.tier.name),
    ] {
      w.key(key)
      w.string(text)
    }
    w.key("opened_at")
    w.time(incident.openedAt)
    w.key("model_version")
    // Of the newest evidence; of equally new ones the first by key, since a dictionary has no order of its own.
    let newest = machine.active.sorted { $0.value.end != $1.value.end ? $0.value.end > $1.value.end : $0.key < $1.key }
    if let version = newest.lazy.compactMap(\.value.version).first {
      w.string(version)
    } else {
      w.null()
    }
    w.key("reason")
    w.string(group.rawValue)
    if let advice = machine.advice {
      w.key("advice")
      w.string(advice)
    }
    w.key("evidence")
    Self.writeEvidence(machine, to: &w)
    w.key("window")
    let starts = machine.active.values.map { $0.end - $0.size }
    if let start = starts.min(), let end = machine.active.values.map(\.end).max() {
      w.beginObject()
      w.key("start")
      w.time(start)
      w.key("end")
      w.time(end)
      w.endObject()
    } else {
      w.null()
    }
    w.key("baseline")
    w.string(baseline)
  }

  /// At most 100, the worst first.
  static func writeEvidence(_ machine: IncidentMachine, to w: inout JSONWriter) {
    w.beginArray()
    let worst = machine.active.sorted {
      $0.value.tier != $1.value.tier ? $0.value.tier > $1.value.tier : $0.key < $1.key
    }
    for (key, evidence) in worst.prefix(100) {
      w.beginObject()
      for (name, text) in [("check", key.check), ("subject", key.subject), ("slice", key.slice)] {
        w.key(name)
        w.string(text)
      }
      evidence.writeMembers(to: &w)
      w.endObject()
    }
    w.endArray()
  }
}
