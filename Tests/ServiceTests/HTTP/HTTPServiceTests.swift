import LeewayCore
import LeewayLedger
import LeewayLocks
import Logging
import Testing

@testable import LeewayService

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
