import Foundation
import LeewaySource
import Testing

/// The embedded broker in a process of its own, and everything that was sent to it. When that process is gone (librdkafka's
/// mock cluster aborts now and then in the code of its groups), another one is given the same messages, in the same order
/// at the same partitions: every message has the offset that it had.
///
/// Not Sendable: one test uses it.
final class RememberingBroker {
  struct Entry {
    var text: String
    var time: Int64
  }

  private let partitions: [String: Int32]
  private var broker: BrokerProcess
  private var producer: KafkaProducer
  /// What was sent, by topic and partition.
  private(set) var logs: [String: [[Entry]]] = [:]

  /// - Parameter partitions: how many each topic has.
  init(partitions: [String: Int32]) throws {
    self.partitions = partitions
    (broker, producer) = try Self.start(partitions)
    for (topic, count) in partitions { logs[topic] = Array(repeating: [], count: Int(count)) }
  }

  private static func start(_ partitions: [String: Int32]) throws -> (BrokerProcess, KafkaProducer) {
    let broker = try BrokerProcess()
    for (topic, count) in partitions { try broker.order("topic \(topic) \(count)") }
    return (broker, try KafkaProducer(KafkaSettings(bootstrap: broker.bootstrap, group: "producer")))
  }

  var bootstrap: String { broker.bootstrap }
  var isRunning: Bool { broker.isRunning }

  func killAtOnce() { broker.killAtOnce() }

  /// Starts another one, at another address, in the place of the one that is gone.
  func replace() throws {
    broker.killAtOnce()
    (broker, producer) = try Self.start(partitions)
    for (topic, partitions) in logs {
      for (i, log) in partitions.enumerated() {
        for entry in log { try produce(topic, Int32(i), entry) }
      }
    }
    try flush()
  }

  /// Sends a message, or only keeps it for the next broker if this one is gone.
  func send(_ topic: String, _ partition: Int32, _ text: String, _ time: Int64) throws {
    let entry = Entry(text: text, time: time)
    logs[topic]?[Int(partition)].append(entry)
    try produce(topic, partition, entry)
  }

  private func produce(_ topic: String, _ partition: Int32, _ entry: Entry) throws {
    try Array(entry.text.utf8).withUnsafeBytes { bytes in
      while isRunning,
        case .queueFull = try producer.produce(
          topic: topic, partition: partition, value: bytes, timestampMilliseconds: entry.time)
      {
        producer.poll(timeoutMilliseconds: 50)
      }
    }
  }

  /// Returns when the broker has everything, or is gone.
  func flush() throws {
    let deadline = Date(timeIntervalSinceNow: 300)
    var isDone = false
    while isRunning, !isDone, Date() < deadline { isDone = producer.flush(timeoutMilliseconds: 500) }
    guard isRunning else { return }
    #expect(isDone)
    try #require(producer.failed == 0, "\(String(describing: producer.latestFailure))")
  }
}
