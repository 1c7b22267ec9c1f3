/// Finds the types that the fields of descriptors name.
struct ProtobufResolver {
  private enum Named { case message(Int), enumeration(Int) }

  let descriptors: ProtobufDescriptors
  private(set) var messages: [ProtobufSchema.Message] = []
  private(set) var enumerations: [ProtobufSchema.Enumeration] = []
  private var names: [String: Named] = [:]

  /// The scalars of the wrapper messages.
  private static let wrapped: [String: ProtobufSchema.Code] = [
    "Double": .double, "Float": .float, "Int64": .int64, "UInt64": .uint64, "Int32": .int32, "UInt32": .uint32,
    "Bool": .bool, "String": .string, "Bytes": .bytes,
  ]

  init(_ descriptors: ProtobufDescriptors) { self.descriptors = descriptors }

  var elementCount: Int {
    messages.reduce(enumerations.reduce(0) { $0 + 1 + $1.values.count }) { $0 + 1 + $1.fields.count }
  }

  mutating func resolve() throws(ProtobufSchemaFailure) {
    for (i, message) in descriptors.messages.enumerated() {
      guard names.updateValue(.message(i), forKey: message.name) == nil else {
        throw ProtobufSchemaFailure("defines \(message.name) twice")
      }
    }
    for (i, enumeration) in descriptors.enumerations.enumerated() {
      guard names.updateValue(.enumeration(i), forKey: enumeration.name) == nil else {
        throw ProtobufSchemaFailure("defines \(enumeration.name) twice")
      }
      var seen: Set<Int32> = []
      let values = enumeration.values.filter { seen.insert($0.number).inserted }.sorted { $0.number < $1.number }
      enumerations.append(.init(values: values))
    }
    messages = descriptors.messages.map { .init(name: $0.name, fields: [], nested: $0.nested) }
    for (i, message) in descriptors.messages.enumerated() {
      var fields: [ProtobufSchema.Field] = []
      for field in message.fields {
        if let made = try self.field(field, of: message) { fields.append(made) }
      }
      fields.sort { $0.number < $1.number }
      for (one, two) in zip(fields, fields.dropFirst()) where one.number == two.number {
        throw ProtobufSchemaFailure("gives the fields \(one.name) and \(two.name) of \(message.name) one number")
      }
      messages[i].fields = fields
      // What it wraps is read in place of it, so it must not be itself.
      if let wrapped = Self.wrappedCode(message.name),
        !fields.contains(where: { $0.number == 1 && $0.shape == .single && $0.code == wrapped })
      {
        throw ProtobufSchemaFailure(
          "defines \(message.name), which is a name of Google's, without its field value; give it another name")
      }
    }
  }

  /// nil for a group, which is passed over.
  private mutating func field(
    _ field: ProtobufDescriptors.Field, of message: ProtobufDescriptors.Message
  ) throws(ProtobufSchemaFailure) -> ProtobufSchema.Field? {
    let place = "\(message.name).\(field.name)"
    guard !field.name.isEmpty, (1...536_870_911).contains(field.number), (1...3).contains(field.label) else {
      throw ProtobufSchemaFailure("has the field \(place) without a name, number or label; make it again with protoc")
    }
    guard field.type != 10 else { return nil }
    var (code, node) = (ProtobufSchema.Code.message, 0)
    if let scalar = Self.scalars[field.type] {
      code = scalar
    } else {
      switch try type(field.typeName, from: message.name, isEnumeration: field.type == 14, place) {
      case .message(let found):
        node = found
        code = Self.code(of: messages[found].name)
      case .enumeration(let found): (code, node) = (.symbols, found)
      }
    }
    let isRepeated = field.label == 3
    let isMap =
      isRepeated && code == .message && descriptors.messages.indices.contains(node)
      && descriptors.messages[node].isMapEntry
    let features = field.features.over(message.features)
    if features.encoding == 2, code.isMessage, !isMap { return nil }
    // Each field of proto3 that is optional has a oneof of its own.
    let isOneOf = field.oneof != nil && !field.isOptional
    return .init(
      name: field.name, jsonName: field.jsonName.isEmpty ? Self.jsonName(field.name) : field.jsonName,
      number: UInt32(field.number), code: code, shape: isMap ? .map : isRepeated ? .repeated : .single, node: node,
      hasPresence: features.presence != 2 || field.isOptional || isOneOf || code.isMessage,
      initial: isRepeated ? nil : field.initial, oneof: isOneOf ? Int(clamping: field.oneof ?? 0) : -1)
  }

