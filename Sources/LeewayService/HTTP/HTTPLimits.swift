/// What a client may use of the service.
package struct HTTPLimits: Sendable {
  /// Bytes of a request's body.
  package var bodyBytes = 64 << 10
  /// Bytes of a request's target.
  package var uriBytes = 8 << 10
  /// Bytes of all header fields, and of one.
  package var headerBytes = 16 << 10
  package var headerFields = 64
  /// Requests being answered at a time; more get 503 and are asked to come again.
  package var requests = 64
  /// Answers being streamed at a time.
  package var streams = 8
  /// Connections at a time; more wait in the kernel's queue.
  package var connections = 256
  /// From a request's first header to its end.
  package var requestTime: Duration = .seconds(10)
  /// Between requests on one connection, and for a request's head.
  package var idleTime: Duration = .seconds(60)
  /// How long a client may leave what it was sent untouched.
  package var stalledWriteTime: Duration = .seconds(30)
  /// How long answers in progress may take after shutdown has begun.
  package var shutdownTime: Duration = .seconds(5)
  /// Lines read from the ledger at a time for a stream.
  package var streamPage = 500

  package init() {}
}
