import LeewayCore
import LeewaySource
import LeewayTestSupport

extension Main {
  /// A mock cluster in this process, with a topic that holds the traffic's events, compressed with lz4, in as many
  /// partitions as keep them all. Prints where it is and what it has, serves until its input ends.
  static func broker(_ arguments: Arguments) throws {
    let traffic = try arguments.traffic()
    let count = try arguments.integer("events", 3_000_000)
    let partitions = max(1, try arguments.integer("partitions", 128))
    // Made once and sent often, with times of their own: making them takes longer than sending.
    let events = traffic.events(min(count, 100_000))
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    let topic = "predictions"
    try broker.createTopic(topic, partitions: partitions)
    let settings = try KafkaSettings(
      bootstrap: broker.bootstrap, group: "leeway",
      properties: [
        "compression.codec": "lz4", "linger.ms": "200", "batch.size": "1000000", "queue.buffering.max.kbytes": "262144",
      ])
    var log = PartitionedLog(events, count: count, partitions: partitions)
    let producer = try KafkaProducer(settings)
    while let message = log.next() {
      var outcome = KafkaProducer.Outcome.queueFull
      while outcome == .queueFull {
        outcome = try message.withUnsafeBytes {
          try producer.produce(topic: topic, partition: log.partition, value: $0)
        }
        if outcome == .queueFull { producer.poll(timeoutMilliseconds: 20) }
      }
    }
    guard producer.flush(timeoutMilliseconds: 600_000), producer.failed == 0, producer.delivered == count else {
      throw BenchmarkFailure("the topic was not filled: \(producer.delivered) of \(count), \(producer.failed) failed")
    }
    let reader = try KafkaConsumer(settings)
    for partition in 0..<partitions {
      let kept = try reader.queryWatermarks(of: TopicPartition(topic, Int32(partition)), timeoutMilliseconds: 30_000)
      guard kept.low == 0, kept.high == log.count(of: partition) else {
        throw BenchmarkFailure("the broker keeps \(kept) of partition \(partition): give it more --partitions")
      }
    }
    reader.close()
    var json = JSONWriter()
    json.beginObject()
    json.key("bootstrap")
    json.string(broker.bootstrap)
    json.key("events")
    json.number(Int64(count))
    json.key("bytes_per_event")
    json.number(Double(log.bytes) / Double(count))
    json.endObject()
    print(json.text)
    Main.flushOutput()
    while readLine() != nil {}
  }
}

extension Main {
  /// Writes a log of any length, for `leeway replay`.
  static func log(_ arguments: Arguments) throws {
    let count = try arguments.integer("events", 10_000_000)
    var log = PartitionedLog(try arguments.traffic().events(min(count, 100_000)), count: count, partitions: 1)
    let file = try TextFile(creating: try arguments.path("out"))
    while let message = log.next() {
      try file.append(message)
      try file.append([UInt8(ascii: "\n")])
    }
    try file.close()
  }
}

/// Events dealt to partitions in turn, two a millisecond, whatever they said before of their time.
struct PartitionedLog {
  /// Of the message that came last.
  private(set) var partition: Int32 = 0
  private(set) var bytes = 0
  private let events: [[UInt8]]
  private let places: [Int]
  private let count: Int
  private let partitions: Int
  private var index = 0

  init(_ events: EventBuffer, count: Int, partitions: Int) {
    self.count = count
    self.partitions = partitions
    var messages: [[UInt8]] = []
    var places: [Int] = []
    let mark = Array("\"timestamp_ms\":".utf8)
    events.forEach { _, payload in
      let message = Array(payload)
      messages.append(message)
      places.append(message.firstRange(of: mark)?.upperBound ?? 0)
    }
    self.events = messages
    self.places = places
  }

  mutating func next() -> [UInt8]? {
    guard index < count else { return nil }
    var message = events[index % events.count]
    // Thirteen digits until the year 2286.
    var time = Traffic.start + Int64(index / 2)
    let place = places[index % events.count]
    for digit in (0..<13).reversed() {
      message[place + digit] = UInt8(ascii: "0") + UInt8(time % 10)
      time /= 10
    }
    partition = Int32(index % partitions)
    index += 1
    bytes += message.count
    return message
  }

  func count(of partition: Int) -> Int64 { Int64(count / partitions + (partition < count % partitions ? 1 : 0)) }
}
