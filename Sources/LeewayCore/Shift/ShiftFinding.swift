package import LeewayStatistics

/// One stream of a subject by its name.
package struct ShiftStreamName: Sendable, Hashable {
  package var kind: ShiftKind
  /// For a share of one category.
  package var category: String?

  package init(_ kind: ShiftKind, category: String? = nil) {
    self.kind = kind
    self.category = category
  }

  /// Whether it says more of the feed than of the population: a problem of the data, which is fixed and not learned (rule D7).
  package var isOfFeed: Bool { kind.isShare }

  /// What its size is measured in: standard deviations of the baseline's normal scores, ln of a variance, 2 arcsin √share, or ln of a level.
  var unit: String {
    switch kind {
    case .location: "sd"
    case .spread: "log_variance"
    case .category, .missing, .invalid, .unseen, .outside: "arcsine"
    case .level: "log"
    }
  }

  /// As a line's key: `location`, `category=DE`.
  var key: String { category.map { "\(kind.rawValue)=\($0)" } ?? kind.rawValue }
}

/// What a shift is: which stream moved, by how much, and since when.
package struct ShiftFinding: Sendable, Equatable {
  package var stream: ShiftStreamName
  /// In the stream's unit; its sign is the direction. nil where no hour of the last day had a value.
  package var size: Double?
  /// The start of the first hour of the step; nil where nothing has shifted.
  package var since: EventTime?
  /// The same in the subject's own unit, before and after: of a location about the mean (the baseline's, and with `size` standard
  /// deviations more), of a spread about the standard deviation, of a share the share. nil where that is not known.
  package var was: Double?
  package var now: Double?
  /// The plan of the null: `hours`, `short` or `fixed`.
  package var null: String
  /// What is held as normal where a person has accepted it; nil: what was fitted.
  package var accepted: Accepted?
  /// A fault of the feed that the hour looks like; nil: it looks like none.
  package var cause: ShiftCause?

  /// Whether it is a problem of the data, which is fixed and not learned (rule D7).
  package var isOfData: Bool { stream.isOfFeed || cause != nil }

  /// A new normal that a person has accepted.
  package struct Accepted: Sendable, Equatable {
    /// The start of the first hour that is normal now.
    package var since: EventTime
    /// The name of the token that it was done with.
    package var by: String
  }

  package init(
    stream: ShiftStreamName, size: Double?, since: EventTime?, was: Double?, now: Double?, null: String
  ) {
    self.stream = stream
    self.size = size
    self.since = since
    self.was = was
    self.now = now
    self.null = null
  }

  package var direction: String? { size.map { $0 < 0 ? "down" : "up" } }
}

extension ShiftFinding {
  /// The members of lines, notifications and the stored form.
  func writeMembers(to w: inout JSONWriter, withNull: Bool = true) {
    w.key("stream")
    w.string(stream.kind.rawValue)
    if let category = stream.category {
      w.key("category")
      w.string(category)
    }
    w.key("direction")
    if let direction { w.string(direction) } else { w.null() }
    w.key("size")
    w.number(size)
    w.key("unit")
    w.string(stream.unit)
    for (name, number) in [("was", was), ("now", now)] {
      w.key(name)
      w.number(number)
    }
    w.key("since")
    if let since { w.time(since) } else { w.null() }
    if let accepted {
      w.key("accepted")
      w.beginObject()
      w.key("since")
      w.time(accepted.since)
      w.key("by")
      w.string(accepted.by)
      w.endObject()
    }
    if let cause {
      w.key("looks_like")
      cause.write(to: &w)
    }
    guard withNull else { return }
    w.key("null")
    w.string(null)
  }

  /// The member of the stored form only.
  func writeTimes(to w: inout JSONWriter) {
    guard let since else { return }
    w.key("since_ms")
    w.number(since.milliseconds)
  }

  /// nil where the evidence is of no shift.
  init?(_ r: JSONReader) throws(JSONFailure) {
    guard let name = try r.member("stream").text() else { return nil }
    guard let kind = ShiftKind(rawValue: name) else { throw try r.member("stream").failure("unknown stream") }
    func number(_ name: String) throws(JSONFailure) -> Double? {
      try r.member(name).optional { (e) throws(JSONFailure) in try e.double() }
    }
    self.init(
      stream: ShiftStreamName(kind, category: try r.member("category").text()), size: try number("size"),
      since: try r.member("since_ms").time(), was: try number("was"), now: try number("now"),
      null: try r.member("null").text() ?? ShiftPlan.hours.rawValue)
    accepted = try r.member("accepted").optional { (e) throws(JSONFailure) in
      Accepted(since: try e.member("since").rfc3339(), by: try e.member("by").string())
    }
    cause = try r.member("looks_like").optional { (e) throws(JSONFailure) in try ShiftCause(e) }
  }
}
