package import LeewayCore

/// Retrains as the API gives them, as text for a terminal.
package enum RetrainText {
  /// A table, the newest first.
  ///
  /// - Parameter answer: of `/api/v1/retrains`.
  package static func list(_ answer: JSONValue) throws -> String {
    let retrains = try JSONReader(answer).member("retrains").elements()
    guard !retrains.isEmpty else { return "no retrains\n" }
    var rows = [["RETRAIN", "STATE", "MONITOR", "ASKED", "DEADLINE", "VERSION", "INCIDENT"]]
    for retrain in retrains {
      let answer = try retrain.member("answer")
      rows.append([
        try TerminalText.text(retrain, "retrain"), try state(retrain), try TerminalText.text(retrain, "monitor"),
        TerminalText.minute(try TerminalText.text(retrain, "requested_wall")),
        TerminalText.minute(try TerminalText.text(retrain, "deadline")),
        answer.isNull ? "-" : try TerminalText.text(answer, "model_version"),
        try TerminalText.text(retrain, "incident"),
      ])
    }
    return TerminalText.table(rows)
  }

  /// What was asked for, what the trainer has said, and what people have.
  ///
  /// - Parameter answer: of `/api/v1/retrains/{retrain}`.
  package static func show(_ answer: JSONValue) throws -> String {
    let r = JSONReader(answer)
    var text =
      "\(try TerminalText.text(r, "retrain")): \(try state(r)), of \(try TerminalText.text(r, "incident")) in "
      + "\(try TerminalText.text(r, "monitor")), asked for "
      + "\(TerminalText.minute(try TerminalText.text(r, "requested_wall"))), deadline "
      + "\(TerminalText.minute(try TerminalText.text(r, "deadline")))\n"
    let answer = try r.member("answer")
    if !answer.isNull {
      text += "the trainer: \(try TerminalText.text(answer, "status"))"
      if let version = try answer.member("model_version").text() {
        text += ", version \(TerminalText.onOneLine(version))"
      }
      if let reason = try answer.member("reason").text() { text += ": \(TerminalText.onOneLine(reason))" }
      text += "\n"
      let lines = try answer.member("scorecard").list { (e) throws(JSONFailure) in e }
      if !lines.isEmpty {
        var rows = [["SCORECARD", "VALUE", "AT LEAST", "AT MOST", "CHAMPION", ""]]
        for line in lines {
          rows.append([
            try TerminalText.text(line, "metric"), try TerminalText.number(line, "value"),
            try TerminalText.number(line, "at_least"), try TerminalText.number(line, "at_most"),
            try TerminalText.number(line, "champion"), try line.member("passes").bool() ? "passes" : "fails",
          ])
        }
        text += "\n" + TerminalText.table(rows)
      } else {
        var rows = [["METRIC", "VALUE"]]
        for (name, _) in try answer.member("metrics").members() {
          rows.append([TerminalText.onOneLine(name), try TerminalText.number(try answer.member("metrics"), name)])
        }
        if rows.count > 1 { text += "\n" + TerminalText.table(rows) }
      }
    }
    let decisions = try r.member("decisions").list { (e) throws(JSONFailure) in e }
    if !decisions.isEmpty {
      var rows = [["AT", "WHO", "DECISION", "REASON"]]
      for decision in decisions {
        rows.append([
          TerminalText.minute(try TerminalText.text(decision, "at")), try TerminalText.text(decision, "by"),
          try decision.member("approves").bool() ? "approves" : "rejects", try TerminalText.text(decision, "reason"),
        ])
      }
      text += "\n" + TerminalText.table(rows)
    }
    return text
  }

  /// What a decision has led to.
  ///
  /// - Parameter answer: of the POST.
  package static func decided(_ answer: JSONValue) throws -> String {
    let r = JSONReader(answer)
    let id = try TerminalText.text(r, "retrain")
    let state = try TerminalText.text(r, "state")
    return state == "candidate"
      ? "\(id) is still a candidate: more people must approve\n" : "\(id) is \(state)\n"
  }

  private static func state(_ r: JSONReader) throws -> String {
    let state = try TerminalText.text(r, "state")
    return try r.member("overdue_wall").isNull || state == "expired" ? state : state + ", overdue"
  }
}
