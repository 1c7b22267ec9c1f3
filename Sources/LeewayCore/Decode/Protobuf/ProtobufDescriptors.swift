/// What a descriptor says, as it is written (`google/protobuf/descriptor.proto`).
///
/// It is read by our own few lines and not by swift-protobuf: that imports Foundation, which this module has none of, and schemas are
/// read from the ledger here.
struct ProtobufDescriptors {
  struct Field {
    var name = ""
    var jsonName = ""
    var number: UInt64 = 0
    /// 1: optional, 2: required, 3: repeated.
    var label: UInt64 = 1
    /// 0 where the descriptor leaves it to the name of the type.
    var type: UInt64 = 0
    var typeName = ""
    var initial: [UInt8]?
    var oneof: UInt64?
    var isOptional = false
    var presence: UInt64 = 0
    var isDelimited = false
  }

  struct Message {
    var name = ""
    var fields: [Field] = []
    /// Places in `messages`, in the order of the file.
    var nested: [Int] = []
    var isMapEntry = false
    /// Whether fields without a word of their own tell absence.
    var presence: UInt64
  }

  struct Enumeration {
    var name = ""
    var values: [(number: Int32, name: String)] = []
  }

  static let maximumDepth = 64
  static let maximumFields = 20_000
  static let maximumTypes = 10_000

  /// With full names.
  private(set) var messages: [Message] = []
  private(set) var enumerations: [Enumeration] = []
  /// The outermost messages of the last file, in its order.
  private(set) var outermost: [Int] = []
  private var fieldCount = 0

  /// The presence of fields: told (explicit), not told (implicit).
  static let explicit: UInt64 = 1
  static let implicit: UInt64 = 2

  private typealias Bytes = UnsafeRawBufferPointer

  /// - Parameter bytes: a `FileDescriptorSet`.
  init(_ bytes: UnsafeRawBufferPointer) throws(ProtobufSchemaFailure) {
    var hasFiles = false
    try Self.forEachField(bytes) { (number, value) throws(ProtobufSchemaFailure) in
      guard number == 1 else { return }
      hasFiles = true
      try file(try value.bytes)
    }
    guard hasFiles else { throw ProtobufSchemaFailure("has no file in it; protoc --descriptor_set_out writes one") }
  }

  private enum Value {
    case number(UInt64)
    case bytes(UnsafeRawBufferPointer)

    var number: UInt64 {
      get throws(ProtobufSchemaFailure) {
        guard case .number(let number) = self else { throw .noDescriptor }
        return number
      }
    }

    var bytes: UnsafeRawBufferPointer {
      get throws(ProtobufSchemaFailure) {
        guard case .bytes(let bytes) = self else { throw .noDescriptor }
        return bytes
      }
    }

    var text: String {
      get throws(ProtobufSchemaFailure) { String(decoding: try bytes, as: UTF8.self) }
    }
  }

  private static func forEachField(
    _ bytes: UnsafeRawBufferPointer, _ body: (UInt32, Value) throws(ProtobufSchemaFailure) -> Void
  ) throws(ProtobufSchemaFailure) {
    var cursor = ProtobufCursor(bytes)
    while !cursor.isAtEnd {
      let number: UInt32
      let value: Value?
      do throws(DecodeFailure) {
        let tag = try cursor.tag()
        number = tag.number
        switch tag.wire {
        case .varint: value = .number(try cursor.varint())
        case .bytes: value = .bytes(try cursor.bytes())
        default:
          try cursor.skip(tag.wire, number)
          value = nil
        }
      } catch { throw .noDescriptor }
      if let value { try body(number, value) }
    }
  }

  // MARK: Files, messages, fields

  private mutating func file(_ bytes: UnsafeRawBufferPointer) throws(ProtobufSchemaFailure) {
    var (package, syntax, presence) = ("", "proto2", UInt64(0))
    try Self.forEachField(bytes) { (number, value) throws(ProtobufSchemaFailure) in
      switch number {
      case 2: package = try value.text
      case 8: if let own = try Self.presence(of: value.bytes, features: 50) { presence = own }
      case 12: syntax = try value.text
      default: break
      }
    }
    guard ["proto2", "proto3", "editions"].contains(syntax) else {
      throw ProtobufSchemaFailure("has a file in the syntax \(syntax); proto2, proto3 and editions are read")
    }
    if presence == 0 { presence = syntax == "proto3" ? Self.implicit : Self.explicit }
    let scope = package.isEmpty ? "" : package + "."
    outermost = []
    try Self.forEachField(bytes) { (number, value) throws(ProtobufSchemaFailure) in
      switch number {
      case 4: outermost.append(try message(try value.bytes, scope, presence, Self.maximumDepth))
      case 5: try enumeration(try value.bytes, scope)
      default: break
      }
    }
  }

