/// Values as keys and categories: every value has one text, whatever format it came in.
extension MessageExtractor {
  /// Calls `body` with the text by which a value is a key or a category: a string without a zero fraction, a number by its
  /// exact decimal value (``ShortestText/append(decimal:to:)``), `true` or `false`. nil for arrays, objects, and what is
  /// absent or null.
  ///
  /// - Parameter scratch: memory for texts that are not in the message as they are.
  @inline(__always)
  func withCategory<R>(
    _ view: FieldValue, _ scratch: inout [UInt8], _ body: (UnsafeRawBufferPointer) -> R
  ) -> R? {
    if let text = view.text { return body(ShortestText.withoutZeroFraction(text)) }
    scratch.removeAll(keepingCapacity: true)
    switch view.kind {
    case .int64: ShortestText.append(view.int64 ?? 0, to: &scratch)
    case .uint64: ShortestText.append(view.uint64 ?? 0, to: &scratch)
    case .double, .overflow:
      guard let text = numberText(of: view), ShortestText.append(decimal: text, to: &scratch) else { return nil }
    case .true: scratch.append(contentsOf: "true".utf8)
    case .false: scratch.append(contentsOf: "false".utf8)
    default: return nil
    }
    return scratch.withUnsafeBytes { body($0) }
  }

  /// A copy of that text; nil where there is none.
  package func category(of view: FieldValue) -> [UInt8]? {
    var scratch: [UInt8] = []
    return withCategory(view, &scratch) { Array($0) }
  }
}
