/// What of all that fires a silence or a maintenance window is about: every field that is given must match, and a field matches by
/// any of its patterns.
package struct SilenceMatchers: Sendable, Equatable {
  package enum Field: String, Sendable, CaseIterable { case monitor, check, subject, slice }

  /// Patterns of one field.
  package static let mostPatterns = 100

  /// A field that is not here matches whatever it is.
  package var patterns: [Field: [NamePattern]]

  package init(_ patterns: [Field: [NamePattern]]) { self.patterns = patterns }

  /// - Parameter key: what fires; nil: nothing is known to, so that only matchers of nothing but the monitor match.
  package func matches(monitor: String, _ key: IncidentMachine.Key?) -> Bool {
    patterns.allSatisfy { field, patterns in
      let name: String? =
        switch field {
        case .monitor: monitor
        case .check: key?.check
        case .subject: key?.subject
        case .slice: key?.slice
        }
      return name.map { name in patterns.contains { $0.matches(name) } } ?? false
    }
  }
}

/// As JSON: `{"monitor":["fraud"],"subject":["amount*"]}`, fields in the order of ``SilenceMatchers/Field``.
extension SilenceMatchers {
  package func write(to w: inout JSONWriter) {
    w.beginObject()
    for field in Field.allCases {
      guard let patterns = patterns[field] else { continue }
      w.key(field.rawValue)
      w.strings(patterns.map(\.text))
    }
    w.endObject()
  }

  package var text: String {
    var w = JSONWriter()
    write(to: &w)
    return w.text
  }

  /// - Throws: `JSONFailure` where there is no matcher, one that is unknown, or one that is no pattern. A single pattern needs no list.
  package init(_ r: JSONReader) throws(JSONFailure) {
    try r.allowOnly(Set(Field.allCases.map(\.rawValue)))
    var patterns: [Field: [NamePattern]] = [:]
    for field in Field.allCases {
      let member = try r.member(field.rawValue)
      guard !member.isNull else { continue }
      var elements = [member]
      if case .array? = member.value { elements = try member.elements() }
      guard (1...Self.mostPatterns).contains(elements.count) else {
        throw member.failure("has \(elements.count) patterns and takes 1 to \(Self.mostPatterns)")
      }
      patterns[field] = try elements.map { (element) throws(JSONFailure) in
        let text = try element.string()
        guard let pattern = NamePattern(text) else {
          throw element.failure(Self.problem(text))
        }
        return pattern
      }
    }
    guard !patterns.isEmpty else {
      throw r.failure("needs at least one of \(Field.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    self.init(patterns)
  }

  /// What is wrong with a text that is no pattern.
  package static func problem(_ text: String) -> String {
    if text.isEmpty { return "is empty" }
    guard text.utf8.count <= NamePattern.longest else {
      return "has \(text.utf8.count) bytes and the limit is \(NamePattern.longest)"
    }
    return "is \"\(text.prefix(40))\", and a pattern has * only at its beginning or its end"
  }
}
