import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// Two instances on one ledger, of which one has not heard of the newer configuration yet.
@Suite struct OutdatedInstanceTests {
  @Test func whoIsBehindFlushesNothingLetsGoAndCatchesUp() throws {
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    let address = try TemporaryPostgreSQL.shared.get().addressOfNewSchema()
    let token = "operator-token-0123456789"
    let folders = try (0..<2).map { _ in
      let folder = try TemporaryFolder()
      try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
      // In the old form, which is still read.
      try folder.write("operator:\(token)\n", to: "tokens")
      try folder.write(
        """
        kafka: {bootstrap: "\(broker.bootstrap)", group: shop, properties: {session.timeout.ms: "\(Shop.session)"}}
        ledger: "\(address)"
        http: {listen: "127.0.0.1:0", tokens_file: tokens}
        limits: {flush_every: 100ms, shutdown_time: 10m}
        evaluation: {every: 200ms}

        """, to: "leeway.yaml")
      return folder
    }
    let ahead = try RunningService(in: folders[0].url, token: token)
    defer { if ahead.process.isRunning { ahead.process.killAtOnce() } }
    let behind = try RunningService(in: folders[1].url, token: token)
    defer { if behind.process.isRunning { behind.process.killAtOnce() } }
    func send(_ range: Range<Int>) throws {
      try broker.produce(
        range.flatMap { i in
          [
            Message(Shop.predictions, Shop.prediction(i), at: Shop.time(i)),
            Message(Shop.labels, Shop.label(i), at: Shop.time(i) + 60_000),
          ]
        })
    }
    func instances(_ service: RunningService) throws -> Int {
      let all = try #require(service.object("/api/v1/instances")["instances"] as? [[String: Any]])
      return all.count
    }
    let both = try eventually { try instances(ahead) == 2 ? true : nil }
    #expect(both == true)
    try send(0..<600)
    try ahead.awaitOffsets([Shop.predictions: 600, Shop.labels: 600])

    // A new baseline for one of them.
    try folders[0].write(
      Shop.training.split(separator: "\n").prefix(301).joined(separator: "\n") + "\n", to: "train.csv")
    let fit = try LeewayProcess.run(
      ["baseline", "fit", "monitors/shop.yaml", "--from", "train.csv", "--out", "monitors/shop.baseline.json"],
      in: folders[0].url)
    try #require(fit.code == 0, "\(fit.error)")
    let answer = try ahead.post("/-/reload", token: token)
    try #require(answer.status == 200, "\(answer.body)")
    try send(600..<1200)

    let outdated = try eventually { try behind.metrics()["leeway_config_outdated"] == 1 ? true : nil }
    #expect(outdated == true, "\(behind.process.standardError)")
    let ready = try behind.read("/readyz")
    #expect(ready.status == 503)
    let said =
      "monitor shop runs with another configuration or baseline now; this instance has let go of its partitions and "
      + "reads its files again now and then: give it the newer ones, or end it"
    #expect(ready.body.contains(said))
    #expect(behind.process.standardError.contains(said))
    // The files it has are the old ones, whoever asks.
    let refused = try behind.post("/-/reload", token: token)
    #expect(refused.status == 422)
    #expect(refused.body.contains("the files are older than what another instance runs"))

    // The other has it all, each message once.
    try ahead.awaitOffsets([Shop.predictions: 1200, Shop.labels: 1200])
    let judged = try eventually {
      try ahead.object("/api/v1/monitors/shop")["closed_through"] as? String == "2026-03-01T04:54:45.000Z" ? true : nil
    }
    #expect(judged == true, "\(ahead.process.standardError)")
    let alone = try eventually { try instances(ahead) == 1 ? true : nil }
    #expect(alone == true)
    var counts: [[String: Int]] = []
    _ = try eventually { () -> Bool? in
      counts = try [ahead, behind].map { try $0.counts("leeway_events_total") }
      return counts.map { $0["accepted"] ?? 0 }.reduce(0, +) == 1200 ? true : nil
    }
    #expect(counts.map { $0["accepted"] ?? 0 }.reduce(0, +) == 1200, "\(counts)")
    #expect(counts.allSatisfy { Set($0.keys).isSubset(of: ["accepted"]) }, "\(counts)")

    // With the files of the other it is one of two again, by itself.
    try FileManager.default.removeItem(at: folders[1].url.appendingPathComponent("monitors/shop.baseline.json"))
    try FileManager.default.copyItem(
      at: folders[0].url.appendingPathComponent("monitors/shop.baseline.json"),
      to: folders[1].url.appendingPathComponent("monitors/shop.baseline.json"))
    let back = try eventually { try behind.metrics()["leeway_config_outdated"] == 0 ? true : nil }
    #expect(back == true, "\(behind.process.standardError)")
    let again = try eventually { try instances(ahead) == 2 ? true : nil }
    #expect(again == true, "\(behind.process.standardError)")
    ahead.stop()
    behind.stop()
  }
}
