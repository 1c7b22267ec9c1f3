import CRdKafka
import LeewayCore
import Testing

@testable import LeewaySource

@Suite struct KafkaGroupTests {
  @Test func everyMessageIsSeenOnceAcrossRebalances() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 8)
    // Nobody is to be given up who is only slow: two would then have read the same.
    let settings = try KafkaSettings(broker, ["session.timeout.ms": "60000"])
    let offsets = Offsets()
    let producer = try KafkaProducer(settings)
    var written = 0
    func write(_ count: Int) throws {
      for number in written..<(written + count) { try producer.write("scores", Int32(number % 8), value: "\(number)") }
      written += count
    }
    try write(4000)

    let first = try Reader(settings, offsets: offsets)
    try first.consumer.subscribe(["scores"])
    try poll(until: "the first has it all") {
      first.records.count == written
    } step: {
      try first.step()
    }
    #expect(first.consumer.assignment.count == 8)

    // The second takes over four partitions while records keep coming, from the ledger's offsets.
    let second = try Reader(settings, offsets: offsets)
    try second.consumer.subscribe(["scores"])
    try poll(until: "four partitions each") {
      first.consumer.assignment.count == 4 && second.consumer.assignment.count == 4
    } step: {
      try write(50)
      try first.step(maximum: 100)
      try second.step(maximum: 100)
    }
    #expect(first.consumer.assignment.isDisjoint(with: second.consumer.assignment))
    try write(1000)
    try poll(until: "both together have it all") {
      first.records.count + second.records.count >= written
    } step: {
      try first.step()
      try second.step()
    }
    #expect(!second.records.isEmpty)

    // The first leaves, and the second goes on where it stopped.
    #expect(first.consumer.close(timeoutMilliseconds: 300_000))
    try poll(until: "the second has all partitions") {
      second.consumer.assignment.count == 8
    } step: {
      try second.step()
    }
    try write(1000)
    try poll(until: "the rest") {
      first.records.count + second.records.count >= written
    } step: {
      try second.step()
    }
    #expect(first.consumer.messagesAfterEvent == 0)
    #expect(second.consumer.messagesAfterEvent == 0)

    let values = (first.records + second.records).compactMap(\.value).compactMap(Int.init)
    #expect(values.sorted() == Array(0..<written))
    let revoked = first.events.contains {
      if case .revoked(let partitions) = $0 { partitions.count == 4 } else { false }
    }
    #expect(revoked)
    #expect(second.consumer.close(timeoutMilliseconds: 300_000))
  }

  @Test func commitsAreForLagToolsAndNeverWhereReadingStarts() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 1)
    let settings = try KafkaSettings(broker)
    let producer = try KafkaProducer(settings)
    for index in 0..<100 { try producer.write("scores", 0, value: "\(index)") }
    #expect(producer.flush(timeoutMilliseconds: 300_000))

    let partition = TopicPartition("scores", 0)
    let reader = try Reader(settings)
    try reader.consumer.subscribe(["scores"])
    try poll(until: "all") {
      reader.records.count == 100
    } step: {
      try reader.step()
    }
    try reader.consumer.commit([(partition, 60)])
    #expect(reader.consumer.close(timeoutMilliseconds: 300_000))
    #expect(reader.consumer.failedCommits == 0)
    let lagTool = try KafkaConsumer(settings)
    let committed = PartitionList([partition]).withPointer { list in
      rd_kafka_committed(lagTool.handle, list, 300_000)
      return list?.pointee.elems.pointee.offset
    }
    #expect(committed == 60)

    // The ledger says 30: what was committed, 60, doesn't count.
    let next = try Reader(settings)
    next.ledger = [partition: 30]
    try next.consumer.subscribe(["scores"])
    try poll(until: "the rest") {
      next.ledger[partition] == 100
    } step: {
      try next.step()
    }
    #expect(next.records.map(\.offset) == Array(30..<100))
  }

  @Test func aMemberTooManyIsToldThatItGetsNothing() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 1)
    let settings = try KafkaSettings(broker)
    let readers = [try Reader(settings), try Reader(settings)]
    for reader in readers { try reader.consumer.subscribe(["scores"]) }
    try poll(until: "one has the partition, the other knows it has none") {
      let idle = readers.filter { $0.consumer.assignment.isEmpty }
      return idle.count == 1 && idle.allSatisfy { $0.events.contains(.assigned([])) }
    } step: {
      for reader in readers { try reader.step() }
    }
  }

  @Test func anOutageLongerThanTheSessionLosesThePartitions() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 2)
    // The embedded broker gathers a new group for 3 s, which the session has to outlast.
    let settings = try KafkaSettings(broker, ["session.timeout.ms": "4000"])
    let producer = try KafkaProducer(settings)
    for index in 0..<100 { try producer.write("scores", Int32(index % 2), value: "\(index)") }
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    let reader = try Reader(settings)
    try reader.consumer.subscribe(["scores"])
    try poll(until: "the first 100") {
      reader.records.count == 100
    } step: {
      try reader.step()
    }

    // On a busy machine it may have been given up before, and have to come back.
    let partitions = [TopicPartition("scores", 0), TopicPartition("scores", 1)]
    try poll(until: "both are held") {
      reader.consumer.assignment == Set(partitions)
    } step: {
      try reader.step()
    }
    reader.events = []
    try broker.takeDown()
    func isLost() -> Bool {
      reader.events.contains { if case .lost(let lost) = $0 { lost.sorted() == partitions } else { false } }
    }
    try poll(until: "the partitions are lost", isLost) { try reader.step() }
    #expect(reader.consumer.assignment.isEmpty)

    try broker.bringUp()
    for index in 100..<200 { try producer.write("scores", Int32(index % 2), value: "\(index)") }
    try poll(until: "all 200") {
      reader.records.count >= 200
    } step: {
      try reader.step()
    }
    #expect(reader.records.compactMap(\.value).compactMap(Int.init).sorted() == Array(0..<200))
  }

  @Test func aFencedMemberIsFatal() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 1)
    let reader = try Reader(KafkaSettings(broker, ["group.instance.id": "one"]))
    try reader.consumer.subscribe(["scores"])
    try poll(until: "assigned") {
      !reader.consumer.assignment.isEmpty
    } step: {
      try reader.step()
    }
    // 82: another member has taken the same group.instance.id.
    try broker.failNextRequests(apiKey: 12, codes: [82])
    try poll(until: "a fatal error") {
      reader.errors.contains(where: \.isFatal)
    } step: {
      try reader.step()
    }
    let fatal = try #require(reader.errors.first { $0.isFatal })
    #expect(fatal.code == 82)
    #expect(fatal.name == "FENCED_INSTANCE_ID")
    #expect(!fatal.isRetriable)
    // A dead handle closes all the same.
    reader.consumer.close()
  }
}
