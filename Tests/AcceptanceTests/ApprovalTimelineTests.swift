import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// From an alert to a decision, as an organisation goes through it: chat, no acknowledgement, pager, critical, one call to
/// retrain and one to fall back, a candidate, its approval, the registry, and the way back.
@Suite struct ApprovalTimelineTests {
  private static let monitor = """
    monitor: shop
    task: binary
    predictions:
      topic: \(Shop.predictions)
      fields: {id: id, time: at, score: score}
      time_format: epoch_ms
    labels:
      topic: \(Shop.labels)
      fields: {id: id, time: at, value: bought}
      time_format: epoch_ms
      horizon: 30m
    features:
      amount: numeric
    baseline: shop.baseline.json
    panes: 5m
    windows:
      - {size: 1h, every: 1h}
    lateness: 5m
    checks:
      - {name: auc, on: performance, metric: auc, window: 1h, certain: false, warning: 0.8, critical: 0.6}
    alerts:
      warning: [chat]
      critical: [chat, pager, retrain]
      escalate: [{after: 1s, to: [pager]}]
    retrain:
      cooldown: 1h
      approval: required
      scorecard: {auc: {at_least: champion + 0.1}}
      promote: registry
      fall_back: rules

    """

  /// 240 an hour. In hour 2 the score says less of the outcome, in hours 3 and 4 nothing, after that as much as at first.
  private static func messages(of i: Int) -> (prediction: String, label: String) {
    let bought = i * 7 % 10 < 5
    let strengths: [Int: Double] = [2: 0.1, 3: 0, 4: 0]
    let strength: Double = bought ? strengths[i / 240] ?? 0.5 : 0
    let score = Double(i * 13 % 40) / 100 + strength
    return (
      #"{"id":"p\#(i)","at":\#(Shop.time(i)),"score":\#(score),"amount":\#(Shop.amount(i))}"#,
      #"{"id":"p\#(i)","at":\#(Shop.time(i) + 60_000),"bought":\#(bought ? 1 : 0)}"#
    )
  }

  private func events(_ receiver: LoopbackReceiver) -> [String] {
    receiver.requests.compactMap {
      ((try? JSONSerialization.jsonObject(with: Data($0.body))) as? [String: Any])?["event"] as? String
    }
  }

