/// The headers of a Kafka record. They are looked at only where a monitor asks for one.
package struct RecordHeaders {
  /// Finds the last header of a name, which ends with a zero byte, in what `record` points at. nil if there is none; a count of −1 if
  /// its value is null.
  package typealias Find =
    @convention(c) (UnsafeRawPointer, UnsafePointer<CChar>, UnsafeMutablePointer<Int>)
    -> UnsafeRawPointer?

  private let record: UnsafeRawPointer
  private let find: Find

  /// - Parameter record: must stay what it is while the message is taken.
  package init(record: UnsafeRawPointer, find: @escaping Find) {
    self.record = record
    self.find = find
  }

  /// The bytes of the last header of a name; nil if there is none, or its value is null.
  package func bytes(_ name: StaticString) -> UnsafeRawBufferPointer? {
    name.withUTF8Buffer { name in
      name.withMemoryRebound(to: CChar.self) { name in
        var count = 0
        // The text of a literal ends with a zero byte.
        guard let name = name.baseAddress, let start = find(record, name, &count), count >= 0 else { return nil }
        return UnsafeRawBufferPointer(start: start, count: count)
      }
    }
  }

  /// The last header of a name as a field: text, null, absent, or no usable value where its bytes are not UTF-8.
  package func value(_ name: UnsafePointer<CChar>) -> FieldValue {
    var count = 0
    guard let start = find(record, name, &count) else { return .absent }
    return count < 0 ? .null : FieldValue(bytes: UnsafeRawBufferPointer(start: start, count: count))
  }
}

/// The fields of a plan that are of the record around a message, and of no part of its value: they fill their slots after the
/// message has been read.
package struct RecordFields {
  private var timestamps: [Int] = []
  private var keys: [Int] = []
  /// Names end with a zero byte.
  private var headers: [(slot: Int, name: [CChar])] = []
  package let isEmpty: Bool

  /// - Parameter fields: of a plan, each the slot of its index.
  package init(_ fields: [FieldPath]) {
    for (slot, field) in fields.enumerated() {
      switch field.recordField {
      case .timestamp: timestamps.append(slot)
      case .key: keys.append(slot)
      case .header(let name): headers.append((slot, name.utf8CString.map { $0 }))
      case nil: continue
      }
    }
    isEmpty = timestamps.isEmpty && keys.isEmpty && headers.isEmpty
  }

  /// Puts what the record has into the slots of an extractor that has just read its value.
  package func fill(_ extractor: some MessageExtractor, from message: SourceMessage) {
    for slot in timestamps {
      extractor.put(message.recordTime.map { FieldValue(int64: $0.milliseconds) } ?? .null, slot)
    }
    for slot in keys { extractor.put(message.key.map(FieldValue.init(bytes:)) ?? .null, slot) }
    for (slot, name) in headers {
      extractor.put(
        name.withUnsafeBufferPointer { name in
          // A name ends with a zero byte, so it has an address.
          name.baseAddress.flatMap { message.headers?.value($0) } ?? .absent
        }, slot)
    }
  }
}
