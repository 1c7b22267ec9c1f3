import LeewayConfiguration
package import LeewayCore

/// Silences as the API gives them, as text for a terminal.
package enum SilenceText {
  /// A table, the newest first.
  ///
  /// - Parameter answer: of `/api/v1/silences`.
  package static func list(_ answer: JSONValue) throws -> String {
    let silences = try JSONReader(answer).member("silences").elements()
    guard !silences.isEmpty else { return "no silences\n" }
    var rows = [["SILENCE", "STATE", "FROM (UTC)", "UNTIL (UTC)", "WHO", "ABOUT", "REASON"]]
    for silence in silences {
      rows.append([
        "\(try silence.member("silence").integer())", try TerminalText.text(silence, "state"),
        try TerminalText.minute(TerminalText.text(silence, "starts")),
        try TerminalText.minute(TerminalText.text(silence, "ends")),
        TerminalText.onOneLine(try TerminalText.text(silence, "author")), try matchers(silence),
        TerminalText.onOneLine(try TerminalText.text(silence, "reason")),
      ])
    }
    return TerminalText.table(rows)
  }

  /// What was added, and how it is ended.
  package static func added(_ answer: JSONValue) throws -> String {
    let r = JSONReader(answer)
    let number = try r.member("silence").integer()
    let remarks = try r.member("remarks")
    let said = remarks.isNull ? "" : try remarks.texts().map { "remark: \(TerminalText.onOneLine($0))\n" }.joined()
    return "silence \(number) holds back messages about \(try matchers(r)) "
      + "from \(try TerminalText.minute(TerminalText.text(r, "starts"))) "
      + "until \(try TerminalText.minute(TerminalText.text(r, "ends"))) UTC; leeway silences expire \(number) ends it\n"
      + said
  }

  package static func expired(_ answer: JSONValue) throws -> String {
    let r = JSONReader(answer)
    return
      "silence \(try r.member("silence").integer()) of \(TerminalText.onOneLine(try TerminalText.text(r, "author"))) "
      + "has ended; what it held back is told now, unless another silence holds it\n"
  }

  /// `monitor=fraud subject=amount*,income`
  private static func matchers(_ silence: JSONReader) throws -> String {
    try silence.member("matchers").members().map { name, patterns in
      "\(name)=\(try patterns.texts().prefix(5).map(TerminalText.onOneLine).joined(separator: ","))"
        + (try patterns.elements().count > 5 ? ",…" : "")
    }.joined(separator: " ")
  }

  /// What a silence of an incident matches, and what it leaves open.
  ///
  /// - Parameter incident: of `/api/v1/incidents/{incident}`.
  package static func matchers(of incident: JSONValue) throws -> (SilenceMatchers, note: String) {
    let r = JSONReader(incident)
    let id = try TerminalText.text(r, "incident")
    if try r.member("state").text() == IncidentState.resolved.rawValue {
      let at = try r.member("resolved_at").text().map { " since \(TerminalText.minute($0)) UTC" } ?? ""
      throw InputProblem(
        "\(id) is resolved\(at), and nothing is sent about it any more; to silence what may open it again, name it with "
          + "leeway silences add")
    }
    var patterns: [SilenceMatchers.Field: [NamePattern]] = [:]
    var open: [String] = []
    for (field, names) in [
      (SilenceMatchers.Field.monitor, [try TerminalText.text(r, "monitor")]), (.check, try r.member("checks").texts()),
      (.subject, try r.member("subjects").texts()),
    ] {
      let found = names.compactMap(NamePattern.init)
      if found.count == names.count, (1...SilenceMatchers.mostPatterns).contains(found.count) {
        patterns[field] = found
      } else {
        open.append("every \(field.rawValue), as \(id) has \(names.count) of them")
      }
    }
    let also = open.isEmpty ? "" : "it is about \(open.joined(separator: " and "))\n"
    return (
      SilenceMatchers(patterns),
      also
        + "what else fires in \(id) is told, and then all of it; leeway incidents ack says that you have it in hand\n"
    )
  }
}
