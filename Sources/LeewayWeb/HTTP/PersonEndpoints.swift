import HTTPTypes
import Hummingbird
import LeewayCore

/// What people do about incidents, and who has asked for which change.
struct PersonEndpoints: Sendable {
  /// Bytes of a note, and of the name of whom an incident is assigned to.
  static let maximumNote = 1000
  static let maximumName = 200

  let view: ServiceView
  let threads: LedgerThreads
  let limits: HTTPLimits

  var all: [Endpoint] {
    [
      act("ack", ["note"]) { body throws(JSONFailure) in
        .acknowledge(note: try Self.text(body, "note", Self.maximumNote))
      },
      act("assign", ["to", "note"]) { body throws(JSONFailure) in
        .assign(
          to: try Self.needed(body, "to", Self.maximumName), note: try Self.text(body, "note", Self.maximumNote))
      },
      act("comment", ["note"]) { body throws(JSONFailure) in
        .comment(try Self.needed(body, "note", Self.maximumNote))
      },
      act("resolve", ["reason", "note"]) { body throws(JSONFailure) in
        .resolve(try Self.reason(body), note: try Self.text(body, "note", Self.maximumNote), decided: [:])
      },
      act("accept", ["since", "note", "undo"]) { body throws(JSONFailure) in try Self.acceptance(body) },
      Endpoint(path: "/api/v1/audit", access: .reading, respond: audit),
    ]
  }

  // MARK: Acts

  /// What is asked for is queued, since an evaluator may be deciding on the same incident, and answered with its number.
  private func act(
    _ word: String, _ members: Set<String>,
    _ read: @escaping @Sendable (JSONReader) throws(JSONFailure) -> PersonAct.Deed
  ) -> Endpoint {
    Endpoint(
      method: .post, path: "/api/v1/incidents/{incident}/\(word)", access: .changing(.operator),
      respond: { request, context in
        _ = try request.query()
        let id = context.segment("incident")
        let body = try await request.object(limit: limits.bodyBytes, orNothing: word == "ack" || word == "accept")
        let deed: PersonAct.Deed
        do throws(JSONFailure) {
          try body.allowOnly(members)
          deed = try read(body)
        } catch {
          throw Problem(
            .badBody, "In the body, \(error).", parameter: error.path == "document" ? nil : error.path,
            fix: Self.examples[word])
        }
        let act = PersonAct(incident: id, by: context.holder?.name ?? "", deed)
        let view = view
        let line = view.audit.line(act.kind, "accepted", request, context, incident: id, detail: act.body)
        do {
          let record = try await threads.run { try Self.queue(act, line, view) }
          view.audit.log(line)
          return JSONAnswer.response(request, status: .accepted) { $0.write(record) }
        } catch let refusal as PersonActs.Refusal {
          let problem = Self.problem(refusal, id)
          var line = line
          let incident = try? await threads.run { try view.ledger.read { try $0.incident(id) } }
          if let incident { line.monitor = incident.monitor }
          await view.audit.refuse(line, because: problem.detail, view.ledger, threads)
          throw problem
        }
      })
  }

  private static let examples = [
    "ack": #"Send {"note":"looking at the feed"}, or nothing."#,
    "assign": #"Send {"to":"bob"}."#,
    "comment": #"Send {"note":"the promotion began today"}."#,
    "accept":
      #"Send {"since":"2026-03-01T10:00:00Z","note":"the new price list"}, or nothing for since each shift began."#,
    "resolve": #"Send {"reason":"expected change","note":"the promotion began today"}."#,
  ]

  /// The act and the line of the audit log stand or fall together.
  private static func queue(_ act: PersonAct, _ line: AuditRecord, _ view: ServiceView) throws -> ActRecord {
    try view.ledger.write { tx in
      let record = try PersonActs.queue(act, now: view.now(), in: tx)
      var line = line
      line.monitor = record.monitor
      try tx.record(audit: line)
      return record
    }
  }

  private static func problem(_ refusal: PersonActs.Refusal, _ id: String) -> Problem {
    switch refusal {
    case .unknownIncident: .notFound("incident", id, fix: "See /api/v1/incidents for those there are.")
    case .resolved(let by):
      Problem(
        .conflict,
        by.map { "\($0) has resolved the incident already." } ?? "The incident is resolved already.", value: id,
        fix: "See /api/v1/incidents?open=true for those that are open; a comment is taken at any time.")
    case .acknowledged(let by):
      Problem(
        .conflict, "\(by) has acknowledged the incident already.", value: id, fix: "Assign it, or comment on it.")
    case .noShift:
      Problem(
        .conflict, "Nothing that a check on shift has found is open in the incident, so there is no normal to move.",
        value: id, fix: "Resolve it by hand, or change the limits of its checks.")
    case .notAccepted:
      Problem(
        .conflict, "No new normal was accepted in the incident, or it has been taken back.", value: id,
        fix: "See its acts at /api/v1/incidents/\(id).")
    case .tooMany:
      Problem(
        .conflict, "The incident has \(PersonActs.mostOfIncident) acts, and no room for more.", value: id,
        fix: "Resolve it, or write it down elsewhere.")
    }
  }

