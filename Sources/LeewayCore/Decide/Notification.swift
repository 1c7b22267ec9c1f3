/// The JSON that receivers get, as a webhook sends it; other formats are made of it.
struct Notification {
  let monitor: String
  let baseline: String
  let context: DecisionContext
  let group: CauseGroup
  /// As after the transition.
  let machine: IncidentMachine
  let incident: IncidentMachine.Incident

  /// The message that repeats an incident which no person has acknowledged, in the place of a transition.
  static let reminder = "reminder"

  /// `incident.opened` and so on, one for each transition.
  ///
  /// - Parameters:
  ///   - event: nil: the transition.
  ///   - spread: of `spread`, what is new to the receiver, with the slices that were judged for each.
  ///   - evaluation: the trainer's answer, as JSON, where the step is about it.
  ///   - heldBack: messages that a silence kept from the receiver, oldest first.
  func incident(
    _ step: IncidentTransition, event: String? = nil, spread: Spread? = nil, evaluation: String? = nil,
    heldBack: [HeldBack] = []
  ) -> String {
    var w = JSONWriter(capacity: 1024)
    w.beginObject()
    common(&w, event: "incident.\(event ?? step.transition)", tier: step.tier, of: spread.map { Set($0.keys) })
    w.key("at")
    w.time(step.at)
    w.key("checks")
    w.strings(spread.map { IncidentMachine.Incident.names($0.keys.map(\.check)) } ?? step.checks)
    w.key("subjects")
    w.strings(spread.map { IncidentMachine.Incident.names($0.keys.map(\.subject)) } ?? step.subjects)
    if let spread {
      w.key("highest")
      w.string(incident.tier.name)
      w.key("slices")
      w.strings(IncidentMachine.Incident.names(spread.keys.map(\.slice)))
      w.key("spread")
      spread.write(to: &w)
    }
    for case (let key, let text?) in [
      ("held", step.held.map { "retrain held: \($0)" }), ("retrain", step.retrain),
      ("early", step.early ?? incident.early),
      ("because", step.because), ("by", step.by), ("note", step.note),
    ] {
      w.key(key)
      w.string(text)
    }
    if let evaluation {
      w.key("evaluation")
      w.raw(evaluation.utf8)
    }
    // For a retrain that was let go: since when it had been held.
    if step.kind == .retraining, let hold = incident.hold {
      w.key("held_since")
      w.time(hold.since)
    }
    Self.write(heldBack: heldBack, to: &w)
    if let url = context.publicURL {
      w.key("url")
      w.string("\(url)/incidents/\(incident.id)")
    }
    w.endObject()
    return w.text
  }

  /// `retrain.requested`. The callback's token, which is a secret, is no part of it: the sender adds it.
  func retrain(id: String, deadline: EventTime) -> String {
    var w = JSONWriter(capacity: 1024)
    w.beginObject()
    common(&w, event: "retrain.requested", tier: incident.tier, of: nil)
    w.key("retrain")
    w.string(id)
    if let url = context.publicURL {
      w.key("callback_url")
      w.string("\(url)/api/v1/retrains/\(id)/result")
    }
    w.key("deadline")
    w.time(deadline)
    w.endObject()
    return w.text
  }

  private func common(
    _ w: inout JSONWriter, event: String, tier: Tier, of keys: Set<IncidentMachine.Key>?
  ) {
    let evidence = keys.map { keys in machine.active.filter { keys.contains($0.key) } } ?? machine.heard
    w.key("version")
    w.number(1 as Int64)
    for (key, text) in [
      ("event", event), ("incident", incident.id), ("monitor", monitor), ("tier", tier.name),
    ] {
      w.key(key)
      w.string(text)
    }
    w.key("opened_at")
    w.time(incident.openedAt)
    w.key("model_version")
    // For the newest evidence; of equally new ones the first by key, since a dictionary has no order of its own.
    let newest = evidence.sorted { $0.value.end != $1.value.end ? $0.value.end > $1.value.end : $0.key < $1.key }
    if let version = newest.lazy.compactMap(\.value.version).first {
      w.string(version)
    } else {
      w.null()
    }
    w.key("reason")
    w.string(group.rawValue)
    if keys == nil, let advice = machine.advice {
      w.key("advice")
      w.string(advice)
    }
    w.key("evidence")
    Self.writeEvidence(evidence, to: &w)
    w.key("window")
    let starts = evidence.values.map { $0.end - $0.size }
    if let start = starts.min(), let end = evidence.values.map(\.end).max() {
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
  static func writeEvidence(_ evidence: [IncidentMachine.Key: Evidence], to w: inout JSONWriter) {
    w.beginArray()
    let worst = evidence.sorted {
      $0.value.tier != $1.value.tier ? $0.value.tier > $1.value.tier : $0.key < $1.key
    }
    for (key, evidence) in worst.prefix(100) { writeEvidence(evidence, of: key, to: &w) }
    w.endArray()
  }

  static func writeEvidence(_ evidence: Evidence, of key: IncidentMachine.Key, to w: inout JSONWriter) {
    w.beginObject()
    for (name, text) in [("check", key.check), ("subject", key.subject), ("slice", key.slice)] {
      w.key(name)
      w.string(text)
    }
    evidence.writeMembers(to: &w)
    w.endObject()
  }

  /// What is new to a receiver of an open incident, folded: a subject of a check is one entry, whatever slices it is in.
  struct Spread {
    /// Ascending.
    var keys: [IncidentMachine.Key]
    var tiers: [IncidentMachine.Key: Tier]
    /// Slices judged at this end, of each check and subject; missing where the last end judged none.
    var judged: [Subject: Int]

    struct Subject: Hashable {
      var check: String
      var subject: String
    }

    /// Slices named for each check and subject.
    private static let mostNames = 10

    func write(to w: inout JSONWriter) {
      var order: [Subject] = []
      var slices: [Subject: [IncidentMachine.Key]] = [:]
      for key in keys {
        let subject = Subject(check: key.check, subject: key.subject)
        if slices[subject] == nil { order.append(subject) }
        slices[subject, default: []].append(key)
      }
      order.sort { $0.check != $1.check ? utf8Order($0.check, $1.check) : utf8Order($0.subject, $1.subject) }
      w.list(order.prefix(100)) { w, subject in
        let keys = slices[subject] ?? []
        w.beginObject()
        let tier = keys.compactMap { tiers[$0] }.max() ?? .warning
        for (name, text) in [("check", subject.check), ("subject", subject.subject), ("tier", tier.name)] {
          w.key(name)
          w.string(text)
        }
        w.key("slices")
        w.number(keys.count)
        if let judged = judged[subject], judged >= keys.count {
          w.key("of")
          w.number(judged)
        }
        w.key("names")
        w.strings(keys.map(\.slice).prefix(Self.mostNames))
        w.endObject()
      }
    }
  }
}
