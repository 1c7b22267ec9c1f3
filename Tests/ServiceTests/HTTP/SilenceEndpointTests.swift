import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration
@testable import LeewayService
@testable import LeewayWeb

/// Silences over HTTP: who may, what is answered, and what is written down.
@Suite struct SilenceEndpointTests {
  private func ask(
    _ client: APIClient, _ path: String, _ body: String, as name: String? = "alice"
  ) async throws -> TestClient.Response {
    var headers: HTTPFields = [.contentType: "application/json"]
    if let name { headers[.authorization] = "Bearer token-of-\(name)" }
    return try await client.execute(
      uri: "/api/v1/silences\(path)", method: .post, headers: headers, body: ByteBuffer(string: body))
  }

  private func get(_ client: APIClient, _ path: String) async throws -> JSONValue {
    try await client.get("/api/v1/\(path)", [.authorization: "Bearer token-of-vic"]).json()
  }

  @Test func aSilenceIsAddedListedAndEnded() async throws {
    try await serving(try .filled(), tokens: try PersonEndpointTests.tokens(), isOpen: false) { client in
      let added = try await ask(
        client, "",
        #"{"matchers":{"subject":"amount","monitor":["fraud","churn*"]},"reason":"the \"feed\" moves","for":"2h"}"#)
      #expect(added.status == .created)
      let start = try #require(try added.json()["starts"]?.text.flatMap(EventTime.init(rfc3339:)))
      #expect(
        added.text
          == #"{"silence":1,"state":"active","matchers":{"monitor":["fraud","churn*"],"subject":["amount"]},"author":"alice","reason":"the \"feed\" moves","created_at":"\#(start)","starts":"\#(start)","ends":"\#(start + .hours(2))","expired_by":null,"remarks":["monitor=churn* matches no monitor here; there are fraud, prices"]}"#
      )
      let later = start + .hours(1)
      let second = try await ask(
        client, "",
        #"{"matchers":{"monitor":"fraud"},"reason":"r","start":"\#(later)","end":"\#(later + .days(30))"}"#)
      expectEqual(second.status, .created)
      expectEqual(try second.json()["state"]?.text, "pending")
      func numbers(_ query: String) async throws -> [Int64] {
        let found = try await get(client, "silences\(query)")["silences"]?.elements ?? []
        return found.compactMap { $0["silence"]?.integer }
      }
      expectEqual(try await numbers(""), [2, 1])
      expectEqual(try await numbers("?state=active"), [1])
      expectEqual(try await numbers("?limit=1"), [2])

      let ended = try await ask(client, "/1/expire", "{}")
      #expect(ended.status == .ok)
      expectEqual(try ended.json()["state"]?.text, "expired")
      expectEqual(try ended.json()["expired_by"]?.text, "alice")
      expectEqual(try await numbers("?state=expired"), [1])
      let lines = try await get(client, "audit")["audit"]?.elements ?? []
      expectEqual(
        lines.map { "\($0["name"]?.text ?? "") \($0["action"]?.text ?? "") \($0["outcome"]?.text ?? "")" },
        ["alice expire_silence accepted", "alice silence accepted", "alice silence accepted"])
      #expect(lines[1]["monitor"]?.text == "fraud" && lines[1]["detail"]?["silence"]?.integer == 2)
      #expect(lines[2]["monitor"] == .null && lines[2]["detail"]?["reason"]?.text == "the \"feed\" moves")
    }
  }

  @Test func everyRefusalSaysWhatAndWhyAndTheFix() async throws {
    try await serving(try .filled(), tokens: try PersonEndpointTests.tokens(), isOpen: false) { client in
      func refused(
        _ path: String, _ body: String, as name: String? = "alice", _ status: HTTPResponse.Status, _ detail: String,
        _ fix: String?, sourceLocation: SourceLocation = #_sourceLocation
      ) async throws {
        let answer = try await ask(client, path, body, as: name)
        let problem = try answer.json()
        #expect(answer.status == status, sourceLocation: sourceLocation)
        #expect(problem["detail"]?.text == detail, sourceLocation: sourceLocation)
        #expect(problem["fix"]?.text == fix, sourceLocation: sourceLocation)
      }
      let example =
        #"Send {"matchers":{"monitor":"fraud","subject":"amount"},"reason":"the feed is being moved","for":"2h"}."#
      func body(_ members: String) -> String { #"{"matchers":{"monitor":"fraud"},"reason":"r",\#(members)}"# }
      try await refused(
        "", body(#""for":"2h""#), as: nil, .unauthorized, "A change needs a token.",
        "Send Authorization: Bearer TOKEN with a token of the operator role from http.tokens_file.")
      try await refused(
        "", body(#""for":"2h""#), as: "vic", .forbidden, "The token is a viewer's, and this is for an operator.",
        "Send Authorization: Bearer TOKEN with a token of the operator role from http.tokens_file.")
      try await refused(
        "", #"{"matchers":{},"reason":"r","for":"2h"}"#, .badRequest,
        "In the body, matchers: needs at least one of monitor, check, subject, slice.", example)
      try await refused(
        "", #"{"reason":"r","for":"2h"}"#, .badRequest,
        "In the body, matchers: expected an object, found nothing.", example)
      try await refused(
        "", #"{"matchers":{"monitor":"a*b"},"reason":"r","for":"2h"}"#, .badRequest,
        #"In the body, matchers.monitor: is "a*b", and a pattern has * only at its beginning or its end."#, example)
      try await refused(
        "", #"{"matchers":{"monitor":"fraud"},"for":"2h"}"#, .badRequest, "In the body, reason: is needed.", example)
      try await refused(
        "", body(#""for":"2h","end":"2025-03-01T12:12:00Z""#), .badRequest,
        "In the body, document: needs either end or for.", example)
      try await refused(
        "", body(#""note":"x""#), .badRequest,
        "In the body, note: unknown key; known are end, for, matchers, reason, start.", example)
      try await refused(
        "", body(#""for":"soon""#), .badRequest,
        #"In the body, for: is "soon", and takes a duration such as 30m, 2h or 7d."#, example)
      try await refused(
        "", body(#""end":"tomorrow""#), .badRequest,
        #"In the body, end: is "tomorrow", and takes a time such as 2026-03-01T12:00:00Z."#, example)
      try await refused(
        "", body(#""end":"1999-01-01T00:00:00Z""#), .badRequest,
        "The silence would end before it begins, or has ended by now.", "Give an end behind its start and behind now.")
      try await refused(
        "", body(#""for":"31d""#), .badRequest, "The silence would last longer than 30d.",
        "Ask for 30d at most; for what recurs there is maintenance in leeway.yaml.")
      try await refused(
        "", body(#""for":"1h","start":"2999-01-01T00:00:00Z""#), .badRequest,
        "The silence would begin more than 30d from now.", "Ask for it later.")
      try await refused(
        "/7/expire", "{}", .notFound, "There is no silence named \"7\".", "See /api/v1/silences for those there are.")
      try await refused(
        "/seven/expire", "{}", .notFound, "There is no silence named \"seven\".",
        "See /api/v1/silences for those there are.")
      expectEqual(try await ask(client, "", body(#""for":"2h""#)).status, .created)
      expectEqual(try await ask(client, "/1/expire", "").status, .ok)
      try await refused(
        "/1/expire", "{}", .conflict, "alice has ended the silence already.",
        "See /api/v1/silences?state=active for those that hold messages back.")
      // What an operator asked for and did not get is written down, once its words were understood.
      let outcomes = try await get(client, "audit")["audit"]?.elements.map {
        "\($0["action"]?.text ?? "") \($0["outcome"]?.text ?? "")"
      }
      expectEqual(
        outcomes,
        [
          "expire_silence refused", "expire_silence accepted", "silence accepted", "expire_silence refused",
          "expire_silence refused", "silence refused", "silence refused", "silence refused",
        ])
    }
  }
}
