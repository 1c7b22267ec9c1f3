import Foundation
import LeewayCore
import LeewaySource
import Logging

/// Taking partitions over, letting them go, and taking them back.
extension KafkaIntakeLoop {
  /// What the group has given is claimed in the ledger; then reading goes on at the ledger's offsets.
  func assigned(_ partitions: [TopicPartition]) throws {
    logger.info(
      "assigned \(partitions.map(\.description).joined(separator: ", "))", metadata: .of(partitions))
    if !partitions.isEmpty { service.metrics.count(rebalance: .assigned) }
    groupWait?.end()
    unclaimed += partitions
    claimDue = .now
    claimBackoff = 0
    try answerGroup()
    service.state.set(assigned: consumer.assignment.count, now: .now)
  }

  /// Claims what the group has given, and tells it; tries again for as long as it takes, with pauses. Meanwhile the thread
  /// polls, so that this instance stays a member and hears what else happens.
  ///
  /// - Returns: whether no answer is owed. Until then there must be no flush, which could seek.
  @discardableResult
  func answerGroup() throws -> Bool {
    guard !unclaimed.isEmpty else { return true }
    guard SteadyTime.now >= claimDue else { return false }
    do {
      try claim(unclaimed)
    } catch let error where !(error is GenerationSuperseded || error is CancellationError) {
      claimBackoff = min(claimBackoff + 1, 6)
      claimDue = .now + .milliseconds(Int64(250 << claimBackoff))
      let number = unclaimed.count == 1 ? "1 partition" : "\(unclaimed.count) partitions"
      service.state.set(claimFailure: "\(number) that the group has given could not be claimed yet: \(error)")
      if let error = error as? LedgerError { service.state.set(ledgerFailure: error.description) }
      service.metrics.count(claim: .failed)
      publishLag(advanced: false)
      warn("claiming \(number) failed and will be tried again: \(error)")
      return false
    }
    let positions = unclaimed.map { ($0, KafkaPosition.offset(intake.nextOffset($0) ?? 0)) }
    unclaimed = []
    service.state.set(claimFailure: nil)
    service.state.set(ledgerFailure: nil)
    try consumerCall { () throws(KafkaError) in try consumer.assign(positions) }
    service.state.set(assigned: consumer.assignment.count, now: .now)
    return true
  }

  /// Ends the group's wait where nothing can be claimed any more, since it is about to be left.
  func abandonClaims() {
    guard !unclaimed.isEmpty else { return }
    try? consumer.assign(unclaimed.map { ($0, .end) })
    unclaimed = []
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
    service.metrics.count(claim: .claimed)
  }

  func release(_ partitions: [TopicPartition]) throws {
    for partition in partitions {
      intake.close(partition)
      ends[partition] = nil
      refusedOffsets[partition] = nil
      fenced.remove(partition)
    }
    dropHolds(of: partitions)
    unclaimed.removeAll(where: partitions.contains)
    if unclaimed.isEmpty { service.state.set(claimFailure: nil) }
    forgetGaps(of: partitions)
    slots.removeAll()
    try consumerCall { () throws(KafkaError) in try consumer.unassign(partitions) }
    service.state.set(assigned: consumer.assignment.count, now: .now)
    logger.info(
      "released \(partitions.map(\.description).joined(separator: ", "))", metadata: .of(partitions))
  }

  /// Says in the ledger that the partitions have no owner and no claim to idleness, until somebody claims them.
  func disown(_ partitions: [TopicPartition]) {
    let writer = intake.writer
    let keys = keys(of: partitions)
    do { try service.ledger.write { try $0.release(partitions: keys, owner: writer) } } catch {
      // The next owner's claim says it too.
      warn("partitions were let go, and the ledger does not know yet: \(error)")
    }
  }

  private func keys(of partitions: [TopicPartition]) -> [PartitionKey] {
    partitions.flatMap { partition in
      topics.filter { $0.topic == partition.topic }.map {
        PartitionKey(monitor: $0.monitor, topic: $0.topic, partition: partition.partition)
      }
    }
  }

  /// Under a new writer id everything assigned is claimed again and read from the ledger's offsets.
  func startAnew() throws {
    let former = intake
    intake = try Self.makeIntake(service, profile)
    intake.know(gate.known)
    slots.removeAll()
    let held = consumer.assignment.sorted()
    do { try claim(held) } catch {
      // Messages of unclaimed partitions would pass unread; the fenced writer is fenced again at the next flush, and this
      // is tried again.
      intake = former
      throw error
    }
    fenced = []
    try forgetHolds(of: held)
    try seekToLedger(held)
  }

  /// Partitions that another instance took and the group still gives to this one. What fails is tried again by the next
  /// flush: nothing else would read again what was dropped.
  func reclaimFenced() throws {
    let held = fenced.intersection(consumer.assignment).sorted()
    guard !held.isEmpty else { return }
    warn(
      "partitions were taken over and are claimed again: \(held.map(\.description).joined(separator: ", "))",
      metadata: .of(held))
    do { try claim(held) } catch {
      service.metrics.count(claim: .failed)
      throw error
    }
    fenced = []
    try forgetHolds(of: held)
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
