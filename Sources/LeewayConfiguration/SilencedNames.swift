package import LeewayCore

/// Names in silences and in maintenance that nothing has. They are remarked on and not refused: what they name may come yet, and a name
/// that was mistyped holds nothing back without a word.
package enum SilencedNames {
  /// A pattern that nothing matches now.
  package struct Unknown: Sendable, Equatable {
    package var field: SilenceMatchers.Field
    package var pattern: NamePattern
    /// `which no monitor has for a name. Did you mean fraud?`
    package var problem: String
  }

  /// What verdicts are about that is no feature and no output.
  private static let otherSubjects = MonitorReading.reservedSubjects.filter { $0 != "features" }

  /// In the order of the fields, and of each field's patterns.
  ///
  /// - Parameter monitors: all there are.
  package static func unknown(in matchers: SilenceMatchers, _ monitors: [Monitor]) -> [Unknown] {
    var found: [Unknown] = []
    var asked = monitors
    if let patterns = matchers.patterns[.monitor] {
      for pattern in patterns where !monitors.contains(where: { pattern.matches($0.name) }) {
        found.append(unknown(.monitor, pattern, "no monitor", monitors.map(\.name)))
      }
      asked = monitors.filter { monitor in patterns.contains { $0.matches(monitor.name) } }
    }
    // What a monitor has that is not there yet cannot be known.
    guard !asked.isEmpty else { return found }
    let owner = asked.count == 1 ? "no KIND of monitor \(asked[0].name)" : "no KIND of these monitors"
    for field in [SilenceMatchers.Field.check, .subject, .slice] {
      let names = distinct(asked.flatMap { Self.names(field, of: $0) })
      for pattern in matchers.patterns[field] ?? [] where !mayMatch(pattern, field, names) {
        found.append(unknown(field, pattern, owner.replacing("KIND", with: field.rawValue), names))
      }
    }
    return found
  }

  /// As one says it to a person: `monitor=frud is the name of no monitor here. Did you mean fraud?`
  package static func remarks(on matchers: SilenceMatchers, _ monitors: [Monitor]) -> [String] {
    unknown(in: matchers, monitors).map { "\($0.field.rawValue)=\($0.pattern.text.prefix(100)) \($0.problem)" }
  }

  private static func unknown(
    _ field: SilenceMatchers.Field, _ pattern: NamePattern, _ what: String, _ names: [String]
  ) -> Unknown {
    let near = Spelling.suggestion(for: pattern.text.filter { $0 != "*" }, among: names)
    let verb = pattern.text.contains("*") ? "matches" : "is the name of"
    let has =
      near.isEmpty && !names.isEmpty
      ? "; there \(names.count == 1 ? "is" : "are") \(ShortList.text(names, atMost: 10))" : ""
    return Unknown(field: field, pattern: pattern, problem: "\(verb) \(what) here\(near.isEmpty ? has : ".")\(near)")
  }

  private static func names(_ field: SilenceMatchers.Field, of monitor: Monitor) -> [String] {
    switch field {
    case .monitor: [monitor.name]
    case .check: monitor.checks.map(\.name)
    case .subject: monitor.features.map(\.name) + [monitor.outputName] + otherSubjects
    case .slice:
      [Slice.all] + (monitor.predictions.version == nil ? [] : [Slice.version + "="])
        + monitor.segments.map { $0.name + "=" }
    }
  }

  /// Of slices only the segments are known: any value may come.
  private static func mayMatch(_ pattern: NamePattern, _ field: SilenceMatchers.Field, _ names: [String]) -> Bool {
    guard field == .slice else { return names.contains(where: pattern.matches) }
    if pattern.text.hasPrefix("*") { return true }
    let isOpen = pattern.text.hasSuffix("*")
    let text = isOpen ? String(pattern.text.dropLast()) : pattern.text
    return names.contains { name in
      name == Slice.all ? pattern.matches(name) : text.hasPrefix(name) || (isOpen && name.hasPrefix(text))
    }
  }

  private static func distinct(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
}
