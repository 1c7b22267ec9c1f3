/// What the messages of a stream in Protobuf are.
package struct ProtobufSchemas: Sendable, Equatable {
  package struct Known: Sendable, Equatable {
    /// Its number in a schema registry; 0 where messages have none.
    package var id: UInt32
    package var schema: ProtobufSchema
  }

  /// By ascending id; at least one, unless a registry has them.
  package let all: [Known]
  /// The full name of the message that all are; nil where each says which it is.
  package let message: String?
  /// Whether schemas are asked for by their id as messages come.
  package let isOfRegistry: Bool

  /// Whether a message begins with its schema's id, and with which message of the schema it is.
  package var isFramed: Bool { message == nil }

  /// Messages of one name, without anything before them; nil if the schema has no such message.
  package init?(plain schema: ProtobufSchema, message: String) {
    guard schema.message(named: message) != nil else { return nil }
    all = [Known(id: 0, schema: schema)]
    self.message = message
    isOfRegistry = false
  }

  /// Messages with the header of a schema registry's serializers.
  ///
  /// - Precondition: there are some.
  package init(framed schemas: [UInt32: ProtobufSchema]) {
    precondition(!schemas.isEmpty)
    all = schemas.sorted { $0.key < $1.key }.map { Known(id: $0.key, schema: $0.value) }
    message = nil
    isOfRegistry = false
  }

  private init() {
    all = []
    message = nil
    isOfRegistry = true
  }

  /// Messages with that header, whose schemas the service's registry has.
  package static let registry = ProtobufSchemas()

  /// What is in a generation's name; see ``AvroSchemas/text``.
  var text: String {
    if isOfRegistry { return "protobuf registry" }
    return "protobuf "
      + (message.map { "\($0) \(all[0].schema.identity)" }
        ?? all.map { "\($0.id):\($0.schema.identity)" }.joined(separator: " "))
  }
}

extension ProtobufSchemas {
  /// A type that a path may lead to: a message's place, or a field, which has one value, or many.
  enum Place {
    case message(Int)
    case value(ProtobufSchema.Field)
    case many(ProtobufSchema.Field)
  }

  /// Whether a path leads to a value in some schema, or may.
  package func lead(_ path: FieldPath, rows: FieldPath?) -> Bool {
    if isOfRegistry || path.root == .record { return true }
    return all.contains { !places(path, rows, $0.schema).isEmpty }
  }

  /// What the values at a path are over all schemas; empty where nothing says.
  package func kinds(at path: FieldPath, rows: FieldPath?) -> Set<MessageSchemas.Kind> {
    guard path.root != .record else { return [] }
    return all.reduce(into: []) { kinds, known in
      for place in places(path, rows, known.schema) {
        switch place {
        case .message: kinds.insert(.object)
        case .many(let field): kinds.insert(field.shape == .map ? .object : .array)
        case .value(let field): kinds.insert(kind(field, known.schema))
        }
      }
    }
  }

  /// The first key of a path that leads to nothing, and the fields of the messages that it is looked for in.
  package func missing(_ path: FieldPath, rows: FieldPath?) -> (key: String, names: [String])? {
    guard let schema = all.last?.schema else { return nil }
    let start = (path.root == .row ? rows.map { $0.steps + [.each] } : nil) ?? []
    var places = roots(schema)
    for step in start + path.steps {
      let next = places.flatMap { follow($0, step, schema) }
      if next.isEmpty {
        guard case .key(let key) = step else { return nil }
        return (key, places.compactMap(message).flatMap { schema.messages[$0].fields.map(\.name) })
      }
      places = next
    }
    return nil
  }

  private func places(_ path: FieldPath, _ rows: FieldPath?, _ schema: ProtobufSchema) -> [Place] {
    let start = (path.root == .row ? rows.map { $0.steps + [.each] } : nil) ?? []
    return (start + path.steps).reduce(roots(schema)) { places, step in places.flatMap { follow($0, step, schema) } }
  }

  /// Any message of the last file may be meant where messages say which they are.
  private func roots(_ schema: ProtobufSchema) -> [Place] {
    if let message { return schema.message(named: message).map { [.message($0)] } ?? [] }
    var found: [Int] = []
    var rest = schema.outermost
    while let next = rest.popLast() {
      found.append(next)
      rest += schema.messages[next].nested
    }
    return found.map { .message($0) }
  }

  private func message(_ place: Place) -> Int? {
    switch place {
    case .message(let message): message
    case .value(let field): field.code == .message || field.code == .timestamp ? field.node : nil
    case .many: nil
    }
  }

  private func follow(_ place: Place, _ step: FieldPath.Step, _ schema: ProtobufSchema) -> [Place] {
    switch (place, step) {
    case (.many(let field), .index) where field.shape == .repeated,
      (.many(let field), .each) where field.shape == .repeated:
      return [.value(field)]
    case (.many(let field), .key) where field.shape == .map:
      return schema.messages[field.node].fields.first { $0.number == 2 }.map { [.value($0)] } ?? []
    case (_, .key(let key)):
      guard let message = message(place), let field = schema.field(key, of: message) else { return [] }
      return [field.shape == .single ? .value(field) : .many(field)]
    default: return []
    }
  }

  private func kind(_ field: ProtobufSchema.Field, _ schema: ProtobufSchema) -> MessageSchemas.Kind {
    switch field.code {
    case .bool: .boolean
    case .string, .bytes, .symbols, .timestamp: .text
    case .message: .object
    case .wrapper: schema.messages[field.node].fields.first.map { kind($0, schema) } ?? .object
    default: .number
    }
  }
}
