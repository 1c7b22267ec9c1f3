import LeewayCore
import LeewayLedger
import LeewayLocks
import LeewayTestSupport
import Testing

@testable import LeewayService
@testable import LeewayWeb

@Suite struct ConnectionRegisterTests {
  /// A connection that knows whether it was closed.
  private final class Line: Sendable {
    private let closed = Mutex(false)
    var isClosed: Bool { closed.withLock { $0 } }
    var id: ObjectIdentifier { ObjectIdentifier(self) }
    func close() { closed.withLock { $0 = true } }
  }

  private func add(_ line: Line, _ peer: String?, to register: ConnectionRegister) -> Bool {
    register.add(line.id, peer: peer) { line.close() }
  }

  @Test func whoComesTakesThePlaceOfTheOneIdleLongest() {
    let cuts = Mutex<[ConnectionCut]>([])
    let register = ConnectionRegister(connections: 3, ofPeer: 3) { cut in cuts.withLock { $0.append(cut) } }
    let lines = (0..<6).map { _ in Line() }
    for i in 0..<3 { #expect(add(lines[i], "10.0.0.\(i)", to: register)) }
    // The oldest asks for something; the second has just had its answer.
    register.set(lines[0].id, isBusy: true)
    register.set(lines[1].id, isBusy: true)
    register.set(lines[1].id, isBusy: false)
    #expect(add(lines[3], "10.0.0.3", to: register))
    #expect(lines.map(\.isClosed) == [false, false, true, false, false, false])
    #expect(add(lines[4], "10.0.0.4", to: register))
    #expect(lines[1].isClosed && register.count == 3)
    for line in [lines[3], lines[4]] { register.set(line.id, isBusy: true) }
    // All are busy: the new one goes.
    #expect(!add(lines[5], "10.0.0.5", to: register))
    register.remove(lines[0].id)
    #expect(add(lines[5], "10.0.0.5", to: register))
    #expect(cuts.withLock(\.self) == [.displaced, .displaced, .full])
  }

  @Test func aPeerHasItsShareAndLosesItsOwn() {
    let register = ConnectionRegister(connections: 10, ofPeer: 2)
    let (other, mine) = (Line(), (0..<4).map { _ in Line() })
    #expect(add(other, "10.0.0.1", to: register))
    for line in mine.prefix(3) { #expect(add(line, "10.0.0.2", to: register)) }
    #expect(mine[0].isClosed && !other.isClosed && register.count == 3)
    for line in mine[1...2] { register.set(line.id, isBusy: true) }
    #expect(!add(mine[3], "10.0.0.2", to: register))
    // Who has no address shares the whole.
    for _ in 0..<7 { #expect(add(Line(), nil, to: register)) }
  }

  /// Places are counted right whatever comes and goes.
  @Test(arguments: 1...50 as ClosedRange<UInt64>)
  func thereAreNeverMoreThanAllowed(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let register = ConnectionRegister(connections: 8, ofPeer: 3)
    var open: [(line: Line, peer: String, isBusy: Bool)] = []
    for step in 0..<500 {
      switch Int.random(in: 0..<4, using: &random) {
      case 0 where !open.isEmpty:
        let i = Int.random(in: 0..<open.count, using: &random)
        register.remove(open.remove(at: i).line.id)
      case 1 where !open.isEmpty:
        let i = Int.random(in: 0..<open.count, using: &random)
        open[i].isBusy.toggle()
        register.set(open[i].line.id, isBusy: open[i].isBusy)
      default:
        let (line, peer) = (Line(), "10.0.0.\(Int.random(in: 0..<4, using: &random))")
        if add(line, peer, to: register) { open.append((line, peer, false)) }
      }
      for gone in open where gone.line.isClosed {
        #expect(!gone.isBusy, "seed \(seed), step \(step): a busy connection was closed")
      }
      open.removeAll { $0.line.isClosed }
      #expect(register.count == open.count && open.count <= 8, "seed \(seed), step \(step)")
      let most = Dictionary(grouping: open, by: \.peer).values.map(\.count).max() ?? 0
      #expect(most <= 3, "seed \(seed), step \(step)")
    }
  }

  /// A thousand peers that connect and say nothing, some from this machine's own address, some from others of its.
  @Test func probesAreAnsweredWhileAThousandPeersSayNothing() async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    let (ports, port) = AsyncStream<Int>.makeStream()
    let limits = HTTPLimits.patient
    try await running(
      service, isOpen: true, limits: limits, probes: .init(host: "127.0.0.1", port: 0), onProbes: { port.yield($0) }
    ) { main in
      var probes: Int?
      for await found in ports {
        probes = found
        break
      }
      guard let probe = probes else {
        Issue.record("no listener for probes")
        return
      }
      // Thrown out of here, an error would cut the server off with connections that it has not begun to serve.
      do { try await Self.ask(main: main, probe: probe) } catch { Issue.record("\(error)") }
    }
  }

  private static func ask(main: Int, probe: Int) async throws {
    var slow: [LoopbackSocket] = []
    for i in 0..<1000 { slow.append(try await .connected(port: main, from: "127.0.\(i % 50).2")) }
    // Both listeners answer, the other one too: the newest is let in and the one idle longest goes.
    for (port, paths) in [(probe, ["/healthz", "/readyz", "/metrics"]), (main, ["/healthz"])] {
      for path in paths {
        let socket = try await LoopbackSocket.connected(port: port, from: "127.0.0.1")
        try socket.write(Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8))
        let answer = String(decoding: await socket.readToEnd(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 200") || answer.hasPrefix("HTTP/1.1 503"), "\(path): \(answer.prefix(99))")
      }
    }
    // Nothing else is there.
    let socket = try await LoopbackSocket.connected(port: probe, from: "127.0.0.1")
    try socket.write(Array("GET /api/v1/monitors HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8))
    #expect(String(decoding: await socket.readToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 404"))
    withExtendedLifetime(slow) {}
  }
}
