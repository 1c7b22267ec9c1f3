/// How the serializers of a schema registry say which schema a message is of: in bytes before its record, or in a header of the Kafka
/// record, which then has the message's value as it is.
///
/// The bytes are a zero and the schema's number in four bytes, or a one and the 16 bytes of its GUID, the highest byte first.
package struct SchemaFrame: Equatable, Sendable {
  package var id: SchemaID
  /// Bytes of the value before the record: 5, 17, or none where a header says it.
  package var length: Int

  /// nil where neither the value's first bytes nor the header say it. A header that is there counts, whatever the value begins with.
  ///
  /// - Parameter hasIndexes: whether more may follow the id in a header: in Protobuf, which message of the schema it is.
  @inline(__always)
  package init?(_ value: UnsafeRawBufferPointer, headers: RecordHeaders?, hasIndexes: Bool = false) {
    if let header = headers?.bytes(Self.header) {
      self.init(prefixOf: header)
      guard hasIndexes || length == header.count else { return nil }
      length = 0
    } else {
      self.init(prefixOf: value)
    }
  }

  @inline(__always)
  private init?(prefixOf bytes: UnsafeRawBufferPointer) {
    if bytes.count >= 5, bytes[0] == 0 {
      id = .number(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
      length = 5
    } else if bytes.count >= 17, bytes[0] == 1 {
      id = .guid(
        high: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt64.self)),
        low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 9, as: UInt64.self)))
      length = 17
    } else {
      return nil
    }
  }

  /// What follows the id in the header of a frame whose length is 0.
  static func indexes(in headers: RecordHeaders?) -> UnsafeRawBufferPointer {
    guard let header = headers?.bytes(Self.header), let frame = SchemaFrame(prefixOf: header) else {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    return UnsafeRawBufferPointer(rebasing: header[frame.length...])
  }

  /// The name of the header.
  private static let header: StaticString = "__value_schema_id"
}
