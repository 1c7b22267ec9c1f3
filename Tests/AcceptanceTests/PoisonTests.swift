import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// Whatever comes in, the service goes on, says what it did with it, and loses nothing beside it.
@Suite struct PoisonTests {
  @Test func everyMessageIsCountedAndNothingIsLostBesideIt() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)

    var stream = PoisonStream()
    stream.addFirst()
    let first = stream.messages
    stream.addTraffic(0..<600, poisoned: true)
    let service = try RunningService(in: folder.url)
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    try broker.produce(first)
    // The broker forgets the large message when others come.
    try service.awaitOffsets([Shop.predictions: first.count])
    try broker.produce(Array(stream.messages.dropFirst(first.count)))
    try service.awaitOffsets(stream.offsets)

    try service.expectCounts("leeway_events_total", stream.outcomes)
    try service.expectCounts("leeway_events_rejected_total", stream.reasons)
    // The label of 1990 is listed where it was read or, if it waited, where its prediction was.
    let listed = try quarantine(service)
    #expect(listed.filter { !$0.hasSuffix(" implausible") } == stream.quarantine.sorted())
    #expect(listed.count { $0.hasSuffix(" implausible") } == 1)
    let expected = try replay(stream, in: folder)
    try expectResults(of: service, expected)
    try expectFirstHour(expected, stream)

    service.stop()
    let again = try RunningService(in: folder.url)
    defer { if again.process.isRunning { again.process.killAtOnce() } }
    try expectResults(of: again, expected)
    // It goes on where it was.
    let before = stream.messages.count
    stream.addTraffic(600..<720, poisoned: false)
    try broker.produce(Array(stream.messages.dropFirst(before)))
    try again.awaitOffsets(stream.offsets)
    try again.expectCount("leeway_events_total", "accepted", 120)
    #expect(try again.counts("leeway_events_rejected_total").isEmpty)
    try expectResults(of: again, try replay(stream, in: folder))
    again.stop()
  }

  /// A message may be larger in a file than any broker would take.
  @Test func replaySkipsWhatItCannotRead() throws {
    let folder = try TemporaryFolder()
    try Shop.prepare(in: folder)
    let good = (0..<300).map { Shop.prediction($0) }
    try folder.write(good.joined(separator: "\n"), to: "good.jsonl")
    let deep = String(repeating: "{\"a\":", count: 10_000)
    let poison = [String(repeating: "x", count: 50_000_000), "{\"id\":", deep, "[]", "\0", "{\"id\":\"x\",}"]
    try folder.write((good[..<150] + poison + good[150...]).joined(separator: "\r\n"), to: "poisoned.jsonl")
    func replay(_ file: String) throws -> (code: Int32, output: String, error: String) {
      try LeewayProcess.run(["replay", "monitors/shop.yaml", "--predictions", file], in: folder.url)
    }
    let clean = try replay("good.jsonl")
    let dirty = try replay("poisoned.jsonl")
    #expect(clean.code == 0 && dirty.code == 0)
    #expect(clean.output.split(separator: "\n").count > 20)
    #expect(dirty.output == clean.output)
    #expect(
      dirty.error == """
        leeway: 300 predictions accepted, 0 late, 0 duplicate, 0 unjoinable; 0 labels, 0 matched, 0 corrected, 0 repeated, 0 retracted, \
        0 beyond the horizon; 5 messages invalid, 0 quarantined; \(clean.output.split(separator: "\n").count) lines
        \(clean.error.split(separator: "\n")[1])
        leeway: 1 line was longer than 1 MiB and skipped
        leeway: poisoned.jsonl:152: truncated: the message ends in the middle of its JSON; check the producer's size limits
        leeway: poisoned.jsonl:153: too_deep: the message nests objects and arrays deeper than 64 levels; flatten it
        leeway: poisoned.jsonl:154: not_an_object: the message is JSON but not an object; send one object a message
        leeway: poisoned.jsonl:155: not_json: the message is not JSON; NaN, Infinity, comments and trailing commas are not JSON either
        leeway: poisoned.jsonl:156: not_json: the message is not JSON; NaN, Infinity, comments and trailing commas are not JSON either

        """)
  }

  private func quarantine(_ service: RunningService) throws -> [String] {
    let rows = try #require(
      service.object("/api/v1/quarantine?monitor=shop&limit=1000")["quarantine"] as? [[String: Any]])
    for row in rows {
      #expect(row["partition"] as? Int == 0)
      #expect((row["reason"] as? String)?.isEmpty == false)
    }
    return rows.map { "\($0["topic"] ?? "") \($0["offset"] ?? "") \($0["code"] ?? "")" }.sorted()
  }

  /// What the files' pipeline says of the messages that count.
  private func replay(_ stream: PoisonStream, in folder: TemporaryFolder) throws -> [String] {
    try folder.write(stream.predictions.joined(separator: "\n"), to: "predictions.jsonl")
    try folder.write(stream.labels.joined(separator: "\n"), to: "labels.jsonl")
    let outcome = try LeewayProcess.run(
      ["replay", "monitors/shop.yaml", "--predictions", "predictions.jsonl", "--labels", "labels.jsonl"], in: folder.url
    )
    try #require(outcome.code == 0, "\(outcome.error)")
    return outcome.output.split(separator: "\n").map(String.init)
  }

  private func expectResults(of service: RunningService, _ expected: [String]) throws {
    var found: [String] = []
    _ = try eventually { () -> Bool? in
      found = try service.results()
      return found == expected ? true : nil
    }
    #expect(expected.count > 40)
    #expect(found.difference(from: expected).isEmpty)
  }

  /// What can be said without running anything.
  private func expectFirstHour(_ lines: [String], _ stream: PoisonStream) throws {
    let hour = try CarLoan.objects(lines).filter {
      CarLoan.text($0, "end") == "2026-03-01T01:00:00.000Z" && CarLoan.text($0, "slice") == "all"
    }
    for subject in ["amount", "country", "score"] {
      let line = try #require(
        hour.first { CarLoan.text($0, "subject") == subject && CarLoan.text($0, "type") == "drift" })
      #expect(line["rows"] as? Int == 240 + stream.oddRows)
      for effect in ["missing", "invalid", "unseen"] {
        #expect(line[effect] as? Int == stream.effects["\(subject) \(effect)", default: 0], "\(subject) \(effect)")
      }
    }
    let performance = try #require(hour.first { CarLoan.text($0, "type") == "performance" })
    #expect(performance["predictions"] as? Int == 240 + stream.oddPairs)
    // One of ten has no label, and two labels were taken back.
    #expect(performance["labelled"] as? Int == 216 - 2)
    #expect(performance["final"] as? Bool == true)
  }
}
