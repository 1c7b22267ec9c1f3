import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// SIGHUP and `POST /-/reload`: everything or nothing, and no message lost or counted twice by it.
@Suite struct ReloadTests {
  private static let operatorToken = "operator-token-0123456789"
  private static let viewerToken = "viewer-token-0123456789"

  private let folder: TemporaryFolder
  private let broker: EmbeddedBroker

  init() throws {
    folder = try TemporaryFolder()
    broker = try EmbeddedBroker()
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    try folder.write("viewer:\(Self.viewerToken)\noperator:\(Self.operatorToken)\n", to: "tokens")
    try configure()
  }

  private func configure(group: String = "shop", ledger: String = "leeway.db", more: String = "") throws {
    try folder.write(
      """
      kafka: {bootstrap: "\(broker.bootstrap)", group: \(group), properties: {session.timeout.ms: "\(Shop.session)"}}
      ledger: sqlite:\(ledger)
      http: {listen: "127.0.0.1:0", tokens_file: tokens}
      limits: {flush_every: 100ms, shutdown_time: 10m}
      evaluation: {every: 200ms}
      \(more)
      """, to: "leeway.yaml")
  }

  private func start() throws -> RunningService { try RunningService(in: folder.url, token: Self.viewerToken) }

  private func write(monitor name: String, _ change: (String) -> String = { $0 }) throws {
    try folder.write(
      change(Shop.monitor.replacing("monitor: shop", with: "monitor: \(name)")), to: "monitors/\(name).yaml")
  }

  /// Writes a monitor like the shop's, and fits a baseline of its own.
  private func add(monitor name: String) throws {
    try write(monitor: name) { $0.replacing("shop.baseline", with: "\(name).baseline") }
    let fit = try LeewayProcess.run(
      ["baseline", "fit", "monitors/\(name).yaml", "--from", "train.csv"], in: folder.url)
    try #require(fit.code == 0, "\(fit.error)")
  }

  private func messages(_ range: Range<Int>) -> [Message] {
    range.flatMap { i in
      [
        Message(Shop.predictions, Shop.prediction(i), at: Shop.time(i)),
        Message(Shop.labels, Shop.label(i), at: Shop.time(i) + 60_000),
      ]
    }
  }

  private func reload(_ service: RunningService) throws -> [String: [String]] {
    let answer = try service.post("/-/reload", token: Self.operatorToken)
    try #require(answer.status == 200, "\(answer.body)\n\(service.process.standardError)")
    return try #require(JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: [String]])
  }

  private func lines(_ service: RunningService, _ query: String) throws -> [[String: Any]] {
    try CarLoan.objects(service.results(query))
  }

  /// What the files' pipeline says of messages, by its monitor file.
  private func replay(_ monitor: String, _ range: Range<Int>) throws -> [String] {
    try folder.write(range.map { Shop.prediction($0) }.joined(separator: "\n"), to: "p.jsonl")
    try folder.write(range.map { Shop.label($0) }.joined(separator: "\n"), to: "l.jsonl")
    let outcome = try LeewayProcess.run(
      ["replay", "monitors/\(monitor).yaml", "--predictions", "p.jsonl", "--labels", "l.jsonl"], in: folder.url)
    try #require(outcome.code == 0, "\(outcome.error)")
    return outcome.output.split(separator: "\n").map(String.init)
  }

  private func expectResults(of monitor: String, _ service: RunningService, _ expected: [String]) throws {
    var found: [String] = []
    _ = try eventually { () -> Bool? in
      let text = service.get("/api/v1/results?open=true&monitor=\(monitor)", accept: "application/x-ndjson") ?? ""
      found = text.split(separator: "\n").map(String.init)
      return found == expected ? true : nil
    }
    #expect(expected.count > 40)
    #expect(found.difference(from: expected).isEmpty, "\(monitor)")
  }

