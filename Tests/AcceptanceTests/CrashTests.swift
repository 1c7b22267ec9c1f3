import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// `kill -9` at any moment loses nothing and counts nothing twice.
@Suite struct CrashTests {
  @Test func killedInTheMiddleOfConsumptionAndStartedAgain() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap, session: Shop.shortSession)
    // Commits as often as may be, so that the end comes between two of them or within one.
    let configuration = folder.url.appendingPathComponent("leeway.yaml")
    let text = try String(contentsOf: configuration, encoding: .utf8)
    try folder.write(text.replacing("flush_every: 100ms", with: "flush_every: 10ms"), to: "leeway.yaml")

    let total = 9000
    var messages: [Message] = []
    for i in 0..<total {
      messages.append(Message(Shop.predictions, Shop.prediction(i), at: Shop.time(i)))
      if i % 10 != 9 { messages.append(Message(Shop.labels, Shop.label(i), at: Shop.time(i) + 60_000)) }
    }
    try folder.write((0..<total).map { Shop.prediction($0) }.joined(separator: "\n"), to: "p.jsonl")
    try folder.write((0..<total).filter { $0 % 10 != 9 }.map { Shop.label($0) }.joined(separator: "\n"), to: "l.jsonl")
    let replay = try LeewayProcess.run(
      ["replay", "monitors/shop.yaml", "--predictions", "p.jsonl", "--labels", "l.jsonl"], in: folder.url)
    try #require(replay.code == 0, "\(replay.error)")
    let expected = replay.output.split(separator: "\n").map(String.init)

    // Two lives end with a thousand predictions committed and another thousand messages on their way.
    var sent = 0
    func send(_ count: Int) throws {
      let end = min(sent + count, messages.count)
      try broker.produce(Array(messages[sent..<end]))
      sent = end
    }
    for life in 0..<2 {
      let service = try RunningService(in: folder.url)
      defer { if service.process.isRunning { service.process.killAtOnce() } }
      let accepted = try eventually { () -> Int? in
        // However long this life takes to join its group, enough is left for those that follow.
        if sent < messages.count * (life + 1) / 4 { try send(200) }
        return (try? service.counts("leeway_events_total"))?["accepted"].flatMap { $0 >= 1000 ? $0 : nil }
      }
      try #require(accepted != nil, "\(service.process.standardError)")
      try send(1000)
      service.process.killAtOnce()
      service.process.wait()
    }
    let service = try RunningService(in: folder.url)
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    try send(messages.count)
    try service.awaitOffsets([Shop.predictions: total, Shop.labels: total * 9 / 10])
    var found: [String] = []
    _ = try eventually { () -> Bool? in
      found = try service.results()
      return found == expected ? true : nil
    }
    #expect(expected.count > 500)
    #expect(found.difference(from: expected).isEmpty)
    // The lives before have read their part.
    var accepted = 0
    _ = try eventually { () -> Bool? in
      accepted = try service.counts("leeway_events_total")["accepted"] ?? 0
      return accepted > 1000 ? true : nil
    }
    #expect(accepted > 1000 && accepted <= total - 2000)
    service.stop()
  }
}