  @Test func fromAnAlertToAModelInForce() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    let (chat, pager, trainer) = (try LoopbackReceiver(), try LoopbackReceiver(), try LoopbackReceiver())
    let (rules, registry) = (try LoopbackReceiver(), try LoopbackReceiver())
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    try folder.write(Self.monitor, to: "monitors/shop.yaml")
    let fit = try LeewayProcess.run(
      ["baseline", "fit", "monitors/shop.yaml", "--from", "train.csv", "--out", "monitors/shop.baseline.json"],
      in: folder.url)
    try #require(fit.code == 0, "\(fit.error)")
    for (name, role) in [("op", "operator"), ("ann", "approver"), ("tom", "approver,trainer")] {
      let made = try LeewayProcess.run(["token", "new", name, role, "--file", "tokens"], in: folder.url)
      try #require(made.code == 0, "\(made.error)")
      try folder.write(made.output, to: "\(name).token")
    }
    let configuration = try String(contentsOf: folder.url.appendingPathComponent("leeway.yaml"), encoding: .utf8)
      .replacing(
        #"http: {listen: "127.0.0.1:0"}"#,
        with: #"http: {listen: "127.0.0.1:0", public_url: "http://127.0.0.1:1", tokens_file: tokens}"#)
    try folder.write(
      configuration + """
        receivers:
          chat: {type: webhook, url: "\(chat.url())"}
          pager: {type: webhook, url: "\(pager.url())"}
          retrain: {type: webhook, url: "\(trainer.url())"}
          rules: {type: webhook, url: "\(rules.url())"}
          registry: {type: mlflow, url: "\(registry.url("/mlflow"))", alias: live}

        """, to: "leeway.yaml")
    let token = try String(contentsOf: folder.url.appendingPathComponent("op.token"), encoding: .utf8)
      .trimmingCharacters(in: .newlines)
    let service = try RunningService(in: folder.url, token: token)
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    func retrains(_ arguments: [String], as name: String) throws -> (code: Int32, output: String, error: String) {
      try LeewayProcess.run(
        ["retrains"] + arguments + ["--server", service.base, "--token-file", "\(name).token"], in: folder.url)
    }
    func produce(_ range: Range<Int>) throws {
      try broker.produce(
        range.flatMap { i in
          let (prediction, label) = Self.messages(of: i)
          return [
            Message(Shop.predictions, prediction, at: Shop.time(i)),
            Message(Shop.labels, label, at: Shop.time(i) + 60_000),
          ]
        })
    }
    func until(_ receiver: LoopbackReceiver, _ wanted: [String], sourceLocation: SourceLocation = #_sourceLocation)
      throws
    {
      _ = try eventually { events(receiver).count >= wanted.count ? true : nil }
      try #require(
        events(receiver) == wanted, "\(service.process.standardError)", sourceLocation: sourceLocation)
    }

    // Hour 2 is judged 35 minutes after its end: one message in chat, and a second later the pager, since no person acknowledges.
    try produce(0..<880)
    try until(chat, ["incident.opened"])
    try until(pager, ["incident.opened"])
    #expect(pager.requests[0].text.contains(#""because":"no person has acknowledged it within 1s""#))
    #expect(rules.requests.isEmpty && trainer.requests.isEmpty)

    // Hour 3 is critical: exactly one call to retrain, and one to fall back.
    try produce(880..<1120)
    try until(chat, ["incident.opened", "incident.escalated"])
    try until(pager, ["incident.opened", "incident.escalated"])
    try until(rules, ["model.fall_back"])
    try until(trainer, ["retrain.requested"])
    for request in [rules.requests[0], trainer.requests[0]] { try Schemas.expectMessage(request.text) }

    // The trainer has evaluated both models; its answer passes the scorecard and waits.
    let asked = try #require(JSONSerialization.jsonObject(with: Data(trainer.requests[0].body)) as? [String: Any])
    let id = CarLoan.text(asked, "retrain")
    let answer = try Curl.ask(
      "\(service.base)/api/v1/retrains/\(id)/result",
      [
        "-f", "-H", "Authorization: Bearer \(CarLoan.text(asked, "callback_token"))", "-d",
        #"{"status":"succeeded","model_version":"7","metrics":{"auc":0.9},"champion":{"auc":0.5}}"#,
      ])
    try #require(answer.code == 0, "\(answer.output)")
    try until(chat, ["incident.opened", "incident.escalated", "incident.candidate"])
    try until(pager, ["incident.opened", "incident.escalated", "incident.candidate"])
    try Schemas.expectMessage(chat.requests[2].text)
    #expect(registry.requests.isEmpty)
    let waiting = try retrains(["list", "--state", "candidate"], as: "op")
    #expect(waiting.output.contains(id) && waiting.output.contains("candidate"), "\(waiting.output)\(waiting.error)")

    // Whoever trains does not approve; nor does an operator.
    let refused = try retrains(["approve", id], as: "tom")
    #expect(refused.code == 1)
    #expect(
      refused.error == "leeway: \(service.base): tom has the role trainer too, and whoever trains a model does not "
        + "decide about it. Use the token of a person who has the role approver and not trainer.\n")
    #expect(try retrains(["approve", id], as: "op").code == 1)
    let approved = try retrains(["approve", id, "--reason", "better everywhere"], as: "ann")
    #expect(approved.code == 0 && approved.output == "\(id) is approved\n", "\(approved.error)")
    try until(chat, ["incident.opened", "incident.escalated", "incident.candidate", "incident.verifying"])
    try Schemas.expectMessage(chat.requests[3].text)
    _ = try eventually { registry.requests.first }
    try #require(registry.requests.count == 1)
    #expect(registry.requests[0].path == "/mlflow/api/2.0/mlflow/registered-models/alias")
    #expect(registry.requests[0].text == #"{"name":"shop","alias":"live","version":"7"}"#)
    let shown = try retrains(["show", id], as: "op")
    for words in ["approved, of shop-", "auc        0.9    0.6", "approves  better everywhere"] {
      #expect(shown.output.contains(words), "\(words) is not in \(shown.output)")
    }

    // Hour 5 is good again.
    try produce(1120..<1640)
    try until(rules, ["model.fall_back", "model.restore"])
    try until(
      chat, ["incident.opened", "incident.escalated", "incident.candidate", "incident.verifying", "incident.resolved"])
    try Schemas.expectMessage(rules.requests[1].text)
    #expect(trainer.requests.count == 1 && registry.requests.count == 1)
    #expect(events(pager).last == "incident.resolved" && events(pager).count == 5)

    // Who did what is written down, and a replay with these inputs is what the service stored, byte for byte.
    let audit = try service.answer("/api/v1/audit")
    for words in [
      #""name":"ann","action":"approve","outcome":"accepted""#, #""name":"tom","action":"approve","outcome":"refused""#,
    ] {
      #expect(audit.contains(words), "\(words) is not in \(audit)")
    }
    let inputs = try service.answer("/api/v1/inputs?monitor=shop")
    let kinds = ["hand_on", "candidate", "approve"]
    let found = inputs.split(separator: "\n").map { line in
      kinds.first { line.contains("\"kind\":\"\($0)\"") } ?? "another"
    }
    #expect(found == kinds, "\(inputs)")
    try folder.write(inputs, to: "inputs.jsonl")
    let all = (0..<1640).map(Self.messages)
    try folder.write(all.map(\.prediction).joined(separator: "\n"), to: "p.jsonl")
    try folder.write(all.map(\.label).joined(separator: "\n"), to: "l.jsonl")
    let replay = try LeewayProcess.run(
      [
        "replay", "monitors/shop.yaml", "--predictions", "p.jsonl", "--labels", "l.jsonl", "--inputs", "inputs.jsonl",
      ], in: folder.url)
    try #require(replay.code == 0, "\(replay.error)")
    let lines = replay.output.split(separator: "\n").map(String.init).filter { $0.hasPrefix(#"{"type":"incident""#) }
    #expect(lines == (try service.results("type=incident")))
    service.stop()
  }
}
