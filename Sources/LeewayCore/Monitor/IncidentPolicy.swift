/// When an incident that has resolved goes on, and when one that resolves again and again stays open. All in event time.
package struct IncidentPolicy: Sendable, Equatable {
  /// An incident that verdicts resolved less than this ago reopens, instead of another one opening; zero: none does.
  package var reopen = TimeSpan.zero
  /// nil: every incident resolves when nothing holds it.
  package var flapping: Flapping?

  package init(reopen: TimeSpan = .zero, flapping: Flapping? = nil) {
    self.reopen = reopen
    self.flapping = flapping
  }

  /// An incident of a cause that has come to rest more often than `moreThan` times within `within` stays open until nothing has
  /// fired for `within`.
  package struct Flapping: Sendable, Equatable {
    /// 1 to 1000.
    package var moreThan: Int
    package var within: TimeSpan

    package init(moreThan: Int, within: TimeSpan) {
      self.moreThan = moreThan
      self.within = within
    }
  }
}

/// The stored form.
extension IncidentPolicy {
  /// Members in the order of their names.
  func writeMembers(to w: inout JSONWriter) {
    if let flapping {
      w.key("flapping")
      w.beginObject()
      w.key("more_than")
      w.number(flapping.moreThan)
      w.key("within_ms")
      w.number(flapping.within.milliseconds)
      w.endObject()
    }
    w.key("reopen_ms")
    w.number(reopen.milliseconds)
  }

  init(_ r: JSONReader) throws(JSONFailure) {
    reopen = .milliseconds(try r.member("reopen_ms").integer())
    flapping = try r.member("flapping").optional { (f) throws(JSONFailure) in
      Flapping(
        moreThan: Int(clamping: try f.member("more_than").integer()),
        within: .milliseconds(try f.member("within_ms").integer()))
    }
  }
}
