import Hummingbird
import LeewayCore
package import Logging

/// One line for every change that somebody with the role for it asked for over HTTP, refused or not: what, and who by the
/// token's name. Whoever has no such token is turned away before and only counted.
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
}
