/// The place of a value in a JSON object: keys joined by dots, as `context.device` for `{"context": {"device": …}}`.
///
/// 1 to 16 keys, none of them empty. A key that itself holds a dot can't be named.
package struct FieldPath: Hashable, Sendable, CustomStringConvertible {
  /// The greatest number of keys in a path.
  package static let maximumKeys = 16
  /// The greatest length of a path's text in UTF-8 bytes.
  package static let maximumBytes = 1024

  /// The keys, outermost first.
  package let keys: [String]

  /// The dotted text that the path was made of.
  package var description: String { keys.joined(separator: ".") }

  /// Parses a dotted path.
  ///
  /// - Throws: ``FieldPathFailure`` for an empty path, an empty key, too many keys and too long a text.
  package init(_ text: String) throws(FieldPathFailure) {
    func fail(_ problem: String) -> FieldPathFailure { FieldPathFailure(text: text, problem: problem) }
    guard !text.isEmpty else { throw fail("is empty; name a field, as amount or context.device") }
    guard text.utf8.count <= Self.maximumBytes else {
      throw fail("has \(text.utf8.count) bytes; a path takes at most \(Self.maximumBytes)")
    }
    let keys = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard !keys.contains("") else { throw fail("has an empty key; put one dot between keys and none at the ends") }
    guard keys.count <= Self.maximumKeys else {
      throw fail("has \(keys.count) keys; a path takes at most \(Self.maximumKeys)")
    }
    self.keys = keys
  }
}

/// A text that is no field path.
package struct FieldPathFailure: Error, Equatable, CustomStringConvertible {
  /// The text as written.
  package let text: String
  /// What is wrong with it, and the fix.
  package let problem: String

  package var description: String { "field path \"\(text)\" \(problem)" }
}
