import NIOCore
import NIOHTTPTypes

/// Closes a connection whose client sends a request, or takes an answer, too slowly.
///
/// Hummingbird's own idle time starts anew with every part that arrives, so a client that sends a byte at a time keeps
/// its connection; and it does not look at clients that stop reading. Lives on its channel's event loop alone.
final class SlowPeerLimit: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private let requestTime: TimeAmount
  private let stalledWriteTime: TimeAmount
  private var request: Scheduled<Void>?
  private var write: Scheduled<Void>?

  init(requestTime: TimeAmount, stalledWriteTime: TimeAmount) {
    self.requestTime = requestTime
    self.stalledWriteTime = stalledWriteTime
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      request?.cancel()
      request = deadline(in: requestTime, context)
    case .body: break
    case .end:
      request?.cancel()
      request = nil
    }
    context.fireChannelRead(data)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    write?.cancel()
    write = context.channel.isWritable ? nil : deadline(in: stalledWriteTime, context)
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    cancel()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { cancel() }

  private func cancel() {
    request?.cancel()
    write?.cancel()
    request = nil
    write = nil
  }

  private func deadline(in time: TimeAmount, _ context: ChannelHandlerContext) -> Scheduled<Void> {
    let channel = context.channel
    return context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
  }
}
