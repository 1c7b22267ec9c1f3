import LeewayCore

/// A monitor's file as the ledger keeps it for as long as its pairs drain: its text, and what its placeholders stood for. With
/// the values of a later start it would be another monitor, and what waits would get no labels.
package struct KeptMonitorText {
  /// A comment to YAML, and to releases that do not know it.
  private static let mark = "# leeway: values "

  /// The file's own text.
  package let text: String
  /// By the name within `${}`, `file:PATH` too.
  package let values: [String: String]

  init(text: String, values: [String: String]) {
    self.text = text
    self.values = values
  }

  /// Reads what ``stored`` wrote; a copy of a release that kept no values has none.
  package init(stored: String) {
    guard stored.hasPrefix(Self.mark), let end = stored.firstIndex(of: "\n"),
      let value = try? JSONValue(parsing: Array(stored[..<end].dropFirst(Self.mark.count).utf8)),
      case .object(let members) = value
    else {
      self.init(text: stored, values: [:])
      return
    }
    var values: [String: String] = [:]
    for member in members {
      if case .string(let text) = member.value { values[member.key] = text }
    }
    self.init(text: String(stored[end...].dropFirst()), values: values)
  }

  var stored: String {
    guard !values.isEmpty else { return text }
    var json = JSONWriter()
    json.beginObject()
    for (name, value) in values.sorted(by: { utf8Order($0.key, $1.key) }) {
      json.key(name)
      json.string(value)
    }
    json.endObject()
    return Self.mark + json.text + "\n" + text
  }
}
