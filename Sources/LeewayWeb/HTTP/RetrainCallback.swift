import HTTPTypes
import Hummingbird
import LeewayCore

/// The trainer's answer to a retrain. Its token is good for one retrain, so it needs no role.
struct RetrainCallback: Sendable {
  let view: ServiceView
  let threads: LedgerThreads
  let limits: HTTPLimits

  var all: [Endpoint] {
    [
      Endpoint(
        method: .post, path: "/api/v1/retrains/{retrain}/result", access: .callback, respond: result)
    ]
  }

  @Sendable private func result(_ request: Request, _ context: ServiceContext) async throws -> Response {
    _ = try request.query()
    let id = context.segment("retrain")
    guard let token = request.bearerToken else {
      throw Self.refusal("The trainer's answer needs the retrain's callback token.")
    }
    let view = view
    let verdict = try await threads.run { try view.verifyCallback(id, token, view.now()) }
    switch verdict {
    case .valid: break
    // Whether there is such a retrain is only for holders of its token to know.
    case .wrong: throw Self.refusal("The token is not the callback token of this retrain.")
    case .expired:
      throw Problem(
        .forbidden, "The retrain's deadline has passed, and its callback token with it.",
        fix: "See the incident; a person decides now.")
    }
    let body = try await request.object(limit: limits.bodyBytes)
    var line = view.audit.line("retrain_result", "accepted", request, context)
    line.name = "trainer"
    let stored = try await threads.run { [line] in try Self.settle(id, body, line, view) }
    if stored.isNew { view.audit.log(line) }
    for step in stored.transitions {
      view.metrics.count(transition: step.transition, monitor: step.monitor)
      view.audit.record(step)
    }
    if stored.isNew {
      let record = stored.record
      view.metrics.count(retrain: record.state.rawValue, monitor: record.monitor)
      view.metrics.corrected(
        seconds: ((record.completedWall ?? view.now()) - record.requestedWall).seconds, monitor: record.monitor)
    }
    return JSONAnswer.response(request) { $0.write(stored.record) }
  }

  private static func refusal(_ detail: String) -> Problem {
    Problem(
      .unauthorized, detail, fix: "Send Authorization: Bearer TOKEN with the callback_token of the request.",
      headers: [.wwwAuthenticate: "Bearer realm=\"leeway\""])
  }

  /// Stores the answer, records that it came, and moves its incident on, in one transaction. The same answer again
  /// changes nothing, since a trainer may not have heard the first reply.
  private static func settle(
    _ id: String, _ body: JSONReader, _ line: AuditRecord, _ view: ServiceView
  ) throws -> (record: RetrainRecord, isNew: Bool, transitions: [IncidentTransition]) {
    let now = view.now()
    let policies = view.monitors()
    return try view.ledger.write { writer in
      guard let record = try writer.retrain(id) else {
        throw Problem.notFound("retrain", id, fix: "Use the callback_url of the request.")
      }
      let monitor = policies.first { $0.monitor.name == record.monitor }?.monitor
      var answer = try RetrainAnswer(body, policy: monitor?.retrain)
      guard record.state == .requested else {
        // What it was compared with may have gone on since.
        if RetrainAnswer.isSame(record.answer, answer.json) { return (record, false, []) }
        throw Problem(
          .conflict, "The retrain is \(record.state.rawValue) already.", value: record.state.rawValue,
          fix: "An answer stands; ask for another retrain.")
      }
      if answer.needsChampion { answer.compare(with: try Champion.metrics(of: record.monitor, in: writer)) }
      var line = line
      (line.monitor, line.incident) = (record.monitor, record.incident)
      let (settled, steps) = try RetrainSettlement.settle(
        record, answer, by: "trainer", monitor: monitor, context: view.decisions(), now: now, audit: line, in: writer)
      return (settled, true, steps)
    }
  }
}
