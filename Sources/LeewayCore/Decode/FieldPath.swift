/// The place of a value in a message: keys joined by dots, as `context.device` for `{"context": {"device": …}}`, and elements of
/// arrays by their index from 0, as `embedding[3]`.
///
/// 1 to 16 steps, no key empty. A key with a dot, a quote or an opening bracket in it is written in quotes, in which a backslash
/// stands before quotes and backslashes: `context."device.type"` for `{"context": {"device.type": …}}`.
///
/// Where messages have many rows, a path is of the row. `message.` stands before one of the message, and `[]` for the element of an
/// array in the message that belongs to the row, at the row's index: `message.ids[]`.
///
/// `key`, `header.NAME` and `kafka.timestamp` are of the Kafka record around the message. A key of the message that is called so is
/// written in quotes: `"key"`, `"header".name`.
package struct FieldPath: Hashable, Sendable, CustomStringConvertible {
  /// One step of a path.
  package enum Step: Hashable, Sendable {
    case key(String)
    /// The element of an array, from 0.
    case index(Int)
    /// The element of an array at the index of the row.
    case each
  }

  /// Where a path begins.
  package enum Root: Hashable, Sendable {
    /// The message, which is one row.
    case whole
    /// One of a message's rows.
    case row
    /// The message that has the rows.
    case message
    /// The Kafka record around the message.
    case record
  }

  /// What a record has beside its value.
  package enum RecordField: Hashable, Sendable {
    case timestamp, key
    case header(String)
  }

  /// The greatest number of steps in a path.
  package static let maximumKeys = 16
  /// The greatest length of a path's text in UTF-8 bytes.
  package static let maximumBytes = 1024
  /// The greatest index.
  package static let maximumIndex = 9999

  /// How the timestamp of a record is written.
  package static let recordTimestamp = "kafka.timestamp"

  package let root: Root
  /// The steps, outermost first.
  package let steps: [Step]

  /// The keys among the steps.
  package var keys: [String] {
    steps.compactMap { if case .key(let key) = $0 { key } else { nil } }
  }

  /// The text that reads back the same: quotes only where a key needs them.
  package var description: String {
    var text = root == .message ? "message" : ""
    for (i, step) in steps.enumerated() {
      switch step {
      case .key(let key):
        let isReserved = i == 0 && root != .record && isLikeReserved
        text += (text.isEmpty ? "" : ".") + Self.quoted(key, always: isReserved)
      case .index(let index): text += "[\(index)]"
      case .each: text += "[]"
      }
    }
    return text
  }

  /// Whether its text without quotes would be of the record, or of the message that has the row.
  private var isLikeReserved: Bool {
    guard root != .message, case .key(let first) = steps[0] else { return false }
    switch first {
    case "key": return steps.count == 1
    case "header": return steps.count > 1
    case "kafka": return steps.count == 2 && steps[1] == .key("timestamp")
    case "message": return root == .row && steps.count > 1
    default: return false
    }
  }

  /// What it is of the record around a message; nil if it is of the message itself.
  package var recordField: RecordField? {
    guard root == .record, case .key(let first) = steps[0] else { return nil }
    switch first {
    case "key": return .key
    case "header": if case .key(let name) = steps[1] { return .header(name) } else { return nil }
    default: return .timestamp
    }
  }

  /// The same without quotes, whatever is in the keys: how a column of a table is called.
  package var columnName: String {
    steps.reduce(into: "") { name, step in
      switch step {
      case .key(let key): name += (name.isEmpty ? "" : ".") + key
      case .index(let index): name += "[\(index)]"
      case .each: name += "[]"
      }
    }
  }

  /// The same steps in a table of rows, where nothing is beside them.
  package var inTable: FieldPath { FieldPath(root: .whole, steps: steps.filter { $0 != .each }) }

  private init(root: Root, steps: [Step]) {
    self.root = root
    self.steps = steps
  }

  /// Whether it begins with an index, as `[7]`: an element of a row that is an array.
  package var isPlaceInRow: Bool {
    guard root == .row, case .index = steps[0] else { return false }
    return true
  }

  /// Whether it has a value of its own for each row of a message.
  package var isOfRow: Bool { root == .row || steps.contains(.each) }

  /// Parses a path.
  ///
  /// - Parameter hasRows: whether messages have many rows.
  /// - Throws: ``FieldPathFailure`` for an empty path, an empty key, an open quote, a bracket without an index, too many steps and
  ///   too long a text.
  package init(_ text: String, hasRows: Bool = false) throws(FieldPathFailure) {
    func fail(_ problem: String) -> FieldPathFailure { FieldPathFailure(text: text, problem: problem) }
    guard !text.isEmpty else { throw fail("is empty; name a field, as amount or context.device") }
    guard text.utf8.count <= Self.maximumBytes else {
      throw fail("has \(text.utf8.count) bytes; a path takes at most \(Self.maximumBytes)")
    }
    var root = hasRows ? Root.row : .whole
    var steps: [Step] = []
    var rest = text[...]
    if text == "key" || text == Self.recordTimestamp || text.hasPrefix("header.") {
      root = .record
    } else if hasRows, rest.first == "[" {
      do throws(Unreadable) { steps = try Self.brackets(&rest) } catch { throw fail(error.problem) }
      if !rest.isEmpty, rest.first != "." { throw fail("has text behind a bracket; put a dot there") }
      rest = rest.dropFirst()
    } else if hasRows, rest.hasPrefix("message."), rest.count > 8 {
      root = .message
      rest = rest.dropFirst(8)
    }
    while !rest.isEmpty || steps.isEmpty {
      if rest.first == "\"" {
        guard let key = Self.unquote(&rest) else {
          throw fail("has a quote that is not closed; write \" behind the key, and \\\" for a quote within it")
        }
        guard rest.isEmpty || rest.first == "." || rest.first == "[" else {
          throw fail("has text behind a closing quote; put a dot there")
        }
        steps.append(.key(key))
      } else {
        let key = rest.prefix { $0 != "." && $0 != "[" }
        steps.append(.key(String(key)))
        rest = rest[key.endIndex...]
      }
      if rest.first == "[" {
        do throws(Unreadable) { steps += try Self.brackets(&rest) } catch { throw fail(error.problem) }
        if !rest.isEmpty, rest.first != "." { throw fail("has text behind a bracket; put a dot there") }
      }
      guard let dot = rest.first else { break }
      // Behind a last dot there is an empty key.
      if dot == ".", rest.count == 1 { steps.append(.key("")) }
      rest = rest.dropFirst()
    }
    guard !steps.contains(.key("")) else {
      throw fail("has an empty key; put one dot between keys and none at the ends")
    }
    guard steps.count <= Self.maximumKeys else {
      throw fail("has \(steps.count) keys; a path takes at most \(Self.maximumKeys)")
    }
    if root == .record, steps.count > 1, steps[0] == .key("header") {
      guard steps.count == 2, case .key(let name) = steps[1] else {
        throw fail(
          "is of the record's header, whose name is one key; put it in quotes, as header.\"a.b\", or quote \"header\" "
            + "where messages have such a key")
      }
      guard !name.utf8.contains(0) else { throw fail("names a header with a zero byte, which none has") }
    }
    let eaches = steps.count { $0 == .each }
    guard eaches == 0 || hasRows else {
      throw fail(
        "has [] for the element of each row, and a message is one row; add rows: ARRAY beside fields, or write an index, as [0]"
      )
    }
    guard eaches == 0 || (root == .message && eaches == 1) else {
      throw fail(
        "has [] for the element of each row; that is for one array of the message beside its rows, as message.ids[]")
    }
    self.root = root
    self.steps = steps
  }

  /// Why a part of a path cannot be read.
  private struct Unreadable: Error { var problem: String }

  /// Takes `[3]`, one or more, from the start of a text.
  private static func brackets(_ rest: inout Substring) throws(Unreadable) -> [Step] {
    var steps: [Step] = []
    while rest.first == "[" {
      let digits = rest.dropFirst().prefix { $0 != "]" }
      let end = digits.endIndex
      guard end < rest.endIndex else {
        throw Unreadable(problem: "has a bracket that is not closed; write embedding[3], or the key in quotes")
      }
      if digits.isEmpty {
        steps.append(.each)
      } else {
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let index = Int(digits), index <= maximumIndex
        else {
          throw Unreadable(
            problem: "has brackets without an index of 0 to \(maximumIndex); write embedding[3], or the key in quotes")
        }
        steps.append(.index(index))
      }
      rest = rest[rest.index(after: end)...]
    }
    return steps
  }

  /// A field of the outermost object by its key, whatever characters it has.
  ///
  /// - Throws: ``FieldPathFailure`` for an empty key and one that is too long.
  package init(key: String, hasRows: Bool = false) throws(FieldPathFailure) {
    guard !key.isEmpty else { throw FieldPathFailure(text: key, problem: "is empty; name a field, as amount") }
    guard key.utf8.count <= Self.maximumBytes else {
      throw FieldPathFailure(
        text: key, problem: "has \(key.utf8.count) bytes; a path takes at most \(Self.maximumBytes)")
    }
    root = hasRows ? .row : .whole
    steps = [.key(key)]
  }

  /// A path from the keys of parsed messages; nil where there are too many.
  package init?(keys: [String]) {
    guard (1...Self.maximumKeys).contains(keys.count), !keys.contains("") else { return nil }
    root = .whole
    steps = keys.map { .key($0) }
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

  private static func quoted(_ key: String, always: Bool) -> String {
    guard always || key.contains(where: { $0 == "." || $0 == "\"" || $0 == "[" }) else { return key }
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
