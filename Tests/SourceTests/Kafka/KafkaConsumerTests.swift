import Glibc
import LeewayCore
import Testing

import struct Synchronization.Atomic

@testable import LeewaySource

@Suite struct KafkaConsumerTests {
  @Test func readsKeysTombstonesAndTimestampsOfEightPartitions() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 8)
    let settings = try KafkaSettings(broker)
    let producer = try KafkaProducer(settings)
    var expected: Set<Record> = []
    for index in 0..<800 {
      let record = Record(
        partition: TopicPartition("scores", Int32(index % 8)), offset: Int64(index / 8),
        timestamp: 1_700_000_000_000 + Int64(index), key: index % 3 == 0 ? nil : index % 3 == 1 ? "" : "k\(index)",
        value: index % 5 == 0 ? nil : index % 5 == 1 ? "" : "v\(index)")
      expected.insert(record)
      try producer.write(
        "scores", record.partition.partition, key: record.key, value: record.value, at: record.timestamp)
    }
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    #expect(producer.delivered == 800)
    #expect(producer.failed == 0)

    let reader = try Reader(settings)
    let partitions = (0..<8).map { TopicPartition("scores", $0) }
    try reader.assign(partitions)
    try poll(until: "the end of every partition") {
      partitions.allSatisfy { reader.events.contains(.partitionEnd($0, offset: 100)) }
    } step: {
      try reader.step()
    }
    #expect(reader.records.count == 800)
    #expect(Set(reader.records) == expected)
    for partition in partitions {
      #expect(reader.records.filter { $0.partition == partition }.map(\.offset) == Array(0..<100))
      #expect(reader.consumer.watermarks(of: partition).high == 100)
      let asked = try reader.consumer.queryWatermarks(of: partition, timeoutMilliseconds: 120_000)
      #expect(asked == (0, 100))
    }
    #expect(reader.consumer.close(timeoutMilliseconds: 300_000))
  }

  @Test func bytesStayUntilTheBatchHasSettled() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 2)
    let settings = try KafkaSettings(broker)
    let producer = try KafkaProducer(settings)
    for index in 0..<60 { try producer.write("scores", Int32(index % 2), value: "\(index)") }
    // Five are a batch; the embedded broker keeps 5 MB of a partition.
    let large = String(repeating: "x", count: 900_000)
    for index in 0..<8 { try producer.write("scores", Int32(index % 2), value: large) }
    #expect(producer.flush(timeoutMilliseconds: 300_000))

    let reader = try Reader(settings)
    try reader.assign((0..<2).map { TopicPartition("scores", $0) })
    var values: [String] = []
    var batches: [[UnsafeRawBufferPointer]] = [[]]
    try poll(until: "68 records") {
      values.count >= 68
    } step: {
      _ = reader.consumer.poll(timeoutMilliseconds: 20, maximum: 1000, batch: 7) { run in
        #expect(run.count > 0)
        run.forEach { message in if let value = message.value { batches[batches.count - 1].append(value) } }
      } settle: {
        for value in batches[batches.count - 1] { values.append(String(decoding: value, as: UTF8.self)) }
        batches.append([])
      }
    }
    #expect(values.sorted() == ((0..<60).map(String.init) + Array(repeating: large, count: 8)).sorted())
    #expect(batches.map(\.count).max() == 7)
    #expect(batches.allSatisfy { $0.count { $0.count == large.utf8.count } <= 5 })
  }

  @Test func goesOnFromTheGivenOffsets() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 3)
    let settings = try KafkaSettings(broker)
    let producer = try KafkaProducer(settings)
    for index in 0..<300 { try producer.write("scores", Int32(index % 3), value: "\(index)") }
    #expect(producer.flush(timeoutMilliseconds: 300_000))

    let reader = try Reader(settings)
    reader.ledger = [TopicPartition("scores", 0): 90, TopicPartition("scores", 1): 100]
    try reader.assign((0..<3).map { TopicPartition("scores", $0) })
    try poll(until: "10 + 0 + 100 records") {
      reader.records.count >= 110
    } step: {
      try reader.step()
    }
    try poll(until: "all ends") {
      (0..<3).allSatisfy { reader.events.contains(.partitionEnd(TopicPartition("scores", $0), offset: 100)) }
    } step: {
      try reader.step()
    }
    #expect(reader.records.count == 110)
    #expect(reader.records.filter { $0.partition.partition == 0 }.map(\.offset) == Array(90..<100))
    #expect(reader.records.filter { $0.partition.partition == 2 }.map(\.offset) == Array(0..<100))
  }

  @Test func handsOutTheMaximumAndNothingOfWhatWasUnassigned() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 2)
    let settings = try KafkaSettings(broker)
    let producer = try KafkaProducer(settings)
    for index in 0..<20_000 { try producer.write("scores", Int32(index % 2), value: "\(index)") }
    #expect(producer.flush(timeoutMilliseconds: 300_000))

    let reader = try Reader(settings)
    let (first, second) = (TopicPartition("scores", 0), TopicPartition("scores", 1))
    for _ in 0..<20 {
      // Both are being fetched when the first is let go with most of its records still to come.
      reader.ledger = [:]
      reader.records = []
      try reader.assign([first, second])
      try poll(until: "records of both") {
        Set(reader.records.map(\.partition)) == [first, second]
      } step: {
        let before = reader.records.count
        try reader.step(maximum: 7)
        #expect(reader.records.count - before <= 7)
      }
      try reader.consumer.unassign([first])
      let before = reader.records.count
      // Much of the second may have come before the first record of the first did.
      let left = 10_000 - reader.records.count { $0.partition == second }
      try poll(until: "500 more of the second, or all") {
        reader.records.count >= before + min(500, left)
      } step: {
        try reader.step()
      }
      #expect(reader.records[before...].allSatisfy { $0.partition == second })
      try reader.consumer.unassign([second])
    }
    #expect(reader.consumer.assignment.isEmpty)
  }

  @Test func saysWhereThePollsTimeGoes() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 1)
    let settings = try KafkaSettings(broker)
    let reader = try Reader(settings)
    _ = reader.consumer.poll(timeoutMilliseconds: 1, maximum: 1) { _ in }
    #expect(reader.consumer.pollTimes.waiting > 0)

    let producer = try KafkaProducer(settings)
    for index in 0..<300 { try producer.write("scores", 0, value: "\(index)") }
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    try reader.assign([TopicPartition("scores", 0)])
    try poll(until: "all records") {
      reader.records.count == 300
    } step: {
      try reader.step()
    }
    let times = reader.consumer.pollTimes
    #expect(times.polling > 0 && times.handling > 0)
    #expect(reader.records.map(\.offset) == Array(0..<300))
  }

  @Test func seeksBackAndForth() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 1)
    let settings = try KafkaSettings(broker)
    let producer = try KafkaProducer(settings)
    for index in 0..<1000 { try producer.write("scores", 0, value: "\(index)") }
    #expect(producer.flush(timeoutMilliseconds: 300_000))

    let partition = TopicPartition("scores", 0)
    let reader = try Reader(settings)
    try reader.assign([partition])
    // At once, when nothing is being fetched yet, and then in the middle of fetching.
    for target: Int64 in [500, 10, 990, 0, 999] {
      try reader.consumer.seek(partition, to: .offset(target))
      reader.records = []
      try poll(until: "a record") {
        !reader.records.isEmpty
      } step: {
        try reader.step(maximum: 3)
      }
      #expect(reader.records.first?.offset == target)
      #expect(reader.records.map(\.offset) == Array(target..<(target + Int64(reader.records.count))))
    }
    try reader.consumer.seek(partition, to: .end)
    reader.events = []
    reader.records = []
    try poll(until: "the end") {
      reader.events.contains(.partitionEnd(partition, offset: 1000))
    } step: {
      try reader.step()
    }
    #expect(reader.records.isEmpty)

    #expect(throws: KafkaError.self) { try reader.consumer.seek(TopicPartition("scores", 1), to: .beginning) }
    // -1001 is librdkafka's word for the committed offset.
    #expect(throws: KafkaError.self) { try reader.consumer.seek(partition, to: .offset(-1001)) }
    #expect(throws: KafkaError.self) { try reader.consumer.assign([(TopicPartition("scores", Int32.max), .beginning)]) }
  }

  /// librdkafka's thread, which seeks, is held up while it reports that it does.
  @Test func aSeekThatIsTooSlowGoesThereAllTheSame() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 1)
    let producer = try KafkaProducer(KafkaSettings(broker))
    for index in 0..<100 { try producer.write("scores", 0, value: "\(index)") }
    #expect(producer.flush(timeoutMilliseconds: 300_000))

    let slow = Atomic(0)
    let reader = try Reader(KafkaSettings(broker, ["debug": "topic"])) { line in
      guard line.text.contains("received op SEEK") else { return }
      slow.add(1, ordering: .relaxed)
      usleep(200_000)
    }
    let partition = TopicPartition("scores", 0)
    try reader.assign([partition])
    for target: Int64 in [50, 10, 99] {
      try poll(until: "a record") {
        !reader.records.isEmpty
      } step: {
        try reader.step(maximum: 3)
      }
      try reader.consumer.seek(partition, to: .offset(target), timeoutMilliseconds: 1)
      reader.records = []
      try poll(until: "the end") {
        reader.records.last?.offset == 99
      } step: {
        try reader.step()
      }
      #expect(reader.records.map(\.offset) == Array(target..<100))
    }
    #expect(slow.load(ordering: .relaxed) > 0)
  }

  @Test func pausesAndResumesWithoutLoss() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 2)
    let settings = try KafkaSettings(broker)
    let producer = try KafkaProducer(settings)
    for index in 0..<4000 { try producer.write("scores", Int32(index % 2), value: "\(index)") }
    #expect(producer.flush(timeoutMilliseconds: 300_000))

    let (first, second) = (TopicPartition("scores", 0), TopicPartition("scores", 1))
    let reader = try Reader(settings)
    try reader.assign([first, second])
    try poll(until: "records of both") {
      Set(reader.records.map(\.partition)).count == 2
    } step: {
      try reader.step(maximum: 10)
    }
    try reader.consumer.pause([first])
    let held = reader.records.count { $0.partition == first }
    try poll(until: "the second's end") {
      reader.events.contains(.partitionEnd(second, offset: 2000))
    } step: {
      try reader.step()
    }
    #expect(reader.records.count { $0.partition == first } == held)
    try reader.consumer.resume([first])
    try poll(until: "the first's end") {
      reader.events.contains(.partitionEnd(first, offset: 2000))
    } step: {
      try reader.step()
    }
    for partition in [first, second] {
      #expect(reader.records.filter { $0.partition == partition }.map(\.offset) == Array(0..<2000))
    }
  }

  @Test func carriesFiveMegabytes() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("large", partitions: 1)
    let settings = try KafkaSettings(broker)
    let producer = try KafkaProducer(settings)
    let large = String(repeating: "0123456789", count: 500_000)
    try producer.write("large", 0, key: "big", value: large)
    try producer.write("large", 0, key: "small", value: "after")
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    #expect(producer.delivered == 2)

    let reader = try Reader(settings)
    try reader.assign([TopicPartition("large", 0)])
    try poll(until: "both") {
      reader.records.count == 2
    } step: {
      try reader.step()
    }
    #expect(reader.records.first?.value == large)
    #expect(reader.records.last?.value == "after")
  }

  @Test func listsPartitionsAndLeavesOutUnknownTopics() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("three", partitions: 3)
    try broker.createTopic("one", partitions: 1)
    try broker.failTopic("nowhere", code: 3)
    let consumer = try KafkaConsumer(KafkaSettings(broker))
    let found = try consumer.partitions(of: ["one", "three", "nowhere"], timeoutMilliseconds: 120_000)
    #expect(found == ["one": [0], "three": [0, 1, 2]])
    // 29: this client may not know.
    try broker.failTopic("one", code: 29)
    let error = #expect(throws: KafkaError.self) {
      try consumer.partitions(of: ["three", "one"], timeoutMilliseconds: 120_000)
    }
    #expect(error?.description == "one: Broker: Topic authorization failed (TOPIC_AUTHORIZATION_FAILED)")
  }

  @Test func refusesWhatIsNoTopicName() throws {
    let broker = try EmbeddedBroker()
    let consumer = try KafkaConsumer(KafkaSettings(broker))
    for name in ["", "^scores.*", "a b", "a\u{0}b", String(repeating: "x", count: 250)] {
      #expect(throws: KafkaError.self) { try consumer.subscribe([name]) }
    }
    #expect(consumer.topics.isEmpty)
  }
}
