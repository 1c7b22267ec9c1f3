import LeewayConfiguration
import LeewayCore

/// The parameters after a path's `?`: percent-decoded, each known and each at most once.
struct QueryParameters {
  static let maximumCount = 32

  private var values: [String: String] = [:]

  /// - Parameter query: What stands between `?` and `#`, as sent.
  /// - Throws: ``Problem`` for an unknown or repeated name, an escape that is none, and bytes that are not UTF-8.
  init(_ query: String?, known: [String]) throws(Problem) {
    guard let query, !query.isEmpty else { return }
    let parts = query.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: true)
    guard parts.count <= Self.maximumCount else {
      throw Problem(
        .badParameter, "The query has \(parts.count) parameters and the limit is \(Self.maximumCount).",
        fix: known.isEmpty ? "This path takes no parameters." : "It takes \(known.joined(separator: ", ")).")
    }
    for part in parts {
      let cut = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
      let rest = cut == part.endIndex ? part[cut...] : part[part.index(after: cut)...]
      guard let name = Self.decoded(part[..<cut]), let value = Self.decoded(rest) else {
        throw Problem(
          .badParameter, "The query holds an escape that is not % and two hexadecimal digits, or is not UTF-8.",
          value: String(decoding: part, as: UTF8.self), fix: "Percent-encode the value as UTF-8.")
      }
      guard known.contains(name) else {
        throw Problem(
          .unknownParameter, "This path has no parameter \"\(name.prefix(200))\".", parameter: String(name.prefix(200)),
          value: value, fix: Self.fix(for: name, known: known))
      }
      guard values.updateValue(value, forKey: name) == nil else {
        throw Problem(
          .repeatedParameter, "The parameter \(name) is given more than once.", parameter: name, value: value,
          fix: "Give it once.")
      }
    }
  }

  private static func fix(for name: String, known: [String]) -> String {
    guard !known.isEmpty else { return "This path takes no parameters." }
    return QueriedNames.fix(for: name, among: known)
  }

  /// `+` is a space and `%XX` a byte; nil if an escape is broken or the bytes are not UTF-8.
  private static func decoded(_ text: Substring.UTF8View.SubSequence) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var rest = text[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal) else {
          return nil
        }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  // MARK: Values

  /// nil where it is not given.
  func text(_ name: String) throws(Problem) -> String? {
    guard let value = values[name] else { return nil }
    guard !value.isEmpty else {
      throw Problem(
        .badParameter, "The parameter \(name) is empty.", parameter: name, value: "",
        fix: "Give a value, or leave it out.")
    }
    return value
  }

  func required(_ name: String, example: String) throws(Problem) -> String {
    guard let value = try text(name) else {
      throw Problem(
        .badParameter, "The parameter \(name) is needed.", parameter: name, fix: "Add it, as \(name)=\(example).")
    }
    return value
  }

  func time(_ name: String) throws(Problem) -> EventTime? {
    guard let value = try text(name) else { return nil }
    guard let time = EventTime(rfc3339: value) else {
      throw bad(name, value, "is not a time", fix: "Write RFC 3339, as 2025-03-01T12:00:00Z; a + must be sent as %2B.")
    }
    return time
  }

  func integer(_ name: String, in range: ClosedRange<Int>, default standard: Int) throws(Problem) -> Int {
    guard let value = try text(name) else { return standard }
    guard let integer = Int(value), range.contains(integer) else {
      throw bad(
        name, value, "is not a whole number from \(range.lowerBound) to \(range.upperBound)",
        fix: "Give one in that range; it is \(standard) if left out.")
    }
    return integer
  }

  func bool(_ name: String) throws(Problem) -> Bool? {
    guard let value = try text(name) else { return nil }
    switch value {
    case "true": return true
    case "false": return false
    default: throw bad(name, value, "is neither true nor false", fix: "Give true or false, or leave it out.")
    }
  }

  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, of choices: Choice.Type
  ) throws(Problem) -> Choice? {
    guard let value = try text(name) else { return nil }
    guard let choice = Choice(rawValue: value) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      let near = Spelling.suggestion(for: value, among: Choice.allCases.map(\.rawValue))
      throw bad(name, value, "is not one of \(known)", fix: "Give one of them, or leave it out.\(near)")
    }
    return choice
  }

  private func bad(_ name: String, _ value: String, _ what: String, fix: String) -> Problem {
    Problem(
      .badParameter, "The parameter \(name) is \"\(value.prefix(200))\", which \(what).", parameter: name, value: value,
      fix: fix)
  }
}
