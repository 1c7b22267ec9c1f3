import HTTPTypes
import LeewayCore
import LeewayLedger
import Testing

@testable import LeewayConfiguration
@testable import LeewayService
@testable import LeewayWeb

/// What overviews are made of: every monitor in a few words, and a map of tiers.
@Suite struct FleetTests {
  private static func text(_ value: JSONValue?) -> String { value.map(CanonicalJSON.text) ?? "absent" }

  @Test func aRowSaysWhyAMonitorNeedsAPerson() async throws {
    let service = try MadeUpService.filled()
    try service.ledger.write {
      try $0.put(
        retrain: RetrainRecord(
          id: "rt-78", monitor: "fraud", incident: "fraud-1a2b3c", state: .candidate,
          requestedAt: MadeUpService.noon, deadline: MadeUpService.noon + .hours(6),
          requestedWall: MadeUpService.noon))
    }
    try await serving(service) { client in
      let rows = try await client.get("/api/v1/fleet").json()["monitors"]?.elements ?? []
      #expect(rows.map { $0["monitor"]?.text } == ["fraud", "prices"])
      let fraud = try #require(rows.first)
      #expect(
        fraud["checks"]?.elements.map { $0["tier"]?.text } == [
          "critical", "warning", "ok", "ok", "insufficient_data",
        ])
      // Limits are told where newer labels may be held against them.
      #expect(fraud["checks"]?.elements.map { $0["limits"]?.elements.count } == [0, 0, 0, 2, 1])
      #expect(fraud["open_incidents"]?.integer == 2)
      #expect(
        fraud["incidents"]?.elements.map { $0["incident"]?.text } == ["fraud-1a2b3c", "fraud-9d8e7f"])
      let worst = fraud["incidents"]?.elements.first
      #expect(worst?["subject_count"]?.integer == 2)
      #expect(worst?["evidence"]?["subject"]?.text == "country")
      #expect(
        Self.text(fraud["approvals"])
          == #"[{"deadline":"2025-03-01T18:00:00.000Z","incident":"fraud-1a2b3c","retrain":"rt-78"}]"#)
      #expect(
        Self.text(fraud["traffic"]) == #"{"end":"2025-03-01T12:00:00.000Z","rows":5157,"window":"1h"}"#)
      // What the first check of performance looks at, where all labels are in.
      let lines = MadeUpService.performance(
        MadeUpService.fraud.windows[0], end: MadeUpService.noon - .hours(2), slice: "all")
      let auc = try JSONValue(parsing: Array(lines.line.utf8))["metrics"]?["auc"]
      #expect(Self.text(fraud["quality"]?["value"]) == Self.text(auc))
      #expect(
        ["metric", "direction", "window", "end"].map { fraud["quality"]?[$0]?.text } == [
          "auc", "below", "1h", "2025-03-01T10:00:00.000Z",
        ])
      #expect(Self.text(fraud["quality"]?["final"]) == "true" && Self.text(fraud["quality"]?["baseline"]) == "null")
      #expect(fraud["windows"]?.elements.map { $0["window"]?.text } == ["1h", "7d"])
      #expect(
        Self.text(fraud["week"])
          == #"{"from":"2025-02-22T12:11:00.000Z","spans":[{"from":"2025-02-26T12:00:00.000Z","incident":"fraud-0a0a0a","#
          + #""tier":"warning","to":"2025-02-27T12:00:00.000Z"},{"from":"2025-03-01T10:00:00.000Z","#
          + #""incident":"fraud-9d8e7f","tier":"warning","to":null},{"from":"2025-03-01T11:40:00.000Z","#
          + #""incident":"fraud-1a2b3c","tier":"critical","to":null}],"to":"2025-03-01T12:11:00.000Z"}"#)
      // Nothing has been read of the other one, and it says nothing that is not so.
      let prices = try #require(rows.last)
      #expect(["traffic", "quality", "watermark"].map { Self.text(prices[$0]) } == ["null", "null", "null"])
      #expect(prices["checks"]?.elements.map { Self.text($0["tier"]) } == ["null"])
      #expect(prices["incidents"]?.elements.isEmpty ?? false)
    }
  }

  @Test func qualityIsMeasuredFromTheBaselineAndFallsBackToWhatIsNotFinal() async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    let hour = MadeUpService.fraud.windows[0]
    try service.ledger.write {
      try $0.put(results: [MadeUpService.performance(hour, end: MadeUpService.noon, slice: "all")])
    }
    var view = service.view()
    var monitors = MadeUpService.monitors
    monitors[0].baselinePerformance = ["auc": 0.9]
    let shown = monitors
    view.monitors = { shown }
    let rows = try MonitorStandings(ledger: service.ledger).fleet(shown, now: MadeUpService.noon)
    #expect(rows[0].quality?.baseline == 0.9 && rows[0].quality?.isFinal == false)
    #expect(rows[0].quality?.end == MadeUpService.noon)
    #expect(rows[0].performance.first?.metrics.map(\.name) == ["auc", "ece"])
    #expect(rows[1].quality == nil)
  }

  @Test func aMapHasTheWorstOfEachSubjectAndStep() async throws {
    let service = try MadeUpService.filled()
    let hour = MadeUpService.fraud.windows[0]
    func verdict(_ check: String, _ subject: String, _ tier: Tier, minutesAgo: Int64) -> ResultRecord {
      MadeUpService.verdict(
        check, hour, end: MadeUpService.noon - .minutes(minutesAgo), subject: subject, tier)
    }
    try service.ledger.write {
      try $0.put(results: [
        verdict("input-drift", "gone", .info, minutesAgo: 5), verdict("auc", "performance", .warning, minutesAgo: 10),
        verdict("input-drift", "amount", .insufficientData, minutesAgo: 10),
      ])
    }
    try await serving(service) { client in
      let path = "/api/v1/monitors/fraud/tiers"
      let map = try await client.get(path + "?from=2025-03-01T11:45:00Z&to=2025-03-01T12:00:00Z").json()
      #expect(map["columns"]?.integer == 3 && map["every_ms"]?.integer == 300_000)
      #expect(
        Self.text(map["tiers"]) == #"["insufficient_data","ok","info","warning","critical"]"#)
      let rows = map["rows"]?.elements.map {
        "\($0["subject"]?.text ?? "-") \($0["check"]?.text ?? "-") \(Self.text($0["cells"]))"
      }
      // Features in the monitor's order, then others, then checks that are about no subject.
      #expect(
        rows == [
          "amount - [0,null,3]", "country - [null,null,4]", "gone - [null,2,null]", "- traffic [null,null,1]",
          "- auc [3,null,null]",
        ])
      // Without times: as many steps as fit, up to the newest window that is closed.
      let standard = try await client.get(path).json()
      #expect(standard["columns"]?.integer == 336 && standard["to"]?.text == "2025-03-01T12:00:00.000Z")
      #expect(standard["from"]?.text == "2025-02-28T08:00:00.000Z")
      // More steps than columns: several fall together, and none is lost.
      let week = try await client.get(path + "?from=2025-02-22T12:00:00Z").json()
      #expect(week["every_ms"]?.integer == 1_800_000 && week["columns"]?.integer == 336)
      #expect(week["rows"]?.elements.first?["cells"]?.elements.last?.integer == 3)
    }
  }

  @Test func aMapOfWhatIsNotThereSaysSo() async throws {
    try await serving(try .filled()) { client in
      func refusal(_ path: String) async throws -> String {
        let answer = try await client.get("/api/v1/monitors/\(path)")
        return "\(answer.status.code) \(try answer.json()["detail"]?.text ?? "")"
      }
      expectEqual(
        try await refusal("fraud/tiers?window=2h"), #"400 The monitor fraud has no window "2h"."#)
      expectEqual(
        try await refusal("fraud/tiers?from=2025-03-01T12:00:00Z&to=2025-03-01T12:04:00Z"),
        "400 The parameter to is 2025-03-01T12:00:00.000Z, which is not a step of 5m after from, 2025-03-01T12:00:00.000Z."
      )
      expectEqual(
        try await refusal("fraud/tiers?from=2024-03-01T12:00:00Z"),
        "400 From 2024-03-01T12:00:00.000Z to 2025-03-01T12:00:00.000Z window 1h ends 105120 times, and the limit is 2352."
      )
      expectEqual(try await client.get("/api/v1/monitors/none/tiers").status, .notFound)
      expectEqual(try await client.get("/api/v1/fleet?limit=3").status, .badRequest)
    }
  }

  private static func token(_ name: String?, _ client: APIClient) async throws -> String {
    try await client.get("/api/v1/token", name.map { [.authorization: "Bearer token-of-\($0)"] } ?? [:]).text
  }

  @Test func aTokenSaysWhoseItIsAndWhatItMay() async throws {
    let tokens = try PersonEndpointTests.tokens()
    try await serving(try .filled(), tokens: tokens, isOpen: false) { client in
      expectEqual(try await Self.token("alice", client), #"{"name":"alice","roles":["viewer","trainer","operator"]}"#)
      expectEqual(try await Self.token("ann", client), #"{"name":"ann","roles":["viewer","approver"]}"#)
      expectEqual(try await client.get("/api/v1/token").status, .unauthorized)
    }
    try await serving(try .filled()) { client in
      expectEqual(try await Self.token(nil, client), #"{"name":null,"roles":["viewer"]}"#)
    }
  }
}
