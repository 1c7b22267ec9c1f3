/// Which schema of a registry: its number, or the longer id of newer serializers.
package enum SchemaID: Hashable, Sendable {
  case number(UInt32)
  /// The 16 bytes of a GUID, the first of them the highest.
  case guid(high: UInt64, low: UInt64)
}

extension SchemaID: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: UInt32) { self = .number(value) }
}

extension SchemaID: Comparable {
  /// Numbers before GUIDs.
  package static func < (a: SchemaID, b: SchemaID) -> Bool {
    switch (a, b) {
    case (.number(let a), .number(let b)): a < b
    case (.number, .guid): true
    case (.guid, .number): false
    case (.guid(let a, let x), .guid(let b, let y)): (a, x) < (b, y)
    }
  }
}

/// As a registry's addresses and the ledger have it: `17`, `83eac45f-d224-4be7-9667-724333ec318d`.
extension SchemaID: CustomStringConvertible {
  package var description: String {
    switch self {
    case .number(let number): return "\(number)"
    case .guid(let high, let low):
      let digits = Self.hex(high) + Self.hex(low)
      var text = ""
      for (i, digit) in digits.enumerated() {
        if [8, 12, 16, 20].contains(i) { text.append("-") }
        text.append(digit)
      }
      return text
    }
  }

  /// nil for what `description` never is.
  package init?(_ text: String) {
    if let number = UInt32(text) {
      self = .number(number)
    } else {
      let digits = text.filter { $0 != "-" }
      guard digits.utf8.count == 32, let high = UInt64(digits.prefix(16), radix: 16),
        let low = UInt64(digits.suffix(16), radix: 16)
      else { return nil }
      self = .guid(high: high, low: low)
    }
    guard description == text else { return nil }
  }

  private static func hex(_ bits: UInt64) -> String {
    let text = String(bits, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
}
