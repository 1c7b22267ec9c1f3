/// A step of an incident.
package struct IncidentTransition: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    case opened, escalated
    /// It had been resolved a short time ago, and something fires again.
    case reopened
    /// It has come and gone too often, and stays open from now on until nothing has fired for long.
    case flapping
    /// Somebody has seen it and says so.
    case acknowledged
    /// Somebody says that what has shifted is normal now.
    case accepted
    /// Something new is beyond its limit while the incident is open, and is not worse than the incident already was.
    case spread
    /// A retrain was asked for.
    case retraining
    /// A retrain would have been asked for, and a guard holds it back.
    case retrainHeld = "retrain_held"
    /// The trainer says that it has succeeded, and people must approve of the new model.
    case candidate
    /// The trainer says that it has succeeded, and where people must approve, enough of them have.
    case verifying
    /// The trainer says that it has failed, or a person has refused the new model.
    case failed
    /// The deadline has passed without a corrective action.
    case overdue
    /// The first final verdict of what opened an early incident fires too.
    case confirmed
    /// It does not.
    case withdrawn
    case resolved
  }

  package var incident: String
  package var monitor: String
  package var group: CauseGroup
  /// End of the window that made it; of what came from outside, the newest end that the group had consumed.
  package var at: EventTime
  package var kind: Kind
  /// The highest that the incident has reached; of `spread`, the highest among what is new.
  package var tier: Tier
  /// Ascending by bytes, as subjects and slices: what fires; of `spread` what is new, of `flapping` and `resolved` all that has fired.
  package var checks: [String]
  package var subjects: [String]
  package var slices: [String]
  package var sequence: Int64
  package var advice: String?
  /// Set for `retraining`, `candidate`, `verifying`, `failed` and `overdue`.
  package var retrain: String?
  /// `retrain_held`: why.
  package var held: String?
  /// For the first transition of a final incident at whose end an early one was open: that one.
  package var early: String?
  /// `accepted`: since when it is normal; `resolved`: why nothing can judge it any more, that nothing has for long, or the reason that a person gave; `flapping`: by what
  /// rule; `failed`: what the trainer gave as the reason.
  package var because: String?
  /// `acknowledged`, `accepted`, `resolved` by hand, and the decision about a candidate: who did it, and what they wrote.
  package var by: String?
  package var note: String?
  /// The number of the outside input that made it, or that it is a consequence of; nil: of verdicts only.
  package var input: Int64?

  /// As in result lines and `/api/v1/incidents`.
  package var transition: String { kind.rawValue }

  /// Its line among the results.
  package var line: String {
    var w = JSONWriter()
    w.beginObject()
    for (key, text) in [("type", "incident"), ("monitor", monitor), ("incident", incident)] {
      w.key(key)
      w.string(text)
    }
    w.key("at")
    w.time(at)
    let texts = [
      ("transition", transition), ("tier", tier.name), ("reason", group.rawValue), ("advice", advice),
      ("retrain", retrain), ("held", held), ("early", early), ("because", because), ("by", by), ("note", note),
    ]
    for case (let key, let text?) in texts {
      w.key(key)
      w.string(text)
    }
    if let input {
      w.key("input")
      w.number(input)
    }
    for (key, names) in [("checks", checks), ("subjects", subjects), ("slices", slices)] {
      w.key(key)
      w.strings(names)
    }
    w.endObject()
    return w.text
  }
}
