extension MessageExtractor {
  /// A value as the message has it, for people: a number with all its digits, text in quotes, cut to 24 characters.
  package func shown(_ view: FieldValue) -> String {
    let text: String
    switch view.kind {
    // As in the message, and not as a double.
    case .int64: text = "\(view.int64 ?? 0)"
    case .uint64: text = "\(view.uint64 ?? 0)"
    case .overflow: text = numberText(of: view).map { String(decoding: $0, as: UTF8.self) } ?? "number"
    default:
      // There is no tree of what holds a number beyond the range of Double.
      let tree = tree(of: view)
      text = tree.map { String(decoding: CanonicalJSON.bytes(of: $0), as: UTF8.self) } ?? view.kind.name
    }
    return ShownText.cut(text)
  }
}

extension FieldKind {
  /// What people call it: `integer`, `text`.
  package var name: String {
    switch self {
    case .absent, .null: "null"
    case .false, .true: "boolean"
    case .int64, .uint64: "integer"
    case .double, .overflow: "number"
    case .string: "text"
    case .array: "array"
    case .object: "object"
    }
  }
}

/// How much of a text from outside is shown.
package enum ShownText {
  private static let maximum = 24

  /// A text of at most 24 characters; a longer one ends in `…`.
  package static func cut(_ text: String) -> String {
    text.count > maximum ? text.prefix(maximum - 1) + "…" : text
  }
}
