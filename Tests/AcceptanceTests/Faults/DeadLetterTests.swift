import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// Fault 9: what is not counted goes to the dead-letter topic before its offset is passed.
@Suite(.serialized) struct DeadLetterTests {
  private static let topic = "shop.dead"

  private func prepare(_ folder: TemporaryFolder, _ bootstrap: String, session: Int = Shop.session) throws {
    try Shop.prepare(in: folder, bootstrap: bootstrap, session: session)
    try Shop.configure(folder, "ledger:", "dead_letter_topic: \(Self.topic)\nledger:")
  }

  @Test func everyPoisonIsThereWithItsPlaceAndReason() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels, Self.topic] { try broker.createTopic(topic, partitions: 1) }
    try prepare(folder, broker.bootstrap)
    var stream = PoisonStream()
    stream.addFirst()
    let first = stream.messages
    stream.addTraffic(0..<300, poisoned: true)
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    try broker.produce(first)
    // The broker forgets the large message when others come.
    try service.awaitOffsets([Shop.predictions: first.count])
    try broker.produce(Array(stream.messages.dropFirst(first.count)))
    try service.awaitOffsets(stream.offsets)

    try service.expectCounts("leeway_events_total", stream.outcomes)
    let rejected = stream.quarantine.count
    try service.expectCounts("leeway_dead_letters_total", ["delivered": rejected])
    try service.awaitReady()
    service.stop()

    let letters = try DeadLetterReader.letters(of: Self.topic, on: broker.bootstrap)
    func place(_ letter: FoundLetter) -> String {
      ["leeway-topic", "leeway-offset", "leeway-reason"].map { letter.headers[$0] ?? "" }.joined(separator: " ")
    }
    #expect(letters.map(place).sorted() == stream.quarantine.sorted())
    var sent: [String: Message] = [:]
    var offsets: [String: Int] = [:]
    for message in stream.messages {
      sent["\(message.topic) \(offsets[message.topic, default: 0])"] = message
      offsets[message.topic, default: 0] += 1
    }
    for letter in letters {
      let origin = "\(letter.headers["leeway-topic"] ?? "") \(letter.headers["leeway-offset"] ?? "")"
      let message = try #require(sent[origin])
      #expect(letter.headers["leeway-monitor"] == "shop")
      #expect(letter.headers["leeway-partition"] == "0")
      #expect(letter.headers["leeway-detail"]?.isEmpty == false)
      #expect(letter.key == message.key)
      #expect(letter.time == message.time)
      if (message.value?.count ?? 0) > 900_000 {
        // Its beginning, and how long it was.
        #expect(letter.value == Array(message.value?.prefix(900_000) ?? []))
        #expect(letter.headers["leeway-size"] == "\(message.value?.count ?? 0)")
      } else {
        #expect(letter.value == message.value)
        #expect(letter.headers["leeway-size"] == nil)
      }
    }
  }

  @Test(.enabled(if: NoidaBroker.isInstalled, "noida-db is not installed: run deploy/setup.sh test"))
  func aMessageOf50MegabytesIsPassedAndItsBeginningKept() throws {
    let folder = try TemporaryFolder()
    let broker = try NoidaBroker(in: folder.url)
    try broker.admin.create(topic: Shop.predictions, partitions: 1, messageBytes: 100_000_000)
    for topic in [Shop.labels, Self.topic] { try broker.admin.create(topic: topic, partitions: 1) }
    try prepare(folder, broker.bootstrap)
    var messages = Message.predictions(0..<21, now: true)
    messages[10].value = Array(repeating: UInt8(ascii: "x"), count: 50_000_000)
    try messages.produce(to: broker.bootstrap, large: true)
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    try service.awaitPartitions([0: 21])
    try service.awaitReady()
    try service.expectCounts("leeway_events_total", ["accepted": 20, "invalid": 1])
    service.stop()
    let letters = try DeadLetterReader.letters(of: Self.topic, on: broker.bootstrap)
    let letter = try #require(letters.first)
    #expect(letters.count == 1)
    #expect(letter.headers["leeway-offset"] == "10" && letter.headers["leeway-reason"] == "too_large")
    #expect(letter.headers["leeway-size"] == "50000000" && letter.value?.count == 900_000)
  }

  /// A topic that takes nothing holds back the offsets of the partitions concerned, and nothing else.
  @Test func aTopicThatTakesNothingLosesNothing() throws {
    let folder = try TemporaryFolder()
    let broker = try BrokerProcess()
    try broker.order("topic \(Shop.predictions) 2")
    try broker.order("topic \(Shop.labels) 1")
    try broker.order("topic \(Self.topic) 1")
    try prepare(folder, broker.bootstrap, session: Shop.shortSession)
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    try service.awaitPartitions([0: 0, 1: 0])
    var poisoned = Message.predictions(0..<10)
    poisoned[4].value = Array("no JSON".utf8)
    try poisoned[..<5].map { $0 }.produce(to: broker.bootstrap)
    try service.awaitPartitions([0: 5])
    try service.expectCounts("leeway_dead_letters_total", ["delivered": 1])

    // 29: whoever writes may not. The test's own records are with the broker before that.
    poisoned[5].value = Array("neither".utf8)
    let late = poisoned[5...].map { $0 }
    kill(service.process.identifier, SIGSTOP)
    try late.produce(to: broker.bootstrap)
    try Message.predictions(10..<40, partition: 1).produce(to: broker.bootstrap)
    try broker.order("fail 0 " + Array(repeating: "29", count: 5000).joined(separator: " "))
    kill(service.process.identifier, SIGCONT)
    try service.awaitPartitions([0: 5, 1: 30])
    // First it may say that the broker has not answered yet.
    _ = try service.awaitUnready(
      "dead_letters",
      "1 dead letters are not in topic \(Self.topic) yet, and the offsets that pass them wait: \(Self.topic)")
    let failed = try eventually { try service.counts("leeway_dead_letters_total")["failed"] ?? 0 > 0 ? true : nil }
    #expect(failed == true)
    #expect(service.offsets().contains { $0.key.topic == Shop.predictions && $0.key.partition == 0 && $0.value == 5 })

    // A crash now sends the letter again, never less.
    service.killIfRunning()
    let again = try RunningService(in: folder.url)
    defer { again.killIfRunning() }
    _ = try again.awaitUnready("dead_letters")
    try broker.order("heal 0")
    try again.awaitPartitions([0: 10, 1: 30])
    try again.awaitReady()
    try again.expectCounts("leeway_events_total", ["accepted": 4, "invalid": 1])
    again.stop()
    let letters = try DeadLetterReader.letters(of: Self.topic, on: broker.bootstrap)
    #expect(letters.map { $0.headers["leeway-offset"] } == ["4", "5"])
  }
}
