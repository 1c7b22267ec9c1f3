import HummingbirdCore
import LeewayConfiguration
import Logging
import NIOCore
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL

import struct Synchronization.Atomic

/// A connection of a listener: HTTP/1.1, over TLS where there is a certificate.
struct ListenerChannel: ServerChildChannel {
  typealias Value = AcceptedConnection

  let http: HTTP1Channel
  /// Asked for at every connection, so that a renewed certificate is shown from the next one on; nil: no TLS.
  let tls: (@Sendable () -> TLSIdentity?)?

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    guard let tls else { return accepted(channel, logger) }
    return channel.eventLoop.makeCompletedFuture {
      // Never in the clear where TLS was asked for.
      guard let identity = tls() else { throw ChannelError.inputClosed }
      try channel.pipeline.syncOperations.addHandler(PlainTextRefusal())
      try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: identity.context))
    }.flatMap { accepted(channel, logger) }
  }

  private func accepted(_ channel: any Channel, _ logger: Logger) -> EventLoopFuture<Value> {
    http.setup(channel: channel, logger: logger).flatMapThrowing { [http] in
      let pipeline = channel.pipeline.syncOperations
      // Behind it a request has no version any more.
      try pipeline.addHandler(
        ConnectionRules(), position: .before(try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)))
      return AcceptedConnection(channel: channel, http: http, asyncChannel: $0, logger: logger)
    }
  }

  func handle(value: Value, logger: Logger) async { await value.serve() }
}

/// A connection from its acceptance on, which is served once.
///
/// A server that is cancelled forgets the connections that it has accepted and not begun to serve. NIO ends the process where an
/// asynchronous channel is forgotten unfinished ("Deinited NIOAsyncWriter without calling finish()"), so one that goes unserved is
/// closed and its channel run to the end.
final class AcceptedConnection: ServerChildChannelValue {
  let channel: any Channel
  private let http: HTTP1Channel
  private let asyncChannel: HTTP1Channel.Value
  private let logger: Logger
  private let isServed = Atomic(false)

  init(channel: any Channel, http: HTTP1Channel, asyncChannel: HTTP1Channel.Value, logger: Logger) {
    self.channel = channel
    self.http = http
    self.asyncChannel = asyncChannel
    self.logger = logger
  }

  deinit {
    guard !isServed.load(ordering: .relaxed) else { return }
    channel.close(promise: nil)
    Task.detached { [http, asyncChannel, logger] in await http.handle(value: asyncChannel, logger: logger) }
  }

  func serve() async {
    isServed.store(true, ordering: .relaxed)
    await http.handle(value: asyncChannel, logger: logger)
  }
}
