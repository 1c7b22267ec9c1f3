/// A writer's Avro schema: a table of types, of which the first is the root.
///
/// At most 10,000 types, 1 MiB of text and 64 types within each other. Logical types that are unknown, or do not fit their type, are
/// ignored, as the specification has it.
package struct AvroSchema: Sendable {
  package enum Node: Sendable, Equatable {
    case null, boolean, int, long, float, double, bytes, string
    case fixed(Int)
    case symbols([String])
    /// Fields in the order in which they are written; the types by their place in the table.
    case record([Field])
    case array(Int)
    case map(Int)
    case union([Int])
    /// A number in units of 10^−scale, as bytes, or as so many of them.
    case decimal(scale: Int, size: Int?)
    /// 16 bytes.
    case uuid
  }

  package struct Field: Sendable, Equatable {
    package var name: String
    package var node: Int
  }

  package static let maximumBytes = 1 << 20
  static let maximumNodes = 10_000
  static let maximumDepth = 64

  /// A record at its root.
  package let nodes: [Node]
  /// SHA-256 of the text.
  package let identity: String
  /// How long the text is.
  let byteCount: Int

  /// - Throws: ``AvroSchemaFailure`` with the place in the schema and the fix.
  package init(_ text: [UInt8]) throws(AvroSchemaFailure) {
    guard text.count <= Self.maximumBytes else {
      throw AvroSchemaFailure("has \(text.count) bytes; a schema takes at most \(Self.maximumBytes)")
    }
    let tree: JSONValue
    do { tree = try JSONValue(parsing: text) } catch { throw AvroSchemaFailure("is not JSON: \(error)") }
    var parser = Parser()
    let root = try parser.type(tree, "", namespace: "", depth: 0)
    guard case .record = parser.nodes[root] else {
      throw AvroSchemaFailure("is no record at its root; a message is one record")
    }
    // What is written first in the table is the root.
    precondition(root == 0)
    nodes = parser.nodes
    identity = SHA256.hash(text).hex
    byteCount = text.count
  }

  private init() {
    nodes = [.record([])]
    identity = ""
    byteCount = 0
  }

  /// A record without fields.
  static let empty = AvroSchema()
}

/// A text that is no Avro schema.
package struct AvroSchemaFailure: Error, Equatable, CustomStringConvertible {
  package let problem: String

  init(_ problem: String) { self.problem = problem }

  package var description: String { "the Avro schema \(problem)" }
}

extension AvroSchema: Equatable {
  package static func == (a: AvroSchema, b: AvroSchema) -> Bool { a.identity == b.identity }
}

private struct Parser {
  var nodes: [AvroSchema.Node] = []
  private var named: [String: Int] = [:]

  private static let primitives: [String: AvroSchema.Node] = [
    "null": .null, "boolean": .boolean, "int": .int, "long": .long, "float": .float, "double": .double, "bytes": .bytes,
    "string": .string,
  ]

  private mutating func add(_ node: AvroSchema.Node, _ path: String) throws(AvroSchemaFailure) -> Int {
    guard nodes.count < AvroSchema.maximumNodes else {
      throw AvroSchemaFailure("has more than \(AvroSchema.maximumNodes) types")
    }
    nodes.append(node)
    return nodes.count - 1
  }

  private static func at(_ path: String) -> String { path.isEmpty ? "" : " at \(path)" }

  /// - Parameters:
  ///   - path: of the field, for errors.
  ///   - namespace: what names without one are in.
  mutating func type(
    _ value: JSONValue, _ path: String, namespace: String, depth: Int
  ) throws(AvroSchemaFailure) -> Int {
    guard depth < AvroSchema.maximumDepth else {
      throw AvroSchemaFailure("has more than \(AvroSchema.maximumDepth) types within each other\(Self.at(path))")
    }
    switch value {
    case .string(let name): return try reference(name, path, namespace)
    case .array(let branches):
      let place = try add(.null, path)
      var places: [Int] = []
      for branch in branches { places.append(try type(branch, path, namespace: namespace, depth: depth + 1)) }
      nodes[place] = .union(places)
      return place
    case .object(let members): return try complex(members, path, namespace, depth)
    default: throw AvroSchemaFailure("has no type\(Self.at(path)); it takes a name, an object or an array of types")
    }
  }

