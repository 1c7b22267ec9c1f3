/// Why there is no answer. The text names only the origin (scheme, host, port): paths, queries and user names carry
/// secrets.
package struct HTTPFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// Raw values are labels of metrics.
  package enum Kind: String, Sendable, CaseIterable {
    /// The connection, the whole request or a stalled answer took longer than its limit.
    case timeout
    case connect
    case resolve
    case tls
    /// The connection was closed or reset before the answer was complete.
    case reset
    /// The answer is not HTTP as this client speaks it.
    case badAnswer = "bad_answer"
    /// The answer's headers are over the limit. A long body is no failure, see `HTTPAnswer.isCut`.
    case tooLarge = "too_large"
    /// The URL or a header cannot be sent: our own fault, and no retry fixes it.
    case badRequest = "bad_request"
    /// Ended by `AbortFlag` before the answer was complete.
    case aborted
    /// What curl has no better name for, as too little memory.
    case other
  }

  package var kind: Kind
  package var text: String

  package init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }

  package var description: String { text }
}
