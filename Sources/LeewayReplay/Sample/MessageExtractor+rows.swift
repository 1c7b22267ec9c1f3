import LeewayCore

extension MessageExtractor {
  /// Reads one message and calls `body` for each of its rows that can be read; a tombstone has none.
  ///
  /// - Parameter refused: called with the index, from 0, of each row that cannot, and why.
  func forEachRow(
    of message: SourceMessage, _ plan: ExtractionPlan, refused: (Int, MessageRejection) -> Void = { _, _ in },
    _ body: () -> Void
  ) throws(DecodeFailure) {
    guard let bytes = message.value else { return }
    let count = try extract(bytes)
    RecordFields(plan.fields).fill(self, from: message)
    guard plan.rows != nil else { return body() }
    for row in 0..<count {
      do throws(MessageRejection) { try nextRow() } catch {
        refused(row, error)
        continue
      }
      body()
    }
  }
}
