/// What becomes of an incident by what people do about it.
extension IncidentMachine {
  /// A key that a person has resolved while it fired: it holds and opens no incident until it has been within its limit once
  /// or is worse than it was, or until the time is over.
  package struct Mute: Sendable, Equatable {
    /// The incident that was resolved.
    package var incident: String
    /// The highest that the key had reached in it.
    package var tier: Tier
    package var until: EventTime
  }

  /// For how long a resolve by hand mutes a key at most, in event time.
  package static let longestMute = TimeSpan.days(7)

  /// An incident that was resolved by hand, and how long verdicts may lead elsewhere because of it.
  package struct Intervention: Sendable, Equatable {
    /// That of the input.
    package var number: Int64
    /// The newest end that the group had been judged for.
    package var at: EventTime
    /// The end at which nothing fired any more, or until which an incident may reopen then: what the group does after it depends on
    /// verdicts only. nil: not yet.
    package var through: EventTime?
    /// Where incidents may flap: the end from which on nothing has fired, while verdicts only may have kept one open.
    package var calm: EventTime?
    /// How far each group had been judged.
    package var decided: [CauseGroup: EventTime]
  }

  mutating func act(_ act: PersonAct, _ at: EventTime, _ name: Name) -> Step? {
    through = max(through, at)
    guard var incident, incident.id == act.incident else { return nil }
    var step: Step?
    switch act.deed {
    case .comment, .undoAccept: return nil
    case .accept(_, let note, let normal):
      guard let normal else { return nil }
      incident.accepted = Acceptance(by: act.by, since: normal.parts.map(\.since).min() ?? at)
      // Whoever has accepted it has seen it.
      incident.acknowledged = incident.acknowledged ?? act.by
      incident.sequence += 1
      // Its shifts end by what the detectors say of the next hour, and that depends on this act.
      incident.input = place
      self.incident = incident
      let subjects = Set(normal.parts.map { SliceSubject(slice: $0.slice, subject: $0.subject) })
      let keys = present.filter {
        $0.value.shift != nil && subjects.contains(SliceSubject(slice: $0.key.slice, subject: $0.key.subject))
      }
      step = Step(transition: transition(.accepted, incident, at, name, of: keys.keys), incident: incident)
      step?.transition.note = note
      step?.transition.because = incident.accepted.map { "normal since \($0.since)" }
    case .assign(let assignee, _):
      incident.assigned = assignee
      self.incident = incident
      return nil
    case .acknowledge(let note):
      guard incident.acknowledged == nil else { return nil }
      incident.acknowledged = act.by
      incident.sequence += 1
      self.incident = incident
      step = Step(transition: transition(.acknowledged, incident, at, name, of: present.keys), incident: incident)
      step?.transition.note = note
      // An acknowledgement changes nothing about what verdicts do next.
      step?.transition.input = place
    case .resolve(let reason, let note, let decided):
      for (key, evidence) in present {
        let reached = incident.highest[key]?.tier ?? evidence.tier
        muted[key] = Mute(incident: incident.id, tier: max(reached, evidence.tier), until: at + Self.longestMute)
      }
      incident.input = place
      incident.resolution = Resolution(by: act.by, reason: reason)
      self.incident = incident
      interventions.append(Intervention(number: place, at: at, through: nil, decided: decided))
      if interventions.count > Self.mostSpans {
        interventions[0].through = interventions[1].through
        interventions.remove(at: 1)
      }
      // It was open at the end that any group had been judged for last, for groups that come to that end later, and for those that had
      // seen it open there.
      step = resolve(at, name, until: max(at, decided.values.max() ?? at) + .milliseconds(1))
      step?.transition.because = reason.rawValue
      step?.transition.note = note
    }
    step?.transition.by = act.by
    return step
  }

