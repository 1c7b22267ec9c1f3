package import LeewayCore

/// Incidents as the API gives them, as text for a terminal.
package enum IncidentText {
  /// A table, the newest first.
  ///
  /// - Parameter answer: of `/api/v1/incidents`.
  package static func list(_ answer: JSONValue) throws -> String {
    let incidents = try JSONReader(answer).member("incidents").elements()
    guard !incidents.isEmpty else { return "no incidents\n" }
    var rows = [["INCIDENT", "STATE", "TIER", "SINCE", "WHO", "CAUSE", "SUBJECTS"]]
    for incident in incidents {
      let people = try incident.member("people")
      func who(_ name: String) throws -> String? { people.isNull ? nil : try people.member(name).text() }
      let subjects = try incident.member("subjects").texts()
      let named = subjects.prefix(3).map(TerminalText.onOneLine).joined(separator: ", ")
      rows.append([
        try TerminalText.text(incident, "incident"), try TerminalText.text(incident, "state"),
        try TerminalText.text(incident, "tier"),
        try TerminalText.minute(TerminalText.text(incident, "opened_at")),
        try who("assigned_to") ?? who("resolved_by") ?? who("acknowledged_by") ?? "-",
        try TerminalText.text(incident, "group"),
        subjects.count > 3 ? named + " and \(subjects.count - 3) more" : named,
      ])
    }
    return TerminalText.table(rows)
  }

  /// What an incident is about, what happened, and what people did.
  ///
  /// - Parameter answer: of `/api/v1/incidents/{incident}`.
  package static func show(_ answer: JSONValue) throws -> String {
    let r = JSONReader(answer)
    let resolved = try r.member("resolved_at").text().map { ", resolved \(TerminalText.minute($0))" } ?? ""
    var text =
      "\(try TerminalText.text(r, "incident")): \(try TerminalText.text(r, "tier")), \(try TerminalText.text(r, "state")), "
      + "of \(try TerminalText.text(r, "group")) in \(try TerminalText.text(r, "monitor")), "
      + "since \(TerminalText.minute(try TerminalText.text(r, "opened_at")))\(resolved)\n"
    let people = try r.member("people")
    if !people.isNull {
      for (name, words) in [
        ("acknowledged_by", "acknowledged by"), ("assigned_to", "assigned to"), ("resolved_by", "resolved by"),
        ("reason", "because of"), ("accepted_by", "accepted as normal by"), ("accepted_since", "normal since"),
      ] { if let found = try people.member(name).text() { text += "\(words) \(TerminalText.onOneLine(found))\n" } }
    }
    let retrain = try r.member("retrain")
    if !retrain.isNull {
      let id = try retrain.member("retrain").text().map { " \($0)" } ?? ""
      text += "retrain\(id): \(try TerminalText.text(retrain, "state"))"
      // Where it was let go, what held it is past.
      if let held = try retrain.member("held").text() {
        let isPast = try !retrain.member("retrain").isNull
        text += ", \(isPast ? "was held" : "held"): \(TerminalText.onOneLine(held))"
      }
      text += "\n"
    }
    // Of one that has ended, the worst of it: what fired last is seldom what it was about.
    let worst = try r.member("resolved_at").isNull ? [] : r.member("worst").list { (e) throws(JSONFailure) in e }
    let evidence = try worst.isEmpty ? r.member("evidence").list { (e) throws(JSONFailure) in e } : worst
    if !evidence.isEmpty {
      var rows = [["CHECK", "SUBJECT", "SLICE", "METRIC", "VALUE", "LIMIT", "ROWS", "TO"]]
      for item in evidence {
        rows.append([
          try TerminalText.text(item, "check"), try TerminalText.text(item, "subject"),
          try TerminalText.text(item, "slice"),
          try TerminalText.text(item, "metric"), try TerminalText.number(item, "value"),
          try TerminalText.number(item, "threshold"),
          try TerminalText.number(item, "rows"), TerminalText.minute(try TerminalText.text(item, "end")),
        ])
      }
      text += "\n" + TerminalText.table(rows)
    }
    text += "\n" + TerminalText.table(try happened(r))
    let messages = try told(r)
    if messages.count > 1 { text += "\n" + TerminalText.table(messages) }
    let acts = try done(r)
    if acts.count > 1 { text += "\n" + TerminalText.table(acts) }
    let muted = try r.member("muted").list { (e) throws(JSONFailure) in e }
    if !muted.isEmpty {
      var rows = [["MUTED", "SUBJECT", "SLICE", "UP TO", "UNTIL"]]
      for item in muted {
        rows.append([
          try TerminalText.text(item, "check"), try TerminalText.text(item, "subject"),
          try TerminalText.text(item, "slice"),
          try TerminalText.text(item, "tier"), TerminalText.minute(try TerminalText.text(item, "until")),
        ])
      }
      text += "\n" + TerminalText.table(rows)
    }
    return text
  }

  /// Transitions, in event time.
  private static func happened(_ r: JSONReader) throws -> [[String]] {
    var rows = [["EVENT TIME", "WHAT", "WHO", "NOTE"]]
    for line in try r.member("transitions").elements() {
      let why = [
        try line.member("because").text(), try line.member("held").text(), try line.member("note").text(),
      ].compactMap { $0 }
      rows.append([
        TerminalText.minute(try TerminalText.text(line, "at")), try TerminalText.text(line, "transition"),
        try line.member("by").text().map(TerminalText.onOneLine) ?? "-",
        why.map(TerminalText.onOneLine).joined(separator: ": "),
      ])
    }
    return rows
  }

  /// Who was told of what, by the wall clock, the oldest first.
  private static func told(_ r: JSONReader) throws -> [[String]] {
    var rows = [["MESSAGE AT", "TO", "OF", "STATE", "NOTE"]]
    for delivery in try r.member("deliveries").elements().reversed() {
      let silence = try delivery.member("silence").text().map { "held by \($0)" }
      let note = try silence ?? delivery.member("last_error").text() ?? ""
      rows.append([
        TerminalText.minute(try TerminalText.text(delivery, "created_at")), try TerminalText.text(delivery, "receiver"),
        String(try TerminalText.text(delivery, "message").drop { $0 != "-" }.dropFirst()),
        try TerminalText.text(delivery, "state"), TerminalText.onOneLine(note),
      ])
    }
    return rows
  }

  /// What people did, by the wall clock.
  private static func done(_ r: JSONReader) throws -> [[String]] {
    var rows = [["DONE AT", "ACT", "WHO", "NOTE"]]
    for act in try r.member("acts").elements() {
      let state = try TerminalText.text(act, "state")
      let since = try act.member("since").text().map { "since \(TerminalText.minute($0))" }
      let to = try act.member("to").text().map { " to \(TerminalText.onOneLine($0))" } ?? ""
      let words = [
        state == "folded" ? nil : state, since, try act.member("because").text(), try act.member("reason").text(),
        try act.member("note").text(),
      ].compactMap { $0 }
      rows.append([
        TerminalText.minute(try TerminalText.text(act, "at")), try deed(TerminalText.text(act, "act")) + to,
        try act.member("by").text().map(TerminalText.onOneLine) ?? "-",
        words.map(TerminalText.onOneLine).joined(separator: ": "),
      ])
    }
    return rows
  }

  /// What was asked for, and where to see what becomes of it.
  ///
  /// - Parameter answer: of the POST.
  package static func queued(_ answer: JSONValue) throws -> String {
    let r = JSONReader(answer)
    let incident = try TerminalText.text(r, "incident")
    return "\(try deed(TerminalText.text(r, "act"))) of \(incident) is queued as \(try r.member("number").integer()); "
      + "leeway incidents show \(incident) says what has become of it\n"
  }

  /// An act as a command names it.
  private static func deed(_ act: String) -> String {
    switch act {
    case "resolve_by_hand": "resolve"
    case "undo_accept": "undo of accept"
    default: act
    }
  }
}
