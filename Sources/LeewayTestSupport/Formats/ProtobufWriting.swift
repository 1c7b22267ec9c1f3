/// Protobuf's wire format and descriptors, written by hand for tests.
package enum ProtobufWriting {
  /// An integer of variable length.
  package static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// An integer whose sign is in its lowest bit.
  package static func zigzag(_ value: Int64) -> [UInt8] { varint(UInt64(bitPattern: value << 1 ^ value >> 63)) }
  /// A field of the types `int32`, `int64`, `bool` or an enum.
  package static func number(_ field: UInt64, _ value: Int64) -> [UInt8] {
    varint(field << 3) + varint(UInt64(bitPattern: value))
  }
  /// A field of bytes, or a message in a field.
  package static func bytes(_ field: UInt64, _ value: [UInt8]) -> [UInt8] {
    varint(field << 3 | 2) + varint(UInt64(value.count)) + value
  }
  /// A field of text.
  package static func text(_ field: UInt64, _ value: String) -> [UInt8] { bytes(field, Array(value.utf8)) }
  /// A `double`, as it stands in a packed array.
  package static func raw(_ value: Double) -> [UInt8] {
    withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
  }
  /// A field of the type `double`.
  package static func double(_ field: UInt64, _ value: Double) -> [UInt8] { varint(field << 3 | 1) + raw(value) }

  /// A field's descriptor: types are those of `descriptor.proto`.
  package static func field(
    _ name: String, _ number: Int64, _ type: Int64, _ typeName: String? = nil, label: Int64 = 1, more: [UInt8] = []
  ) -> [UInt8] {
    bytes(
      2,
      text(1, name) + Self.number(3, number) + Self.number(4, label) + (type == 0 ? [] : Self.number(5, type))
        + (typeName.map { text(6, $0) } ?? []) + more)
  }

  /// A `DescriptorProto` of fields and other parts.
  package static func message(_ name: String, _ parts: [UInt8]...) -> [UInt8] { text(1, name) + parts.flatMap { $0 } }

  /// An `EnumDescriptorProto`.
  package static func symbols(_ name: String, _ values: [(String, Int64)]) -> [UInt8] {
    text(1, name) + values.flatMap { bytes(2, text(1, $0.0) + number(2, $0.1)) }
  }

  /// A `FileDescriptorProto`.
  package static func file(
    _ package: String = "p", syntax: String = "proto3", messages: [[UInt8]], enums: [[UInt8]] = []
  ) -> [UInt8] {
    text(1, "test.proto") + (package.isEmpty ? [] : text(2, package)) + messages.flatMap { bytes(4, $0) }
      + enums.flatMap { bytes(5, $0) } + (syntax.isEmpty ? [] : text(12, syntax))
  }

  /// A `FileDescriptorSet`.
  package static func set(_ files: [UInt8]...) -> [UInt8] { files.flatMap { bytes(1, $0) } }
}
