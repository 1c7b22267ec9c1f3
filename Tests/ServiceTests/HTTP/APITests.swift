import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LeewayCore
import Testing

@testable import LeewayService
@testable import LeewayWeb

@Suite struct APITests {
  @Test func aRetiredVersionIsNotAmongTheNewestWindows() async throws {
    let service = try MadeUpService.filled()
    let hour = MadeUpService.fraud.windows[0]
    func line(_ version: String, minutesAgo: Int64) -> ResultRecord {
      MadeUpService.drift(
        hour, end: MadeUpService.noon - .minutes(minutesAgo), slice: "version=\(version)", subject: "age")
    }
    // The windows of an hour end at noon: one that ended at eleven has nothing in common with them.
    try service.ledger.write { try $0.put(results: [line("retired", minutesAgo: 60), line("recent", minutesAgo: 55)]) }
    try await serving(service) { client in
      let detail = try await client.get("/api/v1/monitors/fraud").json()
      let slices = detail["drift"]?.elements.compactMap { $0["slice"]?.text } ?? []
      #expect(slices.contains("version=recent"))
      #expect(!slices.contains("version=retired"))
    }
  }

  @Test func readinessSaysWhatDoesNotHold() async throws {
    var service = try MadeUpService.filled()
    try await serving(service) { client in
      expectEqual(try await client.get("/readyz").status, .ok)
      expectEqual(try await client.get("/metrics").text.contains("\nleeway_ready 1\n"), true)
      expectEqual(try await client.get("/metrics").text.contains("\nleeway_stalled{part=\"intake\"} 0\n"), true)
    }
    service.conditions.append(ReadinessCondition(name: "partitions", holds: false, detail: "none assigned"))
    service.stalledParts = [.intake]
    try await serving(service) { client in
      let response = try await client.get("/readyz")
      #expect(response.status == .serviceUnavailable)
      #expect(
        response.text
          == #"{"ready":false,"conditions":[{"name":"configured","holds":true,"detail":"2 monitors"},{"name":"ledger","holds":true,"detail":"sqlite"},{"name":"partitions","holds":false,"detail":"none assigned"}]}"#
      )
      let metrics = try await client.get("/metrics").text
      #expect(metrics.contains("\nleeway_ready 0\n"))
      #expect(metrics.contains("\nleeway_stalled{part=\"delivery\"} 0\nleeway_stalled{part=\"evaluation\"} 0\n"))
      #expect(metrics.contains("\nleeway_stalled{part=\"intake\"} 1\n"))
    }
  }

  @Test func aMonitorStandsWhereItsNewestWindowsSay() async throws {
    try await serving(try .filled()) { client in
      let monitors = try await client.get("/api/v1/monitors").json()["monitors"]?.elements ?? []
      #expect(monitors.map { $0["monitor"]?.text } == ["fraud", "prices"])
      let fraud = try #require(monitors.first)
      #expect(
        fraud["checks"]?.elements.map { $0["tier"]?.text } == [
          "critical", "warning", "ok", "ok", "insufficient_data",
        ])
      #expect(fraud["open_incidents"]?.integer == 2)
      #expect(
        fraud["windows"]?.elements.map { $0["end"]?.text } == Array(repeating: "2025-03-01T12:00:00.000Z", count: 2))
      let window = try #require(fraud["windows"]?.elements.first)
      #expect(window["performance"]?["final"] == .bool(false))
      #expect(window["final_performance"]?["end"]?.text == "2025-03-01T10:00:00.000Z")
      #expect(monitors[1]["checks"]?.elements.map { $0["tier"] } == [.null])
      #expect(monitors[1]["watermark"] == .null)

      let detail = try await client.get("/api/v1/monitors/fraud").json()
      #expect(detail["drift"]?.elements.count == 2 * 5 * 4)
      #expect(detail["performance"]?.elements.count == 2 * 5)
      #expect(detail["drift"]?.elements.first?["slice"]?.text == "all")
      #expect(detail["partitions"]?.elements.first?["next_offset"]?.integer == 120_034)
      #expect(detail["truncated"] == .bool(false))
    }
  }

  @Test func anIncidentComesWithItsHistoryAndWithoutSecrets() async throws {
    try await serving(try .filled()) { client in
      let open = try await client.get("/api/v1/incidents?open=true").json()["incidents"]?.elements ?? []
      #expect(Set(open.map { $0["incident"]?.text }) == ["fraud-1a2b3c", "fraud-9d8e7f"])
      let response = try await client.get("/api/v1/incidents/fraud-1a2b3c")
      let incident = try response.json()
      #expect(
        incident["transitions"]?.elements.map { $0["transition"]?.text } == [
          "opened", "escalated", "retraining",
        ])
      #expect(incident["evidence"]?.elements.first?["value"]?.double == 0.347)
      #expect(Set(incident["deliveries"]?.elements.map { $0["state"]?.text } ?? []) == ["delivered", "owed"])
      #expect(incident["retrains"]?.elements.map { $0["retrain"]?.text } == ["rt-77"])
      #expect(!response.text.contains("secret-token"))
      // Evidence that is not JSON is nothing, and breaks nothing.
      expectEqual(try await client.get("/api/v1/incidents/fraud-0a0a0a").json()["evidence"], .null)
      let quarantine = try await client.get("/api/v1/quarantine?monitor=fraud").json()["quarantine"]?.elements ?? []
      #expect(quarantine.map { $0["sample"]?.text } == ["{\"score\": <b>1</b>\u{FFFD}"])
    }
  }

  /// What holds a retrain back, and the moment it was let go, are in the list and in the incident as they were written.
  @Test func anIncidentSaysWhatHeldItsRetrain() async throws {
    let service = try MadeUpService.filled()
    let held =
      #"{"state":"held","held":"data incident fraud-9d8e7f is open","since":"2025-03-01T10:00:00.000Z","released":null}"#
    let released =
      #"{"state":"failed","retrain":"rt-5","at":"2025-03-01T11:00:00.000Z","held":"data incident fraud-9d8e7f overlapped the window that asks","since":"2025-03-01T10:00:00.000Z","released":"2025-03-01T11:00:00.000Z"}"#
    try service.ledger.write { tx in
      for (id, retrain) in [("fraud-aaaaaa", held), ("fraud-bbbbbb", released)] {
        try tx.put(
          incident: IncidentRecord(
            id: id, monitor: "fraud", group: .performanceFinal, state: .open, tier: .critical,
            openedAt: MadeUpService.noon - .hours(2), changedAt: MadeUpService.noon - .hours(1), checks: ["auc"],
            subjects: ["performance"], evidence: "[]", retrain: retrain))
      }
    }
    try await serving(service) { client in
      let list = try await client.get("/api/v1/incidents").text
      for (id, retrain) in [
        ("fraud-aaaaaa", held), ("fraud-bbbbbb", released), ("fraud-9d8e7f", "null"),
        ("fraud-1a2b3c", #"{"state":"requested","retrain":"rt-77","at":"2025-03-01T11:50:00.000Z"}"#),
      ] {
        let one = try await client.get("/api/v1/incidents/\(id)").text
        #expect(one.contains("\"retrain\":\(retrain),"), "\(one)")
        let place = try #require(list.range(of: "{\"incident\":\"\(id)\""), "\(list)")
        #expect(list[place.lowerBound...].firstMatch(of: /"retrain":(null|\{[^}]*\})/).map { $0.1 } == retrain[...])
      }
    }
  }

  @Test func aTrainersAnswerIsTakenOnce() async throws {
    let service = try MadeUpService.filled()
    let path = "/api/v1/retrains/rt-77/result"
    try await serving(service) { client in
      func answer(_ body: String, token: String = "token-of-rt-77") async throws -> TestClient.Response {
        try await client.execute(
          uri: path, method: .post, headers: [.authorization: "Bearer \(token)"], body: ByteBuffer(string: body))
      }
      expectEqual(try await client.execute(uri: path, method: .post).status, .unauthorized)
      expectEqual(try await answer("{}", token: "token-of-rt-78").status, .unauthorized)
      let bad = try await answer(#"{"status":"succeeded","metrics":{"auc":"high"}}"#)
      #expect(
        bad.text
          == #"{"type":"urn:leeway:problem:bad-body","title":"Bad body","status":400,"detail":"In the body, metrics.auc: expected a number, found \"high\".","instance":"/api/v1/retrains/rt-77/result","parameter":"metrics.auc","fix":"Send {\"status\":\"succeeded\",\"model_version\":\"v3\",\"metrics\":{\"auc\":0.84}} or {\"status\":\"failed\",\"reason\":\"why\"}."}"#
      )
      for body in [
        "", "[]", "{\"status\":\"done\"}", "{\"status\":\"succeeded\"}", "{\"status\":\"failed\",\"more\":1}",
        String(repeating: "[", count: 5000),
        // Which of the two it is, nothing says.
        #"{"status":"failed","status":"succeeded","model_version":"v3","metrics":{"auc":0.84,"latency_p99_ms":31}}"#,
      ] { expectEqual(try await answer(body).status, .badRequest, "\(body.prefix(40))") }
      #expect(
        try await answer("{\"reason\":\"" + String(repeating: "x", count: 70_000) + "\"}").status == .contentTooLarge)
      #expect(try service.ledger.read { try $0.retrain("rt-77") }?.state == .requested)

      let good = #"{"metrics":{"latency_p99_ms":31,"auc":0.84},"status":"succeeded","model_version":"v3"}"#
      let taken = try await answer(good)
      #expect(taken.status == .ok)
      #expect(try taken.json()["state"]?.text == "succeeded")
      let stored = try #require(try service.ledger.read { try $0.retrain("rt-77") })
      #expect(stored.completedWall == MadeUpService.noon + .minutes(12))
      #expect(
        stored.answer
          == #"{"status":"succeeded","model_version":"v3","metrics":{"auc":0.84,"latency_p99_ms":31.0},"scorecard":[{"metric":"auc","at_least":0.8,"value":0.84,"passes":true},{"metric":"latency_p99_ms","at_most":50.0,"value":31.0,"passes":true}]}"#
      )
      expectEqual(try await answer(good).text, taken.text)
      let other = try await answer(#"{"status":"failed","reason":"out of memory"}"#)
      #expect(other.status == .conflict)
      let metrics = try await client.get("/metrics").text
      #expect(metrics.contains("leeway_retrains_total{monitor=\"fraud\",outcome=\"succeeded\"} 1\n"))
      #expect(metrics.contains("leeway_corrective_action_seconds_sum{monitor=\"fraud\"} 600\n"))
    }
  }

  @Test func aLineOfTheScorecardThatFailsOrLacksFailsTheRetrain() async throws {
    let answers = [
      (#"{"auc":0.79,"latency_p99_ms":31}"#, "auc was 0.79, at least 0.8 is needed"),
      (#"{"auc":0.9}"#, "latency_p99_ms was not reported, at most 50 is needed"),
    ]
    for (metrics, reason) in answers {
      let service = try MadeUpService.filled()
      try await serving(service) { client in
        let response = try await client.execute(
          uri: "/api/v1/retrains/rt-77/result", method: .post, headers: [.authorization: "Bearer token-of-rt-77"],
          body: ByteBuffer(string: #"{"status":"succeeded","model_version":"v3","metrics":\#(metrics)}"#))
        #expect(try response.json()["state"]?.text == "failed")
        let record = try #require(try service.ledger.read { try $0.retrain("rt-77") })
        let group = try #require(try service.ledger.read { try $0.incident(record.incident) }?.group)
        let log = try service.ledger.read {
          try $0.decisions(monitor: "fraud", group: group, outside: true, after: nil, limit: 10)
        }
        #expect(log.last?.body == #"{"retrain":"rt-77","succeeded":false,"because":"\#(reason)"}"#)
      }
    }
  }

  @Test func afterTheDeadlineTheTokenIsVoid() async throws {
    var service = try MadeUpService.filled()
    service.now = MadeUpService.noon + .hours(7)
    try await serving(service) { client in
      let response = try await client.execute(
        uri: "/api/v1/retrains/rt-77/result", method: .post, headers: [.authorization: "Bearer token-of-rt-77"],
        body: ByteBuffer(string: "{}"))
      #expect(response.status == .forbidden)
    }
  }

  @Test func otherMethodsAreNamed() async throws {
    try await serving(try .filled()) { client in
      let response = try await client.execute(uri: "/api/v1/monitors", method: .delete)
      #expect(response.headers[.allow] == "GET, HEAD")
      #expect(
        response.text
          == #"{"type":"urn:leeway:problem:method-not-allowed","title":"Method not allowed","status":405,"detail":"DELETE is not for this path.","instance":"/api/v1/monitors","fix":"Use GET, HEAD."}"#
      )
      expectEqual(try await client.get("/api/v1/retrains/rt-77/result").headers[.allow], "POST")
      let head = try await client.execute(uri: "/api/v1/monitors", method: .head)
      #expect(head.status == .ok)
      #expect(head.text.isEmpty)
    }
  }

  @Test func aPollerIsToldWhenNothingHasChanged() async throws {
    try await serving(try .filled()) { client in
      for path in ["/api/v1/monitors", "/api/v1/incidents", "/app.js"] {
        let first = try await client.get(path)
        let tag = try #require(first.headers[.eTag])
        let again = try await client.get(path, [.ifNoneMatch: "\"other\", W/\(tag)"])
        #expect(again.status == .notModified)
        #expect(again.text.isEmpty)
        expectEqual(try await client.get(path, [.ifNoneMatch: "\"other\""]).status, .ok)
      }
    }
  }

  @Test func aLedgerThatFailsIsSaidWithoutItsWords() async throws {
    try await serving(MadeUpService(ledger: FailingLedger())) { client in
      let response = try await client.get("/api/v1/incidents")
      #expect(
        response.text
          == #"{"type":"urn:leeway:problem:ledger-failed","title":"The ledger failed","status":503,"detail":"The ledger did not answer.","instance":"/api/v1/incidents","fix":"See the service's log, and /readyz."}"#
      )
      expectEqual(try await client.get("/healthz").status, .ok)
      // A stream that fails midway is broken off, so that nobody takes the part for the whole.
      await #expect(throws: (any Error).self) {
        _ = try await client.get("/api/v1/results", [.accept: "application/x-ndjson"])
      }
    }
  }

  private struct FailingLedger: Ledger {
    var location: String { "nowhere" }
    func read<T>(_ body: (any LedgerReader) throws -> T) throws -> T { throw LedgerError("disk on fire at /secret") }
    func write<T>(_ body: (any LedgerWriter) throws -> T) throws -> T { throw LedgerError("disk on fire at /secret") }
  }
}
