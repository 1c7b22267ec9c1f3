import Foundation
import LeewayTestSupport
import Testing

/// Fault 5: what the broker no longer has is a loud, configured decision, never a silent reset.
@Suite(.enabled(if: NoidaBroker.isInstalled, "noida-db is not installed: run deploy/setup.sh test"), .serialized)
struct GapTests {
  let folder: TemporaryFolder
  let broker: NoidaBroker
  private static let first = "{monitor=\"shop\",topic=\"shop.predictions\",partition=\"0\""

  init() throws {
    folder = try TemporaryFolder()
    broker = try NoidaBroker(in: folder.url)
    try broker.admin.create(topic: Shop.predictions, partitions: 2)
    try broker.admin.create(topic: Shop.labels, partitions: 1)
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
  }

  private func produce(_ range: Range<Int>, partition: Int32 = 0) throws {
    try Message.predictions(range, partition: partition, now: true).produce(to: broker.bootstrap)
  }

  private func gapsInQuarantine(_ service: RunningService) throws -> [String] {
    let rows = try #require(
      service.object("/api/v1/quarantine?monitor=shop&limit=100")["quarantine"] as? [[String: Any]])
    return rows.filter { $0["code"] as? String == "gap" }.map { "\($0["offset"] ?? ""): \($0["reason"] ?? "")" }
  }

  @Test func retentionPassedTheOffset() throws {
    try produce(0..<100)
    try produce(0..<100, partition: 1)
    let before = try RunningService(in: folder.url)
    defer { before.killIfRunning() }
    try before.awaitPartitions([0: 100, 1: 100])
    before.stop()
    try produce(100..<150)
    try produce(100..<150, partition: 1)
    try broker.admin.deleteRecords(topic: Shop.predictions, partition: 0, before: 130)

    // Unless told otherwise nothing is skipped: the partition waits and the other one goes on.
    let gap =
      "shop.predictions[0] of monitor shop: 30 messages, offsets 100 to 129, are gone from the broker unread; the broker has 130 to 149"
    let held = try RunningService(in: folder.url)
    defer { held.killIfRunning() }
    try held.awaitPartitions([0: 100, 1: 150])
    #expect(try held.awaitUnready("no_gap") == gap)
    try held.expectCount("leeway_events_total", "accepted", 50)
    #expect(try held.sample("leeway_gaps_total\(Self.first),decision=\"fail\"}") >= 1)
    #expect(held.process.standardError.contains("\(gap); it is not read until that is decided"))
    held.stop()

    try Shop.configure(folder, "group: shop,", "group: shop, on_gap: skip,")
    let skipping = try RunningService(in: folder.url)
    defer { skipping.killIfRunning() }
    try skipping.awaitPartitions([0: 150, 1: 150])
    try skipping.expectCount("leeway_events_total", "accepted", 20)
    try skipping.expectSample("leeway_lost_messages_total\(Self.first)}", 30)
    #expect(try skipping.sample("leeway_gaps_total\(Self.first),decision=\"skip\"}") >= 1)
    let skipped = try gapsInQuarantine(skipping)
    #expect(skipped == ["100: \(gap)"], "\(skipping.process.standardError)")
    #expect(try skipping.unready()["no_gap"] == nil)
    skipping.stop()
  }

  @Test func retentionPassesTheOffsetOfARunningService() throws {
    // One small batch at a time, so that a stopped process has little of it on its way.
    try Shop.configure(
      folder, "group: shop, properties: {", "group: shop, on_gap: skip, properties: {fetch.message.max.bytes: \"500\", "
    )
    try produce(0..<100)
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    try service.awaitPartitions([0: 100])
    kill(service.process.identifier, SIGSTOP)
    for i in 100..<150 { try produce(i..<i + 1) }
    try broker.admin.deleteRecords(topic: Shop.predictions, partition: 0, before: 140)
    kill(service.process.identifier, SIGCONT)
    try service.awaitPartitions([0: 150])
    // What was on its way at that moment is counted; the rest is said to be lost.
    var (accepted, lost) = (0, 0)
    _ = try eventually { () -> Bool? in
      accepted = try service.counts("leeway_events_total")["accepted"] ?? 0
      lost = try service.sample("leeway_lost_messages_total\(Self.first)}")
      return accepted + lost == 150 ? true : nil
    }
    #expect(accepted + lost == 150)
    #expect(lost > 0 && lost <= 40)
    #expect(try gapsInQuarantine(service).count == 1)
    service.stop()
  }

  @Test func aTopicDeletedAndMadeAnew() throws {
    try produce(0..<100)
    try produce(0..<100, partition: 1)
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    try service.awaitPartitions([0: 100, 1: 100])
    service.stop()
    try broker.admin.delete(topic: Shop.predictions)
    try broker.admin.create(topic: Shop.predictions, partitions: 2)
    try produce(100..<140)

    let held = try RunningService(in: folder.url)
    defer { held.killIfRunning() }
    let said = try eventually { () -> String? in
      try held.sample("leeway_gaps_total\(Self.first),decision=\"fail\"}") >= 1
        && (try held.unready()["no_gap"])?.hasSuffix("; and 1 more") == true ? try held.unready()["no_gap"] : nil
    }
    #expect(said != nil, "\(held.process.standardError)")
    let gap =
      "shop.predictions[0] of monitor shop: the ledger stands at offset 100 and the broker has 0 to 39: the topic was deleted and made again, or was cut; how many messages of the old one were not read cannot be known"
    #expect(held.process.standardError.contains(gap))
    #expect(try held.counts("leeway_events_total")["accepted"] == nil)
    held.stop()

    // The new log grows past the ledger's offset, which looks good and is remembered not to be.
    try produce(140..<300)
    let again = try RunningService(in: folder.url)
    defer { again.killIfRunning() }
    #expect(try again.awaitUnready("no_gap").contains("made again"))
    #expect(try again.counts("leeway_events_total")["accepted"] == nil)
    again.stop()

    try Shop.configure(folder, "group: shop,", "group: shop, on_gap: skip,")
    let skipping = try RunningService(in: folder.url)
    defer { skipping.killIfRunning() }
    try skipping.awaitPartitions([0: 200, 1: 0])
    try skipping.expectCount("leeway_events_total", "accepted", 200)
    #expect(try gapsInQuarantine(skipping).count == 2)
    skipping.stop()
    // Decided once.
    let last = try RunningService(in: folder.url)
    defer { last.killIfRunning() }
    try produce(300..<310)
    try last.awaitPartitions([0: 210, 1: 0])
    try last.expectCount("leeway_events_total", "accepted", 10)
    #expect(try last.sample("leeway_gaps_total\(Self.first),decision=\"skip\"}") == 0)
    last.stop()
  }
}
