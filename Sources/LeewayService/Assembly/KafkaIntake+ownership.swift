import Foundation
import LeewayCore
import LeewaySource
import Logging

/// Taking partitions over, letting them go, and taking them back.
extension KafkaIntakeLoop {
  func assigned(_ partitions: [TopicPartition]) throws {
    logger.info("assigned \(partitions.map(\.description).joined(separator: ", "))")
    let positions = try positions(partitions)
    try consumerCall { () throws(KafkaError) in try consumer.assign(positions) }
    service.state.set(assigned: consumer.assignment.count)
  }

  /// Claims partitions in the ledger, opens them, and says where reading goes on.
  func positions(_ partitions: [TopicPartition]) throws -> [(TopicPartition, KafkaPosition)] {
    // Without a claim nothing may be read, and the group waits for the answer: insist for a while, then give up.
    var attempt = 1
    while true {
      do {
        try claim(partitions)
        break
      } catch let error where attempt < 30 && !(error is CancellationError) {
        warn("claiming partitions failed and will be tried again: \(error)")
        if let error = error as? LedgerError { service.state.set(ledgerFailure: error.description) }
        attempt += 1
        usleep(1_000_000)
      }
    }
    return partitions.map { ($0, .offset(intake.nextOffset($0) ?? 0)) }
  }

  func claim(_ partitions: [TopicPartition]) throws {
    let rows = partitions.flatMap { partition in
      topics.filter { $0.topic == partition.topic }.map { entry in
        (
          key: PartitionKey(monitor: entry.monitor, topic: entry.topic, partition: partition.partition),
          role: entry.role
        )
      }
    }
    try ensureRows(rows)
    let writer = intake.writer
    let records = try service.ledger.write { try $0.claim(partitions: rows.map(\.key), owner: writer) }
    for record in records { intake.open(record) }
    // A series that begins with a loss would hide it from rates.
    for row in rows { service.metrics.count(lost: 0, of: row.key) }
    slots.removeAll()
    try recallGaps(rows.map(\.key))
  }

  func release(_ partitions: [TopicPartition]) throws {
    for partition in partitions {
      intake.close(partition)
      ends[partition] = nil
      doubtful[partition] = nil
    }
    forgetGaps(of: partitions)
    slots.removeAll()
    try consumerCall { () throws(KafkaError) in try consumer.unassign(partitions) }
    service.state.set(assigned: consumer.assignment.count)
    logger.info("released \(partitions.map(\.description).joined(separator: ", "))")
  }

  /// Under a new writer id everything assigned is claimed again and read from the ledger's offsets.
  func startAnew() throws {
    let fenced = intake
    intake = try Self.makeIntake(service)
    slots.removeAll()
    let held = consumer.assignment.sorted()
    do { try claim(held) } catch {
      // Messages of unclaimed partitions would pass unread; the fenced writer is fenced again at the next flush, and this
      // is tried again.
      intake = fenced
      throw error
    }
    try seekToLedger(held)
  }

  /// Partitions that another instance took and the group still gives to this one.
  func reclaim(_ keys: [PartitionKey]) throws {
    let held = Set(keys.map { TopicPartition($0.topic, $0.partition) }).intersection(consumer.assignment).sorted()
    guard !held.isEmpty else { return }
    warn("partitions were taken over and are claimed again: \(held.map(\.description).joined(separator: ", "))")
    try claim(held)
    try seekToLedger(held)
  }

  func seekToLedger(_ partitions: [TopicPartition]) throws {
    for partition in partitions {
      let next = intake.nextOffset(partition) ?? 0
      try consumerCall { () throws(KafkaError) in
        try consumer.seek(partition, to: .offset(next))
      }
    }
  }
}