  /// Why an act would change nothing; nil if it can be folded.
  package func refusal(of act: PersonAct) -> String? {
    switch act.deed {
    case .comment, .undoAccept: return nil
    default: break
    }
    guard let incident, incident.id == act.incident else { return "the incident is resolved already" }
    if case .accept = act.deed, shifted.isEmpty { return "nothing that a shift check has found is open in it any more" }
    if case .acknowledge = act.deed, let by = incident.acknowledged { return "\(by) has acknowledged it already" }
    return nil
  }

  /// What has shifted of the open incident.
  var shifted: [Key: ShiftFinding] { present.compactMapValues(\.shift) }

  private struct SliceSubject: Hashable {
    var slice: String
    var subject: String
  }

  /// Ends what was muted, as `active` is after the verdicts of an end.
  mutating func unmute(_ end: EventTime) {
    muted = muted.filter { key, mute in
      guard let evidence = active[key] else { return false }
      return evidence.tier <= mute.tier && end < mute.until
    }
    // Where nothing fires, verdicts only would have resolved everything too.
    settleInterventions(end)
  }

  /// What fires and was not resolved by hand.
  package var heard: [Key: Evidence] { muted.isEmpty ? active : active.filter { muted[$0.key] == nil } }

  /// The resolve by hand that an incident which opens now depends on.
  var influence: Int64? { interventions.last { $0.through == nil }?.number }

  /// Whether the machine may be, after `end`, another than verdicts only would have made it.
  func differs(after end: EventTime) -> Bool {
    interventions.contains { $0.at < end && end <= $0.through ?? .distantFuture }
  }

  /// Whether an incident of this machine had been resolved by hand before `group` was judged for `end`, at an end before it. What
  /// is asked of a trainer rests on all that was asked before, so that this stays.
  func wasResolvedByHand(before end: EventTime, in group: CauseGroup) -> Bool {
    interventions.contains { max($0.at, $0.decided[group] ?? .distantPast) < end }
  }

  /// Who has accepted what has shifted, and since when it is normal.
  package struct Acceptance: Sendable, Equatable {
    package var by: String
    package var since: EventTime
  }

  /// Who said so.
  package struct Resolution: Sendable, Equatable {
    package var by: String
    package var reason: PersonAct.Reason
  }
}

/// The stored form.
extension IncidentMachine {
  /// Whether it holds anything that an older version would lose.
  var isOfPeople: Bool {
    !muted.isEmpty || !interventions.isEmpty || incident?.acknowledged != nil || incident?.assigned != nil
  }

  func writePeople(to w: inout JSONWriter) {
    w.key("muted")
    w.list(muted.sorted { $0.key < $1.key }) { w, element in
      w.beginObject()
      element.key.writeMembers(to: &w)
      for (name, text) in [("incident", element.value.incident), ("tier", element.value.tier.name)] {
        w.key(name)
        w.string(text)
      }
      w.key("until_ms")
      w.number(element.value.until.milliseconds)
      w.endObject()
    }
    w.key("interventions")
    w.list(interventions) { w, intervention in
      w.beginObject()
      w.key("number")
      w.number(intervention.number)
      w.key("at_ms")
      w.number(intervention.at.milliseconds)
      if let through = intervention.through {
        w.key("through_ms")
        w.number(through.milliseconds)
      }
      if let calm = intervention.calm {
        w.key("calm_ms")
        w.number(calm.milliseconds)
      }
      w.key("decided")
      PersonAct.write(intervention.decided, to: &w)
      w.endObject()
    }
  }

  mutating func readPeople(_ root: JSONReader) throws(JSONFailure) {
    for element in try root.member("muted").list({ (e) throws(JSONFailure) in e }) {
      muted[try Key(element)] = Mute(
        incident: try element.member("incident").string(), tier: try Tier(element.member("tier")),
        until: EventTime(milliseconds: try element.member("until_ms").integer()))
    }
    interventions = try root.member("interventions").list { (e) throws(JSONFailure) in
      Intervention(
        number: try e.member("number").integer(), at: EventTime(milliseconds: try e.member("at_ms").integer()),
        through: try e.member("through_ms").time(), calm: try e.member("calm_ms").time(),
        decided: try PersonAct.readDecided(e.member("decided")))
    }
  }
}
