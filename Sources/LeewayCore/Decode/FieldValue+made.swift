internal import CSimdjson

/// Values that are in no parsed text.
extension FieldValue {
  package static var absent: FieldValue { FieldValue(leeway_value()) }
  package static var null: FieldValue { FieldValue(kind: .null) }
  /// What nothing can use: an array without elements.
  static var unusable: FieldValue { FieldValue(kind: .array) }

  private init(kind: FieldKind) {
    var value = leeway_value()
    value.kind = kind.rawValue
    self.init(value)
  }

  package init(int64: Int64) {
    var value = leeway_value()
    value.kind = FieldKind.int64.rawValue
    value.int64 = int64
    self.init(value)
  }

  /// - Precondition: finite.
  package init(number: Double) {
    var value = leeway_value()
    value.kind = FieldKind.double.rawValue
    value.number = number
    self.init(value)
  }

  /// Text, without a copy; ``unusable`` where the bytes are not UTF-8.
  package init(bytes: UnsafeRawBufferPointer) {
    guard bytes.count <= Int(UInt32.max), leeway_is_utf8(bytes.baseAddress, bytes.count) else {
      self = .unusable
      return
    }
    var value = leeway_value()
    value.kind = FieldKind.string.rawValue
    value.length = UInt32(bytes.count)
    value.text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
    self.init(value)
  }

  /// The value as a number; nil unless it is a finite number, or text that is one and `lenient`.
  @inline(__always) package func number(lenient: Bool) -> Double? {
    if let double { return double }
    return lenient ? text.flatMap(Self.number(fromText:)) : nil
  }

  /// A decimal number as in JSON, with a plus, zeros before it or a bare point too, of at most 64 bytes: `12`, `-0.5`, `+1e3`.
  static func number(fromText text: UnsafeRawBufferPointer) -> Double? {
    var number = 0.0
    return leeway_decimal(text.baseAddress, text.count, &number) ? number : nil
  }
}
