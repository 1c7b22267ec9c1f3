import LeewayCore
import Testing

@testable import LeewaySource

@Suite struct KafkaProducerTests {
  @Test func aFullQueuePushesBackAndNothingIsLost() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("letters", partitions: 1)
    let producer = try KafkaProducer(KafkaSettings(broker, ["queue.buffering.max.messages": "10"]))
    try broker.takeDown()
    var queued = 0
    var full = false
    let value: [UInt8] = [1, 2, 3]
    try poll(until: "the queue is full") {
      full
    } step: {
      let outcome = try value.withUnsafeBytes { try producer.produce(topic: "letters", partition: 0, value: $0) }
      if outcome == .queued { queued += 1 } else { full = true }
    }
    #expect(queued == 10)
    // What librdkafka has to say of the broker waits beside them.
    #expect(producer.pending >= 10)
    #expect(!producer.flush(timeoutMilliseconds: 1))
    try broker.bringUp()
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    #expect(producer.delivered == 10)
  }

  @Test func countsWhatWasGivenUp() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("letters", partitions: 1)
    let producer = try KafkaProducer(KafkaSettings(broker))
    // 10: larger than the broker takes.
    try broker.failNextRequests(apiKey: 0, codes: [10])
    try producer.write("letters", 0, value: "refused")
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    try producer.write("letters", 0, value: "taken")
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    #expect(producer.failed == 1)
    #expect(producer.delivered == 1)
    #expect(producer.latestFailure?.name == "MSG_SIZE_TOO_LARGE")
    #expect(producer.latestFailure?.partition == TopicPartition("letters", 0))
  }

  @Test func refusesWhatCanNeverBeSent() throws {
    let broker = try EmbeddedBroker()
    let producer = try KafkaProducer(KafkaSettings(broker, ["message.max.bytes": "1000"]))
    let error = #expect(throws: KafkaError.self) {
      try producer.write("letters", 0, value: String(repeating: "x", count: 2000))
    }
    #expect(error?.name == "MSG_SIZE_TOO_LARGE")
    #expect(error?.kind == .permanent)
  }

  @Test func theSameKeyGoesToTheSamePartition() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("letters", partitions: 4)
    let settings = try KafkaSettings(broker)
    let producer = try KafkaProducer(settings)
    for index in 0..<200 { try producer.write("letters", nil, key: "key-\(index % 20)", value: "\(index)") }
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    let reader = try Reader(settings)
    try reader.assign((0..<4).map { TopicPartition("letters", $0) })
    try poll(until: "all") {
      reader.records.count == 200
    } step: {
      try reader.step()
    }
    let partitions = Dictionary(grouping: reader.records) { $0.key }.mapValues { Set($0.map(\.partition)).count }
    #expect(partitions.count == 20)
    #expect(partitions.values.allSatisfy { $0 == 1 })
    #expect(Set(reader.records.map(\.partition)).count > 1)
  }
}
