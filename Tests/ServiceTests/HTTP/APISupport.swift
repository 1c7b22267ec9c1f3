import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LeewayCore
import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import LeewayConfiguration
@testable import LeewayService
@testable import LeewayWeb

/// Runs a test against a server of its own on a loopback socket.
func serving(
  _ service: MadeUpService, tokens: AccessTokens? = nil, isOpen: Bool = true, limits: HTTPLimits = .patient,
  _ test: @escaping @Sendable (APIClient) async throws -> Void
) async throws {
  try await running(service, tokens: tokens, isOpen: isOpen, limits: limits) { port in
    // Hummingbird's own way to such a client gives every answer 20 s.
    let client = TestClient(host: "127.0.0.1", port: port, configuration: .init(timeout: .seconds(600)))
    client.connect()
    do {
      try await test(APIClient(client: client, port: port))
    } catch {
      try? await client.shutdown()
      throw error
    }
    try await client.shutdown()
  }
}

/// Runs the service in a group, as the process does, and shuts it down when `test` has returned.
func running(
  _ service: MadeUpService, tokens: AccessTokens? = nil, isOpen: Bool = true, limits: HTTPLimits,
  probes: HTTPService.Address? = nil, onProbes: @escaping @Sendable (Int) async -> Void = { _ in },
  _ test: @escaping @Sendable (_ port: Int) async throws -> Void
) async throws {
  var logger = Logger(label: "test")
  logger.logLevel = .critical
  let (ports, port) = AsyncStream<Int>.makeStream()
  let http = HTTPService(
    view: service.view(), host: "127.0.0.1", port: 0, tokens: { tokens }, isOpen: { isOpen }, limits: limits,
    probes: probes, logger: logger, onRunning: { port.yield($0) }, onProbesRunning: onProbes)
  let group = ServiceGroup(
    configuration: .init(
      services: [.init(service: http, successTerminationBehavior: .gracefullyShutdownGroup)], logger: logger))
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask {
      defer { port.finish() }
      try await group.run()
    }
    for await port in ports {
      try await test(port)
      break
    }
    await group.triggerGracefulShutdown()
    try await tasks.waitForAll()
  }
}

/// One connection to a server under test.
struct APIClient: Sendable {
  let client: TestClient
  let port: Int

  func get(_ uri: String, _ headers: HTTPFields = [:]) async throws -> TestClient.Response {
    try await execute(uri: uri, method: .get, headers: headers)
  }

  func execute(
    uri: String, method: HTTPRequest.Method, headers: HTTPFields = [:], body: ByteBuffer? = nil
  ) async throws -> TestClient.Response {
    var headers = headers
    headers[.connection] = "keep-alive"
    return try await client.execute(
      TestClient.Request(uri, method: method, authority: "localhost", headers: headers, body: body))
  }
}

extension HTTPLimits {
  /// Of a server whose clients share a busy machine with it.
  static var patient: HTTPLimits {
    var limits = HTTPLimits()
    limits.headTime = .seconds(600)
    limits.requestTime = .seconds(600)
    limits.idleTime = .seconds(600)
    limits.stalledWriteTime = .seconds(600)
    return limits
  }
}

/// `#expect(a == b)` where `a` is awaited, which the macro cannot take apart.
func expectEqual<Value: Equatable>(
  _ value: Value, _ expected: Value, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(value == expected, comment, sourceLocation: sourceLocation)
}

extension TestClient.Response {
  var text: String { body.map { String(buffer: $0) } ?? "" }
  func json() throws -> JSONValue { try JSONValue(parsing: Array((body ?? ByteBuffer()).readableBytesView)) }
}

extension JSONValue {
  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  var elements: [JSONValue] {
    guard case .array(let elements) = self else { return [] }
    return elements
  }

  var text: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }
}
