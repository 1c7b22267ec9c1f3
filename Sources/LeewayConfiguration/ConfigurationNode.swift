/// A YAML node with its place, aliases resolved.
package struct ConfigurationNode {
  package struct Place: Hashable {
    package var line: Int
    package var column: Int
    package static let start = Place(line: 1, column: 1)
    /// The file itself, and nothing in it.
    static let wholeFile = Place(line: 0, column: 0)
  }

  package struct Scalar {
    /// As written, placeholders and all: what messages show.
    var text: String
    /// Not in quotes and no block, so that it may be a number, a truth value or null.
    var isPlain: Bool

    var isNull: Bool { isPlain && ["", "~", "null", "Null", "NULL"].contains(text) }
  }

  package struct Pair {
    package var key: String
    package var keyPlace: Place
    package var value: ConfigurationNode
  }

  package indirect enum Content {
    case scalar(Scalar)
    case list([ConfigurationNode])
    /// In the order of the file; keys are unique.
    case map([Pair])
  }

  package var place: Place
  package var content: Content

  /// For messages: `a list`, `a map`, `empty`, or the text itself.
  var kind: String {
    switch content {
    case .scalar(let scalar): scalar.isNull ? "empty" : Self.shown(scalar.text)
    case .list: "a list"
    case .map: "a map"
    }
  }

  var isNull: Bool { if case .scalar(let scalar) = content { scalar.isNull } else { false } }

  /// A text fit for one line of a message.
  package static func shown(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(80) {
      result.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
    }
    if text.unicodeScalars.count > 80 { result += "…" }
    return result.isEmpty ? "\"\"" : result
  }
}
