import HTTPTypes
import Hummingbird
import LeewayCore

/// What receivers are owed and were not given, and sending it again.
struct DeliveryEndpoints: Sendable {
  let view: ServiceView
  let threads: LedgerThreads

  var all: [Endpoint] {
    [
      Endpoint(path: "/api/v1/deliveries", access: .reading, respond: list),
      Endpoint(
        method: .post, path: "/api/v1/deliveries/{delivery}/resend", access: .changing(.operator), respond: resend),
    ]
  }

  @Sendable private func list(_ request: Request, _ context: ServiceContext) async throws -> Response {
    let parameters = try request.query("state", "limit")
    let state = try parameters.choice("state", of: DeliveryState.self) ?? .dead
    let limit = try parameters.integer(
      "limit", in: 1...DecisionEndpoints.maximumLimit, default: DecisionEndpoints.defaultLimit)
    let ledger = view.ledger
    let found = try await threads.run { try ledger.read { try $0.deliveries(state: state, limit: limit) } }
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.members("deliveries", found) { json, delivery in json.write(delivery) }
      json.endObject()
    }
  }

  /// A dead letter is owed once more, under its old key, to whoever its receiver is now.
  @Sendable private func resend(_ request: Request, _ context: ServiceContext) async throws -> Response {
    _ = try request.query()
    let id = context.segment("delivery")
    let view = view
    let line = view.audit.line("resend", "accepted", request, context, detail: Self.detail(id))
    let outcome = try await threads.run {
      try view.ledger.write { tx -> Outcome in
        guard let row = try tx.delivery(key: OutboxRecord.key(ofID: id)) else { return .unknown }
        guard row.retrain == nil else { return .call }
        guard try tx.revive(delivery: row.key, due: tx.now()) else { return .settled(row.state) }
        var line = line
        (line.monitor, line.incident) = (row.monitor, row.incident)
        try tx.record(audit: line)
        return .owed(try tx.delivery(key: row.key) ?? row)
      }
    }
    let problem: Problem
    switch outcome {
    case .owed(let row):
      view.audit.log(line)
      return JSONAnswer.response(request, status: .accepted) { $0.write(row) }
    case .unknown:
      problem = .notFound("delivery", id, fix: "See /api/v1/deliveries for those that were given up.")
    case .call:
      problem = Problem(
        .conflict, "A call to retrain is never sent again: a trainer that had it would train twice.", value: id,
        fix: "Ask for another retrain.")
    case .settled(let state):
      problem = Problem(
        .conflict, "The delivery is \(state.rawValue), and only what was given up is sent again.", value: id,
        fix: "See /api/v1/deliveries for those that were given up.")
    }
    await view.audit.refuse(line, because: problem.detail, view.ledger, threads)
    throw problem
  }

  private static func detail(_ id: String) -> String {
    var json = JSONWriter()
    json.beginObject()
    json.member("delivery", String(id.prefix(400)))
    json.endObject()
    return json.text
  }

  private enum Outcome: Sendable {
    case owed(OutboxRecord), unknown, call
    case settled(DeliveryState)
  }
}

extension OutboxRecord {
  /// The key in a form that fits a path: keys are made of names, which have no dots.
  var id: String { key.replacing("/", with: ".") }
  static func key(ofID id: String) -> String { id.replacing(".", with: "/") }
}
