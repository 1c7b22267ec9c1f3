import LeewayCore
import LeewayLocks
import Testing

@testable import LeewaySource

@Suite struct KafkaFaultTests {
  @Test func anOffsetOutOfRangeIsReportedAndNeverSkipped() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 2)
    let settings = try KafkaSettings(broker)
    let producer = try KafkaProducer(settings)
    for index in 0..<20 { try producer.write("scores", Int32(index % 2), value: "\(index)") }
    #expect(producer.flush(timeoutMilliseconds: 300_000))

    let (first, second) = (TopicPartition("scores", 0), TopicPartition("scores", 1))
    let reader = try Reader(settings)
    reader.ledger = [first: 5000]
    try reader.assign([first, second])
    try poll(until: "the error, and the other partition's records") {
      reader.errors.contains(where: \.isOffsetOutOfRange) && reader.records.count == 10
    } step: {
      try reader.step()
    }
    let error = try #require(reader.errors.first { $0.isOffsetOutOfRange })
    #expect(error.partition == first)
    #expect(error.offset == 5000)
    #expect(!error.isFatal && !error.isRetriable)
    #expect(reader.records.allSatisfy { $0.partition == second })

    // The service decides: from the beginning.
    try reader.consumer.seek(first, to: .beginning)
    try poll(until: "the first partition's records") {
      reader.records.count == 20
    } step: {
      try reader.step()
    }
    #expect(reader.records.filter { $0.partition == first }.map(\.offset) == Array(0..<10))
  }

  @Test func whatRetentionTookIsReported() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 1)
    let settings = try KafkaSettings(broker, ["batch.num.messages": "1"])
    let producer = try KafkaProducer(settings)
    // The embedded broker keeps 5 MB.
    let megabyte = String(repeating: "x", count: 1_000_000)
    for _ in 0..<10 { try producer.write("scores", 0, value: megabyte) }
    #expect(producer.flush(timeoutMilliseconds: 300_000))

    let partition = TopicPartition("scores", 0)
    let reader = try Reader(settings)
    let low = try reader.consumer.queryWatermarks(of: partition, timeoutMilliseconds: 120_000).low
    #expect(low > 0 && low < 10)
    reader.ledger = [partition: 0]
    try reader.assign([partition])
    try poll(until: "the error") {
      reader.errors.contains(where: \.isOffsetOutOfRange)
    } step: {
      try reader.step()
    }
    #expect(reader.records.isEmpty)
    try reader.consumer.seek(partition, to: .beginning)
    try poll(until: "the rest") {
      reader.ledger[partition] == 10
    } step: {
      try reader.step()
    }
    #expect(reader.records.map(\.offset) == Array(low..<10))
  }

  @Test func readingGoesOnWhenTheBrokerIsBack() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 4)
    let settings = try KafkaSettings(broker)
    let producer = try KafkaProducer(settings)
    for index in 0..<400 { try producer.write("scores", Int32(index % 4), value: "\(index)") }
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    let reader = try Reader(settings)
    try reader.consumer.subscribe(["scores"])
    try poll(until: "the first 400") {
      reader.records.count >= 400
    } step: {
      try reader.step()
    }

    try broker.takeDown()
    try poll(until: "the outage is reported") {
      !reader.errors.isEmpty
    } step: {
      try reader.step()
    }
    #expect(reader.errors.allSatisfy { $0.isRetriable && !$0.isFatal })
    for index in 400..<800 { try producer.write("scores", Int32(index % 4), value: "\(index)") }

    try broker.bringUp()
    try poll(until: "all 800") {
      reader.records.count >= 800
    } step: {
      try reader.step()
    }
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    #expect(reader.records.compactMap(\.value).compactMap(Int.init).sorted() == Array(0..<800))
    #expect(producer.failed == 0)
    #expect(reader.errors.allSatisfy { !$0.isFatal })
  }

  @Test func followsAPartitionToItsNewLeaderAndTheGroupToItsNewCoordinator() throws {
    let broker = try EmbeddedBroker(brokers: 3)
    try broker.createTopic("scores", partitions: 2)
    let settings = try KafkaSettings(broker, group: "moving")
    let producer = try KafkaProducer(settings)
    for index in 0..<100 { try producer.write("scores", Int32(index % 2), value: "\(index)") }
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    let reader = try Reader(settings)
    try reader.consumer.subscribe(["scores"])
    try poll(until: "the first 100") {
      reader.records.count >= 100
    } step: {
      try reader.step()
    }

    for id in 1...3 {
      try broker.moveLeader(of: TopicPartition("scores", 0), to: id)
      try broker.moveCoordinator(ofGroup: "moving", to: id)
      let start = id * 100
      for index in start..<(start + 100) { try producer.write("scores", Int32(index % 2), value: "\(index)") }
      try poll(until: "\(start + 100) records") {
        reader.records.count >= start + 100
      } step: {
        try reader.step()
      }
    }
    #expect(reader.records.compactMap(\.value).compactMap(Int.init).sorted() == Array(0..<400))
    #expect(reader.errors.allSatisfy { !$0.isFatal })
  }

  @Test func aTopicOneMayNotReadIsPermanent() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 1)
    // 29: this client may not read the topic.
    try broker.failTopic("scores", code: 29)
    let reader = try Reader(KafkaSettings(broker))
    try reader.consumer.subscribe(["scores"])
    try poll(until: "an error") {
      !reader.errors.isEmpty
    } step: {
      try reader.step()
    }
    let error = try #require(reader.errors.first)
    #expect(error.kind == .permanent)
    #expect(error.name == "TOPIC_AUTHORIZATION_FAILED")
    #expect(error.partition?.topic == "scores")
  }

  @Test func aMissingTopicIsReportedAndReadOnceItExists() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 1)
    let settings = try KafkaSettings(broker)
    let producer = try KafkaProducer(settings)
    try producer.write("scores", 0, value: "here")
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    // 3: there is no such topic.
    try broker.failTopic("scores", code: 3)
    let reader = try Reader(settings)
    try reader.consumer.subscribe(["scores"])
    try poll(until: "an error") {
      !reader.errors.isEmpty
    } step: {
      try reader.step()
    }
    #expect(reader.errors.first?.kind == .permanent)
    #expect(reader.errors.first?.name == "UNKNOWN_TOPIC_OR_PART")
    try broker.failTopic("scores", code: 0)
    try poll(until: "the record") {
      !reader.records.isEmpty
    } step: {
      try reader.step()
    }
    #expect(reader.records.map(\.value) == ["here"])
  }

  @Test func aClosedBrokerThrows() throws {
    let broker = try EmbeddedBroker()
    broker.close()
    #expect(throws: KafkaError.self) { try broker.createTopic("scores", partitions: 1) }
  }

  /// librdkafka before 2.3.0 aborted the process here.
  @Test func aMemberMayGoBetweenJoiningAndItsFirstAssignment() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 1)
    // SyncGroup is refused with REBALANCE_IN_PROGRESS, so members join and join and are never assigned anything.
    try broker.failNextRequests(apiKey: 14, codes: Array(repeating: 27, count: 10_000))
    let joins = Mutex(0)
    var reader: Reader? = try Reader(KafkaSettings(broker, ["debug": "cgrp"])) { line in
      if line.text.contains("SyncGroup") { joins.withLock { $0 += 1 } }
    }
    try reader?.consumer.subscribe(["scores"])
    try poll(until: "SyncGroup was refused", { joins.withLock { $0 > 0 } }) { try reader?.step() }
    #expect(reader?.events.isEmpty == true)
    reader = nil
    // What was left behind disturbs nobody: the next member gets the partition.
    try broker.clearFailures(apiKey: 14)
    let next = try Reader(KafkaSettings(broker))
    try next.consumer.subscribe(["scores"])
    try poll(until: "the next has the partition", { next.consumer.assignment.count == 1 }) { try next.step() }
  }
}
