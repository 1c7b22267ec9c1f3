import HTTPTypes
import Hummingbird
import LeewayCore

/// Incidents, and the messages that could not be counted.
struct DecisionEndpoints: Sendable {
  static let defaultLimit = 100
  static let maximumLimit = 1000
  /// Transition lines looked through for one incident.
  private static let maximumTransitions = 10_000
  /// Inputs that are in memory at a time.
  static let inputsPage = 1000

  let view: ServiceView
  let threads: LedgerThreads

  var all: [Endpoint] {
    [
      Endpoint(path: "/api/v1/incidents", access: .reading, respond: incidents),
      Endpoint(path: "/api/v1/incidents/{incident}", access: .reading, respond: incident),
      Endpoint(path: "/api/v1/inputs", access: .reading, respond: inputs),
      Endpoint(path: "/api/v1/quarantine", access: .reading, respond: quarantine),
    ]
  }

  private func named<Record: Sendable>(
    _ monitor: String?, _ read: @escaping @Sendable (any LedgerReader) throws -> [Record]
  ) async throws -> [Record] { try await threads.records(of: monitor, in: view, read) }

  @Sendable private func incidents(_ request: Request, _ context: ServiceContext) async throws -> Response {
    let parameters = try request.query("monitor", "open", "limit")
    let query = IncidentQuery(
      monitor: try parameters.text("monitor"), open: try parameters.bool("open"),
      limit: try parameters.integer("limit", in: 1...Self.maximumLimit, default: Self.defaultLimit))
    let found = try await named(query.monitor) { try $0.incidents(query) }
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.members("incidents", found) { json, incident in
        json.beginObject()
        json.write(incident)
        json.endObject()
      }
      json.endObject()
    }
  }

  @Sendable private func incident(_ request: Request, _ context: ServiceContext) async throws -> Response {
    _ = try request.query()
    let id = context.segment("incident")
    let ledger = view.ledger
    let found = try await threads.run { try Self.history(of: id, in: ledger) }
    guard let found else { throw Problem.notFound("incident", id, fix: "See /api/v1/incidents for those there are.") }
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.write(found.incident)
      json.members("transitions", found.transitions) { json, record in json.raw(record.line.utf8) }
      json.members("deliveries", found.deliveries) { json, delivery in json.write(delivery) }
      json.members("retrains", found.retrains) { json, retrain in json.write(retrain) }
      json.members("acts", found.acts) { json, act in json.write(act) }
      json.members("muted", found.muted) { json, muted in json.write(muted.key, muted.mute) }
      json.endObject()
    }
  }

  private struct History: Sendable {
    var incident: IncidentRecord
    var transitions: [ResultRecord] = []
    var deliveries: [OutboxRecord] = []
    var retrains: [RetrainRecord] = []
    var acts: [ActRecord] = []
    /// What was resolved by hand and still fires.
    var muted: [(key: IncidentMachine.Key, mute: IncidentMachine.Mute)] = []
  }

  /// All of it from one snapshot.
  private static func history(of id: String, in ledger: any Ledger) throws -> History? {
    try ledger.read { reader in
      guard let incident = try reader.incident(id) else { return nil }
      var history = History(incident: incident)
      let lines = try reader.results(
        ResultQuery(
          monitor: incident.monitor, type: .incident, from: incident.openedAt,
          to: max(incident.changedAt, incident.resolvedAt ?? incident.changedAt) + .milliseconds(1),
          limit: maximumTransitions))
      history.transitions = lines.filter { $0.line.contains("\"incident\":\"\(id)\"") }
      history.deliveries = try reader.deliveries(incident: id, limit: maximumLimit)
      history.retrains = try reader.retrains(monitor: incident.monitor, limit: maximumLimit)
        .filter { $0.incident == id }
      history.acts = try reader.acts(incident: id, limit: PersonActs.mostOfIncident * 2)
      let machine = try reader.machine(monitor: incident.monitor, group: incident.group).map {
        bytes throws(JSONFailure) in try IncidentMachine(encoded: bytes)
      }
      history.muted = (machine?.muted ?? [:]).filter { $0.value.incident == id }.sorted { $0.key < $1.key }
        .map { ($0.key, $0.value) }
      return history
    }
  }

  /// What came from outside the verdicts, as JSON Lines that `leeway replay --inputs` reads.
  @Sendable private func inputs(_ request: Request, _ context: ServiceContext) async throws -> Response {
    let parameters = try request.query("monitor")
    guard let monitor = try parameters.text("monitor") else {
      throw Problem(.badParameter, "The parameter monitor is missing.", parameter: "monitor", fix: "Add ?monitor=NAME.")
    }
    let (view, threads) = (view, threads)
    let first = try await named(monitor) { try Self.inputs(of: monitor, after: nil, $0) }
    // The next page is read when the client has taken this one. A failure midway breaks the connection off without the
    // last chunk, so that a part of them is not replayed.
    return Response(
      status: .ok, headers: [.contentType: "application/x-ndjson", .cacheControl: "no-store"],
      body: ResponseBody { writer in
        var page = first
        while let last = page.last {
          var buffer = ByteBuffer()
          for record in page { buffer.writeString(record.line + "\n") }
          try await writer.write(buffer)
          if page.count < Self.inputsPage { break }
          page = try await threads.run { try view.ledger.read { try Self.inputs(of: monitor, after: last, $0) } }
        }
        try await writer.finish(nil)
      })
  }

  private static func inputs(
    of monitor: String, after last: DecisionRecord?, _ reader: any LedgerReader
  ) throws -> [DecisionRecord] {
    try reader.outsideDecisions(monitor: monitor, after: last.map { ($0.group, $0.number) }, limit: inputsPage)
  }

  @Sendable private func quarantine(_ request: Request, _ context: ServiceContext) async throws -> Response {
    let parameters = try request.query("monitor", "limit")
    let monitor = try parameters.text("monitor")
    let limit = try parameters.integer("limit", in: 1...Self.maximumLimit, default: Self.defaultLimit)
    let found = try await named(monitor) { try $0.quarantined(monitor: monitor, limit: limit) }
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.members("quarantine", found) { json, record in json.write(record) }
      json.endObject()
    }
  }
}

