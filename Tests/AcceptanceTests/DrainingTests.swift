import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// What waits for labels under an old baseline, or an old list of features, goes on waiting under the new one.
@Suite struct DrainingTests {
  private let folder: TemporaryFolder
  private let broker: EmbeddedBroker

  init() throws {
    folder = try TemporaryFolder()
    broker = try EmbeddedBroker()
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap, session: Shop.shortSession)
  }

  private func predictions(_ range: Range<Int>) -> [Message] {
    range.map { Message(Shop.predictions, Shop.prediction($0), at: Shop.time($0)) }
  }

  private func labels(_ range: Range<Int>) -> [Message] {
    range.map { Message(Shop.labels, Shop.label($0), at: Shop.time($0) + 60_000) }
  }

  private func fit(rows: Int) throws {
    try folder.write(
      Shop.training.split(separator: "\n").prefix(rows + 1).joined(separator: "\n") + "\n", to: "train.csv")
    let fit = try LeewayProcess.run(
      ["baseline", "fit", "monitors/shop.yaml", "--from", "train.csv", "--out", "monitors/shop.baseline.json"],
      in: folder.url)
    try #require(fit.code == 0, "\(fit.error)")
  }

  /// Performance lines and verdicts of replay over the first messages, by the files as they are now.
  private func replayed(_ predictions: Range<Int>, _ labels: Range<Int>) throws -> [String] {
    try folder.write(predictions.map { Shop.prediction($0) }.joined(separator: "\n"), to: "p.jsonl")
    try folder.write(labels.map { Shop.label($0) }.joined(separator: "\n"), to: "l.jsonl")
    let outcome = try LeewayProcess.run(
      ["replay", "monitors/shop.yaml", "--predictions", "p.jsonl", "--labels", "l.jsonl"], in: folder.url)
    try #require(outcome.code == 0, "\(outcome.error)")
    return outcome.output.split(separator: "\n").map(String.init).filter(isOfLabels)
  }

  private func isOfLabels(_ line: String) -> Bool {
    line.hasPrefix("{\"type\":\"performance\"") || line.contains("\"check\":\"auc\"")
  }

  private func ends(_ lines: [String], through end: String) -> [String] {
    lines.filter { line in
      line.firstMatch(of: /"end":"([^"]+)"/).map { String($0.1) <= end } ?? false
    }
  }

  private func awaitLines(_ service: RunningService, _ wanted: [String], through end: String) throws {
    var found: [String] = []
    _ = try eventually { () -> Bool? in
      let text = service.get("/api/v1/results?monitor=shop", accept: "application/x-ndjson") ?? ""
      found = ends(text.split(separator: "\n").map(String.init).filter(isOfLabels), through: end)
      return found == wanted ? true : nil
    }
    #expect(wanted.count >= 4)
    #expect(found.difference(from: wanted).isEmpty)
  }

  /// A model is promoted while the labels of its forerunner are still to come, and the process dies.
  @Test func labelsReachWhatTheOldBaselineWaitsFor() throws {
    // Labels of the last hour before the promotion come after it.
    var service = try RunningService(in: folder.url)
    try broker.produce(predictions(0..<600) + labels(0..<400))
    try service.awaitOffsets([Shop.predictions: 600, Shop.labels: 400])
    let wanted = try ends(replayed(0..<600, 0..<1200), through: "2026-03-01T02:00:00.000Z")
    try fit(rows: 300)
    service.process.hangUp()
    let began = try eventually { () -> Bool? in
      let monitor = try service.object("/api/v1/monitors/shop")
      return monitor["starts_at"] as? String == "2026-03-01T02:30:00.000Z" ? true : nil
    }
    #expect(began == true)
    let draining = try eventually { () -> [[String: Any]]? in
      let found = try service.object("/api/v1/monitors/shop")["draining"] as? [[String: Any]]
      return found?.isEmpty == false ? found : nil
    }
    #expect(draining?.map { $0["until"] as? String } == ["2026-03-01T02:30:00.000Z"])
    #expect(draining?.map { $0["due"] as? String } == ["2026-03-01T03:05:00.000Z"])
    service.process.killAtOnce()
    service = try RunningService(in: folder.url)
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    try broker.produce(labels(400..<600) + predictions(600..<1200) + labels(600..<1200))
    try service.awaitOffsets([Shop.predictions: 1200, Shop.labels: 1200])
    try awaitLines(service, wanted, through: "2026-03-01T02:00:00.000Z")
    #expect(wanted.allSatisfy { !$0.contains("\"final\":false") })
    #expect(wanted.contains { $0.contains("\"labelled\":240,\"coverage\":1.0") })
    // And the new pairs have been judged after them.
    let after = try eventually { () -> [[String: Any]]? in
      let lines = try CarLoan.objects(
        service.results("monitor=shop&type=performance&slice=all&from=2026-03-01T03:30:00Z"))
      return lines.contains { $0["final"] as? Bool == true } ? lines : nil
    }
    #expect(after?.first?["labelled"] as? Int == 240)
    service.stop()
  }

  /// A feature more begins new panes of drift, and performance goes on as if nothing had happened.
  @Test func aFeatureMoreLeavesPerformanceAsItIs() throws {
    let service = try RunningService(in: folder.url)
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    try broker.produce(predictions(0..<600) + labels(0..<400))
    try service.awaitOffsets([Shop.predictions: 600, Shop.labels: 400])
    let file = folder.url.appendingPathComponent("monitors/shop.yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    try folder.write(
      text.replacing(
        "  country: categorical\n", with: "  country: categorical\n  seconds: {type: numeric, field: at}\n"),
      to: "monitors/shop.yaml")
    let training = Shop.training.split(separator: "\n").enumerated().map { i, line in
      i == 0 ? line + ",seconds" : line + ",\(Shop.time(i))"
    }
    try folder.write(training.joined(separator: "\n") + "\n", to: "train.csv")
    let fit = try LeewayProcess.run(
      ["baseline", "fit", "monitors/shop.yaml", "--from", "train.csv", "--out", "monitors/shop.baseline.json"],
      in: folder.url)
    try #require(fit.code == 0, "\(fit.error)")
    service.process.hangUp()
    let began = try eventually { () -> Bool? in
      let monitor = try service.object("/api/v1/monitors/shop")
      return monitor["starts_at"] as? String == "2026-03-01T02:30:00.000Z" ? true : nil
    }
    #expect(began == true)
    try broker.produce(labels(400..<600) + predictions(600..<1200) + labels(600..<1200))
    try service.awaitOffsets([Shop.predictions: 1200, Shop.labels: 1200])
    // The window of the change as well: 02:00 to 03:00.
    let wanted = try ends(replayed(0..<1200, 0..<1200), through: "2026-03-01T04:00:00.000Z")
    try awaitLines(service, wanted, through: "2026-03-01T04:00:00.000Z")
    #expect(wanted.allSatisfy { !$0.contains("\"why\":\"generation\"") })
    service.stop()
  }
}
