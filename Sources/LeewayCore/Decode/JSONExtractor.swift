internal import CSimdjson

/// Reads chosen fields of JSON objects, one message at a time, without a copy or an allocation once its buffers have
/// grown to the traffic.
///
/// An extractor belongs to one thread. What it hands out is valid until its next message.
package final class JSONExtractor {
  /// The fields, each the slot of its index. The same field may fill several slots.
  package let fields: [FieldPath]
  /// What a message may cost.
  package let limits: DecodeLimits

  let parser: OpaquePointer
  private let plan: OpaquePointer
  private let slots: UnsafeMutablePointer<leeway_value>
  private let slotCount: Int

  /// An extractor for `fields`.
  package init(fields: [FieldPath], limits: DecodeLimits = DecodeLimits()) {
    self.fields = fields
    self.limits = limits
    // LEEWAY_PATH_SEPARATOR stands between keys.
    let paths = fields.map { $0.keys.map { $0.utf8.map(CChar.init(bitPattern:)) }.joined(separator: [-1]).map(\.self) }
    let lengths = paths.map(\.count)
    let starts = paths.map { path in
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: path.count)
      copy.initialize(from: path, count: path.count)
      return UnsafePointer(copy) as UnsafePointer<CChar>?
    }
    defer { for start in starts { start?.deallocate() } }
    guard let parser = leeway_parser_create(limits.messageBytes, UInt32(limits.depth)),
      let plan = leeway_plan_create(starts, lengths, UInt32(fields.count))
    else { preconditionFailure("no memory for a JSON parser") }
    self.parser = parser
    self.plan = plan
    slotCount = fields.count
    slots = .allocate(capacity: max(fields.count, 1))
    slots.initialize(repeating: leeway_value(), count: max(fields.count, 1))
  }

  deinit {
    slots.deallocate()
    leeway_plan_destroy(plan)
    leeway_parser_destroy(parser)
  }

  /// Reads one message: a JSON object in UTF-8. Among duplicate keys the last counts; fields that the message lacks are
  /// ``JSONKind/absent``, and so are all of them after a failure.
  package func extract(_ bytes: UnsafeRawBufferPointer) throws(DecodeFailure) {
    let error = leeway_extract(parser, plan, bytes.baseAddress, bytes.count, slots)
    if error != LEEWAY_JSON_OK {
      throw ForeignFormat(bytes).map(DecodeFailure.foreign)
        ?? DecodeFailure(error, bytes: bytes.count, limits: limits)
    }
  }

  /// The value of `fields[slot]` in the last message.
  @inline(__always) package subscript(slot: Int) -> JSONScalarView {
    precondition(slot >= 0 && slot < slotCount)
    return JSONScalarView(slots[slot])
  }

  /// Calls `body` with every key (in UTF-8) and value of an object, in the text's order and with duplicates; does
  /// nothing for any other kind.
  package func forEachMember<Failure: Error>(
    of object: JSONScalarView, _ body: (UnsafeRawBufferPointer, JSONScalarView) throws(Failure) -> Void
  ) throws(Failure) {
    guard object.kind == .object else { return }
    var position = object.value.extent.first
    while position < object.value.extent.end {
      var key = leeway_value()
      var value = leeway_value()
      position = leeway_json_read(parser, position, &key)
      position = leeway_json_read(parser, position, &value)
      try body(JSONScalarView(key).text ?? UnsafeRawBufferPointer(start: nil, count: 0), JSONScalarView(value))
    }
  }

  /// Calls `body` with every element of an array, in order; does nothing for any other kind.
  package func forEachElement<Failure: Error>(
    of array: JSONScalarView, _ body: (JSONScalarView) throws(Failure) -> Void
  ) throws(Failure) {
    guard array.kind == .array else { return }
    var position = array.value.extent.first
    while position < array.value.extent.end {
      var value = leeway_value()
      position = leeway_json_read(parser, position, &value)
      try body(JSONScalarView(value))
    }
  }

  /// A copy of a value with all that it holds; nil if it is absent or holds a number beyond the range of Double.
  package func tree(of view: JSONScalarView) -> JSONValue? { JSONValue(view.value, in: parser) }
}

extension DecodeFailure {
  init(_ error: leeway_json_error, bytes: Int, limits: DecodeLimits) {
    self =
      switch error {
      case LEEWAY_JSON_EMPTY: .empty
      case LEEWAY_JSON_TRUNCATED: .truncated
      case LEEWAY_JSON_UTF8: .badUTF8
      case LEEWAY_JSON_TOO_DEEP: .tooDeep(limit: limits.depth)
      case LEEWAY_JSON_TOO_LARGE: .tooLarge(bytes: bytes, limit: limits.messageBytes)
      case LEEWAY_JSON_NOT_AN_OBJECT: .notAnObject
      case LEEWAY_JSON_OUT_OF_MEMORY: .outOfMemory
      default: .notJSON
      }
  }
}
