import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// A real Alertmanager is told of an incident, is told again after the service was killed, honours its own silence, and hears the end.
@Suite struct AlertmanagerTests {
  private static let command = "prometheus-alertmanager"

  @Test(
    .enabled(
      if: Program.path(of: command) != nil || ProcessInfo.processInfo.environment["CI"] == "true",
      "\(command) is not installed; deploy/setup.sh test installs it"))
  func anIncidentIsAnAlertUntilItIsResolved() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    // What Alertmanager itself sends on.
    let told = try LoopbackReceiver()
    try folder.write(
      """
      route: {receiver: hook, group_by: [incident], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
      receivers:
        - {name: hook, webhook_configs: [{url: "\(told.url("/am"))", send_resolved: true}]}

      """, to: "am.yml")
    let manager = try Program(Self.command, in: folder.url).started([
      "--config.file=am.yml", "--storage.path=am", "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=",
    ])
    defer { manager.end() }
    let announced = try eventually {
      manager.output.firstMatch(of: /msg="Listening on" address=([0-9.:]+)/).map { String($0.1) }
    }
    let base = "http://\(try #require(announced, "\(manager.output)"))"

    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    try folder.write(Shop.monitor.replacing("[log]", with: "[am]"), to: "monitors/shop.yaml")
    let configuration = try String(contentsOf: folder.url.appendingPathComponent("leeway.yaml"), encoding: .utf8)
    try folder.write(
      configuration + "receivers: {am: {type: alertmanager, url: \"\(base)\", resend_every: 2s}}\n", to: "leeway.yaml")
    var service = try RunningService(in: folder.url)
    defer { if service.process.isRunning { service.process.killAtOnce() } }

    // An hour with other amounts.
    try broker.produce(
      (0..<300).map { Message(Shop.predictions, Shop.prediction($0, amount: "1000"), at: Shop.time($0)) })
    let first = try #require(try eventually { try Self.alerts(base).first }, "\(service.process.standardError)")
    let labels = try #require(first["labels"] as? [String: String])
    #expect(labels["alertname"] == "LeewayIncident" && labels["monitor"] == "shop" && labels["cause"] == "drift")
    #expect(labels["severity"] == "warning")
    let annotations = try #require(first["annotations"] as? [String: String])
    #expect(annotations["summary"]?.hasPrefix("Incident opened: shop (warning): ") == true, "\(annotations)")
    #expect(first["startsAt"] as? String == "2026-03-01T01:00:00.000Z")

    // The service dies; whoever starts next tells of what is open, from the ledger.
    let end = try #require(first["endsAt"] as? String)
    service.process.killAtOnce()
    service = try RunningService(in: folder.url)
    let again = try eventually { try Self.alerts(base).first { ($0["endsAt"] as? String ?? "") > end } }
    #expect(again != nil, "\(service.process.standardError)")
    let states = try #require(service.object("/api/v1/deliveries?state=standing")["deliveries"] as? [[String: Any]])
    #expect(states.map { CarLoan.text($0, "message") } == ["0-opened"])

    // Alertmanager's own silences are its own to honour.
    let silence = """
      {"matchers":[{"name":"monitor","value":"shop","isRegex":false,"isEqual":true}],"createdBy":"test","comment":"test",
       "startsAt":"2026-01-01T00:00:00Z","endsAt":"2126-01-01T00:00:00Z"}
      """
    _ = try Curl.ask(
      "\(base)/api/v2/silences", ["-f", "-H", "Content-Type: application/json", "--data-binary", silence])
    let silenced = try eventually {
      try Self.alerts(base).first { ($0["status"] as? [String: Any])?["state"] as? String == "suppressed" }
    }
    #expect(silenced != nil)

    // A good hour ends it, and Alertmanager says so once the silence has.
    let silences = try JSONSerialization.jsonObject(with: Data(Curl.ask("\(base)/api/v2/silences").output.utf8))
    let id = CarLoan.text((silences as? [[String: Any]])?.first ?? [:], "id")
    _ = try Curl.ask("\(base)/api/v2/silence/\(id)", ["-f", "-X", "DELETE"])
    try broker.produce((300..<800).map { Message(Shop.predictions, Shop.prediction($0), at: Shop.time($0)) })
    let gone = try eventually { try Self.alerts(base).isEmpty ? true : nil }
    #expect(gone == true, "\(service.process.standardError)")
    let last = try eventually {
      told.requests.last.flatMap { $0.text.contains(#""status":"resolved""#) ? $0.text : nil }
    }
    #expect(last?.contains("Incident resolved: shop (warning)") == true, "\(last ?? "")")
    service.stop()
  }

  private static func alerts(_ base: String) throws -> [[String: Any]] {
    let answer = try Curl.ask("\(base)/api/v2/alerts?filter=alertname%3D%22LeewayIncident%22")
    return try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [[String: Any]] ?? []
  }
}
