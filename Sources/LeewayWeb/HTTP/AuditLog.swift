import Hummingbird
package import LeewayCore
package import Logging

/// Writes down each change that a token with the right role requests over HTTP, accepted or refused: the change and the token's
/// name, as a line of the log and in the ledger, from which `/api/v1/audit` reads. A request without such a token is rejected
/// earlier and only counted.
package struct AuditLog: Sendable {
  private let logger: Logger
  private let now: @Sendable () -> EventTime

  /// - Parameters:
  ///   - logger: the lines go to it at `notice`, with `audit` set.
  ///   - now: wall clock.
  package init(logger: Logger, now: @escaping @Sendable () -> EventTime) {
    self.logger = logger
    self.now = now
  }

  /// - Parameter detail: what was asked for, as a JSON object.
  func line(
    _ action: String, _ outcome: String, _ request: Request, _ context: ServiceContext, monitor: String = "",
    incident: String = "", detail: String = "{}"
  ) -> AuditRecord {
    AuditRecord(
      at: now(), name: context.holder?.name ?? "none", action: action, outcome: outcome, monitor: monitor,
      incident: String(incident.prefix(200)), origin: context.remoteAddress?.ipAddress ?? "unknown", detail: detail)
  }

  /// Only in the log: the ledger has it, or gets it with the change itself.
  func log(_ line: AuditRecord) {
    logger.notice(
      "audit: \(line.action) \(line.outcome)",
      metadata: [
        "audit": "\(line.action)", "outcome": "\(line.outcome)", "token": "\(line.name)", "from": "\(line.origin)",
        "incident": "\(line.incident)", "detail": "\(line.detail.prefix(500))",
      ])
  }

  /// What was asked for and not done. That the ledger could not take it changes nothing for who asked.
  func refuse(
    _ line: AuditRecord, because reason: String, _ ledger: any Ledger, _ threads: LedgerThreads
  ) async {
    var line = line
    line.outcome = "refused"
    var detail = JSONWriter()
    detail.beginObject()
    detail.member("asked", json: line.detail)
    detail.member("because", reason)
    detail.endObject()
    line.detail = detail.text
    await keep(line, ledger, threads)
  }

  /// A change that needed no transaction of its own.
  func keep(_ line: AuditRecord, _ ledger: any Ledger, _ threads: LedgerThreads) async {
    log(line)
    do { try await threads.run { try ledger.write { try $0.record(audit: line) } } } catch {
      logger.warning("the audit log in the ledger lacks \(line.action) of \(line.name): \(error)")
    }
  }

  /// A step that an incident took because of a request.
  func record(_ step: IncidentTransition) { logger.log(step) }
}
