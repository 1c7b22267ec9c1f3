/// The stored form: JSON, since it is small, rarely written, and somebody may have to read it at night.
extension IncidentMachine {
  static let formatVersion: Int64 = 1

  package func encoded() -> [UInt8] {
    var w = JSONWriter()
    w.beginObject()
    w.key("version")
    w.number(Self.formatVersion)
    w.key("active")
    w.beginArray()
    for (key, evidence) in active.sorted(by: { $0.key < $1.key }) {
      w.beginObject()
      for (name, text) in [("check", key.check), ("slice", key.slice), ("subject", key.subject)] {
        w.key(name)
        w.string(text)
      }
      evidence.writeMembers(to: &w)
      w.key("size_ms")
      w.number(evidence.size.milliseconds)
      w.key("end_ms")
      w.number(evidence.end.milliseconds)
      w.endObject()
    }
    w.endArray()
    w.key("incident")
    if let incident { incident.write(to: &w) } else { w.null() }
    w.endObject()
    return w.bytes
  }

  package init(encoded bytes: [UInt8]) throws(JSONFailure) {
    let root = JSONReader(try JSONValue(parsing: bytes))
    guard try root.member("version").integer() == Self.formatVersion else {
      throw root.failure("the incident's state was written by a newer version of leeway; run that version")
    }
    self.init()
    for element in try root.member("active").elements() {
      let key = Key(
        check: try element.member("check").string(), slice: try element.member("slice").string(),
        subject: try element.member("subject").string())
      restore(key, try Evidence(element))
    }
    restore(try root.member("incident").optional { (r) throws(JSONFailure) in try Incident(r) })
  }
}

extension IncidentMachine.Incident {
  fileprivate func write(to w: inout JSONWriter) {
    w.beginObject()
    w.key("id")
    w.string(id)
    w.key("opened_at_ms")
    w.number(openedAt.milliseconds)
    w.key("tier")
    w.string(tier.name)
    w.key("sequence")
    w.number(sequence)
    for (name, texts) in [("checks", checks), ("subjects", subjects), ("receivers", receivers)] {
      w.key(name)
      w.strings(texts.sorted(by: utf8Order))
    }
    w.key("retrain")
    if let retrain { w.string(retrain) } else { w.null() }
    w.key("held_back")
    w.string(heldBack)
    w.endObject()
  }

  fileprivate init(_ r: JSONReader) throws(JSONFailure) {
    func texts(_ name: String) throws(JSONFailure) -> Set<String> {
      Set(try r.member(name).array { (e) throws(JSONFailure) in try e.string() })
    }
    id = try r.member("id").string()
    openedAt = EventTime(milliseconds: try r.member("opened_at_ms").integer())
    guard let tier = Tier(name: try r.member("tier").string()) else { throw r.failure("unknown tier") }
    self.tier = tier
    sequence = try r.member("sequence").integer()
    checks = try texts("checks")
    subjects = try texts("subjects")
    receivers = try texts("receivers")
    retrain = try r.member("retrain").optional { (e) throws(JSONFailure) in try e.string() }
    heldBack = try r.member("held_back").string()
  }
}

extension Evidence {
  /// The members that notifications and the stored form share.
  func writeMembers(to w: inout JSONWriter) {
    w.key("metric")
    w.string(metric)
    for (name, number) in [
      ("value", value), ("threshold", threshold), ("p_value", pValue), ("q_value", qValue), ("bound", bound),
    ] where number != nil || name != "bound" {
      w.key(name)
      w.number(number)
    }
    w.key("window")
    w.string(window)
    w.key("end")
    w.time(end)
    w.key("rows")
    w.number(rows)
    w.key("tier")
    w.string(tier.name)
    if let version {
      w.key("model_version")
      w.string(version)
    }
    if let worst = contrast?.worst {
      w.key("worst_slice")
      w.string(worst.slice)
      for (name, number) in [("worst_value", worst.value), ("worst_q_value", worst.qValue)] {
        w.key(name)
        w.number(number)
      }
      w.key("worst_rows")
      w.number(worst.rows)
    } else if contrast == .alike {
      w.key("slices_alike")
      w.bool(true)
    }
  }

  fileprivate init(_ r: JSONReader) throws(JSONFailure) {
    func number(_ name: String) throws(JSONFailure) -> Double? {
      try r.member(name).optional { (e) throws(JSONFailure) in try e.double() }
    }
    guard let tier = Tier(name: try r.member("tier").string()) else { throw r.failure("unknown tier") }
    self.tier = tier
    metric = try r.member("metric").string()
    value = try number("value")
    threshold = try number("threshold")
    pValue = try number("p_value")
    qValue = try number("q_value")
    bound = try number("bound")
    window = try r.member("window").string()
    size = TimeSpan(milliseconds: try r.member("size_ms").integer())
    end = EventTime(milliseconds: try r.member("end_ms").integer())
    rows = try r.member("rows").integer()
    version = try r.member("model_version").optional { (e) throws(JSONFailure) in try e.string() }
    if let slice = try r.member("worst_slice").optional({ (e) throws(JSONFailure) in try e.string() }),
      let value = try number("worst_value"),
      let rows = try r.member("worst_rows").optional({ (e) throws(JSONFailure) in try e.integer() })
    {
      // Evidence that was stored before the test existed has no q-value.
      contrast = .worst(
        WorstSlice(slice: slice, value: value, rows: rows, qValue: try number("worst_q_value") ?? 1))
    } else if try r.member("slices_alike").optional({ (e) throws(JSONFailure) in try e.bool() }) == true {
      contrast = .alike
    }
  }
}

extension JSONWriter {
  mutating func strings(_ texts: some Sequence<String>) {
    beginArray()
    for text in texts { string(text) }
    endArray()
  }
}
