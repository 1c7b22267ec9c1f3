import Foundation
import LeewayTestSupport
import Testing

/// Fault 10: floods meet limits and counters, never the end of the process or of its memory.
@Suite(.serialized) struct LimitTests {
  private static let budget = 512 << 10

  /// More than librdkafka may hold ahead, in partitions that each have panes of their own open.
  @Test func theBacklogOf500PartitionsFitsInto512Megabytes() throws {
    let folder = try TemporaryFolder()
    let broker = try BrokerProcess()
    try broker.order("topic \(Shop.predictions) 500")
    try broker.order("topic \(Shop.labels) 1")
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    let padding = String(repeating: "x", count: 8000)
    var messages: [Message] = []
    for partition in 0..<500 {
      // Each partition is at hours of its own.
      let first = partition * 240
      for i in first..<first + 40 {
        var message = Message(Shop.predictions, "{\"padding\":\"\(padding)\"," + Shop.prediction(i).dropFirst(), at: 0)
        message.time = Shop.time(i)
        message.partition = Int32(partition)
        messages.append(message)
      }
      var future = Message(Shop.predictions, Shop.prediction(first, at: "\(Shop.time(first + 40) + 7_200_000)"), at: 0)
      future.time = Shop.time(first + 40)
      future.partition = Int32(partition)
      messages.append(future)
    }
    try messages.produce(to: broker.bootstrap)
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    try service.awaitPartitions(Dictionary(uniqueKeysWithValues: (0..<500).map { ($0, 41) }))
    try service.expectCounts("leeway_events_total", ["accepted": 20_000, "quarantined": 500])
    try service.expectCounts("leeway_events_rejected_total", ["future": 500])
    let peak = try #require(ProcessStatus.kilobytes("VmHWM", of: service.process.identifier))
    #expect(peak < Self.budget, "\(peak) KiB")
    print("500 partitions, \(messages.count) messages of 8 kB: at most \(peak >> 10) MiB resident")
    service.stop()
  }

  /// Ten features, each a segment too, of which no value ever comes twice.
  @Test func aMillionDistinctCategoriesAndSegments() throws {
    let folder = try TemporaryFolder()
    let broker = try BrokerProcess()
    try broker.order("topic \(Shop.predictions) 16")
    try broker.order("topic \(Shop.labels) 1")
    let names = (0..<10).map { "f\($0)" }
    func row(_ value: (Int) -> String) -> String {
      names.indices.map { "\"\(names[$0])\":\"\(value($0))\"" }.joined(separator: ",")
    }
    var training = names.joined(separator: ",") + ",score\n"
    for i in 0..<400 { training += names.map { "\($0)-\(i % 7)" }.joined(separator: ",") + ",0.\(i % 10)\n" }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    try folder.write(training, to: "flood.csv")
    try folder.write(
      """
      monitor: shop
      task: binary
      predictions:
        topic: \(Shop.predictions)
        fields: {id: id, time: at, score: score}
        time_format: epoch_ms
      features: {\(names.map { "\($0): categorical" }.joined(separator: ", "))}
      segments: [\(names.joined(separator: ", "))]
      baseline: shop.baseline.json
      panes: 5m
      windows: [{size: 1h, every: 1h}]
      lateness: 5m
      checks: [{name: drift, on: features, metric: psi, window: 1h, warning: 0.2}]
      alerts: {warning: [log]}

      """, to: "monitors/shop.yaml")
    let fit = try LeewayProcess.run(
      ["baseline", "fit", "monitors/shop.yaml", "--from", "flood.csv", "--out", "monitors/shop.baseline.json"],
      in: folder.url)
    try #require(fit.code == 0, "\(fit.error)")
    var messages: [Message] = []
    for i in 0..<100_000 {
      let text = "{\"at\":\(Shop.time(i / 100)),\"score\":0.5,\(row { "\($0)x\(i)" })}"
      var message = Message(Shop.predictions, text, at: Shop.time(i / 100))
      message.partition = Int32(i % 16)
      messages.append(message)
    }
    try messages.produce(to: broker.bootstrap)
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    try service.awaitPartitions(Dictionary(uniqueKeysWithValues: (0..<16).map { ($0, 6250) }))
    try service.expectCounts("leeway_events_total", ["accepted": 100_000])
    var unseen = 0
    _ = try eventually { () -> Bool? in
      unseen = try CarLoan.objects(service.results("open=true&type=drift&slice=all&subject=f0"))
        .reduce(0) { $0 + ($1["unseen"] as? Int ?? 0) }
      return unseen == 100_000 ? true : nil
    }
    #expect(unseen == 100_000)
    let peak = try #require(ProcessStatus.kilobytes("VmHWM", of: service.process.identifier))
    #expect(peak < Self.budget, "\(peak) KiB")
    print("a million distinct categories and segments: at most \(peak >> 10) MiB resident")
    service.stop()
  }
}
