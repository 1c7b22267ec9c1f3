internal import CRdKafka
package import LeewayCore

/// Writes rejected messages to the dead-letter topic, and says which of them are there.
///
/// Not Sendable: one thread uses it.
package final class DeadLetterProducer {
  package struct Delivery: Sendable {
    /// Confirmed by a broker since the last call.
    package var delivered: [DeadLetter] = []
    /// Attempts that failed since the last call, by monitor.
    package var failed: [String: Int] = [:]
    /// Letters of this call that are not confirmed yet.
    package var waiting = 0
    /// Why the latest attempt failed, or why it can't be known yet.
    package var reason: String?
  }

  private struct Address: Hashable {
    let source: PartitionKey
    let offset: Int64
  }

  package let topic: String
  private let producer: KafkaProducer
  /// Handed to librdkafka and not reported yet, so that what is slow isn't sent twice.
  private var underway: [Int: DeadLetter] = [:]
  private var addresses: Set<Address> = []
  /// Too large for the broker; they go without most of their payload.
  private var tooLarge: Set<Address> = []
  private var lastToken = 0

  /// What is left of a payload that the broker finds too large.
  private static let shortened = 1024

  package init(_ settings: KafkaSettings, topic: String, log: KafkaLogReceiver? = nil) throws(KafkaError) {
    self.topic = topic
    producer = try KafkaProducer(settings, log: log)
  }

  /// Sends those that are not on their way yet, and waits until every one is confirmed or the time is up. Call it again
  /// with what is left.
  package func deliver(_ letters: [DeadLetter], timeoutMilliseconds: Int32) -> Delivery {
    var delivery = Delivery()
    let deadline = Deadline(milliseconds: timeoutMilliseconds)
    let wanted = Set(letters.map(Self.address))
    for letter in letters where !addresses.contains(Self.address(letter)) {
      send(letter, until: deadline, &delivery)
    }
    while true {
      collect(&delivery)
      guard !addresses.isDisjoint(with: wanted), deadline.remainingMilliseconds > 0 else { break }
      producer.poll(timeoutMilliseconds: min(50, deadline.remainingMilliseconds))
    }
    let done = Set(delivery.delivered.map(Self.address))
    delivery.waiting = wanted.subtracting(done).count
    if delivery.waiting > 0, delivery.reason == nil { delivery.reason = "the broker has not confirmed them yet" }
    return delivery
  }

  private static func address(_ letter: DeadLetter) -> Address {
    Address(source: letter.source, offset: letter.offset)
  }

  private func collect(_ delivery: inout Delivery) {
    for report in producer.takeReports() {
      guard let letter = underway.removeValue(forKey: report.token) else { continue }
      let address = Self.address(letter)
      addresses.remove(address)
      guard let failure = report.failure else {
        tooLarge.remove(address)
        delivery.delivered.append(letter)
        continue
      }
      note(failure, of: address, &delivery)
    }
  }

  private func note(_ failure: KafkaError, of address: Address, _ delivery: inout Delivery) {
    if failure.code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE.rawValue { tooLarge.insert(address) }
    delivery.failed[address.source.monitor, default: 0] += 1
    delivery.reason = failure.description
  }

  private func send(_ letter: DeadLetter, until deadline: Deadline, _ delivery: inout Delivery) {
    let address = Self.address(letter)
    while true {
      let wasTooLarge = tooLarge.contains(address)
      do {
        guard try produce(letter, isTooLarge: wasTooLarge) == .queueFull else { break }
      } catch {
        note(error, of: address, &delivery)
        // Too large for librdkafka itself: at once again without the payload.
        if tooLarge.contains(address), !wasTooLarge { continue }
        return
      }
      guard deadline.remainingMilliseconds > 0 else { return }
      producer.poll(timeoutMilliseconds: min(50, deadline.remainingMilliseconds))
    }
    underway[lastToken] = letter
    addresses.insert(address)
  }

  private func produce(_ letter: DeadLetter, isTooLarge: Bool) throws(KafkaError) -> KafkaProducer.Outcome {
    lastToken += 1
    let value = isTooLarge ? letter.value.map { $0.prefix(Self.shortened) } : letter.value.map { $0[...] }
    var headers = [
      ("leeway-monitor", letter.source.monitor), ("leeway-topic", letter.source.topic),
      ("leeway-partition", "\(letter.source.partition)"), ("leeway-offset", "\(letter.offset)"),
      ("leeway-reason", letter.code), ("leeway-detail", letter.reason),
    ]
    if (value?.count ?? 0) < letter.valueSize { headers.append(("leeway-size", "\(letter.valueSize)")) }
    return try Self.withBytes(letter.key.map { $0[...] }) { (key) throws(KafkaError) in
      try Self.withBytes(value) { (value) throws(KafkaError) in
        try producer.produce(
          topic: topic, key: key, value: value,
          timestampMilliseconds: letter.recordTime.map { max(0, $0.milliseconds) },
          headers: headers.map { ($0.0, Array($0.1.utf8)) }, token: UInt(lastToken))
      }
    }
  }

  private static func withBytes<R>(
    _ bytes: ArraySlice<UInt8>?, _ body: (UnsafeRawBufferPointer?) throws(KafkaError) -> R
  ) throws(KafkaError) -> R {
    guard let bytes else { return try body(nil) }
    let result = bytes.withUnsafeBytes { pointer in
      Result { () throws(KafkaError) in try body(pointer) }
    }
    return try result.get()
  }
}
