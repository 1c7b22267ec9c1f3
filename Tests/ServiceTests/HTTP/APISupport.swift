import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LeewayCore
import Logging
import Testing

@testable import LeewayService

/// Runs a test against a server of its own on a loopback socket.
func serving(
  _ service: MadeUpService, tokens: AccessTokens? = nil, limits: HTTPLimits = .patient,
  _ test: @escaping @Sendable (any TestClientProtocol) async throws -> Void
) async throws {
  var logger = Logger(label: "test")
  logger.logLevel = .critical
  let http = HTTPService(
    view: service.view(), host: "127.0.0.1", port: 0, tokens: { tokens }, limits: limits, logger: logger)
  try await http.application().test(.live) { client in try await test(client) }
}

extension HTTPLimits {
  /// Of a server whose clients share a busy machine with it.
  static var patient: HTTPLimits {
    var limits = HTTPLimits()
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

extension TestClientProtocol {
  func get(_ uri: String, _ headers: HTTPFields = [:]) async throws -> TestResponse {
    try await execute(uri: uri, method: .get, headers: headers)
  }
}

extension TestResponse {
  var text: String { String(buffer: body) }
  func json() throws -> JSONValue { try JSONValue(parsing: Array(body.readableBytesView)) }
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
