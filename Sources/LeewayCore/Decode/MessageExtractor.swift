/// Reads chosen fields of messages in one format, by a plan that is made once: what stands between the bytes of a message and the rows
/// that decoders make of it.
///
/// A format is one conformance and one case of ``PredictionDecoding`` and of ``LabelDecoding``. Decoders are generic over it and
/// compiled for each format, so that a message costs no indirect call and, once buffers have grown to the traffic, no allocation. No
/// byte of a message may end the process.
///
/// An extractor belongs to one thread. What it hands out is valid until its next message, and of a row until the next row.
package protocol MessageExtractor: AnyObject {
  init(_ plan: ExtractionPlan, limits: DecodeLimits)

  /// Reads one message. Fields that it lacks are ``FieldKind/absent``, and so are all of them after a failure.
  ///
  /// - Parameter headers: those of its Kafka record, where a format has something to say there.
  /// - Returns: how many rows it has, at most ``DecodeLimits/maximumRows``: one, unless the plan says where rows are. Those are
  ///   then read with ``nextRow()``.
  @discardableResult func extract(
    _ bytes: UnsafeRawBufferPointer, headers: RecordHeaders?
  ) throws(DecodeFailure) -> Int

  /// Goes on to the message's next row, the first at first; to be called only where the plan has rows, and for each of them at
  /// most once.
  ///
  /// - Throws: where the element is no row. It is passed over.
  func nextRow() throws(MessageRejection)

  /// The value of the field of a slot in the last message.
  subscript(slot: Int) -> FieldValue { get }

  /// Gives the slot of a field that is of the record around the last message its value, until the next message; see ``RecordFields``.
  func put(_ value: FieldValue, _ slot: Int)

  /// A number in the grammar of JSON, with all its digits; nil for any other kind.
  func numberText(of value: FieldValue) -> UnsafeRawBufferPointer?

  /// Calls `body` with every key (in UTF-8) and value of an object, in the message's order and with duplicates; does nothing for any
  /// other kind.
  func forEachMember<Failure: Error>(
    of object: FieldValue, _ body: (UnsafeRawBufferPointer, FieldValue) throws(Failure) -> Void
  ) throws(Failure)

  /// Calls `body` with every element of an array, in order; does nothing for any other kind.
  func forEachElement<Failure: Error>(
    of array: FieldValue, _ body: (FieldValue) throws(Failure) -> Void
  ) throws(Failure)

  /// A copy of a value with all that it holds; nil if it is absent or holds a number beyond the range of Double.
  func tree(of value: FieldValue) -> JSONValue?
}

extension MessageExtractor {
  /// A copy of a value of a format that has no numbers but those of 64 bits; see ``tree(of:)``.
  ///
  /// - Parameter object: of a value that is one.
  func tree(of view: FieldValue, object: () -> JSONValue?) -> JSONValue? {
    switch view.kind {
    case .absent, .overflow: return nil
    case .null: return .null
    case .true: return .bool(true)
    case .false: return .bool(false)
    case .int64: return .integer(view.value.int64)
    case .uint64: return .number(Double(view.value.uint64))
    case .double: return .number(view.value.number)
    case .string: return .string(view.string)
    case .array:
      var elements: [JSONValue?] = []
      forEachElement(of: view) { elements.append(tree(of: $0)) }
      let known = elements.compactMap { $0 }
      return known.count == elements.count ? .array(known) : nil
    case .object: return object()
    }
  }

  /// Reads one message that has no headers.
  @inline(__always) @discardableResult
  package func extract(_ bytes: UnsafeRawBufferPointer) throws(DecodeFailure) -> Int {
    try extract(bytes, headers: nil)
  }
}
