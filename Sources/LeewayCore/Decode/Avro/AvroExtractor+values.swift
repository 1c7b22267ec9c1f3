internal import CSimdjson

/// Single values, as the writer's schema has them.
extension AvroExtractor {
  func scalar(_ step: AvroPlan.Step, _ cursor: inout AvroCursor) throws(DecodeFailure) -> leeway_value {
    var value = leeway_value()
    switch step.code {
    case .null: value.kind = FieldKind.null.rawValue
    case .boolean:
      let byte = try cursor.byte()
      guard byte <= 1 else { throw .notOfSchema("has \(byte) for a boolean") }
      value.kind = byte == 1 ? FieldKind.true.rawValue : FieldKind.false.rawValue
    case .int, .long:
      value.kind = FieldKind.int64.rawValue
      value.int64 = try cursor.long()
    case .float:
      let bits = UInt32(littleEndian: try cursor.load(UInt32.self))
      set(Double(Float(bitPattern: bits)), &value)
    case .double: set(Double(bitPattern: UInt64(littleEndian: try cursor.load(UInt64.self))), &value)
    case .string:
      let bytes = try cursor.bytes()
      guard leeway_is_utf8(bytes.baseAddress, bytes.count) else { throw .badUTF8 }
      set(bytes, &value)
    case .bytes, .fixed:
      let bytes = try step.code == .bytes ? cursor.bytes() : cursor.take(step.size)
      value = FieldValue(bytes: bytes).value
    case .symbols:
      let index = try cursor.long()
      guard index >= 0, index < Int64(step.symbols.count) else {
        throw .notOfSchema("has symbol \(index) of an enum of \(step.symbols.count)")
      }
      set(current.plan.symbols.texts[step.symbols.lowerBound + Int(index)], &value)
    case .uuid:
      let bytes = try cursor.take(16)
      scratch.removeAll(keepingCapacity: true)
      for (i, byte) in bytes.enumerated() {
        if i == 4 || i == 6 || i == 8 || i == 10 { scratch.append(UInt8(ascii: "-")) }
        for digit in [byte >> 4, byte & 15] { scratch.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
      }
      set(texts.keep(scratch), &value)
    case .decimal:
      let bytes = try step.size < 0 ? cursor.bytes() : cursor.take(step.size)
      guard let text = decimal(bytes, step.scale), leeway_decimal(text.baseAddress, text.count, &value.number) else {
        return FieldValue.unusable.value
      }
      value.kind = FieldKind.double.rawValue
      value.text = text.baseAddress?.assumingMemoryBound(to: CChar.self)
      value.length = UInt32(text.count)
    case .record, .array, .map, .union: preconditionFailure("no scalar")
    }
    return value
  }

  /// NaN is how many writers say that there is no value.
  @inline(__always) private func set(_ number: Double, _ value: inout leeway_value) {
    value.kind =
      number.isFinite
      ? FieldKind.double.rawValue : number.isNaN ? FieldKind.null.rawValue : FieldKind.overflow.rawValue
    value.number = number
  }

  @inline(__always) private func set(_ text: UnsafeRawBufferPointer, _ value: inout leeway_value) {
    value.kind = FieldKind.string.rawValue
    value.length = UInt32(text.count)
    value.text = text.baseAddress?.assumingMemoryBound(to: CChar.self)
  }

  /// The digits of a number in two's complement, most significant byte first; nil beyond 128 bits.
  private func decimal(_ bytes: UnsafeRawBufferPointer, _ scale: Int) -> UnsafeRawBufferPointer? {
    guard (1...16).contains(bytes.count) else { return nil }
    var unscaled: Int128 = bytes[0] >= 0x80 ? -1 : 0
    for byte in bytes { unscaled = unscaled << 8 | Int128(byte) }
    var rest = unscaled.magnitude
    scratch.removeAll(keepingCapacity: true)
    // From the last digit to the first.
    repeat {
      scratch.append(0x30 + UInt8(rest % 10))
      rest /= 10
      if scratch.count == scale { scratch.append(UInt8(ascii: ".")) }
    } while rest > 0 || (scale > 0 && scratch.count <= scale + 1)
    if unscaled < 0 { scratch.append(UInt8(ascii: "-")) }
    scratch.reverse()
    return texts.keep(scratch)
  }
}