  @Test func mistakesLeaveTheOldConfigurationRunning() throws {
    let service = try start()
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    try broker.produce(messages(0..<300))
    try service.awaitOffsets([Shop.predictions: 300, Shop.labels: 300])
    #expect(try service.metrics()["leeway_config_last_reload_successful"] == 1)
    let loaded = try service.metrics()["leeway_config_last_reload_success_timestamp_seconds"]

    #expect(try service.post("/-/reload").status == 401)
    #expect(try service.post("/-/reload", token: "no-such-token-0123456789").status == 401)
    let viewer = try service.post("/-/reload", token: Self.viewerToken)
    #expect(viewer.status == 403)
    #expect(viewer.body.contains("The token is a viewer's, and this is for an operator."))
    #expect(try service.metrics()["leeway_config_last_reload_successful"] == 1)

    try write(monitor: "shop") { $0.replacing("lateness: 5m", with: "lateness: soon\nwindow: 1h") }
    try configure(more: "receivers: {chat: {type: slak}}")
    let expected = [
      "leeway.yaml:6:26: receivers.chat.type is slak; it takes log, webhook, slack, teams, email, pagerduty, alertmanager, "
        + "template, airflow, argo-workflows, kubeflow, prefect, github, gitlab, sagemaker, vertex or mlflow. Did you mean slack?",
      "monitors/shop.yaml:21:1: window is not a key that can be set. Did you mean windows?",
      "monitors/shop.yaml:20:11: lateness is soon; it takes a duration such as 90s, 5m, 1h or 7d",
    ]
    let refused = try service.post("/-/reload", token: Self.operatorToken)
    #expect(refused.status == 422)
    let problem = try #require(JSONSerialization.jsonObject(with: Data(refused.body.utf8)) as? [String: Any])
    #expect(problem["type"] as? String == "urn:leeway:problem:bad-configuration")
    #expect(problem["detail"] as? String == "The configuration has 3 mistakes, and the one from before runs on.")
    #expect(Set(problem["errors"] as? [String] ?? []) == Set(expected))
    for line in expected { #expect(service.process.standardError.contains(line)) }
    #expect(
      service.process.standardError.contains("the configuration was not loaded again; the one from before runs on"))
    #expect(try service.metrics()["leeway_config_last_reload_successful"] == 0)
    #expect(try service.metrics()["leeway_config_last_reload_success_timestamp_seconds"] == loaded)
    #expect(service.get("/readyz") != nil)

    // It goes on, and comes back by a signal once the files are fixed.
    try broker.produce(messages(300..<600))
    try service.awaitOffsets([Shop.predictions: 600, Shop.labels: 600])
    try write(monitor: "shop")
    try configure()
    service.process.hangUp()
    let fixed = try eventually { () -> Bool? in
      try service.metrics()["leeway_config_last_reload_successful"] == 1 ? true : nil
    }
    #expect(fixed == true)
    let told = try eventually {
      service.process.standardError.contains("SIGHUP: the configuration was loaded again: 1 unchanged") ? true : nil
    }
    #expect(told == true, "\(service.process.standardError)")
    #expect(try reload(service)["unchanged"] == ["shop"])
    try expectResults(of: "shop", service, try replay("shop", 0..<600))
    try service.expectCounts("leeway_events_total", ["accepted": 600])
    let audit = service.process.standardError.split(separator: "\n").filter { $0.contains("audit: reload") }
    #expect(audit.count == 2)
    #expect(audit.allSatisfy { $0.contains("token=sha256:") && !$0.contains(Self.operatorToken) })
    service.stop()
  }

