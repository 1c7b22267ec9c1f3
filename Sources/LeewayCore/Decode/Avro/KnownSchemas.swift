/// What is known of the schemas of a registry, by their number: a copy that extractors decode by.
package struct KnownSchemas: Sendable, Equatable {
  package enum Entry: Sendable, Equatable {
    case schema(AvroSchema)
    /// Why every message of the schema is refused.
    case refused(DecodeFailure)
  }

  /// Length of the texts of all schemas together; beyond that, and beyond ``AvroSchemas/maximum`` of them, all are forgotten and found
  /// again.
  static let maximumBytes = 64 << 20

  private var entries: [UInt32: Entry] = [:]
  private var bytes = 0

  package init() {}

  package var count: Int { entries.count }

  package subscript(id: UInt32) -> Entry? { entries[id] }

  /// What a number means never changes; what is known of it stays.
  package mutating func learn(_ entry: Entry, of id: UInt32) {
    guard entries[id] == nil else { return }
    let size = if case .schema(let schema) = entry { schema.byteCount } else { 0 }
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
    case .unknown: self = .refused(.unregisteredSchema(record.id))
    case .unusable(let why): self = .refused(.unusableSchema(record.id, why))
    }
  }
}

extension AvroSchemas {
  /// The number of a message's schema; nil where it has no header of a registry's serializers.
  @inline(__always)
  package static func id(of message: UnsafeRawBufferPointer) -> UInt32? {
    guard message.count >= 5, message[0] == 0 else { return nil }
    return UInt32(bigEndian: message.loadUnaligned(fromByteOffset: 1, as: UInt32.self))
  }
}
