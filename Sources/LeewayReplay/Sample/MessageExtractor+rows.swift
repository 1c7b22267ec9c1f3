import LeewayCore

extension MessageExtractor {
  /// Reads one message and calls `body` for each of its rows that can be read.
  func forEachRow(
    of bytes: UnsafeRawBufferPointer, _ plan: ExtractionPlan, _ body: () -> Void
  ) throws(DecodeFailure) {
    let count = try extract(bytes)
    guard plan.rows != nil else { return body() }
    for _ in 0..<count where (try? nextRow()) != nil { body() }
  }
}
