/// What is known of the schemas of a registry, by their id: a copy that extractors decode by.
package struct KnownSchemas: Sendable, Equatable {
  package enum Entry: Sendable, Equatable {
    case schema(AvroSchema)
    case protobuf(ProtobufSchema)
    /// Why every message of the schema is refused.
    case refused(DecodeFailure)
  }

  /// Length of the texts of all schemas together; beyond that, and beyond ``AvroSchemas/maximum`` of them, all are forgotten and found
  /// again.
  static let maximumBytes = 64 << 20

  private var entries: [SchemaID: Entry] = [:]
  private var bytes = 0

  package init() {}

  package var count: Int { entries.count }

  package subscript(id: SchemaID) -> Entry? { entries[id] }

  /// What an id means never changes; what is known of it stays.
  package mutating func learn(_ entry: Entry, of id: SchemaID) {
    guard entries[id] == nil else { return }
    let size =
      switch entry {
      case .schema(let schema): schema.byteCount
      case .protobuf(let schema): schema.byteCount
      case .refused: 0
      }
    if entries.count >= AvroSchemas.maximum || bytes + size > Self.maximumBytes { self = KnownSchemas() }
    entries[id] = entry
    bytes += size
  }
}

extension KnownSchemas.Entry {
  /// What the ledger has of a schema, read.
  package init(_ record: SchemaRecord) {
    switch record.content {
    case .avro(let text):
      do throws(AvroSchemaFailure) { self = .schema(try AvroSchema(text)) } catch {
        self = .refused(.unusableSchema(record.id, error.problem))
      }
    case .protobuf(let bytes):
      do throws(ProtobufSchemaFailure) { self = .protobuf(try ProtobufSchema(bytes)) } catch {
        self = .refused(.unusableSchema(record.id, error.problem))
      }
    case .unknown: self = .refused(.unregisteredSchema(record.id))
    case .unusable(let why): self = .refused(.unusableSchema(record.id, why))
    }
  }
}
