/// Why a message has no row.
package struct MessageRejection: Error {
  /// Short and stable, for metrics and dead letters.
  package var code: String
  /// What is wrong and what to do.
  package var reason: String

  package init(code: String, reason: String) {
    self.code = code
    self.reason = reason
  }

  init(_ failure: DecodeFailure) { self.init(code: failure.code, reason: failure.reason) }
}
