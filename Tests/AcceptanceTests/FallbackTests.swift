import Foundation
import LeewaySource
import LeewayTestSupport
import Synchronization
import Testing

/// Receivers that refuse: what may get better is tried again, what cannot is told to the fallback and can be sent again.
@Suite struct FallbackTests {
  private final class Switch: Sendable {
    private let isOn = Atomic(false)
    func turnOn() { isOn.store(true, ordering: .releasing) }
    var on: Bool { isOn.load(ordering: .acquiring) }
  }

  @Test func whatIsGivenUpIsToldToTheFallbackAndCanBeSentAgain() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    let fixed = Switch()
    // A route that a redeploy has not brought yet, and a channel that was archived.
    let redeployed = try LoopbackReceiver { _, count in .answer(status: count < 3 ? 404 : 200) }
    let archived = try LoopbackReceiver { _, _ in .answer(status: fixed.on ? 200 : 410) }
    let standIn = try LoopbackReceiver()
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    try folder.write(Shop.monitor.replacing("[log]", with: "[redeployed, archived]"), to: "monitors/shop.yaml")
    let made = try LeewayProcess.run(["token", "new", "alice", "operator", "--file", "tokens"], in: folder.url)
    try #require(made.code == 0, "\(made.error)")
    let token = made.output.trimmingCharacters(in: .newlines)
    let configuration = try String(contentsOf: folder.url.appendingPathComponent("leeway.yaml"), encoding: .utf8)
      .replacing("http: {listen: \"127.0.0.1:0\"}", with: "http: {listen: \"127.0.0.1:0\", tokens_file: tokens}")
    try folder.write(
      configuration + """
        receivers:
          redeployed: {type: webhook, url: "\(redeployed.url("/r"))", fallback: stand-in}
          archived: {type: webhook, url: "\(archived.url("/a"))", fallback: stand-in}
          stand-in: {type: webhook, url: "\(standIn.url("/s"))", fallback: archived}

        """, to: "leeway.yaml")
    let service = try RunningService(in: folder.url, token: token)
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    func samples(_ family: String) throws -> [String] {
      try service.metrics().filter { $0.key.hasPrefix(family + "{") && $0.value > 0 }.map(\.key).sorted()
    }
    try broker.produce(
      (0..<600).map { Message(Shop.predictions, Shop.prediction($0, amount: "1000"), at: Shop.time($0)) })

    let told = try eventually { () -> Bool? in
      redeployed.requests.count >= 4 && standIn.requests.count == 1 ? true : nil
    }
    try #require(told == true, "\(service.process.standardError)")
    let notice = try #require(
      JSONSerialization.jsonObject(with: Data(standIn.requests[0].text.utf8)) as? [String: Any])
    try Schemas.expectMessage(standIn.requests[0].text)
    let incident = CarLoan.text(notice, "incident")
    #expect(CarLoan.text(notice, "event") == "delivery.failed" && CarLoan.text(notice, "receiver") == "archived")
    #expect(CarLoan.text(notice, "message") == "incident.opened")
    #expect(CarLoan.text(notice, "because") == "the receiver answered 410")
    #expect(archived.requests.count == 1)

    // Which message of which incident, in the metrics and the API.
    let series =
      "leeway_deliveries_dead{receiver=\"archived\",monitor=\"shop\",incident=\"\(incident)\",message=\"0-opened\"}"
    let shown = try eventually { try samples("leeway_deliveries_dead") == [series] ? true : nil }
    #expect(shown == true)
    let dead = try #require(service.object("/api/v1/deliveries")["deliveries"] as? [[String: Any]])
    #expect(dead.map { CarLoan.text($0, "id") } == ["\(incident).0-opened.archived"])

    // Nobody sends it again without a token; with one it goes out under its old key.
    let path = "/api/v1/deliveries/\(incident).0-opened.archived/resend"
    #expect(try service.post(path).status == 401)
    fixed.turnOn()
    #expect(try service.post(path, token: token).status == 202)
    let gone = try eventually { try samples("leeway_deliveries_dead").isEmpty ? true : nil }
    #expect(gone == true, "\(service.process.standardError)")
    // It is owed again at once, and sent a moment later.
    _ = try eventually { archived.requests.count > 1 ? true : nil }
    #expect(
      archived.requests.map { $0.header("Idempotency-Key") }
        == Array(repeating: "\(incident)/0-opened/archived", count: 2))
    #expect(try service.post(path, token: token).status == 409)
    #expect(try service.post("/api/v1/deliveries/none.1.a/resend", token: token).status == 404)
    #expect(standIn.requests.count == 1)
    // By name, and without the token.
    let audit = service.process.standardError.split(separator: "\n").filter { $0.contains("audit: resend") }
    #expect(audit.count == 3 && audit.allSatisfy { $0.contains("token=alice") })
    #expect(!service.process.standardError.contains(token))
    service.stop()
  }
}
