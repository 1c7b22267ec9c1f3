/// The schemas that messages of a stream are in, of a format that has such.
package enum MessageSchemas: Sendable, Equatable {
  case avro(AvroSchemas)
  case protobuf(ProtobufSchemas)

  /// What a value can be, as far as readers of fields tell it apart.
  package enum Kind: String, Sendable { case number, text, boolean, object, array }

  /// Whether schemas are asked for by their id as messages come.
  package var isOfRegistry: Bool {
    switch self {
    case .avro(let schemas): schemas.isOfRegistry
    case .protobuf(let schemas): schemas.isOfRegistry
    }
  }

  /// How many there are; none are known beforehand where a registry has them.
  package var count: Int {
    switch self {
    case .avro(let schemas): schemas.all.count
    case .protobuf(let schemas): schemas.all.count
    }
  }

  /// What is in a generation's name.
  var text: String {
    switch self {
    case .avro(let schemas): schemas.text
    case .protobuf(let schemas): schemas.text
    }
  }

  /// Whether a path leads to a type in some schema, or may.
  package func lead(_ path: FieldPath, rows: FieldPath?) -> Bool {
    switch self {
    case .avro(let schemas): schemas.lead(path, rows: rows)
    case .protobuf(let schemas): schemas.lead(path, rows: rows)
    }
  }

  /// The key at which a path that leads to nothing goes wrong, and the names that are there.
  package func missing(_ path: FieldPath, rows: FieldPath?) -> (key: String, names: [String])? {
    switch self {
    case .avro: nil
    case .protobuf(let schemas): schemas.missing(path, rows: rows)
    }
  }

  /// What the values at a path are over all schemas, nulls aside; empty where nothing says.
  package func kinds(at path: FieldPath, rows: FieldPath?) -> Set<Kind> {
    switch self {
    case .avro(let schemas): schemas.kinds(at: path, rows: rows)
    case .protobuf(let schemas): schemas.kinds(at: path, rows: rows)
    }
  }
}
