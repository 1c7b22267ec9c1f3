import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// `/api/v1/instances` and the metrics beside it.
@Suite struct InstanceTests {
  @Test func whoReadsWhatAndHowFar() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap, session: Shop.shortSession)
    func instances(_ service: RunningService) throws -> [[String: Any]] {
      try #require(service.object("/api/v1/instances")["instances"] as? [[String: Any]])
    }
    // One that was killed leaves a writer behind, which the next start sees to.
    let killed = try RunningService(in: folder.url)
    let known = try eventually { try instances(killed).isEmpty ? nil : true }
    #expect(known == true)
    killed.process.killAtOnce()
    killed.process.wait()

    let service = try RunningService(in: folder.url)
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    try broker.produce((0..<300).map { Message(Shop.predictions, Shop.prediction($0), at: Shop.time($0)) })
    try service.awaitOffsets([Shop.predictions: 300])
    // The end is told by the flush after the one that reached it.
    let settled = try eventually { () -> [String: Any]? in
      let all = try instances(service)
      let partitions = all.first?["partitions"] as? [[String: Any]] ?? []
      let judges = (all.first?["evaluates"] as? [String]) == ["shop"]
      return all.count == 1 && partitions.count == 2 && partitions.allSatisfy { $0["lag"] as? Int == 0 } && judges
        ? all.first : nil
    }
    let one = try #require(settled, "\(service.get("/api/v1/instances") ?? "")")
    #expect(one["process"] as? Int == Int(service.process.identifier))
    #expect(one["host"] as? String == ProcessInfo.processInfo.hostName)
    #expect(one["answering"] as? Bool == true)
    #expect(one["flushes"] as? Int ?? 0 >= 1)
    #expect(CarLoan.text(one, "since") <= CarLoan.text(one, "last_seen"))
    let partitions = try #require(one["partitions"] as? [[String: Any]])
    #expect(partitions.map { CarLoan.text($0, "topic") } == [Shop.labels, Shop.predictions])
    #expect(partitions.map { CarLoan.text($0, "role") } == ["labels", "predictions"])
    #expect(partitions.map { $0["position"] as? Int } == [0, 300])
    #expect(partitions.map { $0["end"] as? Int } == [0, 300])
    #expect(partitions.map { CarLoan.text($0, "watermark") } == ["", "2026-03-01T01:14:45.000Z"])
    #expect((try service.object("/api/v1/instances")["unowned"] as? [Any])?.isEmpty == true)

    let labels = "{monitor=\"shop\",topic=\"\(Shop.predictions)\",partition=\"0\"}"
    let metrics = try eventually { () -> [String: Double]? in
      let all = try service.metrics()
      return all["leeway_partition_watermark_timestamp_seconds" + labels] == 1_772_327_685 ? all : nil
    }
    #expect(metrics?["leeway_partition_owned" + labels] == 1)
    #expect(metrics?["leeway_instances"] == 1)
    #expect(metrics?["leeway_config_outdated"] == 0)
    service.stop()
  }
}
