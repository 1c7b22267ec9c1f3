import NIOCore
import NIOHTTP1

/// What the server below forgets of a request: its version, and what it says of the connection and of its body.
///
/// A client of HTTP/1.0 knows no chunks: its answer has a length, or ends with the connection, which stays open only where the client asked
/// for that and the answer has a length. One that sends `Expect: 100-continue` is told to go on. One that wants the connection closed is
/// obeyed in whatever letters it says so. Lives only on its channel's event loop.
final class ConnectionRules: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private struct Asked {
    var version: HTTPVersion
    var keepsAlive: Bool
    /// The client waits to be told before it sends the body.
    var waits: Bool
  }

  /// Requests without their whole answer, the oldest first.
  private var asked: [Asked] = []

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var part = unwrapInboundIn(data)
    switch part {
    case .head(var head):
      let expects = head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
      asked.append(
        Asked(version: head.version, keepsAlive: head.isKeepAlive, waits: expects && !Self.isOld(head.version)))
      if !head.isKeepAlive {
        // The only word that the server below takes.
        head.headers.replaceOrAdd(name: "connection", value: "close")
        part = .head(head)
      }
      if asked.count == 1 { letGoOn(context) }
    case .body, .end:
      // It has not waited, or waits no more.
      if !asked.isEmpty { asked[asked.count - 1].waits = false }
    }
    context.fireChannelRead(wrapInboundOut(part))
  }

  /// Of the time before chunks, and before clients that wait.
  private static func isOld(_ version: HTTPVersion) -> Bool {
    version.major == 1 && version.minor == 0 || version.major < 1
  }

  /// Only while no answer is on its way: it would end up within that.
  private func letGoOn(_ context: ChannelHandlerContext) {
    guard asked.first?.waits == true else { return }
    asked[0].waits = false
    context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head):
      if !asked.isEmpty {
        asked[0].waits = false
        if Self.isOld(asked[0].version) {
          head.version = asked[0].version
          asked[0].keepsAlive = asked[0].keepsAlive && head.headers.contains(name: "content-length")
        }
        if !asked[0].keepsAlive {
          head.headers.replaceOrAdd(name: "connection", value: "close")
        } else if Self.isOld(asked[0].version) {
          head.headers.replaceOrAdd(name: "connection", value: "keep-alive")
        }
      }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body:
      context.write(data, promise: promise)
    case .end:
      let isLast = asked.first.map { !$0.keepsAlive } ?? false
      if !asked.isEmpty { asked.removeFirst() }
      guard isLast else {
        context.write(data, promise: promise)
        return letGoOn(context)
      }
      let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
      let channel = context.channel
      // The client sees the end and closes; what it still sends is not answered.
      promise.futureResult.whenComplete { _ in channel.close(mode: .output, promise: nil) }
      context.writeAndFlush(data, promise: promise)
    }
  }
}
