import Foundation
import LeewayLocks
import LeewaySource
import LeewayTestSupport
import Testing

/// From labels that no longer follow the score to a run in another system, and from that run's end back into the incident.
@Suite struct RetrainTargetTests {
  private final class Runs: Sendable {
    private let state = Mutex<(started: [String], questions: Int, isOver: Bool)>(([], 0, false))

    func start(_ id: String) -> Bool {
      state.withLock { state in
        guard !state.started.contains(id) else { return false }
        state.started.append(id)
        return true
      }
    }

    func ask() -> Bool {
      state.withLock {
        $0.questions += 1
        return $0.isOver
      }
    }

    func end() { state.withLock { $0.isOver = true } }
    var started: [String] { state.withLock { $0.started } }
    var questions: Int { state.withLock { $0.questions } }
  }

  /// Labels are the other way round, so the AUC falls, and the monitor asks for a retrain.
  private func begin(
    _ folder: TemporaryFolder, _ broker: EmbeddedBroker, retrain: String, chat: LoopbackReceiver,
    files: [String: String]
  ) throws -> RunningService {
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    for (name, content) in files { try folder.write(content, to: name) }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    try folder.write(
      Shop.monitor.replacing("metric: auc, window: 1h, warning: 0.6", with: "metric: auc, window: 1h, critical: 0.6")
        .replacing("warning: [log]", with: "critical: [chat, retrain]") + "retrain: {deadline: 6h}\n",
      to: "monitors/shop.yaml")
    let configuration = try String(contentsOf: folder.url.appendingPathComponent("leeway.yaml"), encoding: .utf8)
      .replacing("listen: \"127.0.0.1:0\"", with: "listen: \"127.0.0.1:0\", public_url: \"http://127.0.0.1:1\"")
    try folder.write(
      configuration + """
        receivers:
          chat: {type: webhook, url: "\(chat.url("/chat"))"}
          retrain: \(retrain)

        """, to: "leeway.yaml")
    let service = try RunningService(in: folder.url)
    try broker.produce(
      (0..<600).flatMap { i in
        [
          Message(Shop.predictions, Shop.prediction(i), at: Shop.time(i)),
          Message(Shop.labels, Shop.label(i, bought: "\(1 - Shop.bought(i))"), at: Shop.time(i) + 60_000),
        ]
      })
    return service
  }

  private func retrain(_ service: RunningService) throws -> [String: Any] {
    let all = try #require(service.object("/api/v1/retrains")["retrains"] as? [[String: Any]])
    return try #require(all.first)
  }

  private func messages(_ chat: LoopbackReceiver, _ event: String) throws -> [[String: Any]] {
    try CarLoan.objects(chat.requests.map(\.text)).filter { CarLoan.text($0, "event") == event }
  }

  @Test func aRunIsStartedOnceWatchedAcrossARestartAndItsFailureIsTold() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    let (runs, chat) = (Runs(), try LoopbackReceiver())
    let airflow = try LoopbackReceiver { request, _ in
      guard request.header("Authorization") == "Bearer a-secret" else { return .answer(status: 401) }
      if request.method == "GET" {
        guard let id = runs.started.first, request.path == "/api/v2/dags/retrain-shop/dagRuns/\(id)" else {
          return .answer(status: 404)
        }
        return .answer(status: 200, body: "{\"state\":\"\(runs.ask() ? "failed" : "running")\"}")
      }
      let body = FieldReading(request.body)
      let id = body.text("dag_run_id") ?? ""
      guard request.path == "/api/v2/dags/retrain-shop/dagRuns", body.anyObject("conf") != nil else {
        return .answer(status: 404)
      }
      return runs.start(id)
        ? .answer(status: 200, body: "{\"dag_id\":\"retrain-shop\",\"dag_run_id\":\"\(id)\",\"state\":\"queued\"}")
        : .answer(status: 409)
    }
    var service = try begin(
      folder, broker,
      retrain: "{type: airflow, url: \"\(airflow.url(""))\", dag: \"retrain-{monitor}\", token: \"${file:token}\"}",
      chat: chat, files: ["token": "a-secret"])
    defer { if service.process.isRunning { service.process.killAtOnce() } }

    let asked = try eventually { runs.questions > 0 ? true : nil }
    try #require(asked == true, "\(service.process.standardError)")
    let id = CarLoan.text(try retrain(service), "retrain")
    #expect(runs.started == [id])
    let conf =
      try #require(
        JSONSerialization.jsonObject(with: Data(airflow.requests[0].body)) as? [String: Any])["conf"] as? [String: Any]
    #expect(CarLoan.text(conf ?? [:], "event") == "retrain.requested")
    #expect(CarLoan.text(conf ?? [:], "callback_token").count == 64)

    // Which run is watched is in the ledger.
    service.process.killAtOnce()
    let before = runs.questions
    service = try RunningService(in: folder.url)
    let again = try eventually { runs.questions > before ? true : nil }
    try #require(again == true, "\(service.process.standardError)")
    #expect(airflow.requests.count { $0.method == "POST" } == 1)

    runs.end()
    let failed = try eventually { try messages(chat, "incident.failed").first }
    #expect(
      failed.map { CarLoan.text($0, "because") } == "airflow run retrain-shop/\(id) is failed",
      "\(service.process.standardError)")
    #expect(CarLoan.text(try retrain(service), "state") == "failed")
    #expect(try service.metrics()["leeway_retrains_total{monitor=\"shop\",outcome=\"failed\"}"] == 1)
    let errors = service.process.standardError
    #expect(!errors.contains("a-secret"))
    service.stop()
  }

  /// GitHub starts a second run for a second call, so a call that may have been taken is not made again.
  @Test func aCallThatMayHaveBeenTakenIsNotRepeatedWhereThatStartsASecondRun() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    let chat = try LoopbackReceiver()
    // Not there yet, then taken or not.
    let github = try LoopbackReceiver { _, number in .answer(status: number == 0 ? 404 : 502) }
    let service = try begin(
      folder, broker,
      retrain: "{type: github, url: \"\(github.url(""))\", repository: acme/models, workflow: retrain.yml, "
        + "token: \"${file:token}\", fallback: chat}",
      chat: chat, files: ["token": "g-secret"])
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    let told = try eventually { try messages(chat, "delivery.failed").first }
    #expect(
      told.map { CarLoan.text($0, "because") }
        == "answered 502: the run may have been started, and github would start a second one if it were called again; look there",
      "\(service.process.standardError)")
    #expect(
      github.requests.map(\.path)
        == Array(repeating: "/repos/acme/models/actions/workflows/retrain.yml/dispatches", count: 2))
    service.stop()
  }
}