  private static let scalars: [UInt64: ProtobufSchema.Code] = [
    1: .double, 2: .float, 3: .int64, 4: .uint64, 5: .int32, 6: .fixed64, 7: .fixed32, 8: .bool, 9: .string, 12: .bytes,
    13: .uint32, 15: .sfixed32, 16: .sfixed64, 17: .sint32, 18: .sint64,
  ]

  private static func code(of name: String) -> ProtobufSchema.Code {
    if name == "google.protobuf.Timestamp" { return .timestamp }
    return wrappedCode(name) == nil ? .message : .wrapper
  }

  private static func wrappedCode(_ name: String) -> ProtobufSchema.Code? {
    guard name.hasPrefix("google.protobuf."), name.hasSuffix("Value") else { return nil }
    return wrapped[String(name.dropFirst(16).dropLast(5))]
  }

  /// As descriptors without names in JSON mean it.
  private static func jsonName(_ name: String) -> String {
    var result = ""
    var isUpper = false
    for character in name {
      if character == "_" {
        isUpper = true
      } else {
        result += isUpper ? character.uppercased() : String(character)
        isUpper = false
      }
    }
    return result
  }

  /// A name that begins with a dot is whole; another is looked for from its message outwards, as registries write it.
  private mutating func type(
    _ name: String, from message: String, isEnumeration: Bool, _ place: String
  ) throws(ProtobufSchemaFailure) -> Named {
    if name.hasPrefix(".") {
      let full = String(name.dropFirst())
      if let known = names[full] ?? wellKnown(full, isEnumeration) { return known }
    } else if !name.isEmpty {
      var scope = Substring(message)
      while !scope.isEmpty {
        if let known = names["\(scope).\(name)"] { return known }
        scope = scope.lastIndex(of: ".").map { scope[..<$0] } ?? ""
      }
      if let known = names[name] ?? wellKnown(name, isEnumeration) { return known }
    }
    throw ProtobufSchemaFailure(
      "names the type \(name) at \(place), which it does not define; make it with protoc --include_imports")
  }

  /// Messages that every reader knows: registries leave them out.
  private mutating func wellKnown(_ name: String, _ isEnumeration: Bool) -> Named? {
    func field(_ name: String, _ number: UInt32, _ code: ProtobufSchema.Code) -> ProtobufSchema.Field {
      .init(
        name: name, jsonName: name, number: number, code: code, shape: .single, node: 0, hasPresence: false, oneof: -1)
    }
    let fields: [ProtobufSchema.Field]
    switch name {
    case "google.protobuf.Timestamp", "google.protobuf.Duration":
      fields = [field("seconds", 1, .int64), field("nanos", 2, .int32)]
    case _ where Self.wrappedCode(name) != nil: fields = Self.wrappedCode(name).map { [field("value", 1, $0)] } ?? []
    case "google.protobuf.Any": fields = [field("type_url", 1, .string), field("value", 2, .bytes)]
    case _ where !["google.protobuf.", "google.type.", "confluent.type."].contains(where: name.hasPrefix): return nil
    case _ where isEnumeration || name == "google.protobuf.NullValue":
      enumerations.append(.init(values: name == "google.protobuf.NullValue" ? [(0, "NULL_VALUE")] : []))
      names[name] = .enumeration(enumerations.count - 1)
      return names[name]
    // Nothing within them is read.
    default: fields = []
    }
    messages.append(.init(name: name, fields: fields, nested: []))
    names[name] = .message(messages.count - 1)
    return names[name]
  }
}
