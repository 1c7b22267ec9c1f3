internal import CSimdjson

/// What a value is, by the kinds that JSON has. Every format says its own kinds by these.
package enum FieldKind: UInt32, Sendable {
  /// The message has no such field.
  case absent = 0
  case null = 1
  case `false` = 2
  case `true` = 3
  /// An integer from −2^63 to 2^63 − 1.
  case int64 = 4
  /// An integer from 2^63 to 2^64 − 1.
  case uint64 = 5
  /// A number with a fraction or an exponent, or an integer beyond 64 bits. Finite.
  case double = 6
  case string = 7
  case array = 8
  case object = 9
  /// A number beyond the range of Double, as `1e999`: no value of a number, but a key or category like any other.
  case overflow = 10
}

/// One value of a decoded message, whatever its format, without a copy. It is valid until the extractor's next message.
package struct FieldValue {
  let value: leeway_value

  @inline(__always) init(_ value: leeway_value) { self.value = value }

  /// What the value is.
  @inline(__always) package var kind: FieldKind { FieldKind(rawValue: value.kind) ?? .absent }

  /// The value as a number, integers rounded to the nearest Double; nil unless it is a finite number.
  @inline(__always) package var double: Double? {
    switch kind {
    case .double: value.number
    case .int64: Double(value.int64)
    case .uint64: Double(value.uint64)
    default: nil
    }
  }

  /// The value as an integer; nil unless it is written as one and is at most 2^63 − 1.
  @inline(__always) package var int64: Int64? { kind == .int64 ? value.int64 : nil }

  /// The value as an integer of 64 bits without sign; nil unless it is written as one and is at least 0.
  @inline(__always) package var uint64: UInt64? {
    switch kind {
    case .uint64: value.uint64
    case .int64: UInt64(exactly: value.int64)
    default: nil
    }
  }

  /// The value as a truth value; nil unless it is `true` or `false`.
  @inline(__always) package var bool: Bool? {
    switch kind {
    case .true: true
    case .false: false
    default: nil
    }
  }

  /// A string's UTF-8 with its escapes resolved; nil unless the value is a string.
  @inline(__always) package var text: UnsafeRawBufferPointer? {
    kind == .string ? UnsafeRawBufferPointer(start: value.text, count: Int(value.length)) : nil
  }
}
