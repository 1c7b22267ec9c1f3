/// Why something fires: the verdict's numbers.
package struct Evidence: Sendable, Equatable {
  package var tier: Tier
  package var metric: String
  package var value: Double?
  package var threshold: Double?
  package var pValue: Double?
  package var qValue: Double?
  package var bound: Double?
  package var window: String
  package var size: TimeSpan
  /// For the newest verdict that fired.
  package var end: EventTime
  /// For the verdict from which on it has fired without a break.
  package var began: EventTime
  /// For the newest verdict whose value was beyond its limit, whether it fired or not, or that could not be judged.
  package var seen: EventTime
  package var rows: Int64
  package var version: String?
  /// For the subject, where the check is on all rows and the monitor has slices.
  package var contrast: SliceContrast?
  /// What has shifted.
  package var shift: ShiftFinding?
  /// Since it is back within its limits; nil: it is not.
  package var clearing: Clearing?

  /// How far a key has come that waits to clear.
  package struct Clearing: Sendable, Equatable {
    /// In which it was back beyond `clear`, without a break; 0: it is short of that.
    package var windows: Int
    /// For the last of them.
    package var end: EventTime
  }

  /// How long after `seen` it is forgotten: eight windows, and no less than a weekend without rows.
  var lifetime: TimeSpan { max(size * 8, .days(3)) }

  var isOfCalibration: Bool { Metric.named(metric)?.isCalibration ?? false }

  init(_ verdict: Verdict) {
    tier = verdict.tier
    metric = verdict.metric.name
    value = verdict.value
    threshold = verdict.threshold
    pValue = verdict.pValue
    qValue = verdict.qValue
    bound = verdict.bound
    window = verdict.window
    size = verdict.size
    end = verdict.end
    began = verdict.end
    seen = verdict.end
    rows = verdict.rows
    version = verdict.version
    contrast = verdict.contrast
    shift = verdict.shift
  }
}

/// The stored form.
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
    shift?.writeMembers(to: &w)
    if let worst = contrast?.worst {
      w.key("worst_slice")
      w.string(worst.slice)
      for (name, number) in [("worst_value", worst.value), ("worst_q_value", worst.qValue)] {
        w.key(name)
        w.number(number)
      }
      w.key("worst_rows")
      w.number(worst.rows)
    } else if case .alike(let leftOut)? = contrast {
      w.key("slices_alike")
      w.bool(true)
      if leftOut > 0 {
        w.key("slices_left_out")
        w.number(leftOut)
      }
    }
  }

  /// The members of the stored form only.
  func writeTimes(to w: inout JSONWriter) {
    w.key("size_ms")
    w.number(size.milliseconds)
    w.key("end_ms")
    w.number(end.milliseconds)
    if began != end {
      w.key("began_ms")
      w.number(began.milliseconds)
    }
    if seen != end {
      w.key("seen_ms")
      w.number(seen.milliseconds)
    }
    if let clearing {
      w.key("clearing")
      w.number(clearing.windows)
      w.key("clearing_ms")
      w.number(clearing.end.milliseconds)
    }
    shift?.writeTimes(to: &w)
  }

  init(_ r: JSONReader) throws(JSONFailure) {
    func number(_ name: String) throws(JSONFailure) -> Double? {
      try r.member(name).optional { (e) throws(JSONFailure) in try e.double() }
    }
    tier = try Tier(r.member("tier"))
    metric = try r.member("metric").string()
    value = try number("value")
    threshold = try number("threshold")
    pValue = try number("p_value")
    qValue = try number("q_value")
    bound = try number("bound")
    window = try r.member("window").string()
    size = TimeSpan(milliseconds: try r.member("size_ms").integer())
    end = EventTime(milliseconds: try r.member("end_ms").integer())
    began = try r.member("began_ms").time() ?? end
    seen = try r.member("seen_ms").time() ?? end
    rows = try r.member("rows").integer()
    version = try r.member("model_version").text()
    shift = try ShiftFinding(r)
    if let windows = try r.member("clearing").optional({ (e) throws(JSONFailure) in try e.integer() }) {
      clearing = Clearing(windows: Int(clamping: windows), end: try r.member("clearing_ms").time() ?? end)
    }
    if let slice = try r.member("worst_slice").text(), let value = try number("worst_value"),
      let rows = try r.member("worst_rows").optional({ (e) throws(JSONFailure) in try e.integer() })
    {
      // Evidence that was stored before the test existed has no q-value.
      contrast = .worst(
        WorstSlice(slice: slice, value: value, rows: rows, qValue: try number("worst_q_value") ?? 1))
    } else if try r.member("slices_alike").optional({ (e) throws(JSONFailure) in try e.bool() }) == true {
      let leftOut = try r.member("slices_left_out").optional { (e) throws(JSONFailure) in try e.integer() }
      contrast = .alike(leftOut: Int(leftOut ?? 0))
    }
  }
}

extension Tier {
  /// The tier of a stored form.
  init(_ r: JSONReader) throws(JSONFailure) {
    guard let tier = Tier(name: try r.string()) else { throw r.failure("unknown tier") }
    self = tier
  }
}

extension JSONReader {
  /// A text; nil where there is none.
  package func text() throws(JSONFailure) -> String? { try optional { (e) throws(JSONFailure) in try e.string() } }

  /// Milliseconds since the epoch; nil where there are none.
  func time() throws(JSONFailure) -> EventTime? {
    try optional { (e) throws(JSONFailure) in EventTime(milliseconds: try e.integer()) }
  }

  /// A time as text.
  package func rfc3339() throws(JSONFailure) -> EventTime {
    let text = try string()
    guard let time = EventTime(rfc3339: text) else {
      throw failure("expected a time such as 2026-03-01T00:00:00Z, found \"\(text.prefix(40))\"")
    }
    return time
  }

  /// An array of texts; empty where there is none.
  package func texts() throws(JSONFailure) -> [String] {
    isNull ? [] : try array { (e) throws(JSONFailure) in try e.string() }
  }

  /// An array, each element read by `read`; empty where there is none.
  package func list<Element>(_ read: (JSONReader) throws(JSONFailure) -> Element) throws(JSONFailure) -> [Element] {
    isNull ? [] : try array(of: read)
  }
}

extension JSONWriter {
  mutating func strings(_ texts: some Sequence<String>) {
    beginArray()
    for text in texts { string(text) }
    endArray()
  }

  mutating func list<Element>(_ elements: some Sequence<Element>, _ write: (inout JSONWriter, Element) -> Void) {
    beginArray()
    for element in elements { write(&self, element) }
    endArray()
  }
}
