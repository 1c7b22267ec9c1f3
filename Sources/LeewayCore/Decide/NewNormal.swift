/// What an acceptance came to once it was folded: what is normal from when on, and the first hour that is judged by it.
package struct NewNormal: Sendable, Equatable {
  /// A subject of a slice: its values, or their feed.
  package struct Part: Sendable, Equatable {
    package var slice: String
    package var subject: String
    /// The start of the first hour that is normal now.
    package var since: EventTime
    /// nil: the feed where the incident is of the data, else the values.
    package var isOfFeed: Bool?

    package init(slice: String, subject: String, since: EventTime, isOfFeed: Bool? = nil) {
      self.slice = slice
      self.subject = subject
      self.since = since
      self.isOfFeed = isOfFeed
    }
  }

  /// The start of the first hour that is judged by it.
  package var from: EventTime
  /// By slice, then by subject.
  package var parts: [Part]

  package init(from: EventTime, parts: [Part]) {
    self.from = from
    self.parts = parts
  }

  func writeParts(to w: inout JSONWriter) {
    w.key("normal")
    w.list(parts) { w, part in
      w.beginObject()
      w.key("since")
      w.time(part.since)
      w.key("slice")
      w.string(part.slice)
      w.key("subject")
      w.string(part.subject)
      if let isOfFeed = part.isOfFeed {
        w.key("feed")
        w.bool(isOfFeed)
      }
      w.endObject()
    }
  }

  /// nil where it is not folded yet.
  init?(_ r: JSONReader) throws(JSONFailure) {
    guard let from = try r.member("from").optional({ (e) throws(JSONFailure) in try e.rfc3339() }) else { return nil }
    self.from = from
    parts = try r.member("normal").list { (e) throws(JSONFailure) in
      Part(
        slice: try e.member("slice").string(), subject: try e.member("subject").string(),
        since: try e.member("since").rfc3339(),
        isOfFeed: try e.member("feed").optional { (f) throws(JSONFailure) in try f.bool() })
    }
  }
}
