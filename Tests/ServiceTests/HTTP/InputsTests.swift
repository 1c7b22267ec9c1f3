import Hummingbird
import LeewayCore
import LeewayLedger
import LeewayTestSupport
import Testing

@testable import LeewayReplay
@testable import LeewayService
@testable import LeewayWeb

/// `/api/v1/inputs`: what came from outside, in the lines that `leeway replay --inputs` reads.
@Suite struct InputsTests {
  private func record(
    _ monitor: String, _ group: CauseGroup, _ number: Int64, _ kind: String, _ body: String, wall: EventTime?
  ) -> DecisionRecord {
    DecisionRecord(
      monitor: monitor, group: group, number: number, kind: kind, at: MadeUpService.noon + .minutes(number), wall: wall,
      body: body)
  }

  @Test func linesAreThoseThatReplayReads() async throws {
    let service = try MadeUpService.filled()
    let wall = MadeUpService.noon + .hours(1)
    let answer = record(
      "fraud", .performanceFinal, 2, "retrain_result", #"{"retrain":"rt-1","succeeded":true}"#, wall: wall)
    let end = record(
      "fraud", .drift, 1, "resolve", #"{"because":"the monitor \"fraud\" was removed"}"#, wall: wall)
    try service.ledger.write { tx in
      for made in [
        record("fraud", .performanceFinal, 1, "retraining", #"{"retrain":"rt-1"}"#, wall: nil), answer, end,
        record("other", .drift, 1, "resolve", #"{"because":"gone"}"#, wall: wall),
      ] { try tx.append(decision: made) }
    }
    try await serving(service) { client in
      let found = try await client.get("/api/v1/inputs?monitor=fraud")
      #expect(found.status == .ok && found.headers[.contentType] == "application/x-ndjson")
      #expect(
        found.text == """
          {"monitor":"fraud","group":"drift","number":1,"kind":"resolve","at":"2025-03-01T12:01:00.000Z","wall":"2025-03-01T13:00:00.000Z","input":{"because":"the monitor \\"fraud\\" was removed"}}
          {"monitor":"fraud","group":"performance/final","number":2,"kind":"retrain_result","at":"2025-03-01T12:02:00.000Z","wall":"2025-03-01T13:00:00.000Z","input":{"retrain":"rt-1","succeeded":true}}

          """)
      let read = try TemporaryFolder.use { folder in
        try InputsFile.read(folder.write("inputs.jsonl", found.text), monitor: "fraud")
      }
      #expect(read == [end, answer])

      let none = try await client.get("/api/v1/inputs?monitor=prices")
      #expect(none.status == .ok && none.text.isEmpty)
      let missing = try await client.get("/api/v1/inputs")
      #expect(missing.status == .badRequest)
      #expect(try missing.json()["detail"]?.text == "The parameter monitor is missing.")
    }
  }

  /// However many there are, none is left out: a replay with a part of them would decide otherwise.
  @Test func allOfThemAreGiven() async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    let count = DecisionEndpoints.inputsPage * 2
    let drift = count / 3
    try service.ledger.write { tx in
      for number in 1...count {
        let (group, own) = number <= drift ? (CauseGroup.drift, number) : (.performanceFinal, number - drift)
        try tx.append(
          decision: record("fraud", group, Int64(own), "resolve", #"{"because":"gone"}"#, wall: MadeUpService.noon))
      }
    }
    let expected = try service.ledger.read {
      try $0.decisions(monitor: "fraud", group: nil, outside: true, after: nil, limit: 2 * count).map(\.line)
    }
    #expect(expected.count == count)
    try await serving(service) { client in
      let text = try await client.get("/api/v1/inputs?monitor=fraud").text
      #expect(text.split(separator: "\n").map(String.init) == expected)
    }
  }
}
