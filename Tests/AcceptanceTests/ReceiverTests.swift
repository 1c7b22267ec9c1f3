import Foundation
import LeewaySource
import LeewayTestSupport
import Synchronization
import Testing

/// Receivers that misbehave in every way hold up neither each other nor the judging, and in the end each transition has
/// come to each of them under one idempotency key.
@Suite struct ReceiverTests {
  /// Misbehaves until told not to.
  private final class Mood: Sendable {
    private let healed = Atomic(false)

    func heal() { healed.store(true, ordering: .releasing) }
    var isHealed: Bool { healed.load(ordering: .acquiring) }
  }

  @Test func badReceiversHoldUpNobodyAndGetEveryTransitionOnce() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    let mood = Mood()
    func receiver(_ bad: LoopbackReceiver.Behaviour) throws -> LoopbackReceiver {
      try LoopbackReceiver { _, _ in mood.isHealed ? .answer(status: 200) : bad }
    }
    let good = try LoopbackReceiver()
    let bad: [(name: String, receiver: LoopbackReceiver)] = [
      ("error", try receiver(.answer(status: 500))),
      ("throttle", try receiver(.answer(status: 429, headers: ["Retry-After": "1"]))),
      ("hang", try receiver(.hang)), ("drip", try receiver(.drip)), ("reset", try receiver(.reset)),
    ]
    // A good status with a body without an end is good: what was asked is done, and the rest is not read.
    let flood = try LoopbackReceiver(otherwise: .endless(contentLength: 10 << 30))
    let loop = try LoopbackReceiver(otherwise: .redirect(to: "/again"))
    let all = [("good", good)] + bad + [("flood", flood), ("loop", loop)]

    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    try folder.write(
      Shop.monitor.replacing("[log]", with: "[\(all.map(\.0).joined(separator: ", "))]"), to: "monitors/shop.yaml")
    let entries = all.map { "  \($0): {type: webhook, url: \"\($1.url("/\($0)"))\"}" }
    let configuration = try String(contentsOf: folder.url.appendingPathComponent("leeway.yaml"), encoding: .utf8)
    try folder.write(
      configuration + "receivers:\n" + entries.joined(separator: "\n") + "\n", to: "leeway.yaml")

    let service = try RunningService(in: folder.url)
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    // Good and bad hours take turns: an incident opens and is resolved, three times.
    let total = 240 * 7 + 60
    try broker.produce(
      (0..<total).map { i in
        let isOdd = i / 240 % 2 == 1
        return Message(Shop.predictions, Shop.prediction(i, amount: isOdd ? "1000" : nil), at: Shop.time(i))
      })

    // While the others hang, windows are judged and the good receiver hears of it all.
    func keys(_ receiver: LoopbackReceiver) -> [String] {
      var seen: Set<String> = []
      return receiver.requests.compactMap { $0.header("Idempotency-Key") }.filter { seen.insert($0).inserted }
    }
    let heard = try eventually { keys(good).count == 6 ? true : nil }
    try #require(heard == true, "\(keys(good)) \(service.process.standardError)")
    try service.awaitOffsets([Shop.predictions: total])
    let delivered = try service.metrics()
    for (name, _) in bad {
      #expect(delivered["leeway_deliveries_total{receiver=\"\(name)\",outcome=\"delivered\"}"] == 0, "\(name)")
    }
    for (name, receiver) in bad {
      let tried = try eventually { receiver.requests.isEmpty ? nil : true }
      #expect(tried == true, "\(name)")
    }
    mood.heal()

    // Rows of one incident go in order, so the last of three incidents has come after two waits at the most.
    // A request whose answer takes too long is sent again, under its key.
    for (name, receiver) in all {
      let (outcome, dead) = name == "loop" ? ("dead", 6) : ("delivered", 0)
      let arrived = try eventually { () -> Bool? in
        let metrics = try service.metrics()
        return metrics["leeway_outbox_rows{receiver=\"\(name)\",state=\"owed\"}"] == 0
          && metrics["leeway_outbox_rows{receiver=\"\(name)\",state=\"dead\"}"] == Double(dead)
          && metrics["leeway_deliveries_total{receiver=\"\(name)\",outcome=\"\(outcome)\"}"] ?? 0 >= 6 ? true : nil
      }
      #expect(arrived == true, "\(name): \(service.process.standardError)")
      let expected = keys(good).map { $0.replacing("/good", with: "/\(name)") }
      #expect(Set(keys(receiver)) == Set(expected), "\(name)")
    }
    // A redirect is no answer and is not followed: a dead letter says what to do.
    #expect(loop.requests.allSatisfy { $0.path == "/loop" })
    let incidents = try #require(service.object("/api/v1/incidents")["incidents"] as? [[String: Any]])
    #expect(incidents.map { $0["state"] as? String } == ["resolved", "resolved", "resolved"])
    for incident in incidents {
      let one = try service.object("/api/v1/incidents/\(CarLoan.text(incident, "incident"))")
      let deliveries = try #require(one["deliveries"] as? [[String: Any]])
      for name in all.map(\.0) {
        let mine = deliveries.filter { CarLoan.text($0, "receiver") == name }
        let state = name == "loop" ? "dead" : "delivered"
        #expect(mine.map { CarLoan.text($0, "state") } == [state, state], "\(name)")
      }
      let dead = deliveries.first { CarLoan.text($0, "receiver") == "loop" }
      #expect(
        dead.map { CarLoan.text($0, "last_error") }
          == "the receiver answered 302; redirects are not followed, correct the receiver's url")
    }
    service.stop()
  }
}
