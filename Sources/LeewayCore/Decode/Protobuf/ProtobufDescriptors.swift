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
    var features = Features()
  }

  struct Message {
    var name = ""
    var fields: [Field] = []
    /// Places in `messages`, in the order of the file.
    var nested: [Int] = []
    var isMapEntry = false
    /// What fields have that say nothing of their own.
    var features: Features
  }

  struct Enumeration {
    var name = ""
    var values: [(number: Int32, name: String)] = []
  }

  /// What editions let a file, a message or a field say; 0 where it says nothing.
  struct Features {
    /// Whether fields tell absence: 1 they do, 2 they do not.
    var presence: UInt64 = 0
    /// How messages are written: 1 behind their length, 2 as groups.
    var encoding: UInt64 = 0

    /// These, and what they leave open as the other has it.
    func over(_ other: Features) -> Features {
      Features(
        presence: presence == 0 ? other.presence : presence, encoding: encoding == 0 ? other.encoding : encoding)
    }
  }

  static let maximumDepth = 64
  /// The longest full name; names are looked for from every message outwards.
  static let maximumNameBytes = 512
  static let maximumFields = 20_000
  static let maximumTypes = 10_000

  /// With full names.
  private(set) var messages: [Message] = []
  private(set) var enumerations: [Enumeration] = []
  /// The outermost messages of the last file, in its order.
  private(set) var outermost: [Int] = []
  private var fieldCount = 0

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
      get throws(ProtobufSchemaFailure) {
        let bytes = try bytes
        guard bytes.count <= ProtobufDescriptors.maximumNameBytes else { throw ProtobufDescriptors.longName }
        return String(decoding: bytes, as: UTF8.self)
      }
    }
  }

  private static let longName = ProtobufSchemaFailure("has a name of more than \(maximumNameBytes) bytes")

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
    var (package, syntax, features) = ("", "proto2", Features())
    try Self.forEachField(bytes) { (number, value) throws(ProtobufSchemaFailure) in
      switch number {
      case 2: package = try value.text
      case 8: features = try Self.features(of: value.bytes, 50).over(features)
      case 12: syntax = try value.text
      default: break
      }
    }
    // Registries may write an edition's year there.
    guard ["proto2", "proto3", "editions"].contains(syntax) || UInt16(syntax) != nil else {
      throw ProtobufSchemaFailure("has a file in the syntax \(syntax); proto2, proto3 and editions are read")
    }
    features = features.over(Features(presence: syntax == "proto3" ? 2 : 1, encoding: 1))
    let scope = package.isEmpty ? "" : package + "."
    outermost = []
    try Self.forEachField(bytes) { (number, value) throws(ProtobufSchemaFailure) in
      switch number {
      case 4: outermost.append(try message(try value.bytes, scope, features, Self.maximumDepth))
      case 5: try enumeration(try value.bytes, scope)
      default: break
      }
    }
  }

  /// The features in options, which are a field of them.
  private static func features(
    of options: UnsafeRawBufferPointer, _ field: UInt32
  ) throws(ProtobufSchemaFailure) -> Features {
    var features = Features()
    try forEachField(options) { (number, value) throws(ProtobufSchemaFailure) in
      guard number == field else { return }
      try forEachField(try value.bytes) { (number, value) throws(ProtobufSchemaFailure) in
        if number == 1 { features.presence = try value.number }
        if number == 5 { features.encoding = try value.number }
      }
    }
    return features
  }

  private mutating func message(
    _ bytes: UnsafeRawBufferPointer, _ scope: String, _ features: Features, _ depth: Int
  ) throws(ProtobufSchemaFailure) -> Int {
    guard depth > 0 else {
      throw ProtobufSchemaFailure("has more than \(Self.maximumDepth) messages within each other")
    }
    var message = Message(features: features)
    try Self.forEachField(bytes) { (number, value) throws(ProtobufSchemaFailure) in
      switch number {
      case 1: message.name = scope + (try value.text)
      case 7:
        let options = try value.bytes
        message.features = try Self.features(of: options, 12).over(message.features)
        try Self.forEachField(options) { (number, value) throws(ProtobufSchemaFailure) in
          if number == 7 { message.isMapEntry = try value.number != 0 }
        }
      default: break
      }
    }
    guard message.name.utf8.count <= Self.maximumNameBytes else { throw Self.longName }
    guard messages.count < Self.maximumTypes else {
      throw ProtobufSchemaFailure("has more than \(Self.maximumTypes) messages")
    }
    let place = messages.count
    messages.append(message)
    try Self.forEachField(bytes) { (number, value) throws(ProtobufSchemaFailure) in
      switch number {
      case 2: message.fields.append(try field(try value.bytes))
      case 3: message.nested.append(try self.message(try value.bytes, message.name + ".", message.features, depth - 1))
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
      case 8: field.features = try Self.features(of: value.bytes, 21).over(field.features)
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
