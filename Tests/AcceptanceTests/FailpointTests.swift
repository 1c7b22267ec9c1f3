import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// `kill -9` between any two effects: before a commit, after it, after a delivery is owed, after a request was sent.
@Suite struct FailpointTests {
  /// Hours take turns: in every second one all amounts are out of place, so that incidents open and are resolved.
  private static func prediction(_ i: Int) -> Message {
    let isOdd = i / 240 % 2 == 1
    return Message(
      Shop.predictions, Shop.prediction(i, amount: isOdd ? "\(900 + i % 31)" : nil), at: Shop.time(i))
  }

  private static func label(_ i: Int) -> Message {
    Message(Shop.labels, Shop.label(i), at: Shop.time(i) + 60_000)
  }

  /// 52 lives in all. A life is spent waiting for its group to gather, mostly, so four run beside each other.
  @Test(arguments: 0..<4) func thirteenLivesEndAtFailpointsAndNothingIsLostOrTwice(_ row: Int) async throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    let receiver = try LoopbackReceiver()
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    try folder.write(
      Shop.monitor.replacing("warning: [log]", with: "warning: [hook]"), to: "monitors/shop.yaml")
    func configure(life: Int) throws {
      // A group of its own for every life: the broker would keep the next one waiting for the dead member.
      try folder.write(
        """
        kafka: {bootstrap: "\(broker.bootstrap)", group: life-\(life), properties: {session.timeout.ms: "\(Shop.shortSession)"}}
        ledger: sqlite:leeway.db
        http: {listen: "127.0.0.1:0"}
        receivers: {hook: {type: webhook, url: "\(receiver.url())"}}
        limits: {flush_every: 20ms, shutdown_time: 10m}
        evaluation: {every: 100ms}

        """, to: "leeway.yaml")
    }
    var sent = 0
    func send(_ count: Int) throws {
      try broker.produce((sent..<sent + count).flatMap { [Self.prediction($0), Self.label($0)] })
      sent += count
    }

    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    let places = ["before-commit", "after-commit", "after-outbox-insert", "after-request-sent"]
    let lives = 13
    var story: [String] = []
    for life in 0..<lives {
      let turn = life % places.count
      let place = places[turn]
      // Deliveries are rarer than commits.
      let count = turn < 2 ? Int.random(in: 1...14, using: &random) : 1
      story.append("\(place):\(count)")
      try configure(life: life)
      let process = try LeewayProcess(["run"], in: folder.url, environment: ["LEEWAY_FAILPOINT": "\(place):\(count)"])
      defer { if process.isRunning { process.killAtOnce() } }
      // More and more to do, until it comes to the place.
      let ended = try await awaited { () -> Bool? in
        guard process.isRunning else { return true }
        if sent < (life + 1) * 300 { try send(60) }
        return nil
      }
      try #require(ended == true, "life \(life), \(story), seed \(seed): \(process.standardError)")
      #expect(process.wait() == SIGKILL, "life \(life), \(story.last ?? ""), seed \(seed): \(process.standardError)")
    }

    try configure(life: lives)
    let service = try await RunningService(of: LeewayProcess(["run"], in: folder.url))
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    // The last hour's end.
    try send(480 - sent % 480 + 60)
    try service.awaitOffsets([Shop.predictions: sent, Shop.labels: sent])

    // Totals and transitions are those of one life that nothing happened to.
    try folder.write(lines((0..<sent).map(Self.prediction)), to: "p.jsonl")
    try folder.write(lines((0..<sent).map(Self.label)), to: "l.jsonl")
    let replay = try LeewayProcess.run(
      ["replay", "monitors/shop.yaml", "--predictions", "p.jsonl", "--labels", "l.jsonl"], in: folder.url)
    try #require(replay.code == 0, "\(replay.error)")
    let expected = replay.output.split(separator: "\n").map(String.init)
    var found: [String] = []
    _ = try await awaited { () -> Bool? in
      found = try service.results()
      return found == expected ? true : nil
    }
    #expect(found.difference(from: expected).isEmpty, "\(story), seed \(seed)")
    let transitions = expected.filter { $0.hasPrefix("{\"type\":\"incident\"") }
    #expect(transitions.count > 4)

    // Every transition has come to the receiver, under one key, however often it was sent.
    let owed = try await awaited { () -> Bool? in
      try service.metrics()["leeway_outbox_rows{receiver=\"hook\",state=\"owed\"}"] == 0 ? true : nil
    }
    #expect(owed == true, "\(service.process.standardError)")
    let wanted = try CarLoan.objects(transitions).map {
      [CarLoan.text($0, "incident"), "incident.\(CarLoan.text($0, "transition"))", CarLoan.text($0, "at")]
    }
    // What is owed is counted some time after a transition is in the results.
    var bodies: [String: Set<String>] = [:]
    var steps: [[String]] = []
    _ = try await awaited { () -> Bool? in
      bodies = [:]
      for request in receiver.requests {
        bodies[request.header("Idempotency-Key") ?? "none", default: []].insert(request.text)
      }
      steps = try bodies.values.flatMap { $0 }.map { text in
        let body = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        return [CarLoan.text(body, "incident"), CarLoan.text(body, "event"), CarLoan.text(body, "at")]
      }
      return Set(wanted).isSubset(of: Set(steps)) ? true : nil
    }
    #expect(bodies.values.allSatisfy { $0.count == 1 }, "\(story), seed \(seed)")
    #expect(Set(steps).count == steps.count)
    #expect(Set(steps) == Set(wanted), "\(story), seed \(seed)")
    service.stop()
  }

  private func lines(_ messages: [Message]) -> String {
    messages.map { String(decoding: $0.value ?? [], as: UTF8.self) }.joined(separator: "\n")
  }
}
