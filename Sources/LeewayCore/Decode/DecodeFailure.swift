/// Why a message couldn't be read. It holds nothing of the message, which may be personal.
package enum DecodeFailure: Error, Hashable, Sendable {
  /// No bytes, or only white space.
  case empty
  /// The text ends inside a string, an array or an object.
  case truncated
  /// The text isn't JSON (RFC 8259).
  case notJSON
  /// Bytes that aren't UTF-8.
  case badUTF8
  /// More objects and arrays are open at a time than the limit.
  case tooDeep(limit: Int)
  /// More bytes than the limit.
  case tooLarge(bytes: Int, limit: Int)
  /// JSON, but no object.
  case notAnObject
  /// No array of rows is where the monitor says.
  case noRows(FieldPath)
  /// An array beside the rows has another number of elements.
  case unequalRows(FieldPath)
  /// More rows than a message may have.
  case tooManyRows(Int, limit: Int)
  /// A record ends before all its fields.
  case endsWithinRecord
  /// Bytes that are no record of the schema.
  case notOfSchema(String)
  /// A message that does not begin as the serializers of a schema registry write it.
  case noSchemaID(firstByte: UInt8)
  /// A schema that the monitor does not know.
  case unknownSchema(SchemaID)
  /// A schema that the registry does not have.
  case unregisteredSchema(SchemaID)
  /// A schema that the registry has and that cannot be read, and why.
  case unusableSchema(SchemaID, String)
  /// Bytes of another format.
  case foreign(ForeignFormat)
  /// The memory for the text couldn't be had.
  case outOfMemory

  /// A short, stable word for metrics and dead letters.
  package var code: String {
    switch self {
    case .empty: "empty"
    case .truncated: "truncated"
    case .notJSON: "not_json"
    case .badUTF8: "bad_utf8"
    case .tooDeep: "too_deep"
    case .tooLarge: "too_large"
    case .notAnObject: "not_an_object"
    case .noRows: "no_rows"
    case .unequalRows: "unequal_rows"
    case .tooManyRows: "too_many_rows"
    case .endsWithinRecord: "truncated"
    case .notOfSchema: "not_of_schema"
    case .noSchemaID: "no_schema_id"
    case .unknownSchema, .unregisteredSchema: "unknown_schema"
    case .unusableSchema: "unusable_schema"
    case .foreign(let format): format.code
    case .outOfMemory: "out_of_memory"
    }
  }

  /// What is wrong and what to do, in plain English.
  package var reason: String {
    switch self {
    case .empty: "the message is empty; send one JSON object"
    case .truncated: "the message ends in the middle of its JSON; check the producer's size limits"
    case .notJSON: "the message is not JSON; NaN, Infinity, comments and trailing commas are not JSON either"
    case .badUTF8: "the message holds bytes that are not UTF-8; encode it as UTF-8"
    case .tooDeep(let limit): "the message nests objects and arrays deeper than \(limit) levels; flatten it"
    case .tooLarge(let bytes, let limit):
      "the message has \(bytes) bytes and the limit is \(limit); send less or raise the limit"
    case .notAnObject: "the message is JSON but not an object; send one object a message"
    case .noRows(let path):
      "\(path) is missing or no array, and the monitor says that it has the rows; fix the producer or rows"
    case .unequalRows(let path): "an array beside \(path) has another number of elements than it; fix the producer"
    case .tooManyRows(let count, let limit):
      "the message has \(count) rows and the limit is \(limit); send smaller messages"
    case .endsWithinRecord: "the message ends within its record; check the schema, and the producer's size limits"
    case .notOfSchema(let what): "the message \(what); it was written with another schema than the monitor's"
    case .noSchemaID(let byte):
      "the message begins with the byte \(byte) and not with its schema's id, and has none in the header __value_schema_id; write "
        + "schema: FILE where messages have no such id"
    case .unknownSchema(let id):
      "the message is of schema \(id), which is not among the monitor's schemas; add its file there"
    case .unregisteredSchema(let id):
      "the message is of schema \(id), which the schema registry does not have; register schemas before messages of them are written"
    case .unusableSchema(let id, let why): "the message is of schema \(id) of the registry, which \(why)"
    case .foreign(let format): format.reason
    case .outOfMemory: "there is no memory to parse the message; lower the message limit or add memory"
    }
  }
}

extension DecodeFailure: CustomStringConvertible {
  package var description: String { reason }
}
