import Foundation
import LeewayTestSupport
import Testing

/// A model that falls on day 40, whose labels come within four days and may come for thirty: `replay` of what is there on a
/// day says so early eleven days after the fall, and finally 26 days later.
@Suite struct EarlyReplayTests {
  private static let monitor = """
    monitor: loans
    task: binary
    predictions:
      topic: predictions
      fields: {id: id, time: at, score: score}
      time_format: epoch_s
    labels:
      topic: labels
      fields: {id: id, time: at, value: outcome}
      horizon: 30d
      early: 4d
    panes: 1h
    windows:
      - {size: 7d, every: 1d}
    checks:
      - {name: auc, on: performance, metric: auc, window: 7d, critical: 0.7}
    alerts:
      critical: [log]
    baseline: loans.baseline.json
    """

  /// A Monday.
  private static let start = 1_751_241_600
  private static let day = 86_400

  /// Forty predictions a day for a hundred days; the score says the outcome until day 40, and nothing after.
  private static func write(into folder: URL, days: Int) throws {
    var random = SeededGenerator(seed: 10)
    var predictions: [String] = []
    var labels: [(time: Int, line: String)] = []
    var training = ["score,outcome"]
    for n in 0..<4000 {
      let time = start + n * day / 40
      let outcome = Int.random(in: 0..<2, using: &random)
      let noise = Double(Int.random(in: 0..<50, using: &random)) / 100
      let isGood = n < 40 * 40
      let score = isGood ? Double(outcome) * 0.4 + noise : noise * 1.8
      let shown = String(format: "%.2f", min(score, 1))
      let delay = Int.random(in: day...4 * day, using: &random)
      if isGood { training.append("\(shown),\(outcome)") }
      let now = start + days * day
      if time < now { predictions.append(#"{"id":"p\#(n)","at":\#(time),"score":\#(shown)}"#) }
      if time + delay < now {
        labels.append((time + delay, #"{"id":"p\#(n)","at":\#(time + delay),"outcome":\#(outcome)}"#))
      }
    }
    for (name, lines) in [
      ("monitor.yaml", [monitor]), ("train.csv", training), ("predictions.jsonl", predictions),
      ("labels.jsonl", labels.sorted { $0.time < $1.time }.map(\.line)),
    ] {
      try (lines.joined(separator: "\n") + "\n").write(
        to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
  }

  /// What had been judged of the AUC on a day, as `early 47 0.51 critical` for the window that ends on day 47.
  private func verdicts(on day: Int) throws -> [String] {
    let folder = try TemporaryFolder()
    try Self.write(into: folder.url, days: day)
    for arguments in [
      ["baseline", "fit", "monitor.yaml", "--from", "train.csv"],
      [
        "replay", "monitor.yaml", "--predictions", "predictions.jsonl", "--labels", "labels.jsonl", "--out",
        "results.jsonl",
      ],
    ] {
      let run = try LeewayProcess.run(arguments, in: folder.url)
      try #require(run.code == 0, "\(run.error)")
    }
    return try CarLoan.objects(CarLoan.lines(folder.url.appendingPathComponent("results.jsonl")))
      .filter { CarLoan.text($0, "type") == "verdict" }
      .map { line in
        let end = try #require(ISO8601DateFormatter.days(CarLoan.text(line, "end"), since: Self.start))
        let value = (line["value"] as? Double).map { String(format: "%.2f", $0) } ?? "none"
        return "\(CarLoan.text(line, "stage")) \(end) \(value) \(CarLoan.text(line, "tier"))"
      }
  }

  @Test func aFallIsJudgedEarlyAndAgainAtTheHorizon() throws {
    func newest(_ verdicts: [String], _ stage: String) -> String? { verdicts.last { $0.hasPrefix(stage) } }
    // Twelve days after the fall the window that began with it has been judged early; finally those that ended before it.
    let early = try verdicts(on: 52)
    #expect(newest(early, "early") == "early 47 0.46 critical", "\(early)")
    #expect(newest(early, "final") == "final 21 0.99 ok", "\(early)")
    // The first that is certainly below the limit, though two days in it were good.
    #expect(early.first { $0.hasSuffix("critical") } == "early 45 0.60 critical")
    // Twenty-six days later the same windows have the same numbers finally: every label had come within four days.
    let late = try verdicts(on: 78)
    #expect(newest(late, "final") == "final 47 0.46 critical", "\(late)")
    #expect(late.first { $0.hasSuffix("critical") && $0.hasPrefix("final") } == "final 45 0.60 critical")
    func of(_ stage: String, _ verdicts: [String]) -> [String] {
      verdicts.filter { $0.hasPrefix(stage) }.map { String($0.dropFirst(stage.utf8.count)) }
    }
    #expect(of("final", late) == of("early", early))
  }
}

extension ISO8601DateFormatter {
  fileprivate static func days(_ text: String, since start: Int) -> Int? {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    return formatter.date(from: text).map { (Int($0.timeIntervalSince1970) - start) / 86_400 }
  }
}
