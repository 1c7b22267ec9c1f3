import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LeewayCore
import LeewayTestSupport
import Logging
import Testing

@testable import LeewayConfiguration
@testable import LeewayService
@testable import LeewayWeb

/// What people may ask for about incidents, what they are answered, and what is written down of it.
@Suite struct PersonEndpointTests {
  static let tokens: @Sendable () throws -> AccessTokens = {
    let lines = [("alice", "operator"), ("vic", "viewer"), ("tom", "trainer"), ("ann", "approver")].map {
      "\($0.0):\($0.1):sha256:\(SHA256.hash(Array("token-of-\($0.0)".utf8)).hex)\n"
    }
    return try AccessTokens(parsing: lines.joined(), file: "t")
  }

  private func ask(
    _ client: APIClient, _ path: String, _ body: String, as name: String? = "alice"
  ) async throws -> TestClient.Response {
    var headers: HTTPFields = [.contentType: "application/json"]
    if let name { headers[.authorization] = "Bearer token-of-\(name)" }
    return try await client.execute(
      uri: "/api/v1/incidents/\(path)", method: .post, headers: headers, body: ByteBuffer(string: body))
  }

  private func audit(_ client: APIClient, _ query: String = "") async throws -> [JSONValue] {
    try await client.get("/api/v1/audit\(query)", [.authorization: "Bearer token-of-vic"]).json()["audit"]?.elements
      ?? []
  }

