@testable import LeewayCore

/// Protobuf's wire format and descriptors, written by hand for tests.
enum ProtobufWriting {
  static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  static func zigzag(_ value: Int64) -> [UInt8] { varint(UInt64(bitPattern: value << 1 ^ value >> 63)) }
  static func number(_ field: UInt64, _ value: Int64) -> [UInt8] {
    varint(field << 3) + varint(UInt64(bitPattern: value))
  }
  static func bytes(_ field: UInt64, _ value: [UInt8]) -> [UInt8] {
    varint(field << 3 | 2) + varint(UInt64(value.count)) + value
  }
  static func text(_ field: UInt64, _ value: String) -> [UInt8] { bytes(field, Array(value.utf8)) }
  static func raw(_ value: Double) -> [UInt8] { withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
  static func double(_ field: UInt64, _ value: Double) -> [UInt8] { varint(field << 3 | 1) + raw(value) }

  /// A field's descriptor: types are those of `descriptor.proto`.
  static func field(
    _ name: String, _ number: Int64, _ type: Int64, _ typeName: String? = nil, label: Int64 = 1, more: [UInt8] = []
  ) -> [UInt8] {
    bytes(
      2,
      text(1, name) + Self.number(3, number) + Self.number(4, label) + (type == 0 ? [] : Self.number(5, type))
        + (typeName.map { text(6, $0) } ?? []) + more)
  }

  static func message(_ name: String, _ parts: [UInt8]...) -> [UInt8] { text(1, name) + parts.flatMap { $0 } }

  static func symbols(_ name: String, _ values: [(String, Int64)]) -> [UInt8] {
    text(1, name) + values.flatMap { bytes(2, text(1, $0.0) + number(2, $0.1)) }
  }

  /// A `FileDescriptorProto`.
  static func file(
    _ package: String = "p", syntax: String = "proto3", messages: [[UInt8]], enums: [[UInt8]] = []
  ) -> [UInt8] {
    text(1, "test.proto") + (package.isEmpty ? [] : text(2, package)) + messages.flatMap { bytes(4, $0) }
      + enums.flatMap { bytes(5, $0) } + (syntax.isEmpty ? [] : text(12, syntax))
  }

  static func set(_ files: [UInt8]...) -> [UInt8] { files.flatMap { bytes(1, $0) } }

  static func schema(_ files: [UInt8]...) throws -> ProtobufSchema {
    try ProtobufSchema(files.flatMap { bytes(1, $0) })
  }

  static func extractor(
    _ paths: [String], _ schema: ProtobufSchema, _ message: String, limits: DecodeLimits = DecodeLimits()
  ) throws -> ProtobufExtractor {
    guard let schemas = ProtobufSchemas(plain: schema, message: message) else {
      throw ProtobufSchemaFailure("has no \(message)")
    }
    return ProtobufExtractor(
      ExtractionPlan(fields: try paths.map { try FieldPath($0) }, schemas: .protobuf(schemas)), limits: limits)
  }

  /// A value as canonical JSON.
  static func shown(_ value: FieldValue, _ extractor: ProtobufExtractor) -> String {
    extractor.tree(of: value).map { String(decoding: CanonicalJSON.bytes(of: $0), as: UTF8.self) } ?? "null"
  }

  /// The values of all paths, or the code of the failure.
  static func read(_ extractor: ProtobufExtractor, _ message: [UInt8], _ count: Int) -> [String] {
    message.withUnsafeBytes { bytes in
      do throws(DecodeFailure) {
        try extractor.extract(bytes)
        return (0..<count).map { shown(extractor[$0], extractor) }
      } catch { return [error.code] }
    }
  }
}
