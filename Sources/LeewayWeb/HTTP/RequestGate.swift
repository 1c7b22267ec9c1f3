import HTTPTypes
import Hummingbird
import LeewayCore
import Logging

/// What every request passes, whatever its path: limits, the count in `/metrics`, and turning what was thrown into a
/// problem document.
struct RequestGate: RouterMiddleware {
  typealias Context = ServiceContext

  let limits: HTTPLimits
  let places: Places
  let metrics: ServiceMetrics

  init(limits: HTTPLimits, metrics: ServiceMetrics) {
    self.limits = limits
    self.metrics = metrics
    places = Places(limits.requests)
  }

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    var response: Response
    do {
      response = try await answer(request, context, next)
    } catch {
      response = Self.problem(error, context).response(instance: request.uri.path)
    }
    response.headers[.xContentTypeOptions] = "nosniff"
    metrics.count(request: context.endpointPath ?? "none", status: response.status.code)
    return response
  }

  private func answer(
    _ request: Request, _ context: Context, _ next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    guard request.uri.string.utf8.count <= limits.uriBytes else {
      throw Problem(.uriTooLong, "The request's target is longer than \(limits.uriBytes) bytes.", fix: "Ask for less.")
    }
    // Whether the process lives must be seen when it is busiest.
    if context.endpointPath == "/healthz" { return try await next(request, context) }
    guard let permit = places.take() else {
      throw Problem(
        .busy, "\(limits.requests) requests are being answered already.", fix: "Ask again in a second.",
        headers: [.retryAfter: "1"])
    }
    defer { withExtendedLifetime(permit) {} }
    return try await next(request, context)
  }

  private static func problem(_ error: any Error, _ context: Context) -> Problem {
    switch error {
    case let problem as Problem: return problem
    case let failure as LedgerError where failure.isDamage:
      return Problem(
        .ledgerFailed, "What was asked for is in the ledger and cannot be read: the ledger is damaged.",
        fix: "See /readyz for the place, and restore a backup. What lies elsewhere can be read.")
    case let failure as LedgerError:
      context.logger.error("the ledger failed under a request", metadata: ["error": "\(failure)"])
      return Problem(
        .ledgerFailed, "The ledger did not answer.", fix: "See the service's log, and /readyz.",
        headers: [.retryAfter: "5"])
    case let refusal as any HTTPResponseError where refusal.status == .notFound: return .forgottenPath
    default:
      context.logger.error("a request failed", metadata: ["error": "\(error)"])
      return Problem(.failed, "The request failed within the service.", fix: "See the service's log.")
    }
  }
}

extension HTTPField.Name {
  static let xForwardedFor = HTTPField.Name("X-Forwarded-For")!
  static let forwarded = HTTPField.Name("Forwarded")!
}