  // MARK: Bodies

  static func text(_ body: JSONReader, _ name: String, _ limit: Int) throws(JSONFailure) -> String? {
    let member = try body.member(name)
    guard !member.isNull else { return nil }
    let text = try member.string()
    guard text.utf8.count <= limit else {
      throw member.failure("has \(text.utf8.count) bytes and the limit is \(limit)")
    }
    return text.isEmpty ? nil : text
  }

  private static func needed(_ body: JSONReader, _ name: String, _ limit: Int) throws(JSONFailure) -> String {
    guard let text = try text(body, name, limit) else { throw try body.member(name).failure("is needed") }
    return text
  }

  /// A new normal, or that it is one no more.
  private static func acceptance(_ body: JSONReader) throws(JSONFailure) -> PersonAct.Deed {
    let note = try text(body, "note", maximumNote)
    let since = try body.member("since").optional { (e) throws(JSONFailure) in try e.rfc3339() }
    let undo = try body.member("undo").optional { (e) throws(JSONFailure) in try e.bool() } ?? false
    guard undo else { return .accept(since: since, note: note, normal: nil) }
    guard since == nil else {
      throw try body.member("since").failure("has no meaning beside undo; leave one of them out")
    }
    return .undoAccept(note: note, from: nil)
  }

  private static func reason(_ body: JSONReader) throws(JSONFailure) -> PersonAct.Reason {
    let known = PersonAct.Reason.allCases.map(\.rawValue).joined(separator: ", ")
    let member = try body.member("reason")
    guard let text = try text(body, "reason", maximumName) else {
      throw member.failure("is needed; it is one of \(known)")
    }
    guard let reason = PersonAct.Reason(rawValue: text) else {
      throw member.failure("expected one of \(known), found \"\(text.prefix(40))\"")
    }
    return reason
  }

  // MARK: The audit log

  @Sendable private func audit(_ request: Request, _ context: ServiceContext) async throws -> Response {
    let parameters = try request.query("name", "monitor", "incident", "before", "limit")
    let query = AuditQuery(
      name: try parameters.text("name"), monitor: try parameters.text("monitor"),
      incident: try parameters.text("incident"),
      before: Int64(try parameters.integer("before", in: 1...Int.max, default: Int.max)),
      limit: try parameters.integer(
        "limit", in: 1...DecisionEndpoints.maximumLimit, default: DecisionEndpoints.defaultLimit))
    let ledger = view.ledger
    let found = try await threads.run { try ledger.read { try $0.audit(query) } }
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.members("audit", found) { json, line in json.write(line) }
      json.member("next", found.count == query.limit ? found.last.map { "\($0.number)" } : nil)
      json.endObject()
    }
  }
}

extension JSONWriter {
  /// An act, flat: what it is and what became of it.
  mutating func write(_ record: ActRecord) {
    beginObject()
    member("number", record.number)
    member("incident", record.incident)
    member("act", record.kind)
    member("at", record.wall)
    member("state", record.state.rawValue)
    let root = (try? JSONValue(parsing: Array(record.body.utf8))).map(JSONReader.init)
    for name in ["by", "to", "reason", "note", "since"] { member(name, try? root?.member(name).text()) }
    key("input")
    if let input = record.input { number(input) } else { null() }
    member("because", record.because.isEmpty ? nil : record.because)
    endObject()
  }

  mutating func write(_ line: AuditRecord) {
    beginObject()
    member("number", line.number)
    member("at", line.at)
    member("name", line.name)
    member("action", line.action)
    member("outcome", line.outcome)
    member("monitor", line.monitor.isEmpty ? nil : line.monitor)
    member("incident", line.incident.isEmpty ? nil : line.incident)
    member("origin", line.origin.isEmpty ? nil : line.origin)
    member("detail", json: line.detail)
    endObject()
  }

  /// What is muted of an incident that was resolved by hand.
  mutating func write(_ key: IncidentMachine.Key, _ mute: IncidentMachine.Mute) {
    beginObject()
    member("check", key.check)
    member("subject", key.subject)
    member("slice", key.slice)
    member("tier", mute.tier.name)
    member("until", mute.until)
    endObject()
  }
}
