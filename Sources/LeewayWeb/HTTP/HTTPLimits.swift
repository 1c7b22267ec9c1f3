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
  /// Connections at a time, and those of one address; who comes then takes the place of the one idle longest.
  package var connections = 256
  package var connectionsOfPeer = 128
  /// From a connection's beginning to its first request's last header.
  package var headTime: Duration = .seconds(5)
  /// From a request's last header to its end.
  package var requestTime: Duration = .seconds(10)
  /// Between requests on one connection.
  package var idleTime: Duration = .seconds(60)
  /// How long a client may leave what it was sent untouched.
  package var stalledWriteTime: Duration = .seconds(30)
  /// How long answers in progress may take after shutdown has begun.
  package var shutdownTime: Duration = .seconds(5)
  /// Lines read from the ledger at a time for a stream.
  package var streamPage = 500

  package init() {}
}