  /// What options say of fields' presence in their features.
  private static func presence(
    of options: UnsafeRawBufferPointer, features: UInt32
  ) throws(ProtobufSchemaFailure) -> UInt64? {
    var presence: UInt64?
    try forEachField(options) { (number, value) throws(ProtobufSchemaFailure) in
      guard number == features else { return }
      try forEachField(try value.bytes) { (number, value) throws(ProtobufSchemaFailure) in
        if number == 1 { presence = try value.number }
      }
    }
    return presence
  }

  private mutating func message(
    _ bytes: UnsafeRawBufferPointer, _ scope: String, _ presence: UInt64, _ depth: Int
  ) throws(ProtobufSchemaFailure) -> Int {
    guard depth > 0 else {
      throw ProtobufSchemaFailure("has more than \(Self.maximumDepth) messages within each other")
    }
    var message = Message(presence: presence)
    try Self.forEachField(bytes) { (number, value) throws(ProtobufSchemaFailure) in
      switch number {
      case 1: message.name = scope + (try value.text)
      case 7:
        let options = try value.bytes
        if let own = try Self.presence(of: options, features: 12) { message.presence = own }
        try Self.forEachField(options) { (number, value) throws(ProtobufSchemaFailure) in
          if number == 7 { message.isMapEntry = try value.number != 0 }
        }
      default: break
      }
    }
    guard messages.count < Self.maximumTypes else {
      throw ProtobufSchemaFailure("has more than \(Self.maximumTypes) messages")
    }
    let place = messages.count
    messages.append(message)
    try Self.forEachField(bytes) { (number, value) throws(ProtobufSchemaFailure) in
      switch number {
      case 2: message.fields.append(try field(try value.bytes))
      case 3: message.nested.append(try self.message(try value.bytes, message.name + ".", message.presence, depth - 1))
      case 4: try enumeration(try value.bytes, message.name + ".")
      default: break
      }
    }
    messages[place] = message
    return place
  }

  private mutating func field(_ bytes: UnsafeRawBufferPointer) throws(ProtobufSchemaFailure) -> Field {
    fieldCount += 1
    guard fieldCount <= Self.maximumFields else {
      throw ProtobufSchemaFailure("has more than \(Self.maximumFields) fields")
    }
    var field = Field()
    try Self.forEachField(bytes) { (number, value) throws(ProtobufSchemaFailure) in
      switch number {
      case 1: field.name = try value.text
      case 3: field.number = try value.number
      case 4: field.label = try value.number
      case 5: field.type = try value.number
      case 6: field.typeName = try value.text
      case 7: field.initial = Array(try value.bytes)
      case 8:
        try Self.forEachField(try value.bytes) { (number, value) throws(ProtobufSchemaFailure) in
          guard number == 21 else { return }
          try Self.forEachField(try value.bytes) { (number, value) throws(ProtobufSchemaFailure) in
            if number == 1 { field.presence = try value.number }
            if number == 5 { field.isDelimited = try value.number == 2 }
          }
        }
      case 9: field.oneof = try value.number
      case 10: field.jsonName = try value.text
      case 17: field.isOptional = try value.number != 0
      default: break
      }
    }
    return field
  }

  private mutating func enumeration(
    _ bytes: UnsafeRawBufferPointer, _ scope: String
  ) throws(ProtobufSchemaFailure) {
    guard enumerations.count < Self.maximumTypes else {
      throw ProtobufSchemaFailure("has more than \(Self.maximumTypes) enums")
    }
    var result = Enumeration()
    try Self.forEachField(bytes) { (number, value) throws(ProtobufSchemaFailure) in
      switch number {
      case 1: result.name = scope + (try value.text)
      case 2:
        var (name, number) = ("", Int32(0))
        try Self.forEachField(try value.bytes) { (field, value) throws(ProtobufSchemaFailure) in
          if field == 1 { name = try value.text }
          if field == 2 { number = Int32(truncatingIfNeeded: try value.number) }
        }
        result.values.append((number, name))
      default: break
      }
    }
    fieldCount += result.values.count
    enumerations.append(result)
  }
}