  @Test func whatNeedsARestartIsRefusedByName() throws {
    let service = try start()
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    try configure(group: "other", ledger: "other.db")
    let text = try String(contentsOf: folder.url.appendingPathComponent("leeway.yaml"), encoding: .utf8)
    try folder.write(
      text.replacing("127.0.0.1:0", with: "127.0.0.1:1").replacing("\(Shop.session)", with: "7000")
        + "\nschema_registry: {urls: [\"http://127.0.0.1:1\"]}\n", to: "leeway.yaml")
    let last = text.count { $0 == "\n" } + 2
    let column = try #require(text.split(separator: "\n").first?.range(of: "group")).lowerBound
    let group = text.distance(from: text.startIndex, to: column) + 1
    let answer = try service.post("/-/reload", token: Self.operatorToken)
    #expect(answer.status == 422)
    let problem = try #require(JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any])
    let fix = "has changed, which a reload cannot do; restart the service, or undo it"
    #expect(
      problem["errors"] as? [String] == [
        "leeway.yaml:1:\(group): kafka.group \(fix)",
        "leeway.yaml:1:\(group + 27): kafka.properties.session.timeout.ms \(fix)",
        "leeway.yaml:2:1: ledger \(fix)",
        "leeway.yaml:3:8: http.listen \(fix)",
        "leeway.yaml:\(last):1: schema_registry \(fix)",
      ])
    service.stop()
  }

  @Test func aNewBaselineStartsCleanPanesAndLosesNoOffset() throws {
    for name in ["calm", "gone"] { try add(monitor: name) }
    let service = try start()
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    try broker.produce(messages(0..<600))
    for monitor in ["shop", "calm", "gone"] {
      try service.awaitOffsets([Shop.predictions: 600, Shop.labels: 600], of: monitor)
    }
    let before = try service.object("/api/v1/monitors/shop")
    func assignments() -> Int {
      service.process.standardError.split(separator: "\n").count { $0.contains(": assigned ") }
    }
    let assigned = assignments()

    // Another baseline for one, a new monitor on the same topics, and one less.
    try folder.write(
      Shop.training.split(separator: "\n").prefix(301).joined(separator: "\n") + "\n", to: "train.csv")
    let fit = try LeewayProcess.run(
      ["baseline", "fit", "monitors/shop.yaml", "--from", "train.csv", "--out", "monitors/shop.baseline.json"],
      in: folder.url)
    try #require(fit.code == 0, "\(fit.error)")
    try add(monitor: "late")
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("monitors/gone.yaml"))
    let change = try reload(service)
    #expect(
      change == ["added": ["late"], "removed": ["gone"], "restarted": ["shop"], "adjusted": [], "unchanged": ["calm"]])

    try broker.produce(messages(600..<1200))
    for monitor in ["shop", "calm", "late"] {
      try service.awaitOffsets([Shop.predictions: 1200, Shop.labels: 1200], of: monitor)
    }
    // No offset is lost, and nothing is read twice: every message was taken once, in one generation or the other.
    try service.expectCounts("leeway_events_total", ["accepted": 1200])
    // Who was not touched is as if nothing had happened, and who came later has read it all.
    for monitor in ["calm", "late"] { try expectResults(of: monitor, service, replay(monitor, 0..<1200)) }
    // Topics stayed the same, so the group was left alone.
    #expect(assignments() == assigned)
    #expect(!service.process.standardError.contains(": released "))

    let after = try #require(
      try eventually { () -> [String: Any]? in
        let now = try service.object("/api/v1/monitors/shop")
        return now["closed_through"] as? String == "2026-03-01T04:54:45.000Z" ? now : nil
      })
    #expect(after["generation"] as? String != before["generation"] as? String)
    #expect(after["baseline"] as? String != before["baseline"] as? String)
    // Event 599 is of 02:29:45.
    #expect(after["starts_at"] as? String == "2026-03-01T02:30:00.000Z")
    let drift = try lines(service, "monitor=shop&type=drift&slice=all&subject=amount&from=2026-03-01T02:00:01Z")
    #expect(
      drift.map { CarLoan.text($0, "end") } == ["2026-03-01T03:00:00.000Z", "2026-03-01T04:00:00.000Z"])
    #expect(drift.map { $0["rows"] as? Int } == [120, 240])
    #expect(drift.map { $0["complete"] as? Bool } == [false, true])
    let verdicts = try lines(service, "monitor=shop&type=verdict&subject=amount&from=2026-03-01T02:00:01Z")
    #expect(verdicts.map { CarLoan.text($0, "tier") }.first == "insufficient_data")
    #expect(verdicts.map { CarLoan.text($0, "tier") }.last != "insufficient_data")

    // The one that is gone is gone from everywhere but the ledger.
    #expect(service.get("/api/v1/monitors/gone") == nil)
    #expect(try service.metrics().keys.allSatisfy { !$0.contains("\"gone\"") })
    #expect(try lines(service, "monitor=gone&type=drift").isEmpty == false)
    service.stop()
  }

  @Test func anIncidentWithoutItsMonitorOrItsCheckIsResolved() throws {
    try add(monitor: "gone")
    let service = try start()
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    // Every amount is out of place.
    try broker.produce(
      (0..<600).map { Message(Shop.predictions, Shop.prediction($0, amount: "1000"), at: Shop.time($0)) })
    func open() throws -> [[String: Any]] {
      try #require(service.object("/api/v1/incidents?open=true")["incidents"] as? [[String: Any]])
    }
    let opened = try eventually { try open().count == 2 ? true : nil }
    try #require(opened == true, "\(service.process.standardError)")

    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("monitors/gone.yaml"))
    try write(monitor: "shop") {
      $0.replacing("  - {name: drift, on: features, metric: psi, window: 1h, warning: 0.2}\n", with: "")
    }
    let change = try reload(service)
    #expect(change["removed"] == ["gone"])
    #expect(change["adjusted"] == ["shop"])
    let closed = try eventually { try open().isEmpty ? true : nil }
    #expect(closed == true, "\(service.process.standardError)")
    for monitor in ["shop", "gone"] {
      let steps = try lines(service, "monitor=\(monitor)&type=incident")
      #expect(steps.map { CarLoan.text($0, "transition") } == ["opened", "resolved"], "\(monitor)")
    }
    #expect(try service.metrics().keys.allSatisfy { !$0.contains("check=\"drift\"") })
    service.stop()
  }
}
