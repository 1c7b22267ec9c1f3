/// Calls that change which model answers: one that puts a new model in force, and those that go back to what was before it and
/// return. Each is made once; its key tells a repetition from another call.
struct ModelCall {
  let monitor: String
  let incident: String
  let tier: Tier
  let group: CauseGroup
  let context: DecisionContext

  /// `model.promote`: the version that a retrain has made, with who approved of it and the trainer's evaluation.
  func promote(_ record: RetrainRecord) -> String {
    let evaluation = (try? JSONValue(parsing: Array(record.answer.utf8))).map { JSONReader($0) }
    return body("model.promote") { w in
      w.key("retrain")
      w.string(record.id)
      w.key("model_version")
      if let version = try? evaluation?.member("model_version").text() { w.string(version) } else { w.null() }
      w.key("approved_by")
      w.strings(record.decisions.filter(\.approves).map(\.by))
      if !record.answer.isEmpty {
        w.key("evaluation")
        w.raw(record.answer.utf8)
      }
    }
  }

  /// `model.fall_back`: an incident has become critical.
  func fallBack(at end: EventTime, from version: String?) -> String {
    body("model.fall_back") { w in
      w.key("model_version")
      if let version { w.string(version) } else { w.null() }
      w.key("at")
      w.time(end)
    }
  }

  /// `model.restore`: the last critical incident has ended.
  func restore(at end: EventTime) -> String {
    body("model.restore") { w in
      w.key("at")
      w.time(end)
    }
  }

  private func body(_ event: String, _ members: (inout JSONWriter) -> Void) -> String {
    var w = JSONWriter()
    w.beginObject()
    w.key("version")
    w.number(1 as Int64)
    for (key, text) in [
      ("event", event), ("incident", incident), ("monitor", monitor), ("tier", tier.name), ("reason", group.rawValue),
    ] {
      w.key(key)
      w.string(text)
    }
    members(&w)
    if let url = context.publicURL {
      w.key("url")
      w.string("\(url)/incidents/\(incident)")
    }
    w.endObject()
    return w.text
  }
}
