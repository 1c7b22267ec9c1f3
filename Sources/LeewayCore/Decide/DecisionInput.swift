/// One entry of the log that an incident machine is a fold over: what verdicts said, or what came from elsewhere.
package struct DecisionInput: Sendable, Equatable {
  /// Event time: the end that it belongs to; of what people and trainers do, the newest end consumed before it.
  package var at: EventTime
  package var act: Act
  /// Set on inputs derived from verdicts that would differ if no incident of another group had been resolved by hand.
  package var isOfPeople = false

  package enum Act: Sendable, Equatable {
    case verdicts(Batch)
    /// The monitor has no such checks any more.
    case checksRemoved([String])
    /// The monitor has another policy than before.
    case policy(IncidentPolicy)
    /// Derived from verdicts: a retrain is asked for, and its id.
    case retraining(String)
    /// Derived from verdicts: a guard holds a retrain back. `cause` is the same as long as the same thing holds it.
    /// `told`: those who hear of it besides whoever has heard of the incident.
    case retrainHeld(cause: String, reason: String, told: [String])
    /// Derived from final verdicts: what they say of the end at which the early incident opened; nil: nothing.
    case finalVerdict(incident: String, confirmed: Bool?)
    /// The trainer's answer, and why no new model came of it. `told`: those who hear of it besides whoever has heard of the
    /// incident; so below.
    case retrainResult(retrain: String, succeeded: Bool, because: String?, told: [String] = [])
    /// The trainer's answer, where people must approve of the model that has passed the scorecard.
    case candidate(retrain: String, told: [String])
    /// Enough people have approved of a candidate; `by` is the last of them.
    case approved(retrain: String, by: String, reason: String?)
    /// A person has refused a candidate.
    case rejected(retrain: String, by: String, reason: String, told: [String])
    /// The deadline has passed without a corrective action.
    case overdue(retrain: String, told: [String])
    /// No person has acknowledged it within `after`: `told` hear of it now. `step`: how many steps have been taken.
    case handedOn(incident: String, step: Int64, after: TimeSpan, told: [String])
    /// No person has acknowledged it for `after`, which is `count` times the interval of reminders: `told` are reminded. Below
    /// `warning` these are none.
    case reminded(incident: String, count: Int64, after: TimeSpan, told: [String])
    /// Nothing can judge the group any more.
    case resolve(because: String)
    /// What a person did about the incident.
    case person(PersonAct)
  }

  /// What the verdicts of one end say, as far as the machine can need it.
  package struct Batch: Sendable, Equatable {
    /// What fires.
    var fired: [IncidentMachine.Key: Evidence] = [:]
    /// What fired before and is still beyond its limit, only less certain.
    var held: [IncidentMachine.Key] = []
    /// What fired before and is back within its limit.
    var cleared: [IncidentMachine.Key] = []
    /// What fired before, is within its limit, and has still to wait: the windows in which it was back beyond `clear`.
    var clearing: [IncidentMachine.Key: Int] = [:]
    /// What fired before and could not be judged now, which keeps it from expiring; from half of that time on.
    var unjudged: [IncidentMachine.Key] = []
    /// The early twin that is open at this end, where the batch moves on an incident that had none so far.
    var early: String?
    /// Receivers that were told of the transition which the batch made.
    var told: [String] = []

    package init() {}
  }

  package init(at: EventTime, _ act: Act, isOfPeople: Bool = false) {
    self.at = at
    self.act = act
    self.isOfPeople = isOfPeople
  }

  /// As the log names it.
  package var kind: String {
    switch act {
    case .verdicts: "verdicts"
    case .checksRemoved: "checks_removed"
    case .policy: "policy"
    case .retraining: "retraining"
    case .retrainHeld: "retrain_held"
    case .finalVerdict: Self.finalVerdictKind
    case .retrainResult: "retrain_result"
    case .candidate: "candidate"
    case .approved: "approve"
    case .rejected: "reject"
    case .overdue: "overdue"
    case .handedOn: "hand_on"
    case .reminded: "remind"
    case .resolve: "resolve"
    case .person(let act): act.kind
    }
  }

  /// What final verdicts say of an early incident is in the log of early performance.
  package static let finalVerdictKind = "final_verdict"

  /// Kinds that do not follow from verdicts and the monitor: what `replay --inputs` has to be given. When a monitor got another policy
  /// is one of them: its file says only what the policy is now.
  package static let outsideKinds = Set(
    ["retrain_result", "candidate", "approve", "reject", "overdue", "hand_on", "remind", "resolve", "policy"]
      + PersonAct.kinds)
  package var isFromOutside: Bool { Self.outsideKinds.contains(kind) }
}

