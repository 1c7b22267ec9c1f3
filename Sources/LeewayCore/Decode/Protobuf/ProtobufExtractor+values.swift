internal import CSimdjson

/// Single values as every format says them.
extension ProtobufExtractor {
  /// Reads a value that is no message, where its tag has been read.
  @inline(__always)
  func scalar(
    _ code: ProtobufSchema.Code, _ node: Int, _ cursor: inout ProtobufCursor
  ) throws(DecodeFailure) -> leeway_value {
    switch code {
    case .double: return Self.number(Double(bitPattern: UInt64(littleEndian: try cursor.load(UInt64.self))))
    case .float: return Self.number(Double(Float(bitPattern: UInt32(littleEndian: try cursor.load(UInt32.self)))))
    case .int32: return Self.integer(Int64(Int32(truncatingIfNeeded: try cursor.varint())))
    case .int64: return Self.integer(Int64(bitPattern: try cursor.varint()))
    case .uint32: return Self.integer(Int64(UInt32(truncatingIfNeeded: try cursor.varint())))
    case .uint64: return Self.integer(try cursor.varint())
    case .sint32: return Self.integer(UInt64(UInt32(truncatingIfNeeded: try cursor.varint())).zigzag)
    case .sint64: return Self.integer(try cursor.varint().zigzag)
    case .fixed32: return Self.integer(Int64(UInt32(littleEndian: try cursor.load(UInt32.self))))
    case .fixed64: return Self.integer(UInt64(littleEndian: try cursor.load(UInt64.self)))
    case .sfixed32: return Self.integer(Int64(Int32(littleEndian: try cursor.load(Int32.self))))
    case .sfixed64: return Self.integer(Int64(littleEndian: try cursor.load(Int64.self)))
    case .bool:
      var value = leeway_value()
      value.kind = try cursor.varint() == 0 ? FieldKind.false.rawValue : FieldKind.true.rawValue
      return value
    case .string:
      let bytes = try cursor.bytes()
      let value = FieldValue(bytes: bytes)
      guard value.kind == .string else { throw .badUTF8 }
      return value.value
    case .bytes: return FieldValue(bytes: try cursor.bytes()).value
    case .symbols:
      let number = Int64(Int32(truncatingIfNeeded: try cursor.varint()))
      guard let name = at.types.symbol(number, in: node) else { return Self.integer(number) }
      return FieldValue(bytes: name).value
    case .message, .timestamp, .wrapper: return try value(code, node, try cursor.bytes())
    }
  }

  /// A message as a value: an object, a time as text, or what a wrapper wraps.
  func value(
    _ code: ProtobufSchema.Code, _ node: Int, _ bytes: UnsafeRawBufferPointer
  ) throws(DecodeFailure) -> leeway_value {
    switch code {
    case .timestamp: return try timestamp(bytes)
    case .wrapper:
      guard let place = at.types.field(1, in: node) else { return FieldValue.null.value }
      let inner = at.types.fields[place]
      // A wrapper that is there has a value, whatever its field tells.
      var found = inner.initial
      var cursor = ProtobufCursor(bytes)
      while !cursor.isAtEnd {
        let (number, wire) = try cursor.tag()
        if number == 1, wire == inner.wire {
          found = try scalar(inner.code, inner.node, &cursor)
        } else {
          try cursor.skip(wire, number)
        }
      }
      return found
    default: return Self.container(.message, node, bytes)
    }
  }

  /// As the JSON of Protobuf has it: RFC 3339 in UTC with 0, 3, 6 or 9 digits behind the second.
  private func timestamp(_ bytes: UnsafeRawBufferPointer) throws(DecodeFailure) -> leeway_value {
    var (seconds, nanos) = (Int64(0), Int64(0))
    var cursor = ProtobufCursor(bytes)
    while !cursor.isAtEnd {
      switch try cursor.tag() {
      case (1, .varint): seconds = Int64(bitPattern: try cursor.varint())
      case (2, .varint): nanos = Int64(Int32(truncatingIfNeeded: try cursor.varint()))
      case (let number, let wire): try cursor.skip(wire, number)
      }
    }
    // The years 0001 to 9999.
    guard (-62_135_596_800...253_402_300_799).contains(seconds), (0..<1_000_000_000).contains(nanos) else {
      return FieldValue.unusable.value
    }
    scratch.removeAll(keepingCapacity: true)
    EventTime(milliseconds: seconds * 1000 + nanos / 1_000_000).appendText(to: &scratch)
    // It ends with three digits and a Z.
    if nanos == 0 {
      scratch.removeLast(5)
    } else {
      scratch.removeLast()
      var rest = nanos % 1_000_000
      if rest > 0 {
        var unit: Int64 = 100_000
        while unit > 0 {
          scratch.append(0x30 + UInt8(rest / unit))
          rest %= unit
          if rest == 0, unit == 1000 { break }
          unit /= 10
        }
      }
    }
    scratch.append(UInt8(ascii: "Z"))
    return FieldValue(bytes: texts.keep(scratch)).value
  }

  @inline(__always) static func integer(_ value: Int64) -> leeway_value { FieldValue(int64: value).value }

  @inline(__always) static func integer(_ number: UInt64) -> leeway_value {
    if let small = Int64(exactly: number) { return integer(small) }
    var value = leeway_value()
    value.kind = FieldKind.uint64.rawValue
    value.uint64 = number
    return value
  }

  /// NaN is how many writers say that there is no value.
  @inline(__always) static func number(_ number: Double) -> leeway_value {
    var value = leeway_value()
    value.kind =
      number.isFinite
      ? FieldKind.double.rawValue : number.isNaN ? FieldKind.null.rawValue : FieldKind.overflow.rawValue
    value.number = number
    return value
  }
}
