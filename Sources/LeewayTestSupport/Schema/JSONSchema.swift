package import LeewayCore

/// A JSON Schema of `docs/schema/`, as far as those files use the language, and stricter than it: a member that the schema does not
/// name is a problem.
package struct JSONSchema {
  private let document: JSONValue
  private let root: JSONValue

  /// - Parameter text: of a schema whose `$ref` begins with `#/`.
  package init(_ text: [UInt8]) throws {
    document = try JSONValue(parsing: text)
    root = document
  }

  /// What is wrong with a value, as `DriftLine.rows: …`; empty where nothing is.
  ///
  /// - Parameter seen: gets every member that the value has, as `DriftLine.rows`.
  package func problems(_ value: JSONValue, seen: inout Set<String>) -> [String] {
    check(value, root, "", &seen)
  }

  /// Every member that the schema names, as `problems` notes them.
  package var members: Set<String> {
    var found: Set<String> = []
    var visited: Set<String> = []
    walk(root, "", &found, &visited)
    return found
  }

  /// Rules that a schema has and `check` knows. Others are notes for people.
  private static let notes: Set<String> = [
    "$schema", "$id", "$defs", "title", "description", "discriminator", "maxItems", "maxLength", "maxProperties",
  ]

  // MARK: The rules

  private func check(_ value: JSONValue, _ schema: JSONValue, _ place: String, _ seen: inout Set<String>) -> [String] {
    guard case .object(let rules) = schema else { return schema == .bool(true) ? [] : ["\(place): nothing fits here"] }
    var problems: [String] = []
    for rule in rules {
      switch rule.key {
      case "$ref":
        let (target, name) = resolved(rule.value)
        problems += target.map { check(value, $0, name, &seen) } ?? ["\(place): \(name) is not defined"]
      case "type":
        if !types(rule.value).contains(where: { value.isOf($0) }) {
          problems.append("\(place): \(value.kind) is not \(types(rule.value).joined(separator: " or "))")
        }
      case "const": if value != rule.value { problems.append("\(place): \(value.kind) is not the constant") }
      case "enum":
        if !rule.value.elements.contains(value) { problems.append("\(place): \(value) is not listed") }
      case "format":
        if rule.value.string == "date-time", let text = value.string, !Self.isTime(text) {
          problems.append("\(place): \(text) is no time")
        }
      case "required":
        guard case .object = value else { continue }
        for name in rule.value.elements.compactMap(\.string) where value[name] == nil {
          problems.append("\(place).\(name): is missing")
        }
      case "items":
        for element in value.elements { problems += check(element, rule.value, place, &seen) }
      case "allOf":
        for part in rule.value.elements { problems += check(value, part, place, &seen) }
      case "anyOf", "oneOf":
        problems += choice(value, rule.value.elements, isOne: rule.key == "oneOf", place, &seen)
      case "properties": break  // Below, for any object.
      case "additionalProperties": break
      case let other where Self.notes.contains(other): break
      default: problems.append("\(place): the rule \(rule.key) is not known here")
      }
    }
    let isMap = schema["properties"] != nil || schema["additionalProperties"] != nil
    if case .object(let members) = value, isMap {
      for member in members {
        if let rule = schema["properties"]?[member.key] {
          seen.insert("\(place).\(member.key)")
          problems += check(member.value, rule, "\(place).\(member.key)", &seen)
        } else if let rule = schema["additionalProperties"] {
          problems += check(member.value, rule, place, &seen)
        } else {
          problems.append("\(place).\(member.key): is not in the schema")
        }
      }
    }
    return problems
  }

  /// Reports what is wrong with the part that comes nearest.
  private func choice(
    _ value: JSONValue, _ parts: [JSONValue], isOne: Bool, _ place: String, _ seen: inout Set<String>
  ) -> [String] {
    var fitting = 0
    var nearest: [String]?
    for part in parts {
      var mine = seen
      let problems = check(value, part, place, &mine)
      if problems.isEmpty {
        fitting += 1
        seen = mine
      } else if problems.count < nearest?.count ?? .max {
        nearest = problems
      }
    }
    if fitting == 0 { return nearest ?? ["\(place): nothing fits here"] }
    return isOne && fitting > 1 ? ["\(place): \(fitting) parts fit"] : []
  }

  private func resolved(_ reference: JSONValue) -> (JSONValue?, String) {
    let way = (reference.string ?? "").split(separator: "/").dropFirst().map(String.init)
    return (way.reduce(document as JSONValue?) { $0?[$1] }, way.last ?? "")
  }

  private func types(_ rule: JSONValue) -> [String] { rule.string.map { [$0] } ?? rule.elements.compactMap(\.string) }

  /// As all times of results and messages: RFC 3339 in UTC with milliseconds.
  private static func isTime(_ text: String) -> Bool {
    text.utf8.count == 24 && text.hasSuffix("Z")
      && Array(text.utf8).withUnsafeBytes { EventTime(rfc3339: $0) } != nil
  }

  private func walk(_ schema: JSONValue, _ place: String, _ found: inout Set<String>, _ visited: inout Set<String>) {
    guard case .object(let rules) = schema else { return }
    for rule in rules {
      switch rule.key {
      case "$ref":
        let (target, name) = resolved(rule.value)
        if let target, visited.insert(name).inserted { walk(target, name, &found, &visited) }
      case "allOf", "anyOf", "oneOf":
        for part in rule.value.elements { walk(part, place, &found, &visited) }
      case "items", "additionalProperties": walk(rule.value, place, &found, &visited)
      case "properties":
        guard case .object(let members) = rule.value else { continue }
        for member in members {
          found.insert("\(place).\(member.key)")
          walk(member.value, "\(place).\(member.key)", &found, &visited)
        }
      default: break
      }
    }
  }
}

extension JSONValue {
  fileprivate subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  fileprivate var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }

  fileprivate var string: String? { if case .string(let text) = self { text } else { nil } }

  fileprivate func isOf(_ type: String) -> Bool {
    switch (self, type) {
    case (.null, "null"), (.bool, "boolean"), (.integer, "integer"), (.integer, "number"), (.number, "number"),
      (.string, "string"), (.array, "array"), (.object, "object"):
      true
    default: false
    }
  }

  fileprivate var kind: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let text): "\"\(text)\""
    case .array: "an array"
    case .object: "an object"
    }
  }
}