  @Test func whatIsAskedForIsQueuedAndWrittenDown() async throws {
    try await serving(try .filled(), tokens: try Self.tokens(), isOpen: false) { client in
      let ack = try await ask(client, "fraud-1a2b3c/ack", #"{"note":"looking at the \"feed\""}"#)
      #expect(ack.status == .accepted)
      #expect(
        ack.text
          == #"{"number":1,"incident":"fraud-1a2b3c","act":"acknowledge","at":"2025-03-01T12:12:00.000Z","state":"queued","by":"alice","to":null,"reason":null,"note":"looking at the \"feed\"","since":null,"input":null,"because":null}"#
      )
      // No more is needed to acknowledge.
      expectEqual(try await ask(client, "fraud-1a2b3c/ack", "").status, .accepted)
      expectEqual(try await ask(client, "fraud-1a2b3c/assign", #"{"to":"bob"}"#).status, .accepted)
      expectEqual(try await ask(client, "fraud-0a0a0a/comment", #"{"note":"it was the feed"}"#).status, .accepted)
      let end = try await ask(client, "fraud-1a2b3c/resolve", #"{"reason":"false alarm"}"#)
      expectEqual(try end.json()["number"]?.integer, 5)
      let detail = try await client.get("/api/v1/incidents/fraud-1a2b3c", [.authorization: "Bearer token-of-vic"])
        .json()
      expectEqual(
        detail["acts"]?.elements.map { "\($0["act"]?.text ?? "") \($0["state"]?.text ?? "")" },
        ["acknowledge queued", "acknowledge queued", "assign queued", "resolve_by_hand queued"])
      expectEqual(detail["muted"]?.elements.count, 0)
      expectEqual(detail["people"], .null)

      let lines = try await audit(client)
      expectEqual(
        lines.map { "\($0["name"]?.text ?? "") \($0["action"]?.text ?? "") \($0["outcome"]?.text ?? "")" },
        [
          "alice resolve_by_hand accepted", "alice comment accepted", "alice assign accepted",
          "alice acknowledge accepted", "alice acknowledge accepted",
        ])
      #expect(lines[2]["monitor"]?.text == "fraud" && lines[2]["incident"]?.text == "fraud-1a2b3c")
      #expect(lines[2]["detail"]?["to"]?.text == "bob" && lines[2]["origin"]?.text == "127.0.0.1")
      expectEqual(try await audit(client, "?incident=fraud-0a0a0a").count, 1)
      expectEqual(try await audit(client, "?name=bob").count, 0)
      expectEqual(try await audit(client, "?limit=2&before=3").map { $0["number"]?.integer }, [2, 1])
      let page = try await client.get("/api/v1/audit?limit=2", [.authorization: "Bearer token-of-vic"]).json()
      expectEqual(page["next"]?.text, "4")
    }
  }

  @Test func everyRefusalSaysWhatAndWhyAndTheFix() async throws {
    var limits = HTTPLimits.patient
    limits.bodyBytes = 2000
    try await serving(try .filled(), tokens: try Self.tokens(), isOpen: false, limits: limits) { client in
      func refused(
        _ path: String, _ body: String, as name: String? = "alice", _ status: HTTPResponse.Status, _ detail: String,
        _ fix: String?, sourceLocation: SourceLocation = #_sourceLocation
      ) async throws {
        let answer = try await ask(client, path, body, as: name)
        let problem = try answer.json()
        #expect(answer.status == status, sourceLocation: sourceLocation)
        #expect(answer.headers[.contentType] == "application/problem+json", sourceLocation: sourceLocation)
        #expect(problem["detail"]?.text == detail, sourceLocation: sourceLocation)
        #expect(problem["fix"]?.text == fix, sourceLocation: sourceLocation)
      }
      let open = "See /api/v1/incidents?open=true for those that are open; a comment is taken at any time."
      try await refused(
        "fraud-0/ack", "{}", .notFound, "There is no incident named \"fraud-0\".",
        "See /api/v1/incidents for those there are.")
      try await refused("fraud-0a0a0a/ack", "{}", .conflict, "The incident is resolved already.", open)
      // Also where the audit log is asked for the monitor.
      let written = try await audit(client).map { "\($0["outcome"]?.text ?? "") \($0["monitor"]?.text ?? "none")" }
      expectEqual(written, ["refused fraud", "refused none"])
      try await refused(
        "fraud-0a0a0a/resolve", #"{"reason":"mended"}"#, .conflict, "The incident is resolved already.", open)
      try await refused(
        "fraud-9d8e7f/ack", "{}", .conflict, "alice has acknowledged the incident already.",
        "Assign it, or comment on it.")
      let resolve = #"Send {"reason":"expected change","note":"the promotion began today"}."#
      try await refused(
        "fraud-1a2b3c/resolve", "{}", .badRequest,
        "In the body, reason: is needed; it is one of false alarm, expected change, mended, retrained.", resolve)
      try await refused(
        "fraud-1a2b3c/resolve", #"{"reason":"bored"}"#, .badRequest,
        "In the body, reason: expected one of false alarm, expected change, mended, retrained, found \"bored\".",
        resolve)
      try await refused(
        "fraud-1a2b3c/assign", #"{"note":"x"}"#, .badRequest, "In the body, to: is needed.", #"Send {"to":"bob"}."#)
      try await refused(
        "fraud-1a2b3c/assign", #"{"to":7}"#, .badRequest, "In the body, to: expected a string, found 7.",
        #"Send {"to":"bob"}."#)
      let accept =
        #"Send {"since":"2026-03-01T10:00:00Z","note":"the new price list"}, or nothing for since each shift began."#
      try await refused(
        "fraud-1a2b3c/accept", #"{"since":"yesterday"}"#, .badRequest,
        "In the body, since: expected a time such as 2026-03-01T00:00:00Z, found \"yesterday\".", accept)
      try await refused(
        "fraud-1a2b3c/accept", #"{"undo":true,"since":"2026-03-01T00:00:00Z"}"#, .badRequest,
        "In the body, since: has no meaning beside undo; leave one of them out.", accept)
      let comment = #"Send {"note":"the promotion began today"}."#
      try await refused("fraud-1a2b3c/comment", "{}", .badRequest, "In the body, note: is needed.", comment)
      let long = String(repeating: "x", count: 1001)
      try await refused(
        "fraud-1a2b3c/comment", #"{"note":"\#(long)"}"#, .badRequest,
        "In the body, note: has 1001 bytes and the limit is 1000.", comment)
      try await refused(
        "fraud-1a2b3c/comment", #"{"note":"a","colour":"red"}"#, .badRequest,
        "In the body, colour: unknown key; known are note.", comment)
      try await refused(
        "fraud-1a2b3c/ack", #"{"note":"\#(long)\#(long)"}"#, .contentTooLarge, "The body is larger than 2000 bytes.",
        "Send less.")
      let needs = "Send Authorization: Bearer TOKEN with a token of the operator role from http.tokens_file."
      try await refused("fraud-1a2b3c/ack", "{}", as: nil, .unauthorized, "A change needs a token.", needs)
      try await refused(
        "fraud-1a2b3c/ack", "{}", as: "mallory", .unauthorized, "The bearer token is not one of http.tokens_file.",
        needs)
      for (name, role) in [("vic", "a viewer"), ("tom", "a trainer"), ("ann", "an approver")] {
        try await refused(
          "fraud-1a2b3c/ack", "{}", as: name, .forbidden, "The token is \(role)'s, and this is for an operator.",
          needs)
      }
      // What somebody with the role asked for in vain is written down; what others did, and what was no request, is not.
      expectEqual(
        try await audit(client).map { "\($0["action"]?.text ?? "") \($0["outcome"]?.text ?? "")" },
        ["acknowledge refused", "resolve_by_hand refused", "acknowledge refused", "acknowledge refused"])
      expectEqual(
        try await audit(client, "?limit=1").first?["detail"]?["because"]?.text,
        "alice has acknowledged the incident already.")
      expectEqual(
        try await client.get("/api/v1/audit").status, .unauthorized)
    }
  }

  /// A new normal is asked for and taken back; what no check on shift has found has none.
  @Test func aNewNormalIsQueuedAndWrittenDown() async throws {
    let service = try MadeUpService.filled()
    try service.ledger.write { tx in
      guard var incident = try tx.incident("fraud-1a2b3c") else { return }
      incident.id = "fraud-5f5f5f"
      incident.evidence = #"[{"check":"moved","slice":"all","subject":"amount","stream":"location"}]"#
      try tx.put(incident: incident)
    }
    try await serving(service, tokens: try Self.tokens(), isOpen: false) { client in
      let asked = try await ask(client, "fraud-5f5f5f/accept", #"{"since":"2025-03-01T10:00:00Z","note":"new prices"}"#)
      expectEqual(asked.status, .accepted)
      let act = try asked.json()
      #expect(act["act"]?.text == "accept" && act["since"]?.text == "2025-03-01T10:00:00.000Z")
      #expect(act["by"]?.text == "alice" && act["note"]?.text == "new prices" && act["state"]?.text == "queued")
      expectEqual(
        try await ask(client, "fraud-5f5f5f/accept", #"{"undo":true}"#).json()["act"]?.text, "undo_accept")
      let again = try await ask(client, "fraud-5f5f5f/accept", #"{"undo":true}"#)
      #expect(again.status == .conflict)
      expectEqual(
        try again.json()["detail"]?.text,
        "No new normal was accepted in the incident, or it has been taken back.")
      let none = try await ask(client, "fraud-1a2b3c/accept", "")
      #expect(none.status == .conflict)
      expectEqual(
        try none.json()["detail"]?.text,
        "Nothing that a check on shift has found is open in the incident, so there is no normal to move.")
      let lines = try await audit(client)
      expectEqual(
        lines.map { "\($0["action"]?.text ?? "") \($0["outcome"]?.text ?? "")" },
        ["accept refused", "undo_accept refused", "undo_accept accepted", "accept accepted"])
    }
  }

  @Test func anIncidentHasRoomForAThousandActsAndTheEnd() async throws {
    let service = try MadeUpService.filled()
    try service.ledger.write { tx in
      for _ in 0..<PersonActs.mostOfIncident {
        _ = try PersonActs.queue(
          PersonAct(incident: "fraud-1a2b3c", by: "alice", .comment("c")), now: MadeUpService.noon, in: tx)
      }
    }
    try await serving(service, tokens: try Self.tokens(), isOpen: false) { client in
      let full = try await ask(client, "fraud-1a2b3c/comment", #"{"note":"one more"}"#)
      #expect(full.status == .conflict)
      expectEqual(try full.json()["detail"]?.text, "The incident has 1000 acts, and no room for more.")
      expectEqual(try full.json()["fix"]?.text, "Resolve it, or write it down elsewhere.")
      expectEqual(try await ask(client, "fraud-1a2b3c/resolve", #"{"reason":"mended"}"#).status, .accepted)
    }
  }

  /// Other changes are in the audit log too.
  @Test func reloadsResendsAndAnswersAreWrittenDown() async throws {
    try await serving(try .filled(), tokens: try Self.tokens(), isOpen: false) { client in
      let headers: HTTPFields = [.authorization: "Bearer token-of-alice"]
      expectEqual(try await client.execute(uri: "/-/reload", method: .post, headers: headers).status, .ok)
      expectEqual(
        try await client.execute(uri: "/api/v1/deliveries/none.0.a/resend", method: .post, headers: headers).status,
        .notFound)
      expectEqual(
        try await client.execute(
          uri: "/api/v1/retrains/rt-77/result", method: .post, headers: [.authorization: "Bearer token-of-rt-77"],
          body: ByteBuffer(string: #"{"status":"failed","reason":"too few rows"}"#)
        ).status, .ok)
      let lines = try await audit(client)
      expectEqual(
        lines.map { "\($0["name"]?.text ?? "") \($0["action"]?.text ?? "") \($0["outcome"]?.text ?? "")" },
        ["trainer retrain_result accepted", "alice resend refused", "alice reload succeeded"])
      #expect(lines[0]["incident"]?.text == "fraud-1a2b3c" && lines[0]["detail"]?["state"]?.text == "failed")
      #expect(lines[1]["detail"]?["asked"]?["delivery"]?.text == "none.0.a")
    }
  }
}
