/// The messages that a `FileDescriptorSet` describes, with every name resolved. At most 1 MiB, 10,000 types and 20,000 fields.
package struct ProtobufSchema: Sendable {
  /// How a value is written, and what it is.
  enum Code: UInt8, Sendable {
    case double, float, int32, int64, uint32, uint64, sint32, sint64, fixed32, fixed64, sfixed32, sfixed64, bool,
      string,
      bytes, symbols, message, timestamp, wrapper

    var wire: ProtobufCursor.Wire {
      switch self {
      case .double, .fixed64, .sfixed64: .eight
      case .float, .fixed32, .sfixed32: .four
      case .string, .bytes, .message, .timestamp, .wrapper: .bytes
      default: .varint
      }
    }

    var isMessage: Bool { self == .message || self == .timestamp || self == .wrapper }
  }

  enum Shape: UInt8, Sendable { case single, repeated, map }

  struct Field: Sendable {
    var name: String
    var jsonName: String
    var number: UInt32
    var code: Code
    var shape: Shape
    /// The place of its message or enumeration; a map's is that of its entries.
    var node: Int
    /// Whether it tells absence.
    var hasPresence: Bool
    /// The default that the descriptor gives it.
    var initial: [UInt8]?
    /// Its oneof within its message, −1 for none.
    var oneof: Int
  }

  struct Message: Sendable {
    var name: String
    /// By ascending number; groups are left out.
    var fields: [Field]
    /// Places of the messages declared in it.
    var nested: [Int]
  }

  struct Enumeration: Sendable {
    /// By ascending number; of names with the same number the first.
    var values: [(number: Int32, name: String)]
  }

  package static let maximumBytes = AvroSchema.maximumBytes

  let messages: [Message]
  let enumerations: [Enumeration]
  /// The outermost messages of the last file, in its order.
  let outermost: [Int]
  /// SHA-256 of the bytes.
  package let identity: String
  /// Fields, types and names of enumerations.
  let elementCount: Int
  /// About how much memory it takes.
  let byteCount: Int

  /// - Parameter bytes: a `FileDescriptorSet`, as `protoc --include_imports --descriptor_set_out` writes it. Messages of a registry are
  ///   those of its last file.
  /// - Throws: ``ProtobufSchemaFailure`` with what is wrong and the fix.
  package init(_ bytes: [UInt8]) throws(ProtobufSchemaFailure) {
    guard bytes.count <= Self.maximumBytes else {
      throw ProtobufSchemaFailure("has \(bytes.count) bytes; a schema takes at most \(Self.maximumBytes)")
    }
    let read: Result<ProtobufDescriptors, ProtobufSchemaFailure> = bytes.withUnsafeBytes { bytes in
      do throws(ProtobufSchemaFailure) { return .success(try ProtobufDescriptors(bytes)) } catch {
        return .failure(error)
      }
    }
    var resolver = ProtobufResolver(try read.get())
    try resolver.resolve()
    messages = resolver.messages
    enumerations = resolver.enumerations
    outermost = resolver.descriptors.outermost
    identity = SHA256.hash(bytes).hex
    elementCount = resolver.elementCount
    byteCount = bytes.count + 200 * elementCount
  }

  private init() {
    messages = [Message(name: "", fields: [], nested: [])]
    (enumerations, outermost, identity, elementCount, byteCount) = ([], [0], "", 0, 0)
  }

  /// One message without fields.
  static let empty = ProtobufSchema()

  /// The place of a message by its full name, as `package.Name`; nil if there is none.
  package func message(named name: String) -> Int? { messages.firstIndex { utf8Equal($0.name, name) } }

  /// The full names of all messages but those of the library.
  package var messageNames: [String] {
    messages.map(\.name).filter { !$0.hasPrefix("google.protobuf.") && !$0.isEmpty }
  }

  /// The message at a path of places: of the outermost of the last file, then of those within; nil if there is none.
  func message(at path: [Int]) -> Int? {
    var list = outermost
    var found: Int?
    for place in path {
      guard list.indices.contains(place) else { return nil }
      found = list[place]
      list = messages[list[place]].nested
    }
    return found
  }

  /// The field of a message by its name, else by its name in JSON where that is only one field's.
  func field(_ key: String, of message: Int) -> Field? {
    let fields = messages[message].fields
    if let field = fields.first(where: { utf8Equal($0.name, key) }) { return field }
    let others = fields.filter { utf8Equal($0.jsonName, key) }
    return others.count == 1 ? others[0] : nil
  }
}

extension ProtobufSchema: Equatable {
  package static func == (a: ProtobufSchema, b: ProtobufSchema) -> Bool { a.identity == b.identity }
}

/// Bytes that are no Protobuf schema.
package struct ProtobufSchemaFailure: Error, Equatable, CustomStringConvertible {
  package let problem: String

  init(_ problem: String) { self.problem = problem }

  static let noDescriptor = ProtobufSchemaFailure(
    "is no FileDescriptorSet; protoc --include_imports --descriptor_set_out=FILE.desc writes one")

  package var description: String { "the Protobuf schema \(problem)" }
}
