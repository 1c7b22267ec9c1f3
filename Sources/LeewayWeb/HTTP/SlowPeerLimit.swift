import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes a connection whose client sends a request, or takes an answer, too slowly, and tells the register of connections
/// which are idle.
///
/// Hummingbird's own idle time starts again with every part that arrives, so a client that sends a byte at a time keeps
/// its connection; and it does not look at clients that stop reading. Lives only on its channel's event loop.
final class SlowPeerLimit: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let headTime: TimeAmount
  private let requestTime: TimeAmount
  private let stalledWriteTime: TimeAmount
  private let register: ConnectionRegister
  private var request: Scheduled<Void>?
  private var write: Scheduled<Void>?

  /// - Parameters:
  ///   - headTime: from the connection's beginning to the last header of its first request.
  ///   - requestTime: from a request's last header to its end.
  init(headTime: TimeAmount, requestTime: TimeAmount, stalledWriteTime: TimeAmount, register: ConnectionRegister) {
    self.headTime = headTime
    self.requestTime = requestTime
    self.stalledWriteTime = stalledWriteTime
    self.register = register
  }

  private var id: ObjectIdentifier { ObjectIdentifier(self) }

  func handlerAdded(context: ChannelHandlerContext) { if context.channel.isActive { begin(context) } }

  func channelActive(context: ChannelHandlerContext) {
    begin(context)
    context.fireChannelActive()
  }

  private func begin(_ context: ChannelHandlerContext) {
    guard request == nil else { return }
    let channel = context.channel
    guard register.add(id, peer: channel.remoteAddress?.ipAddress, close: { channel.close(promise: nil) }) else {
      return channel.close(promise: nil)
    }
    request = deadline(in: headTime, .slowHeaders, context)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      register.set(id, isBusy: true)
      request?.cancel()
      request = deadline(in: requestTime, .slowRequest, context)
    case .body: break
    case .end:
      request?.cancel()
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) { register.set(id, isBusy: false) }
    context.write(data, promise: promise)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    write?.cancel()
    write = context.channel.isWritable ? nil : deadline(in: stalledWriteTime, .slowReader, context)
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { end() }

  private func end() {
    register.remove(id)
    request?.cancel()
    write?.cancel()
    write = nil
  }

  private func deadline(
    in time: TimeAmount, _ cut: ConnectionCut, _ context: ChannelHandlerContext
  ) -> Scheduled<Void> {
    let channel = context.channel
    let register = register
    return context.eventLoop.scheduleTask(in: time) {
      register.count(cut)
      channel.close(promise: nil)
    }
  }
}
