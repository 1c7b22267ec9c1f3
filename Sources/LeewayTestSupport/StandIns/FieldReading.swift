import Foundation

/// Reads a JSON object member by member as a strict system does: each is asked for by its type and its limits, and what was not
/// asked for is a mistake.
public final class FieldReading {
  private let object: [String: Any]
  private let path: String
  private var known: Set<String> = []
  private let mistakes: Mistakes

  private final class Mistakes {
    var all: [String] = []
  }

  /// - Parameter body: anything that is no JSON object is a mistake and has no members.
  public convenience init(_ body: [UInt8]) {
    let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
    self.init(object ?? [:], path: "", Mistakes())
    if object == nil { mistakes.all.append("the body is no JSON object") }
  }

  private init(_ object: [String: Any], path: String, _ mistakes: Mistakes) {
    self.object = object
    self.path = path
    self.mistakes = mistakes
  }

  /// A reading of its own of an object that was found elsewhere, such as an element of a list.
  public static func of(_ value: Any, _ name: String = "") -> FieldReading {
    let reading = FieldReading(value as? [String: Any] ?? [:], path: name, Mistakes())
    if !(value is [String: Any]) { reading.mistake("is no object") }
    return reading
  }

  /// In the order in which they were found, as `payload.summary is longer than 1024`.
  public var problems: [String] { mistakes.all }

  public func mistake(_ problem: String) { mistakes.all.append(path.isEmpty ? problem : "\(path) \(problem)") }

  private func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private func value(_ key: String, required: Bool) -> Any? {
    known.insert(key)
    guard let value = object[key], !(value is NSNull) else {
      if required { mistakes.all.append("\(name(key)) is missing") }
      return nil
    }
    return value
  }

  public func text(_ key: String, atMost limit: Int = 1_000_000, required: Bool = true) -> String? {
    guard let value = value(key, required: required) else { return nil }
    guard let text = value as? String else {
      mistakes.all.append("\(name(key)) is no text")
      return nil
    }
    if text.isEmpty { mistakes.all.append("\(name(key)) is empty") }
    if text.unicodeScalars.count > limit { mistakes.all.append("\(name(key)) is longer than \(limit)") }
    return text
  }

  public func choice(_ key: String, _ names: [String], required: Bool = true) -> String? {
    guard let text = text(key, required: required) else { return nil }
    if !names.contains(text) {
      mistakes.all.append("\(name(key)) is \(text), none of \(names.joined(separator: ", "))")
    }
    return text
  }

  public func time(_ key: String, required: Bool = true) -> String? {
    guard let text = text(key, required: required) else { return nil }
    if text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/) == nil {
      mistakes.all.append("\(name(key)) is no RFC 3339 time")
    }
    return text
  }

  public func address(_ key: String, required: Bool = true) -> String? {
    guard let text = text(key, required: required) else { return nil }
    if URL(string: text)?.host() == nil || !text.hasPrefix("http") {
      mistakes.all.append("\(name(key)) is no address")
    }
    return text
  }

  public func bool(_ key: String, required: Bool = true) -> Bool? {
    guard let value = value(key, required: required) else { return nil }
    // JSON's booleans and numbers are both NSNumber.
    guard let number = value as? NSNumber, String(cString: number.objCType) == "c" else {
      mistakes.all.append("\(name(key)) is neither true nor false")
      return nil
    }
    return number.boolValue
  }

  /// A member that must be there with the value null.
  public func null(_ key: String) {
    known.insert(key)
    if !(object[key] is NSNull) { mistakes.all.append("\(name(key)) is not null") }
  }

  public func object(_ key: String, required: Bool = true) -> FieldReading? {
    guard let value = value(key, required: required) else { return nil }
    guard let object = value as? [String: Any] else {
      mistakes.all.append("\(name(key)) is no object")
      return nil
    }
    return FieldReading(object, path: name(key), mistakes)
  }

  /// An object whose keys are names and whose values may be anything.
  public func anyObject(_ key: String, required: Bool = true) -> [String: Any]? {
    guard let value = value(key, required: required) else { return nil }
    guard let object = value as? [String: Any] else {
      mistakes.all.append("\(name(key)) is no object")
      return nil
    }
    return object
  }

  /// An object of texts.
  public func texts(_ key: String, required: Bool = true) -> [String: String]? {
    guard let object = anyObject(key, required: required) else { return nil }
    for (member, value) in object where !(value is String) {
      mistakes.all.append("\(name(key)).\(member) is no text")
    }
    return object.compactMapValues { $0 as? String }
  }

  public func list(_ key: String, required: Bool = true) -> [Any]? {
    guard let value = value(key, required: required) else { return nil }
    guard let list = value as? [Any] else {
      mistakes.all.append("\(name(key)) is no list")
      return nil
    }
    return list
  }

  /// Objects of a list, each to be read.
  public func objects(_ key: String, required: Bool = true) -> [FieldReading] {
    (list(key, required: required) ?? []).enumerated().map { index, element in
      let reading = FieldReading(element as? [String: Any] ?? [:], path: "\(name(key))[\(index)]", mistakes)
      if !(element is [String: Any]) { reading.mistake("is no object") }
      return reading
    }
  }

  /// What was not asked for is a mistake.
  public func finish() {
    for key in object.keys.sorted() where !known.contains(key) { mistakes.all.append("\(name(key)) is unknown") }
  }
}
