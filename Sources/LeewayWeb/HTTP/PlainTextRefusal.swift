import NIOCore

/// Answers HTTP that is spoken to a listener of HTTPS, before TLS looks at it: without an answer the client sees an empty
/// reply, and no user guesses why. Stands before TLS, and goes once it has seen the first byte.
final class PlainTextRefusal: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  static let text = "This port speaks HTTPS: use https:// in the address.\n"

  private var isRefused = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // What comes behind the refused request is dropped.
    guard !isRefused else { return }
    let bytes = unwrapInboundIn(data)
    // A method's name; a TLS record begins with its type, 22.
    guard let first = bytes.readableBytesView.first, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) else {
      context.fireChannelRead(data)
      context.pipeline.syncOperations.removeHandler(self, promise: nil)
      return
    }
    isRefused = true
    let answer =
      "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: \(Self.text.utf8.count)\r\n"
      + "Connection: close\r\n\r\n\(Self.text)"
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
    context.close(promise: nil)
  }
}
