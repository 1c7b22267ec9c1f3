import LeewayTestSupport
import Testing

@testable import LeewayCore

/// What an incident was about, once it has ended.
@Suite struct WorstEvidenceTests {
  private typealias Desk = IncidentTests.Desk

  private struct Shown: Equatable {
    var check: String
    var subject: String
    var tier: String
    var value: Double

    init(_ check: String, _ subject: String, _ tier: String, _ value: Double) {
      (self.check, self.subject, self.tier, self.value) = (check, subject, tier, value)
    }
  }

  private static func shown(_ text: String) throws -> [Shown] {
    try JSONReader(JSONValue(parsing: Array(text.utf8))).elements().map { item in
      Shown(
        try item.member("check").string(), try item.member("subject").string(), try item.member("tier").string(),
        try item.member("value").double())
    }
  }

  /// The critical one clears first: what fired last is not what it was about.
  @Test func theWorstStaysWhenTheIncidentIsOver() throws {
    let desk = try Desk()
    func decide(_ hour: Int64, _ said: [(String, Tier, Double)]) throws {
      _ = try desk.decide(
        said.map { subject, tier, value in
          var verdict = try #require(desk.verdict(hour, "drift", subject, tier, value: value))
          verdict.threshold = tier == .critical ? 0.3 : 0.1
          return verdict
        })
    }
    try decide(1, [("amount", .warning, 0.2), ("country", .warning, 0.15)])
    try decide(2, [("amount", .critical, 0.35), ("country", .warning, 0.12)])
    try decide(3, [("amount", .critical, 0.9), ("country", .warning, 0.18)])
    try decide(4, [("amount", .critical, 0.4), ("country", .warning, 0.11)])
    #expect(
      try Self.shown(#require(try desk.incidents().first?.worst)) == [
        Shown("drift", "amount", "critical", 0.9), Shown("drift", "country", "warning", 0.18),
      ])
    try decide(5, [("amount", .ok, 0.05), ("country", .warning, 0.13)])
    try decide(6, [("country", .ok, 0.05)])
    let incident = try #require(try desk.incidents().first)
    #expect(incident.state == .resolved)
    #expect(try Self.shown(incident.evidence) == [Shown("drift", "country", "warning", 0.13)])
    #expect(
      try Self.shown(incident.worst) == [
        Shown("drift", "amount", "critical", 0.9), Shown("drift", "country", "warning", 0.18),
      ])
  }

  @Test func aWideIncidentKeepsTheWorstTwenty() throws {
    let desk = try Desk()
    let wide = try (0..<50).map { i in
      try #require(desk.verdict(1, "drift", "f\(10 + i)", i % 4 == 0 ? .critical : .warning, value: Double(i)))
    }
    _ = try desk.decide(wide)
    let shown = try Self.shown(#require(try desk.incidents().first?.worst))
    #expect(shown.count == WorstEvidence.most)
    #expect(shown.prefix(13).map(\.tier) == Array(repeating: "critical", count: 13))
    #expect(shown.prefix(3).map(\.subject) == ["f10", "f14", "f18"])
  }

  /// No decision rests on it.
  @Test func whatIsDamagedBeginsAgain() {
    for text in ["", "null", "{}", "[1]", "[{}]", #"[{"check":"c","subject":"s","slice":"all","tier":"bad"}]"#] {
      #expect(WorstEvidence(text).text == "[]", "\(text)")
    }
  }
}
