import Hummingbird
import LeewayCore
import LeewayLedger
import Testing

@testable import LeewayService

/// A name that nothing has is refused with the near one: an empty list of incidents reads as good news.
@Suite struct QueriedNamesTests {
  @Test(arguments: [
    ("/api/v1/results?monitor=frad", "There is no monitor named \"frad\".", "Did you mean fraud? Use fraud, prices."),
    ("/api/v1/incidents?monitor=Fraud", "There is no monitor named \"Fraud\".", "Did you mean fraud? "),
    ("/api/v1/retrains?monitor=frauds", "There is no monitor named \"frauds\".", "Did you mean fraud? "),
    ("/api/v1/quarantine?monitor=price", "There is no monitor named \"price\".", "Did you mean prices? "),
    ("/api/v1/inputs?monitor=xyz", "There is no monitor named \"xyz\".", "Use fraud, prices."),
    ("/api/v1/results?monitor=fraud&window=7h", "The monitor fraud has no window \"7h\".", "Did you mean "),
    ("/api/v1/results?window=3w", "No monitor here has a window \"3w\".", "Use 1h, 7d."),
    (
      "/api/v1/results?monitor=fraud&subject=amuont", "The monitor fraud has no subject \"amuont\".",
      "Did you mean amount? Use amount, age, country, score."
    ),
    (
      "/api/v1/results?monitor=fraud&slice=version%3Dv11", "The monitor fraud has no slice \"version=v11\".",
      "Did you mean version=v1? "
    ),
    (
      "/api/v1/results?monitor=fraud&slice=chanel%3Dweb", "The monitor fraud has no slice \"chanel=web\".",
      "Did you mean channel=web? Use all, "
    ),
    (
      "/api/v1/monitors/fraud/histogram?subject=age&slice=no", "The monitor fraud has no slice \"no\".",
      "Use all, "
    ),
    (
      "/api/v1/monitors/fraud/histogram?subject=agee", "The monitor fraud has no subject \"agee\".",
      "Did you mean age? "
    ),
  ])
  func namesThatNothingHasAreRefused(_ path: String, _ detail: String, _ fix: String) async throws {
    let service = try MadeUpService.filled()
    try await serving(service) { client in
      let response = try await client.get(path)
      #expect(response.status == .badRequest, "\(path)")
      let problem = try response.json()
      #expect(problem["detail"]?.text == detail)
      #expect(problem["fix"]?.text?.hasPrefix(fix) == true, "\(problem["fix"]?.text ?? "")")
    }
  }

  @Test func streamsRefuseThemToo() async throws {
    try await serving(try .filled()) { client in
      let stream = try await client.get("/api/v1/results?monitor=frod", [.accept: "application/x-ndjson"])
      #expect(stream.status == .badRequest)
      let filled = try await client.get("/api/v1/results?slice=version%3Dv1&limit=3", [.accept: "application/x-ndjson"])
      #expect(filled.status == .ok && filled.text.split(separator: "\n").count == 3)
    }
  }

  /// Nothing is wrong with them; there is only nothing yet, or not in that time.
  @Test func configuredNamesWithoutLinesAreNoMistake() async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    try await serving(service) { client in
      for path in [
        "/api/v1/results?monitor=prices", "/api/v1/results?monitor=fraud&window=7d&subject=score",
        "/api/v1/results?monitor=fraud&slice=channel%3Dweb", "/api/v1/results?monitor=fraud&slice=version%3Dv9",
        "/api/v1/incidents?monitor=fraud", "/api/v1/quarantine?monitor=fraud", "/api/v1/inputs?monitor=fraud",
      ] {
        expectEqual(try await client.get(path).status, .ok, "\(path)")
      }
    }
  }

  /// What was removed from the configuration keeps its results, and they can be asked for.
  @Test func removedMonitorsKeepTheirAnswers() async throws {
    let service = try MadeUpService.filled()
    var gone = MadeUpService.drift(
      MadeUpService.fraud.windows[0], end: MadeUpService.noon, slice: "all", subject: "age")
    gone.monitor = "gone"
    try service.ledger.write { try $0.put(results: [gone]) }
    try await serving(service) { client in
      for path in ["results?monitor=gone", "results?monitor=gone&window=1h&subject=age", "incidents?monitor=gone"] {
        expectEqual(try await client.get("/api/v1/" + path).status, .ok, "\(path)")
      }
      expectEqual(try await client.get("/api/v1/results?monitor=gone&subject=agee").status, .badRequest)
    }
  }
}
