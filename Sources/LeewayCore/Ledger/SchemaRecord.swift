/// What a schema registry has said of an id, kept for all instances. It never changes.
package struct SchemaRecord: Sendable, Equatable {
  package enum Content: Sendable, Equatable {
    /// The text of an Avro schema, as the registry has it.
    case avro([UInt8])
    /// A `FileDescriptorSet`: what the schema refers to, and the schema last.
    case protobuf([UInt8])
    /// The registry did not know it for as long as is waited.
    case unknown
    /// It is there and cannot be read: why.
    case unusable(String)
  }

  /// Which registry; see `schema_registry.name`.
  package var registry: String
  package var id: SchemaID
  package var content: Content

  package init(registry: String, id: SchemaID, content: Content) {
    self.registry = registry
    self.id = id
    self.content = content
  }
}

extension SchemaRecord.Content {
  /// As the ledger stores it.
  package var stored: (kind: String, text: [UInt8]) {
    switch self {
    case .avro(let text): ("avro", text)
    case .protobuf(let bytes): ("protobuf", bytes)
    case .unknown: ("unknown", [])
    case .unusable(let why): ("unusable", Array(why.utf8))
    }
  }

  /// nil for a kind that a newer program has written.
  package init?(kind: String, text: [UInt8]) {
    switch kind {
    case "avro": self = .avro(text)
    case "protobuf": self = .protobuf(text)
    case "unknown": self = .unknown
    case "unusable": self = .unusable(String(decoding: text, as: UTF8.self))
    default: return nil
    }
  }
}
