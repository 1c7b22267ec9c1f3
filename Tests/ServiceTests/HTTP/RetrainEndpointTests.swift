import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration
@testable import LeewayService
@testable import LeewayWeb

/// Who may decide about a candidate, what each mistake is answered, and what is written down of it.
@Suite struct RetrainEndpointTests {
  private static let tokens: @Sendable () throws -> AccessTokens = {
    let lines = [("alice", "approver"), ("bob", "approver"), ("both", "approver,trainer"), ("op", "operator")].map {
      "\($0.0):\($0.1):sha256:\(SHA256.hash(Array("token-of-\($0.0)".utf8)).hex)\n"
    }
    return try AccessTokens(parsing: lines.joined(), file: "t")
  }

  private func post(
    _ client: APIClient, _ path: String, _ body: String, as name: String
  ) async throws -> TestClient.Response {
    try await client.execute(
      uri: "/api/v1/retrains/\(path)", method: .post,
      headers: [.contentType: "application/json", .authorization: "Bearer token-of-\(name)"],
      body: ByteBuffer(string: body))
  }

  /// The stored retrain that waits, made a candidate.
  private func candidate(_ ledger: any Ledger) throws -> String {
    try ledger.write { tx in
      var record = try #require(try tx.retrains(monitor: "fraud", limit: 9).first { $0.state == .requested })
      record.state = .candidate
      record.answer = #"{"status":"succeeded","model_version":"v3","metrics":{"auc":0.84},"scorecard":[]}"#
      try tx.put(retrain: record)
      return record.id
    }
  }

  @Test func anApproverApproves() async throws {
    let service = try MadeUpService.filled()
    let id = try candidate(service.ledger)
    try await serving(service, tokens: try Self.tokens(), isOpen: false) { client in
      let waiting = try await client.get(
        "/api/v1/retrains?state=candidate", [.authorization: "Bearer token-of-op"]
      ).json()
      expectEqual(waiting["retrains"]?.elements.map { $0["retrain"]?.text }, [id])
      let answer = try await post(client, "\(id)/approve", #"{"reason":"better"}"#, as: "alice")
      #expect(answer.status == .ok)
      let record = try answer.json()
      #expect(record["state"]?.text == "approved")
      let decision = try #require(record["decisions"]?.elements.first)
      #expect(decision["by"]?.text == "alice" && decision["reason"]?.text == "better")
      let audit = try await client.get("/api/v1/audit?limit=1", [.authorization: "Bearer token-of-op"]).json()
      let line = try #require(audit["audit"]?.elements.first)
      #expect(line["name"]?.text == "alice" && line["action"]?.text == "approve" && line["monitor"]?.text == "fraud")
      #expect(line["detail"]?["retrain"]?.text == id && line["detail"]?["reason"]?.text == "better")
    }
  }

  @Test func whoMayNotIsToldWhy() async throws {
    let service = try MadeUpService.filled()
    let id = try candidate(service.ledger)
    try await serving(service, tokens: try Self.tokens(), isOpen: false) { client in
      func refused(
        _ path: String, _ body: String, as name: String, _ status: HTTPResponse.Status, _ detail: String,
        sourceLocation: SourceLocation = #_sourceLocation
      ) async throws {
        let answer = try await post(client, path, body, as: name)
        #expect(answer.status == status, sourceLocation: sourceLocation)
        #expect(try answer.json()["detail"]?.text == detail, sourceLocation: sourceLocation)
      }
      try await refused(
        "\(id)/approve", "", as: "both", .forbidden,
        "both has the role trainer too, and whoever trains a model does not decide about it.")
      #expect(try await post(client, "\(id)/approve", "", as: "op").status == .forbidden)
      #expect(try await post(client, "\(id)/approve", "", as: "stranger").status == .unauthorized)
      try await refused("\(id)/reject", "{}", as: "alice", .badRequest, "In the body, reason: is needed.")
      try await refused(
        "\(id)/approve", #"{"note":"x"}"#, as: "alice", .badRequest,
        "In the body, note: unknown key; known are reason.")
      try await refused("rt-0/approve", "", as: "alice", .notFound, "There is no retrain named \"rt-0\".")
      #expect(try await post(client, "\(id)/reject", #"{"reason":"worse"}"#, as: "alice").status == .ok)
      try await refused(
        "\(id)/approve", "", as: "bob", .conflict, "The retrain is rejected, and only a candidate is decided about.")
      let state = try await client.get("/api/v1/retrains?state=open", [.authorization: "Bearer token-of-op"])
      #expect(state.status == .badRequest)
      let audit = try await client.get("/api/v1/audit", [.authorization: "Bearer token-of-op"]).json()
      let lines = audit["audit"]?.elements.map { "\($0["name"]?.text ?? "") \($0["outcome"]?.text ?? "")" }
      expectEqual(lines, ["bob refused", "alice accepted", "alice refused", "both refused"])
    }
  }
}
