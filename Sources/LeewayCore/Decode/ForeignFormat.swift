/// A format that messages are in where JSON is expected, known by its first bytes.
package enum ForeignFormat: Hashable, Sendable {
  /// A zero byte and the schema's id, as the serializers of a schema registry write it, before Avro or Protobuf.
  case registry(schema: UInt32)
  /// The same before JSON.
  case registryJSON(schema: UInt32)
  /// An Avro object container file.
  case avroFile
  /// Avro's encoding of a single object, with the schema's fingerprint.
  case avroObject
  case gzip
  case parquet
  /// Text of two bytes a character.
  case utf16

  /// nil for what is none of them.
  init?(_ bytes: UnsafeRawBufferPointer) {
    func begins(_ first: [UInt8]) -> Bool { bytes.starts(with: first) }
    // A byte-order mark, or a brace of two bytes on either side of which JSON goes on.
    if begins([0xFF, 0xFE]) || begins([0xFE, 0xFF]) || begins([0x00, 0x7B, 0x00]) || begins([0x7B, 0x00]) {
      self = .utf16
    } else if bytes.count > 5, bytes[0] == 0 {
      let schema = bytes[1...4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      self = bytes[5] == UInt8(ascii: "{") ? .registryJSON(schema: schema) : .registry(schema: schema)
    } else if begins(Array("Obj".utf8) + [1]) {
      self = .avroFile
    } else if begins([0xC3, 0x01]), bytes.count >= 10 {
      self = .avroObject
    } else if begins([0x1F, 0x8B]) {
      self = .gzip
    } else if begins(Array("PAR1".utf8)) {
      self = .parquet
    } else {
      return nil
    }
  }

  /// A short, stable word.
  var code: String {
    switch self {
    case .registry, .avroFile, .avroObject: "avro"
    case .registryJSON: "registry_json"
    case .gzip: "gzip"
    case .parquet: "parquet"
    case .utf16: "utf16"
    }
  }

  /// All the words that `code` may be.
  package static let codes: Set<String> = ["avro", "registry_json", "gzip", "parquet", "utf16"]

  var reason: String {
    switch self {
    case .registry(let schema):
      "the message has the header of a schema registry (schema \(schema)) and is not JSON; if it is Avro or Protobuf, set format: avro or format: protobuf"
    case .registryJSON(let schema):
      "the message has the header of a schema registry (schema \(schema)) before its JSON; produce JSON without it"
    case .avroFile: "this is an Avro file and not JSON; write its records as JSON, one a line"
    case .avroObject: "the message is Avro (single object encoding) and not JSON; produce JSON"
    case .gzip: "the message is compressed with gzip and not JSON; let Kafka compress it, or name a file .gz"
    case .parquet: "this is a Parquet file and not JSON; write its rows as JSON, one a line"
    case .utf16: "the text is UTF-16; write it as UTF-8"
    }
  }
}
