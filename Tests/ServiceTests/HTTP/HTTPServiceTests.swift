import LeewayCore
import LeewayLedger
import LeewayLocks
import Logging
import ServiceLifecycle
import Testing

@testable import LeewayService

@Suite struct HTTPServiceTests {
  private static func logger() -> Logger {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
  }

  /// Runs the service in a group, as the process does, and shuts it down when `test` has returned.
  private func running(
    _ service: MadeUpService, limits: HTTPLimits, _ test: @escaping @Sendable (_ port: Int) async throws -> Void
  ) async throws {
    let (ports, port) = AsyncStream<Int>.makeStream()
    let http = HTTPService(
      view: service.view(), host: "127.0.0.1", port: 0, tokens: { nil }, limits: limits, logger: Self.logger(),
      onRunning: { port.yield($0) })
    let group = ServiceGroup(
      configuration: .init(
        services: [.init(service: http, successTerminationBehavior: .gracefullyShutdownGroup)], logger: Self.logger()))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      for await port in ports {
        try await test(port)
        break
      }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

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
    try await running(service, limits: .patient) { port in
      let second = HTTPService(
        view: service.view(), host: "127.0.0.1", port: port, tokens: { nil }, logger: Self.logger())
      await #expect(throws: (any Error).self) { try await second.run() }
    }
  }
}