extension JSONWriter {
  /// An incident's members, within an object.
  mutating func write(_ incident: IncidentRecord) {
    member("incident", incident.id)
    member("monitor", incident.monitor)
    member("group", incident.group.rawValue)
    member("state", incident.state.rawValue)
    member("tier", incident.tier.name)
    member("opened_at", incident.openedAt)
    member("changed_at", incident.changedAt)
    member("resolved_at", incident.resolvedAt)
    member("checks", incident.checks)
    member("subjects", incident.subjects)
    member("slices", incident.slices)
    member("retrain", json: incident.retrain)
    member("twin", json: incident.twin)
    member("people", json: incident.people)
    member("evidence", json: incident.evidence)
    member("worst", json: incident.worst)
  }

  /// How a delivery went. Not its body, which may hold a callback token.
  mutating func write(_ delivery: OutboxRecord) {
    beginObject()
    member("id", delivery.id)
    member("key", delivery.key)
    member("incident", delivery.incident)
    member("message", delivery.message)
    member("receiver", delivery.receiver)
    member("sequence", delivery.sequence)
    member("state", delivery.state.rawValue)
    member("attempts", delivery.attempts)
    member("created_at", delivery.createdAt)
    member("first_attempt_at", delivery.firstAttemptAt)
    member("next_attempt_at", delivery.state == .owed ? delivery.nextAttemptAt : nil)
    member("last_error", delivery.lastError.isEmpty ? nil : delivery.lastError)
    member("silence", delivery.silence)
    endObject()
  }

  mutating func write(_ record: QuarantineRecord) {
    beginObject()
    member("monitor", record.monitor)
    member("topic", record.topic)
    member("partition", Int64(record.partition))
    member("offset", record.offset)
    member("code", record.code)
    member("reason", record.reason)
    member("sample", String(decoding: record.sample, as: UTF8.self))
    endObject()
  }
}
