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
      let named = subjects.prefix(3).map(onOneLine).joined(separator: ", ")
      rows.append([
        try text(incident, "incident"), try text(incident, "state"), try text(incident, "tier"),
        try minute(text(incident, "opened_at")),
        try who("assigned_to") ?? who("resolved_by") ?? who("acknowledged_by") ?? "-",
        try text(incident, "group"), subjects.count > 3 ? named + " and \(subjects.count - 3) more" : named,
      ])
    }
    return table(rows)
  }

  /// What an incident is about, what happened, and what people did.
  ///
  /// - Parameter answer: of `/api/v1/incidents/{incident}`.
  package static func show(_ answer: JSONValue) throws -> String {
    let r = JSONReader(answer)
    let resolved = try r.member("resolved_at").text().map { ", resolved \(minute($0))" } ?? ""
    var text =
      "\(try self.text(r, "incident")): \(try self.text(r, "tier")), \(try self.text(r, "state")), "
      + "of \(try self.text(r, "group")) in \(try self.text(r, "monitor")), "
      + "since \(minute(try self.text(r, "opened_at")))\(resolved)\n"
    let people = try r.member("people")
    if !people.isNull {
      for (name, words) in [
        ("acknowledged_by", "acknowledged by"), ("assigned_to", "assigned to"), ("resolved_by", "resolved by"),
        ("reason", "because of"),
      ] { if let found = try people.member(name).text() { text += "\(words) \(onOneLine(found))\n" } }
    }
    let retrain = try r.member("retrain")
    if !retrain.isNull {
      let id = try retrain.member("retrain").text().map { " \($0)" } ?? ""
      text += "retrain\(id): \(try self.text(retrain, "state"))"
      if let held = try retrain.member("held").text() { text += ", held: \(onOneLine(held))" }
      text += "\n"
    }
    let evidence = try r.member("evidence").list { (e) throws(JSONFailure) in e }
    if !evidence.isEmpty {
      var rows = [["CHECK", "SUBJECT", "SLICE", "METRIC", "VALUE", "LIMIT", "ROWS", "TO"]]
      for item in evidence {
        rows.append([
          try self.text(item, "check"), try self.text(item, "subject"), try self.text(item, "slice"),
          try self.text(item, "metric"), try number(item, "value"), try number(item, "threshold"),
          try number(item, "rows"), minute(try self.text(item, "end")),
        ])
      }
      text += "\n" + table(rows)
    }
    text += "\n" + table(try happened(r))
    let muted = try r.member("muted").list { (e) throws(JSONFailure) in e }
    if !muted.isEmpty {
      var rows = [["MUTED", "SUBJECT", "SLICE", "UP TO", "UNTIL"]]
      for item in muted {
        rows.append([
          try self.text(item, "check"), try self.text(item, "subject"), try self.text(item, "slice"),
          try self.text(item, "tier"), minute(try self.text(item, "until")),
        ])
      }
      text += "\n" + table(rows)
    }
    return text
  }

  /// Transitions in event time, then acts by the wall clock.
  private static func happened(_ r: JSONReader) throws -> [[String]] {
    var rows = [["AT", "WHAT", "WHO", "NOTE"]]
    for line in try r.member("transitions").elements() {
      let why = [
        try line.member("because").text(), try line.member("held").text(), try line.member("note").text(),
      ].compactMap { $0 }
      rows.append([
        minute(try text(line, "at")), try text(line, "transition"), try line.member("by").text() ?? "-",
        why.map(onOneLine).joined(separator: ": "),
      ])
    }
    for act in try r.member("acts").elements() {
      let state = try text(act, "state")
      let to = try act.member("to").text().map { " to \(onOneLine($0))" } ?? ""
      let words = [
        state == "folded" ? nil : state, try act.member("because").text(), try act.member("reason").text(),
        try act.member("note").text(),
      ].compactMap { $0 }
      rows.append([
        minute(try text(act, "at")), try text(act, "act") + to, try act.member("by").text() ?? "-",
        words.map(onOneLine).joined(separator: ": "),
      ])
    }
    return rows
  }

  /// What was asked for, and where to see what becomes of it.
  ///
  /// - Parameter answer: of the POST.
  package static func queued(_ answer: JSONValue) throws -> String {
    let r = JSONReader(answer)
    let incident = try text(r, "incident")
    return "\(try text(r, "act")) of \(incident) is queued as \(try r.member("number").integer()); "
      + "leeway incidents show \(incident) says what has become of it\n"
  }

  // MARK: Words

  private static func text(_ r: JSONReader, _ name: String) throws -> String {
    onOneLine(try r.member(name).text() ?? "-")
  }

  private static func number(_ r: JSONReader, _ name: String) throws -> String {
    let member = try r.member(name)
    guard !member.isNull else { return "-" }
    let value = try member.double()
    return ShortestText.of(value.magnitude < 1e9 ? (value * 10_000).rounded() / 10_000 : value)
  }

  /// 2026-03-01 10:05
  private static func minute(_ time: String) -> String { String(time.prefix(16)).replacing("T", with: " ") }

  /// A name may hold anything, and must neither break a line nor speak to the terminal.
  private static func onOneLine(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(200).map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
          default: scalar
          }
        }))
  }

  private static func table(_ rows: [[String]]) -> String {
    guard let first = rows.first else { return "" }
    let widths = first.indices.map { i in rows.map { $0[i].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      var line = cells.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}
