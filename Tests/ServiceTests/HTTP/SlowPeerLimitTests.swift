import HTTPTypes
import LeewayLocks
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import LeewayService
@testable import LeewayWeb

@Suite struct SlowPeerLimitTests {
  /// What was counted.
  private final class Cuts: Sendable {
    private let found = Mutex<[ConnectionCut]>([])
    var all: [ConnectionCut] { found.withLock(\.self) }
    @Sendable func append(_ cut: ConnectionCut) { found.withLock { $0.append(cut) } }
  }

  private let cuts = Cuts()

  private func channel() throws -> EmbeddedChannel {
    let channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandler(
      SlowPeerLimit(
        headTime: .seconds(5), requestTime: .seconds(10), stalledWriteTime: .seconds(30),
        register: ConnectionRegister(connections: 9, ofPeer: 9, onCut: cuts.append)))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    return channel
  }

  private let head = HTTPRequestPart.head(HTTPRequest(method: .post, scheme: "http", authority: "localhost", path: "/"))

  @Test func aBodyThatTricklesIsCutOff() throws {
    let channel = try channel()
    try channel.writeInbound(head)
    for _ in 0..<9 {
      channel.embeddedEventLoop.advanceTime(by: .seconds(1))
      try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "x")))
    }
    #expect(channel.isActive)
    channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(!channel.isActive)
    #expect(cuts.all == [.slowRequest])
  }

  @Test func aRequestThatEndsInTimeIsNot() throws {
    let channel = try channel()
    for _ in 0..<5 {
      try channel.writeInbound(head)
      channel.embeddedEventLoop.advanceTime(by: .seconds(9))
      try channel.writeInbound(HTTPRequestPart.end(nil))
      channel.embeddedEventLoop.advanceTime(by: .seconds(100))
    }
    #expect(channel.isActive)
    _ = try channel.finish()
  }

  @Test func aRequestWithoutItsHeadersIsCutOff() throws {
    let channel = try channel()
    channel.embeddedEventLoop.advanceTime(by: .milliseconds(4999))
    #expect(channel.isActive)
    channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    #expect(!channel.isActive)
    #expect(cuts.all == [.slowHeaders])
  }

  @Test func aReaderThatStopsIsCutOffAndOneThatGoesOnIsNot() throws {
    let channel = try channel()
    try channel.writeInbound(head)
    try channel.writeInbound(HTTPRequestPart.end(nil))
    func set(writable: Bool) {
      channel.isWritable = writable
      channel.pipeline.fireChannelWritabilityChanged()
    }
    for _ in 0..<3 {
      set(writable: false)
      channel.embeddedEventLoop.advanceTime(by: .seconds(29))
      set(writable: true)
      channel.embeddedEventLoop.advanceTime(by: .seconds(100))
    }
    #expect(channel.isActive)
    set(writable: false)
    channel.embeddedEventLoop.advanceTime(by: .seconds(30))
    #expect(!channel.isActive)
    #expect(cuts.all == [.slowReader])
  }
}
