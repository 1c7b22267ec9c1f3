internal import CSimdjson

/// Reads chosen fields of JSON objects, one message at a time, without a copy or an allocation once its buffers have
/// grown to the traffic.
///
/// An extractor belongs to one thread. What it hands out is valid until its next message.
package final class JSONExtractor: MessageExtractor {
  private let rows: FieldPath?
  /// How many elements a row has that is an array; 0 for any number.
  private let ordered: Int
  /// What a message may cost.
  package let limits: DecodeLimits

  let parser: OpaquePointer
  private let plan: OpaquePointer
  private let slots: UnsafeMutablePointer<leeway_value>
  private let slotCount: Int

  /// For messages that are one row.
  package convenience init(fields: [FieldPath], limits: DecodeLimits = DecodeLimits()) {
    self.init(ExtractionPlan(fields: fields), limits: limits)
  }

  package init(_ plan: ExtractionPlan, limits: DecodeLimits) {
    let fields = plan.fields
    rows = plan.rows
    ordered = plan.order.count
    self.limits = limits
    let paths = fields.map { Self.steps($0, rows: plan.rows) }
    let lengths = paths.map(\.count)
    let starts = paths.map { path in
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: path.count)
      copy.initialize(from: path, count: path.count)
      return UnsafePointer(copy) as UnsafePointer<CChar>?
    }
    defer { for start in starts { start?.deallocate() } }
    let (order, rowsPath) = (plan.order.map(UInt32.init), plan.rows)
    let fieldPlan = (rowsPath.map { Self.text($0.steps) } ?? []).withUnsafeBufferPointer { text in
      leeway_plan_create(
        starts, lengths, UInt32(fields.count), rowsPath == nil ? nil : text.baseAddress, text.count,
        order, UInt32(order.count))
    }
    guard let parser = leeway_parser_create(limits.messageBytes, UInt32(limits.depth)), let fieldPlan else {
      preconditionFailure("no memory for a JSON parser")
    }
    self.parser = parser
    self.plan = fieldPlan
    slotCount = fields.count
    slots = .allocate(capacity: max(fields.count, 1))
    slots.initialize(repeating: leeway_value(), count: max(fields.count, 1))
  }

  /// A path as the C interface takes it: from the root of a message, empty for what is no part of its value.
  private static func steps(_ field: FieldPath, rows: FieldPath?) -> [CChar] {
    switch field.root {
    case .row: text((rows.map { $0.steps + [.each] } ?? []) + field.steps)
    case .whole, .message: text(field.steps)
    case .record: []
    }
  }

  private static func text(_ steps: [FieldPath.Step]) -> [CChar] {
    // LEEWAY_PATH_SEPARATOR stands between steps, LEEWAY_PATH_INDEX and LEEWAY_PATH_EACH begin those that are no keys.
    let bytes = steps.map { step -> [UInt8] in
      switch step {
      case .key(let key): Array(key.utf8)
      case .index(let index): [0xFE] + Array("\(index)".utf8)
      case .each: [0xFD]
      }
    }
    return bytes.joined(separator: [0xFF]).map(CChar.init(bitPattern:))
  }

  deinit {
    slots.deallocate()
    leeway_plan_destroy(plan)
    leeway_parser_destroy(parser)
  }

  /// Reads one message: a JSON object in UTF-8. Among duplicate keys the last counts; fields that the message lacks are
  /// ``FieldKind/absent``, and so are all of them after a failure.
  @discardableResult
  package func extract(
    _ bytes: UnsafeRawBufferPointer, headers: RecordHeaders?
  ) throws(DecodeFailure) -> Int {
    let error = leeway_extract(parser, plan, bytes.baseAddress, bytes.count, slots)
    if error != LEEWAY_JSON_OK {
      throw ForeignFormat(bytes).map(DecodeFailure.foreign)
        ?? DecodeFailure(error, bytes: bytes.count, limits: limits)
    }
    guard let rows else { return 1 }
    let count = leeway_row_count(plan)
    if count == -1 { throw .noRows(rows) }
    if count < 0 { throw .unequalRows(rows) }
    guard count <= DecodeLimits.maximumRows else {
      throw .tooManyRows(Int(count), limit: DecodeLimits.maximumRows)
    }
    return Int(count)
  }

  package func nextRow() throws(MessageRejection) {
    var length: UInt32 = 0
    switch FieldKind(rawValue: leeway_next_row(parser, plan, slots, &length)) {
    case .object: return
    case .array:
      if ordered == 0 || length == ordered { return }
      throw MessageRejection(
        code: "bad_row", reason: "it has \(length) elements and the monitor \(ordered) features; send one for each")
    default:
      throw MessageRejection(code: "bad_row", reason: "it is no object and no array; send one of them for each row")
    }
  }

  /// The value of `fields[slot]` in the last message.
  @inline(__always) package subscript(slot: Int) -> FieldValue {
    precondition(slot >= 0 && slot < slotCount)
    return FieldValue(slots[slot])
  }

  package func put(_ value: FieldValue, _ slot: Int) {
    precondition(slot >= 0 && slot < slotCount)
    slots[slot] = value.value
  }

  /// A number as it is written in the last message; nil for any other kind.
  package func numberText(of view: FieldValue) -> UnsafeRawBufferPointer? {
    var length = 0
    let start = withUnsafePointer(to: view.value) { leeway_number_text(parser, $0, &length) }
    return start.map { UnsafeRawBufferPointer(start: $0, count: length) }
  }

  /// Calls `body` with every key (in UTF-8) and value of an object, in the text's order and with duplicates; does
  /// nothing for any other kind.
  package func forEachMember<Failure: Error>(
    of object: FieldValue, _ body: (UnsafeRawBufferPointer, FieldValue) throws(Failure) -> Void
  ) throws(Failure) {
    guard object.kind == .object else { return }
    var position = object.value.extent.first
    while position < object.value.extent.end {
      var key = leeway_value()
      var value = leeway_value()
      position = leeway_json_read(parser, position, &key)
      position = leeway_json_read(parser, position, &value)
      try body(FieldValue(key).text ?? UnsafeRawBufferPointer(start: nil, count: 0), FieldValue(value))
    }
  }

  /// Calls `body` with every element of an array, in order; does nothing for any other kind.
  package func forEachElement<Failure: Error>(
    of array: FieldValue, _ body: (FieldValue) throws(Failure) -> Void
  ) throws(Failure) {
    guard array.kind == .array else { return }
    var position = array.value.extent.first
    while position < array.value.extent.end {
      var value = leeway_value()
      position = leeway_json_read(parser, position, &value)
      try body(FieldValue(value))
    }
  }

  /// A copy of a value with all that it holds; nil if it is absent or holds a number beyond the range of Double.
  package func tree(of view: FieldValue) -> JSONValue? { JSONValue(view.value, in: parser) }
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
