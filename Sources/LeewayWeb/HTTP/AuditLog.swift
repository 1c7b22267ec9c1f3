import Hummingbird
import LeewayCore
package import Logging

/// Logs one line for each change that a token with the right role requests over HTTP, accepted or refused: the change and the
/// token's name. A request without such a token is rejected earlier and only counted.
package struct AuditLog: Sendable {
  private let logger: Logger

  /// - Parameter logger: the lines go to it at `notice`, with `audit` set.
  package init(logger: Logger) { self.logger = logger }

  func record(_ action: String, _ outcome: String, _ request: Request, _ context: ServiceContext) {
    logger.notice(
      "audit: \(action) \(outcome)",
      metadata: [
        "audit": "\(action)", "outcome": "\(outcome)", "token": "\(context.holder?.name ?? "none")",
        "from": "\(context.remoteAddress?.ipAddress ?? "unknown")", "path": "\(request.uri.path.prefix(200))",
      ])
  }

  /// A step that an incident took because of a request.
  func record(_ step: IncidentTransition) { logger.log(step) }
}
