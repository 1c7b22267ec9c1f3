import HTTPTypes
import Hummingbird
import LeewayCore

/// Retrains, and what people decide about the models that come of them.
struct RetrainEndpoints: Sendable {
  let view: ServiceView
  let threads: LedgerThreads
  let limits: HTTPLimits

  var all: [Endpoint] {
    [
      Endpoint(path: "/api/v1/retrains", access: .reading, respond: retrains),
      Endpoint(path: "/api/v1/retrains/{retrain}", access: .reading, respond: retrain),
      Endpoint(
        method: .post, path: "/api/v1/retrains/{retrain}/approve", access: .changing(.approver),
        respond: { try await decide($0, $1, approves: true) }),
      Endpoint(
        method: .post, path: "/api/v1/retrains/{retrain}/reject", access: .changing(.approver),
        respond: { try await decide($0, $1, approves: false) }),
    ]
  }

  @Sendable private func retrains(_ request: Request, _ context: ServiceContext) async throws -> Response {
    let parameters = try request.query("monitor", "state", "limit")
    let monitor = try parameters.text("monitor")
    let state = try parameters.choice("state", of: RetrainState.self)
    let limit = try parameters.integer(
      "limit", in: 1...DecisionEndpoints.maximumLimit, default: DecisionEndpoints.defaultLimit)
    let found = try await threads.records(of: monitor, in: view) {
      try $0.retrains(monitor: monitor, state: state, limit: limit)
    }
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.members("retrains", found) { json, retrain in json.write(retrain) }
      json.endObject()
    }
  }

  @Sendable private func retrain(_ request: Request, _ context: ServiceContext) async throws -> Response {
    _ = try request.query()
    let id = context.segment("retrain")
    let ledger = view.ledger
    let found = try await threads.run { try ledger.read { try $0.retrain(id) } }
    guard let found else { throw Self.unknown(id) }
    return JSONAnswer.response(request) { $0.write(found) }
  }

  // MARK: Decisions

  /// Decides at once: the incident's next number is locked, as for the trainer's answer.
  private func decide(_ request: Request, _ context: ServiceContext, approves: Bool) async throws -> Response {
    _ = try request.query()
    let id = context.segment("retrain")
    let body = try await request.object(limit: limits.bodyBytes, orNothing: approves)
    let reason: String?
    do throws(JSONFailure) {
      try body.allowOnly(["reason"])
      reason = try PersonEndpoints.text(body, "reason", RetrainActs.maximumReason)
      if !approves, reason == nil { throw try body.member("reason").failure("is needed") }
    } catch {
      throw Problem(
        .badBody, "In the body, \(error).", parameter: error.path == "document" ? nil : error.path,
        fix: approves
          ? #"Send {"reason":"better in every segment"}, or nothing."#
          : #"Send {"reason":"worse for new customers"}."#)
    }
    let holder = context.holder
    let view = view
    var line = view.audit.line(
      approves ? "approve" : "reject", "accepted", request, context, detail: Self.detail(id, reason))
    do {
      // Four eyes: a token that trains too has made what it would approve of.
      if let holder, !holder.mayApprove {
        throw Problem(
          .forbidden, "\(holder.name) has the role trainer too, and whoever trains a model does not decide about it.",
          value: id, fix: "Use the token of a person who has the role approver and not trainer.")
      }
      let name = holder?.name ?? ""
      let outcome = try await threads.run { [line] in
        try Self.decide(id, name, approves, reason, line, view)
      }
      (line.monitor, line.incident) = (outcome.record.monitor, outcome.record.incident)
      view.audit.log(line)
      for step in outcome.transitions {
        view.metrics.count(transition: step.transition, monitor: step.monitor)
        view.audit.record(step)
      }
      let record = outcome.record
      if record.state != .candidate {
        view.metrics.count(retrain: record.state.rawValue, monitor: record.monitor)
        view.metrics.corrected(seconds: (view.now() - record.requestedWall).seconds, monitor: record.monitor)
      }
      return JSONAnswer.response(request) { $0.write(record) }
    } catch {
      let problem = (error as? RetrainActs.Refusal).map { Self.problem($0, id) } ?? error as? Problem
      guard let problem else { throw error }
      let known = try? await threads.run { try view.ledger.read { try $0.retrain(id) } }
      if let known { (line.monitor, line.incident) = (known.monitor, known.incident) }
      await view.audit.refuse(line, because: problem.detail, view.ledger, threads)
      throw problem
    }
  }

  /// The decision and the line of the audit log stand or fall together.
  private static func decide(
    _ id: String, _ name: String, _ approves: Bool, _ reason: String?, _ line: AuditRecord, _ view: ServiceView
  ) throws -> RetrainActs.Outcome {
    let monitors = view.monitors()
    let now = view.now()
    return try view.ledger.write { tx in
      func monitor(_ name: String) -> Monitor? { monitors.first { $0.monitor.name == name }?.monitor }
      let outcome =
        approves
        ? try RetrainActs.approve(
          id, by: name, reason: reason, monitor: monitor, context: view.decisions(), now: now, in: tx)
        : try RetrainActs.reject(
          id, by: name, reason: reason ?? "", monitor: monitor, context: view.decisions(), now: now, in: tx)
      var line = line
      (line.monitor, line.incident) = (outcome.record.monitor, outcome.record.incident)
      try tx.record(audit: line)
      return outcome
    }
  }

  private static func detail(_ id: String, _ reason: String?) -> String {
    var json = JSONWriter()
    json.beginObject()
    json.member("retrain", id)
    json.member("reason", reason)
    json.endObject()
    return json.text
  }

  private static func unknown(_ id: String) -> Problem {
    .notFound("retrain", id, fix: "See /api/v1/retrains for those there are.")
  }

  private static func problem(_ refusal: RetrainActs.Refusal, _ id: String) -> Problem {
    switch refusal {
    case .unknown: unknown(id)
    case .notCandidate(let state):
      Problem(
        .conflict, "The retrain is \(state.rawValue), and only a candidate is decided about.", value: state.rawValue,
        fix: "See /api/v1/retrains?state=candidate for those that wait.")
    case .approved(let by):
      Problem(
        .conflict, "\(by) has approved of it already, and another person has to.", value: id,
        fix: "Ask another person who has the role approver.")
    }
  }
}

extension JSONWriter {
  mutating func write(_ retrain: RetrainRecord) {
    beginObject()
    member("retrain", retrain.id)
    member("monitor", retrain.monitor)
    member("incident", retrain.incident)
    member("state", retrain.state.rawValue)
    member("requested_at", retrain.requestedAt)
    member("requested_wall", retrain.requestedWall)
    member("deadline", retrain.deadline)
    member("overdue_wall", retrain.overdueWall)
    member("completed_wall", retrain.completedWall)
    member("answer", json: retrain.answer.isEmpty ? "null" : retrain.answer)
    members("decisions", retrain.decisions) { json, decision in
      json.beginObject()
      json.member("by", decision.by)
      json.member("at", decision.at)
      json.member("approves", decision.approves)
      json.member("reason", decision.reason)
      json.endObject()
    }
    endObject()
  }
}