/// The stored form, beside kind and time, which the log keeps for itself.
extension DecisionInput {
  package var body: String {
    var w = JSONWriter()
    w.beginObject()
    func texts(_ key: String, _ names: [String]) {
      guard !names.isEmpty else { return }
      w.key(key)
      w.strings(names)
    }
    func text(_ key: String, _ text: String?) {
      guard let text else { return }
      w.key(key)
      w.string(text)
    }
    func keys(_ name: String, _ keys: [IncidentMachine.Key]) {
      guard !keys.isEmpty else { return }
      w.key(name)
      w.list(keys) { w, key in
        w.beginObject()
        key.writeMembers(to: &w)
        w.endObject()
      }
    }
    switch act {
    case .verdicts(let batch):
      w.key("fired")
      w.list(batch.fired.sorted { $0.key < $1.key }) { w, fired in
        w.beginObject()
        fired.key.writeMembers(to: &w)
        fired.value.writeMembers(to: &w)
        fired.value.writeTimes(to: &w)
        w.endObject()
      }
      keys("held", batch.held)
      keys("cleared", batch.cleared)
      if !batch.clearing.isEmpty {
        w.key("clearing")
        w.list(batch.clearing.sorted { $0.key < $1.key }) { w, waiting in
          w.beginObject()
          waiting.key.writeMembers(to: &w)
          w.key("windows")
          w.number(waiting.value)
          w.endObject()
        }
      }
      keys("unjudged", batch.unjudged)
      text("early", batch.early)
      texts("told", batch.told)
    case .checksRemoved(let checks): texts("checks", checks)
    case .policy(let policy): policy.writeMembers(to: &w)
    case .retraining(let id): text("retrain", id)
    case .retrainHeld(let cause, let reason, let told):
      text("cause", cause)
      text("reason", reason)
      texts("told", told)
    case .finalVerdict(let incident, let confirmed):
      text("incident", incident)
      w.key("confirmed")
      if let confirmed { w.bool(confirmed) } else { w.null() }
    case .retrainResult(let retrain, let succeeded, let reason, let told):
      text("retrain", retrain)
      w.key("succeeded")
      w.bool(succeeded)
      text("because", reason)
      texts("told", told)
    case .candidate(let retrain, let told), .overdue(let retrain, let told):
      text("retrain", retrain)
      texts("told", told)
    case .approved(let retrain, let by, let reason):
      text("by", by)
      text("reason", reason)
      text("retrain", retrain)
    case .rejected(let retrain, let by, let reason, let told):
      text("by", by)
      text("reason", reason)
      text("retrain", retrain)
      texts("told", told)
    case .handedOn(let incident, let step, let after, let told):
      w.key("after_ms")
      w.number(after.milliseconds)
      text("incident", incident)
      w.key("step")
      w.number(step)
      texts("told", told)
    case .reminded(let incident, let count, let after, let told):
      w.key("after_ms")
      w.number(after.milliseconds)
      w.key("count")
      w.number(count)
      text("incident", incident)
      texts("told", told)
    case .resolve(let reason): text("because", reason)
    case .person(let act): act.writeMembers(to: &w)
    }
    if isOfPeople {
      w.key("of_people")
      w.bool(true)
    }
    w.endObject()
    return w.text
  }

