import Foundation
import LeewayCore
import LeewayDelivery
import LeewayTestSupport
import Testing

/// The schemas in `docs/schema` name every member that result lines and messages have, and no other.
@Suite struct SchemaTests {
  /// Lines that have members which simulated worlds do not: several classes, groups, places, detectors by name.
  private func replay(_ set: String, checks: String = "", labels: String = "") throws -> [String] {
    let folder = try TemporaryFolder()
    let source = Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(set)")
    for name in try FileManager.default.contentsOfDirectory(atPath: source.path) {
      try FileManager.default.copyItem(
        at: source.appendingPathComponent(name), to: folder.url.appendingPathComponent(name))
    }
    let file = folder.url.appendingPathComponent("monitor.yaml")
    let monitor = try String(contentsOf: file, encoding: .utf8)
      .replacing("checks:\n", with: "checks:\n\(checks)").replacing("  horizon: 2d\n", with: "  horizon: 2d\n\(labels)")
    try monitor.write(to: file, atomically: true, encoding: .utf8)
    let fit = try LeewayProcess.run(["baseline", "fit", "monitor.yaml", "--from", "train.csv"], in: folder.url)
    try #require(fit.code == 0, "\(fit.error)")
    let replay = try LeewayProcess.run(
      ["replay", "monitor.yaml", "--predictions", "predictions.jsonl", "--labels", "labels.jsonl"], in: folder.url)
    try #require(replay.code == 0, "\(replay.error)")
    return replay.output.split(separator: "\n").map(String.init)
  }

  @Test func everyLineAndEveryMessageIsAsItsSchemaSays() throws {
    let lineSchema = try Schemas.named("result-line")
    let messageSchema = try Schemas.named("webhook")
    var lines: [String] = []
    var messages: [String] = []
    for seed in UInt64(1)...60 {
      let world = SimulatedWorld(seed: seed)
      let simulation = try Simulation(world)
      try simulation.run(SimulatedAction.plan(for: world))
      let (stored, owed) = try simulation.ledger.read { reader in
        (try reader.results(ResultQuery(limit: .max)), try reader.deliveries(incident: nil, limit: .max))
      }
      lines += stored.map(\.line)
      messages += owed.map(\.body)
    }
    lines += try replay("version_sets/kinds") + replay("replay_sets/price")
    lines += try replay(
      "version_sets/shadow",
      checks: """
          - {name: fair, on: fairness, segment: zone, reference: east, favourable: 1, metric: disparate_impact, window: 1d, warning: 0.9}
          - {name: errors, on: errors, window: 1d, critical: 1}
          - {name: top, on: performance, metric: precision_at_top, at: 10%, window: 1d, min_rows: 20, stages: [final], warning: 0.9}
          - {name: all, on: performance, metric: auc, window: 1d, min_rows: 20, stages: [final], warning: {max_drop: 1%}, critical: 0.99}

        """, labels: "  early: 6h\n  absent: 0\n")

    var seenInLines: Set<String> = []
    var seenInMessages: Set<String> = []
    var problems: Set<String> = []
    for line in lines {
      let value = try JSONValue(parsing: Array(line.utf8))
      problems.formUnion(lineSchema.problems(value, seen: &seenInLines).map { "\($0) in \(line)" })
      if problems.count > 5 { break }
    }
    for message in messages {
      let value = try JSONValue(parsing: Array(message.utf8))
      problems.formUnion(messageSchema.problems(value, seen: &seenInMessages).map { "\($0) in \(message)" })
      if problems.count > 5 { break }
    }
    for problem in problems.sorted().prefix(5) { Issue.record("\(problem)") }
    // In none of these worlds does the share of one category shift, as in ShiftCheckTests, an incident end because nothing judges
    // it any more, as in IncidentTests, a shift go on that a person has accepted, as in NewNormalTests, or look like a fault of the feed, as in
    // ShiftCauseTests.
    let accepted = ["accepted", "accepted.by", "accepted.since"]
    let causes = lineSchema.members.filter { $0.hasPrefix("ShiftCause.") }
    let rare = Set(
      ["IncidentLine.because", "ShiftLine.category", "VerdictLine.category"]
        + (accepted + ["looks_like"]).flatMap { ["ShiftLine.\($0)", "VerdictLine.\($0)"] }
    ).union(causes)
    #expect(lineSchema.members.subtracting(seenInLines).subtracting(rare).sorted() == [])
    // No world has an address of its own, a failed delivery, a token, which the sender adds, or a trainer that says more than whether
    // it succeeded: DemoTests, FallbackTests and ApprovalTimelineTests look at those.
    let elsewhere = messageSchema.members.filter { $0.hasPrefix("DeliveryFailure.") || $0.hasPrefix("Evaluation.") }
      .union(["IncidentNotification.url", "RetrainRequest.callback_url", "RetrainRequest.callback_token"])
      .union(["Evidence.category", "IncidentNotification.because", "RetrainRequest.advice"])
      .union(accepted.map { "Evidence.\($0)" }).union(causes).union(["Evidence.looks_like"])
      .union(["IncidentNotification.evaluation", "ModelCall.evaluation", "ModelCall.url"])
    #expect(messageSchema.members.subtracting(seenInMessages).subtracting(elsewhere).sorted() == [])
  }

  @Test func aMemberThatIsNotInTheSchemaIsAProblem() throws {
    let schema = try Schemas.named("result-line")
    var seen: Set<String> = []
    func problems(_ text: String) throws -> [String] {
      schema.problems(try JSONValue(parsing: Array(text.utf8)), seen: &seen)
    }
    let incident = """
      {"type":"incident","monitor":"m","incident":"m-1","at":"2026-03-01T10:00:00.000Z","transition":"opened","tier":"warning",\
      "reason":"drift","checks":["a"],"subjects":["b"],"slices":["all"]
      """
    #expect(try problems(incident + "}") == [])
    #expect(try problems(incident + ",\"colour\":\"red\"}") == ["IncidentLine.colour: is not in the schema"])
    #expect(
      try problems(incident.replacing(",\"reason\":\"drift\"", with: "") + "}") == ["IncidentLine.reason: is missing"])
    #expect(
      try problems(incident.replacing("10:00:00.000Z", with: "10:00") + "}")
        == ["IncidentLine.at: 2026-03-01T10:00 is no time"])
  }

  /// What `leeway alerts test` sends is what a receiver gets in earnest.
  @Test(arguments: SampleMessages.events) func samplesAreMessages(event: String) throws {
    let body = SampleMessages.message(
      event, incident: "i-1", at: EventTime(milliseconds: 1_767_225_600_000), url: "http://127.0.0.1")
    try Schemas.expectMessage(String(decoding: body, as: UTF8.self))
  }
}