  private mutating func reference(
    _ name: String, _ path: String, _ namespace: String
  ) throws(AvroSchemaFailure) -> Int {
    if let primitive = Self.primitives[name] { return try add(primitive, path) }
    if let known = named[Self.full(name, namespace)] ?? named[name] { return known }
    throw AvroSchemaFailure("names the type \(name)\(Self.at(path)), which it does not define")
  }

  private static func full(_ name: String, _ namespace: String) -> String {
    name.utf8.contains(UInt8(ascii: ".")) || namespace.isEmpty ? name : "\(namespace).\(name)"
  }

  private mutating func complex(
    _ members: [JSONValue.Member], _ path: String, _ outer: String, _ depth: Int
  ) throws(AvroSchemaFailure) -> Int {
    func member(_ key: String) -> JSONValue? { members.first { utf8Equal($0.key, key) }?.value }
    func text(_ key: String) -> String? { if case .string(let text)? = member(key) { text } else { nil } }
    func number(_ key: String) -> Int? {
      if case .integer(let number)? = member(key) { Int(exactly: number) } else { nil }
    }
    func missing(_ what: String) -> AvroSchemaFailure { AvroSchemaFailure("has no \(what)\(Self.at(path))") }
    guard let name = text("type") else {
      // A type may stand within another object.
      guard let inner = member("type") else { throw missing("type") }
      return try type(inner, path, namespace: outer, depth: depth + 1)
    }
    let logical = text("logicalType")
    if let primitive = Self.primitives[name] {
      if primitive == .bytes, logical == "decimal", let scale = Self.scale(number("scale"), number("precision")) {
        return try add(.decimal(scale: scale, size: nil), path)
      }
      return try add(primitive, path)
    }
    switch name {
    case "array":
      guard let items = member("items") else { throw missing("items") }
      let place = try add(.null, path)
      nodes[place] = .array(try type(items, path + "[]", namespace: outer, depth: depth + 1))
      return place
    case "map":
      guard let values = member("values") else { throw missing("values") }
      let place = try add(.null, path)
      nodes[place] = .map(try type(values, path + "{}", namespace: outer, depth: depth + 1))
      return place
    case "record", "error", "enum", "fixed": break
    default: return try reference(name, path, outer)
    }
    guard let own = text("name"), !own.isEmpty else { throw missing("name") }
    let fullName = Self.full(own, text("namespace") ?? outer)
    let namespace = fullName.lastIndex(of: ".").map { String(fullName[..<$0]) } ?? ""
    let place = try add(.null, path)
    guard named.updateValue(place, forKey: fullName) == nil else {
      throw AvroSchemaFailure("defines \(fullName) twice")
    }
    switch name {
    case "enum":
      guard case .array(let symbols)? = member("symbols") else { throw missing("symbols") }
      let names = symbols.compactMap { if case .string(let name) = $0 { name } else { nil } }
      guard names.count == symbols.count else { throw missing("symbols that are text") }
      nodes[place] = .symbols(names)
    case "fixed":
      guard let size = number("size"), (0...1 << 20).contains(size) else { throw missing("size of 0 to 1048576") }
      if logical == "decimal", let scale = Self.scale(number("scale"), number("precision")) {
        nodes[place] = .decimal(scale: scale, size: size)
      } else {
        nodes[place] = logical == "uuid" && size == 16 ? .uuid : .fixed(size)
      }
    default:
      guard case .array(let fields)? = member("fields") else { throw missing("fields") }
      var result: [AvroSchema.Field] = []
      for field in fields {
        guard case .object(let members) = field,
          case .string(let name)? = members.first(where: { utf8Equal($0.key, "name") })?.value,
          let inner = members.first(where: { utf8Equal($0.key, "type") })?.value
        else { throw missing("name and type of a field of \(fullName)") }
        let node = try type(
          inner, path.isEmpty ? name : "\(path).\(name)", namespace: namespace, depth: depth + 1)
        result.append(.init(name: name, node: node))
      }
      nodes[place] = .record(result)
    }
    return place
  }

  /// nil where a decimal is none.
  private static func scale(_ scale: Int?, _ precision: Int?) -> Int? {
    guard let precision, precision > 0, case let scale = scale ?? 0, (0...precision).contains(scale), scale <= 1000
    else {
      return nil
    }
    return scale
  }
}
