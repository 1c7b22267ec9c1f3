/// What a person has done about an incident.
package struct PersonAct: Sendable, Equatable {
  package var incident: String
  /// The name of the token that it was done with.
  package var by: String
  package var deed: Deed

  package enum Deed: Sendable, Equatable {
    case acknowledge(note: String?)
    case assign(to: String, note: String?)
    case comment(String)
    /// `decided`: how far each group had been judged then, so that it shows which lines an act could have changed. Empty
    /// until it is folded.
    case resolve(Reason, note: String?, decided: [CauseGroup: EventTime])
    /// What has shifted is normal since a moment; without one since each shift began. `normal`: nil until it is folded.
    case accept(since: EventTime?, note: String?, normal: NewNormal?)
    /// What was accepted in the incident is normal no more. `from`: the start of the first hour that is judged so; nil until it is folded.
    case undoAccept(note: String?, from: EventTime?)
  }

  /// Why a person says that an incident is over.
  package enum Reason: String, Sendable, CaseIterable {
    case falseAlarm = "false alarm"
    case expectedChange = "expected change"
    case mended, retrained
  }

  package init(incident: String, by: String, _ deed: Deed) {
    self.incident = incident
    self.by = by
    self.deed = deed
  }

  package static let kinds = ["accept", "acknowledge", "assign", "comment", "resolve_by_hand", "undo_accept"]

  /// As the log names it.
  package var kind: String {
    switch deed {
    case .acknowledge: "acknowledge"
    case .assign: "assign"
    case .comment: "comment"
    case .resolve: "resolve_by_hand"
    case .accept: "accept"
    case .undoAccept: "undo_accept"
    }
  }
}

/// The stored form.
extension PersonAct {
  package var body: String {
    var w = JSONWriter()
    w.beginObject()
    writeMembers(to: &w)
    w.endObject()
    return w.text
  }

  /// Members in the order of their names, as `/api/v1/inputs` gives them and `replay --inputs` reads them.
  func writeMembers(to w: inout JSONWriter) {
    func text(_ key: String, _ text: String?) {
      guard let text else { return }
      w.key(key)
      w.string(text)
    }
    text("by", by)
    switch deed {
    case .acknowledge(let note):
      text("incident", incident)
      text("note", note)
    case .assign(let name, let note):
      text("incident", incident)
      text("note", note)
      text("to", name)
    case .comment(let note):
      text("incident", incident)
      text("note", note)
    case .resolve(let reason, let note, let decided):
      if !decided.isEmpty {
        w.key("decided")
        Self.write(decided, to: &w)
      }
      text("incident", incident)
      text("note", note)
      text("reason", reason.rawValue)
    case .accept(let since, let note, let normal):
      if let normal {
        w.key("from")
        w.time(normal.from)
      }
      text("incident", incident)
      if let normal { normal.writeParts(to: &w) }
      text("note", note)
      if let since {
        w.key("since")
        w.time(since)
      }
    case .undoAccept(let note, let from):
      if let from {
        w.key("from")
        w.time(from)
      }
      text("incident", incident)
      text("note", note)
    }
  }

  /// A group that has judged nothing is left out.
  static func write(_ decided: [CauseGroup: EventTime], to w: inout JSONWriter) {
    w.beginObject()
    for (group, end) in decided.sorted(by: { utf8Order($0.key.rawValue, $1.key.rawValue) }) where end > .distantPast {
      w.key(group.rawValue)
      w.number(end.milliseconds)
    }
    w.endObject()
  }

  static func readDecided(_ r: JSONReader) throws(JSONFailure) -> [CauseGroup: EventTime] {
    var decided: [CauseGroup: EventTime] = [:]
    for (key, end) in r.isNull ? [] : try r.members() {
      guard let group = CauseGroup(rawValue: key) else { throw end.failure("no cause has this name") }
      decided[group] = EventTime(milliseconds: try end.integer())
    }
    return decided
  }

  /// - Returns: nil if the kind is not of a person.
  /// - Throws: `JSONFailure` naming what is wrong.
  package init?(kind: String, _ r: JSONReader) throws(JSONFailure) {
    let deed: Deed
    switch kind {
    case "acknowledge": deed = .acknowledge(note: try r.member("note").text())
    case "assign": deed = .assign(to: try r.member("to").string(), note: try r.member("note").text())
    case "comment": deed = .comment(try r.member("note").string())
    case "resolve_by_hand":
      let name = try r.member("reason")
      guard let reason = Reason(rawValue: try name.string()) else {
        throw name.failure("expected one of \(Reason.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      deed = .resolve(reason, note: try r.member("note").text(), decided: try Self.readDecided(r.member("decided")))
    case "accept":
      deed = .accept(
        since: try r.member("since").optional { (e) throws(JSONFailure) in try e.rfc3339() },
        note: try r.member("note").text(), normal: try NewNormal(r))
    case "undo_accept":
      deed = .undoAccept(
        note: try r.member("note").text(),
        from: try r.member("from").optional { (e) throws(JSONFailure) in try e.rfc3339() })
    default: return nil
    }
    self.init(incident: try r.member("incident").string(), by: try r.member("by").string(), deed)
  }
}