  /// - Throws: `JSONFailure` naming what is wrong in the body, or the kind where a newer version wrote it.
  package init(at: EventTime, kind: String, body: String) throws(JSONFailure) {
    let r = JSONReader(try JSONValue(parsing: Array(body.utf8)))
    self.at = at
    isOfPeople = try r.member("of_people").optional { (e) throws(JSONFailure) in try e.bool() } ?? false
    switch kind {
    case "verdicts":
      var batch = Batch()
      for element in try r.member("fired").list({ (e) throws(JSONFailure) in e }) {
        batch.fired[try IncidentMachine.Key(element)] = try Evidence(element)
      }
      batch.held = try r.member("held").list { (e) throws(JSONFailure) in try IncidentMachine.Key(e) }
      batch.cleared = try r.member("cleared").list { (e) throws(JSONFailure) in try IncidentMachine.Key(e) }
      for element in try r.member("clearing").list({ (e) throws(JSONFailure) in e }) {
        batch.clearing[try IncidentMachine.Key(element)] = Int(clamping: try element.member("windows").integer())
      }
      batch.unjudged = try r.member("unjudged").list { (e) throws(JSONFailure) in try IncidentMachine.Key(e) }
      batch.early = try r.member("early").text()
      batch.told = try r.member("told").texts()
      act = .verdicts(batch)
    case "checks_removed": act = .checksRemoved(try r.member("checks").texts())
    case "policy": act = .policy(try IncidentPolicy(r))
    case "retraining": act = .retraining(try r.member("retrain").string())
    case "retrain_held":
      act = .retrainHeld(
        cause: try r.member("cause").string(), reason: try r.member("reason").string(),
        told: try r.member("told").texts())
    case Self.finalVerdictKind:
      act = .finalVerdict(
        incident: try r.member("incident").string(),
        confirmed: try r.member("confirmed").optional { (e) throws(JSONFailure) in try e.bool() })
    case "retrain_result":
      act = .retrainResult(
        retrain: try r.member("retrain").string(), succeeded: try r.member("succeeded").bool(),
        because: try r.member("because").text(), told: try r.member("told").texts())
    case "candidate":
      act = .candidate(retrain: try r.member("retrain").string(), told: try r.member("told").texts())
    case "approve":
      act = .approved(
        retrain: try r.member("retrain").string(), by: try r.member("by").string(),
        reason: try r.member("reason").text())
    case "reject":
      act = .rejected(
        retrain: try r.member("retrain").string(), by: try r.member("by").string(),
        reason: try r.member("reason").string(), told: try r.member("told").texts())
    case "overdue":
      act = .overdue(retrain: try r.member("retrain").string(), told: try r.member("told").texts())
    case "hand_on":
      act = .handedOn(
        incident: try r.member("incident").string(), step: try r.member("step").integer(),
        after: .milliseconds(try r.member("after_ms").integer()), told: try r.member("told").texts())
    case "remind":
      act = .reminded(
        incident: try r.member("incident").string(), count: try r.member("count").integer(),
        after: .milliseconds(try r.member("after_ms").integer()), told: try r.member("told").texts())
    case "resolve": act = .resolve(because: try r.member("because").string())
    default:
      if let person = try PersonAct(kind: kind, r) {
        act = .person(person)
        return
      }
      throw r.failure("the kind \"\(kind.prefix(40))\" was written by a newer version of leeway; run that version")
    }
  }
}

extension IncidentMachine.Key {
  func writeMembers(to w: inout JSONWriter) {
    for (name, text) in [("check", check), ("slice", slice), ("subject", subject)] {
      w.key(name)
      w.string(text)
    }
  }

  init(_ r: JSONReader) throws(JSONFailure) {
    self.init(
      check: try r.member("check").string(), slice: try r.member("slice").string(),
      subject: try r.member("subject").string())
  }
}
