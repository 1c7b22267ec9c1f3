import LeewayCore
import LeewayLedger
import LeewayLocks
import Logging
import Testing

@testable import LeewayService
@testable import LeewayWeb

@Suite struct HTTPServiceTests {
  @Test func aReaderThatNeverEndsDoesNotHoldUpShutdown() async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    let padding = String(repeating: "x", count: 4000)
    let records = (0..<8000).map { index in
      var record = MadeUpService.drift(
        MadeUpService.fraud.windows[0], end: MadeUpService.noon, slice: "all", subject: "s\(index)")
      record.line = "{\"padding\":\"\(padding)\"}"
      return record
    }
    try service.ledger.write { try $0.put(results: records) }
    var limits = HTTPLimits.patient
    limits.shutdownTime = .milliseconds(100)
    limits.stalledWriteTime = .seconds(600)
    let held = Mutex<LoopbackSocket?>(nil)
    try await running(service, limits: limits) { port in
      let socket = try LoopbackSocket(port: port)
      try socket.write(
        Array("GET /api/v1/results HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n".utf8))
      #expect(String(decoding: socket.readSome(), as: UTF8.self).hasPrefix("HTTP/1.1 200 OK"))
      held.withLock { $0 = socket }
    }
    // The service ended with the answer not taken.
    #expect(held.withLock { $0 != nil })
  }

  /// A service that is cancelled, and not asked to end, has connections that it has accepted and not begun to serve: they are
  /// closed, and the process lives.
  @Test func cancellationWithConnectionsThatNobodyServes() async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    var quiet = Logger(label: "test")
    quiet.logLevel = .critical
    for _ in 0..<20 {
      let (ports, port) = AsyncStream.makeStream(of: Int.self)
      let http = HTTPService(
        view: service.view(), host: "127.0.0.1", port: 0, tokens: { nil }, limits: .patient, logger: quiet,
        onRunning: { port.yield($0) })
      let running = Task { try? await http.run() }
      let number = try #require(await ports.first { _ in true })
      var held: [LoopbackSocket] = []
      for i in 0..<40 {
        // Some come before it, some while it is under way; the listener may be gone by then.
        if i == 20 { running.cancel() }
        if let socket = try? LoopbackSocket(port: number) { held.append(socket) }
      }
      await running.value
      #expect(held.count >= 20)
      // All of them are closed from the other side.
      for socket in held { #expect(await socket.readToEnd() == []) }
    }
  }

  @Test func anAddressThatIsTakenIsAnError() async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    var quiet = Logger(label: "test")
    quiet.logLevel = .critical
    let logger = quiet
    try await running(service, limits: .patient) { port in
      let second = HTTPService(
        view: service.view(), host: "127.0.0.1", port: port, tokens: { nil }, logger: logger)
      await #expect(throws: (any Error).self) { try await second.run() }
    }
  }
}
