import LeewayCore
import LeewayTestSupport

@testable import LeewaySource

/// A record, copied out of its view.
struct Record: Hashable {
  var partition: TopicPartition
  var offset: Int64
  var timestamp: Int64?
  var key: String?
  var value: String?
}

/// The offsets that readers of one group go on from, of whom each may take over what another has read.
final class Offsets {
  var next: [TopicPartition: Int64] = [:]
}

/// Drives a consumer as the service does, on the test's thread: answers rebalances with the offsets of a ledger, here a
/// dictionary, and keeps what it saw.
final class Reader {
  let consumer: KafkaConsumer
  private let offsets: Offsets
  var records: [Record] = []
  var events: [KafkaEvent] = []

  init(_ settings: KafkaSettings, offsets: Offsets = Offsets(), log: KafkaLogReceiver? = nil) throws {
    consumer = try KafkaConsumer(settings, log: log)
    self.offsets = offsets
  }

  /// The next offset of each partition; what isn't in it starts at the beginning.
  var ledger: [TopicPartition: Int64] {
    get { offsets.next }
    set { offsets.next = newValue }
  }

  var errors: [KafkaError] {
    events.compactMap { if case .error(let error) = $0 { error } else { nil } }
  }

  /// One poll, and the answer to what it brought.
  func step(maximum: Int = 1000) throws {
    let (_, event) = consumer.poll(timeoutMilliseconds: 20, maximum: maximum) { run in
      let partition = TopicPartition(consumer.topics[run.topic], run.partition)
      run.forEach { message in
        records.append(
          Record(
            partition: partition, offset: message.offset, timestamp: message.timestamp,
            key: message.key.map { String(decoding: $0, as: UTF8.self) },
            value: message.value.map { String(decoding: $0, as: UTF8.self) }))
        offsets.next[partition] = message.offset + 1
      }
    }
    guard let event else { return }
    events.append(event)
    switch event {
    case .assigned(let partitions):
      try consumer.assign(partitions.map { ($0, ledger[$0].map(KafkaPosition.offset) ?? .beginning) })
    case .revoked(let partitions), .lost(let partitions):
      try consumer.unassign(partitions)
    case .partitionEnd, .error:
      break
    }
  }

  func assign(_ partitions: [TopicPartition]) throws {
    try consumer.assign(partitions.map { ($0, ledger[$0].map(KafkaPosition.offset) ?? .beginning) })
  }
}

struct Unfulfilled: Error, CustomStringConvertible {
  let description: String
}

/// Repeats `step`, which waits by itself inside a poll, until the condition holds.
func poll(
  until what: String, within limit: Duration = patience, _ condition: () throws -> Bool, step: () throws -> Void
) throws {
  let holds = try eventually(within: limit, every: .zero) { () -> Bool? in
    if try condition() { return true }
    try step()
    return nil
  }
  if holds == nil { throw Unfulfilled(description: "after \(limit) still not: \(what)") }
}

extension KafkaSettings {
  /// A group of its own, and time limits that suit tests.
  init(_ broker: EmbeddedBroker, group: String = "leeway-test", _ more: [String: String] = [:]) throws {
    let quick = [
      "session.timeout.ms": "6000", "heartbeat.interval.ms": "200", "reconnect.backoff.max.ms": "200",
      "topic.metadata.refresh.interval.ms": "1000",
    ]
    try self.init(
      bootstrap: broker.bootstrap, group: group, properties: quick.merging(more) { $1 })
  }
}

extension KafkaProducer {
  /// Produces text, waiting for room where there is none.
  func write(
    _ topic: String, _ partition: Int32?, key: String? = nil, value: String?, at timestamp: Int64? = nil
  ) throws {
    func bytes(_ text: String?, _ body: (UnsafeRawBufferPointer?) throws -> Void) rethrows {
      guard let text else { return try body(nil) }
      try Array(text.utf8).withUnsafeBytes { try body($0) }
    }
    try bytes(key) { key in
      try bytes(value) { value in
        var outcome = Outcome.queueFull
        try poll(until: "room in the queue") {
          outcome == .queued
        } step: {
          outcome = try produce(
            topic: topic, partition: partition, key: key, value: value, timestampMilliseconds: timestamp)
          if outcome == .queueFull { poll(timeoutMilliseconds: 20) }
        }
      }
    }
  }

  private func poll(until what: String, _ condition: () -> Bool, step: () throws -> Void) throws {
    try SourceTests.poll(until: what, condition, step: step)
  }
}
