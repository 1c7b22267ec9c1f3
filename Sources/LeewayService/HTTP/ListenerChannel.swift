import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import NIOSSL

/// A connection of a listener: HTTP/1.1, over TLS where there is a certificate.
struct ListenerChannel: ServerChildChannel {
  typealias Value = HTTP1Channel.Value

  let http: HTTP1Channel
  /// Asked for at every connection, so that a renewed certificate is shown from the next one on; nil: no TLS.
  let tls: (@Sendable () -> TLSIdentity?)?

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    guard let tls else { return http.setup(channel: channel, logger: logger) }
    return channel.eventLoop.makeCompletedFuture {
      // Never in the clear where TLS was asked for.
      guard let identity = tls() else { throw ChannelError.inputClosed }
      try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: identity.context))
    }.flatMap { http.setup(channel: channel, logger: logger) }
  }

  func handle(value: Value, logger: Logger) async { await http.handle(value: value, logger: logger) }
}
