/// The place of a value in a JSON object: keys joined by dots, as `context.device` for `{"context": {"device": …}}`.
///
/// 1 to 16 keys, none of them empty. A key with a dot or a quote in it is written in quotes, in which a backslash stands
/// before quotes and backslashes: `context."device.type"` for `{"context": {"device.type": …}}`.
package struct FieldPath: Hashable, Sendable, CustomStringConvertible {
  /// The greatest number of keys in a path.
  package static let maximumKeys = 16
  /// The greatest length of a path's text in UTF-8 bytes.
  package static let maximumBytes = 1024

  /// The keys, outermost first.
  package let keys: [String]

  /// The text that reads back the same: quotes only where a key needs them.
  package var description: String { keys.map(Self.quoted).joined(separator: ".") }

  /// The keys with dots between them, whatever is in the keys: how a column of a table is called.
  package var columnName: String { keys.joined(separator: ".") }

  /// Parses a path.
  ///
  /// - Throws: ``FieldPathFailure`` for an empty path, an empty key, an open quote, too many keys and too long a text.
  package init(_ text: String) throws(FieldPathFailure) {
    func fail(_ problem: String) -> FieldPathFailure { FieldPathFailure(text: text, problem: problem) }
    guard !text.isEmpty else { throw fail("is empty; name a field, as amount or context.device") }
    guard text.utf8.count <= Self.maximumBytes else {
      throw fail("has \(text.utf8.count) bytes; a path takes at most \(Self.maximumBytes)")
    }
    var keys: [String] = []
    var rest = text[...]
    repeat {
      if rest.first == "\"" {
        guard let key = Self.unquote(&rest) else {
          throw fail("has a quote that is not closed; write \" behind the key, and \\\" for a quote within it")
        }
        guard rest.isEmpty || rest.first == "." else {
          throw fail("has text behind a closing quote; put a dot there")
        }
        keys.append(key)
      } else {
        keys.append(String(rest.prefix { $0 != "." }))
        rest = rest.drop { $0 != "." }
      }
      // Behind a last dot there is an empty key.
      if rest.isEmpty { break }
      rest = rest.dropFirst()
    } while true
    guard !keys.contains("") else { throw fail("has an empty key; put one dot between keys and none at the ends") }
    guard keys.count <= Self.maximumKeys else {
      throw fail("has \(keys.count) keys; a path takes at most \(Self.maximumKeys)")
    }
    self.keys = keys
  }

  /// A field of the outermost object by its key, whatever characters it has.
  ///
  /// - Throws: ``FieldPathFailure`` for an empty key and one that is too long.
  package init(key: String) throws(FieldPathFailure) {
    guard !key.isEmpty else { throw FieldPathFailure(text: key, problem: "is empty; name a field, as amount") }
    guard key.utf8.count <= Self.maximumBytes else {
      throw FieldPathFailure(
        text: key, problem: "has \(key.utf8.count) bytes; a path takes at most \(Self.maximumBytes)")
    }
    keys = [key]
  }

  /// A path from the keys of parsed messages; nil where there are too many.
  package init?(keys: [String]) {
    guard (1...Self.maximumKeys).contains(keys.count), !keys.contains("") else { return nil }
    self.keys = keys
  }

  /// Takes a quoted key from the start of a text; nil if its quote is not closed.
  private static func unquote(_ rest: inout Substring) -> String? {
    var key = ""
    var text = rest.dropFirst()
    while let character = text.first {
      text = text.dropFirst()
      if character == "\"" {
        rest = text
        return key
      }
      guard character == "\\" else {
        key.append(character)
        continue
      }
      guard let next = text.first else { return nil }
      key.append(next)
      text = text.dropFirst()
    }
    return nil
  }

  private static func quoted(_ key: String) -> String {
    guard key.contains(where: { $0 == "." || $0 == "\"" }) else { return key }
    return "\"\(key.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined())\""
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
