internal import CSimdjson

/// A JSON document as a tree, for baselines, settings and nested label values; never for every event.
package indirect enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  /// A number written as an integer that Int64 holds.
  case integer(Int64)
  /// Any other number; finite.
  case number(Double)
  case string(String)
  case array([JSONValue])
  /// The members in the text's order; of duplicate keys the last, in its own place.
  case object([Member])

  /// A key and its value.
  package struct Member: Hashable, Sendable {
    package let key: String
    package let value: JSONValue

    package init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// Parses a document whose root may be any value.
  ///
  /// - Parameters:
  ///   - maximumBytes: The greatest size that is read, at most 2^30.
  ///   - maximumDepth: The greatest number of arrays and objects that are open at a time, at most 1024.
  ///   - refusingDuplicates: A key that comes twice in one object is a failure: for documents on which a decision rests,
  ///     where whoever wrote it and another program may have meant the other one.
  /// - Throws: ``JSONFailure`` if the text isn't JSON, is over a limit, or holds a number beyond the range of Double.
  package init(
    parsing bytes: UnsafeRawBufferPointer, maximumBytes: Int = 1 << 28, maximumDepth: Int = 64,
    refusingDuplicates: Bool = false
  ) throws(JSONFailure) {
    let limits = DecodeLimits(messageBytes: maximumBytes, depth: maximumDepth)
    guard let parser = leeway_parser_create(limits.messageBytes, UInt32(limits.depth)) else {
      throw JSONFailure(path: "", problem: DecodeFailure.outOfMemory.documentProblem)
    }
    defer { leeway_parser_destroy(parser) }
    let error = leeway_parse(parser, bytes.baseAddress, bytes.count)
    guard error == LEEWAY_JSON_OK else {
      throw JSONFailure(
        path: "", problem: DecodeFailure(error, bytes: bytes.count, limits: limits).documentProblem)
    }
    var root = leeway_value()
    _ = leeway_json_read(parser, 1, &root)
    if refusingDuplicates, let path = Self.duplicate(in: root, parser, path: "") {
      throw JSONFailure(path: path, problem: "comes twice in one object; write it once")
    }
    guard let value = JSONValue(root, in: parser) else {
      throw JSONFailure(path: "", problem: "holds a number beyond ±1.8e308; write a smaller number or null")
    }
    self = value
  }

  /// Parses a document whose root may be any value; see
  /// ``init(parsing:maximumBytes:maximumDepth:refusingDuplicates:)``.
  package init(
    parsing bytes: [UInt8], maximumBytes: Int = 1 << 28, maximumDepth: Int = 64, refusingDuplicates: Bool = false
  ) throws(JSONFailure) {
    self = try bytes.withUnsafeBufferPointer { bytes throws(JSONFailure) in
      try JSONValue(
        parsing: UnsafeRawBufferPointer(bytes), maximumBytes: maximumBytes, maximumDepth: maximumDepth,
        refusingDuplicates: refusingDuplicates)
    }
  }

  /// Copies a parsed value; nil if it is absent or holds a number beyond the range of Double.
  init?(_ value: leeway_value, in parser: OpaquePointer) {
    let view = FieldValue(value)
    switch view.kind {
    case .absent, .overflow: return nil
    case .null: self = .null
    case .false: self = .bool(false)
    case .true: self = .bool(true)
    case .int64: self = .integer(value.int64)
    case .uint64: self = .number(Double(value.uint64))
    case .double: self = .number(value.number)
    case .string: self = .string(view.string)
    case .array:
      var elements: [JSONValue] = []
      var position = value.extent.first
      while position < value.extent.end {
        var next = leeway_value()
        position = leeway_json_read(parser, position, &next)
        guard let element = JSONValue(next, in: parser) else { return nil }
        elements.append(element)
      }
      self = .array(elements)
    case .object:
      var members: [Member] = []
      var position = value.extent.first
      while position < value.extent.end {
        var key = leeway_value()
        var next = leeway_value()
        position = leeway_json_read(parser, position, &key)
        position = leeway_json_read(parser, position, &next)
        guard let member = JSONValue(next, in: parser) else { return nil }
        members.append(Member(FieldValue(key).string, member))
      }
      self = .object(Self.lastOfDuplicates(members))
    }
  }

  /// The path of the first key that its object has twice; nil if all keys are different. The parser's depth limits it.
  private static func duplicate(in value: leeway_value, _ parser: OpaquePointer, path: String) -> String? {
    let isObject = value.kind == LEEWAY_JSON_OBJECT.rawValue
    guard isObject || value.kind == LEEWAY_JSON_ARRAY.rawValue else { return nil }
    var keys = Set<[UInt8]>()
    var (position, index) = (value.extent.first, 0)
    while position < value.extent.end {
      var key = leeway_value()
      var next = leeway_value()
      if isObject { position = leeway_json_read(parser, position, &key) }
      position = leeway_json_read(parser, position, &next)
      // Most of a document is numbers, of which no path need be made.
      var place: String {
        isObject ? (path.isEmpty ? "" : "\(path).") + FieldValue(key).string : "\(path)[\(index)]"
      }
      if isObject, !keys.insert(FieldValue(key).text.map(Array.init) ?? []).inserted { return place }
      if next.kind == LEEWAY_JSON_OBJECT.rawValue || next.kind == LEEWAY_JSON_ARRAY.rawValue,
        let found = duplicate(in: next, parser, path: place)
      {
        return found
      }
      index += 1
    }
    return nil
  }

  private static func lastOfDuplicates(_ members: [Member]) -> [Member] {
    // Keys differ as bytes do: String's own equality would take é for e with an accent.
    var seen = Set<[UInt8]>(minimumCapacity: members.count)
    var kept: [Member] = []
    kept.reserveCapacity(members.count)
    for member in members.reversed() where seen.insert(Array(member.key.utf8)).inserted { kept.append(member) }
    kept.reverse()
    return kept
  }
}

extension FieldValue {
  /// A copy of a string's text; empty for any other kind.
  package var string: String { text.map { String(decoding: $0, as: UTF8.self) } ?? "" }
}

extension DecodeFailure {
  /// What is wrong with a document that isn't a message.
  fileprivate var documentProblem: String {
    switch self {
    case .empty: "is empty; it must hold JSON"
    case .truncated: "ends in the middle of its JSON; write it again, whole"
    case .notJSON, .notAnObject, .noRows, .unequalRows, .tooManyRows, .endsWithinRecord, .notOfSchema, .noSchemaID,
      .unknownSchema, .unregisteredSchema, .unusableSchema:
      "is not JSON"
    case .badUTF8: "holds bytes that are not UTF-8"
    case .tooDeep(let limit): "nests arrays and objects deeper than \(limit) levels"
    case .tooLarge(let bytes, let limit): "has \(bytes) bytes and the limit is \(limit)"
    case .foreign: "is not JSON"
    case .outOfMemory: "does not fit into memory"
    }
  }
}

/// A document that isn't what its reader expected.
package struct JSONFailure: Error, Hashable, CustomStringConvertible {
  /// Where, as `features.amount.knots[3]`; empty for the whole document.
  package let path: String
  /// What is wrong there, and the fix.
  package let problem: String

  package init(path: String, problem: String) {
    self.path = path
    self.problem = problem
  }

  package var description: String { path.isEmpty ? "the document \(problem)" : "\(path): \(problem)" }
}
