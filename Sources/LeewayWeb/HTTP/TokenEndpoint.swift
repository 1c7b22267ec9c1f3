import HTTPTypes
import Hummingbird
import LeewayConfiguration

/// Whose token a request has, and what it may: so that a page can say so before it asks.
struct TokenEndpoint: Sendable {
  var all: [Endpoint] { [Endpoint(path: "/api/v1/token", access: .reading, respond: token)] }

  @Sendable private func token(_ request: Request, _ context: ServiceContext) async throws -> Response {
    _ = try request.query()
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.member("name", context.holder?.name)
      json.member("roles", Role.allCases.filter { context.holder?.may($0) ?? ($0 == .viewer) }.map(\.rawValue))
      json.endObject()
    }
  }
}
