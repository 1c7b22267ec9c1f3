import LeewayConfiguration
import LeewayCore
import LeewaySource

/// Rejected messages that the dead-letter topic does not have yet; what they wait with is not committed.
struct DeadLettersOutstanding: Error, CustomStringConvertible {
  let topic: String
  let count: Int
  let reason: String

  var description: String {
    "\(count) dead letters are not in topic \(topic) yet, and the offsets that pass them wait: \(reason)"
  }
}

extension KafkaIntakeLoop {
  /// Longer than a broker in good health takes by far; other partitions wait for it.
  private static let deadLetterPatience: Int32 = 2000

  /// A topic that isn't there is a mistake in the configuration, to be told at the start.
  func requireDeadLetterTopic() throws(EnvironmentProblem) {
    guard let topic = deadLetters?.topic else { return }
    let known = try consumerCall { () throws(KafkaError) in
      try consumer.partitions(of: [topic], timeoutMilliseconds: 5000)
    }
    guard known[topic] != nil else {
      throw EnvironmentProblem("dead_letter_topic \(topic) does not exist; create it, or leave dead_letter_topic out")
    }
  }

  /// Brings rejected messages to their topic, before the flush that commits the offsets which pass them.
  ///
  /// - Returns: what is left; the flush leaves those partitions out.
  func deliverDeadLetters() -> DeadLettersOutstanding? {
    guard let deadLetters else { return nil }
    let letters = intake.deadLetters
    guard !letters.isEmpty else {
      // None is left, or they went with their partitions.
      service.state.set(deadLetterFailure: nil)
      return nil
    }
    let delivery = deadLetters.deliver(letters, timeoutMilliseconds: Self.deadLetterPatience)
    var delivered: [PartitionKey: Set<Int64>] = [:]
    for letter in delivery.delivered {
      delivered[letter.source, default: []].insert(letter.offset)
      service.metrics.count(deadLetters: 1, delivered: true, monitor: letter.source.monitor)
    }
    intake.delivered { delivered[$0]?.contains($1) ?? false }
    for (monitor, count) in delivery.failed {
      service.metrics.count(deadLetters: count, delivered: false, monitor: monitor)
    }
    guard delivery.waiting > 0 else {
      service.state.set(deadLetterFailure: nil)
      return nil
    }
    let outstanding = DeadLettersOutstanding(
      topic: deadLetters.topic, count: delivery.waiting, reason: delivery.reason ?? "the broker has not confirmed them")
    service.state.set(deadLetterFailure: outstanding.description)
    return outstanding
  }
}
