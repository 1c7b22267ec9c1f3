import LeewayCore
import LeewaySource

/// What to do where the broker no longer has what comes next. Never a silent reset: either a person decides, or the
/// configuration has, and what was lost is counted.
extension KafkaIntakeLoop {
  /// Asks the broker what it has of the partitions whose offset it refused, and settles them.
  func settleRefusedOffsets(_ now: SteadyTime) throws {
    for (partition, due) in refusedOffsets where now >= due {
      let low: Int64
      let high: Int64
      do { (low, high) = try consumer.queryWatermarks(of: partition, timeoutMilliseconds: 2000) } catch {
        warn("Kafka: \(error.description)")
        refusedOffsets[partition] = .now + TimeSpan.seconds(1)
        continue
      }
      do { try settle(intake.gaps(partition, available: low...max(low, high))) } catch let error as LedgerError {
        warn("a gap cannot be settled yet: \(error.description)")
        refusedOffsets[partition] = .now + TimeSpan.seconds(1)
        continue
      }
      refusedOffsets[partition] = nil
      // Without a monitor that reads it, the partition stands still.
      if let next = intake.nextOffset(partition) {
        try consumerCall { () throws(KafkaError) in try consumer.seek(partition, to: .offset(next)) }
      }
    }
  }

  /// For partitions just claimed: a log that was found to be another one stays that, also when it has grown past the
  /// ledger's offset since.
  func recallGaps(_ keys: [PartitionKey]) throws {
    let stored = try service.ledger.read { reader in
      try keys.compactMap { key -> (key: PartitionKey, wanted: Int64)? in
        guard let value = try reader.setting(Self.settingName(key)),
          let wanted = Int64(String(decoding: value, as: UTF8.self))
        else { return nil }
        return (key, wanted)
      }
    }
    for (key, wanted) in stored {
      let partition = TopicPartition(key.topic, key.partition)
      guard
        try service.ledger.read({ try $0.partitions(of: key.monitor) }).first(where: { $0.key == key })?.nextOffset
          == wanted
      else {
        // Skipped, and the process ended before it was forgotten.
        try forget(key)
        continue
      }
      let (low, high) = try consumerCall { () throws(KafkaError) in
        try consumer.queryWatermarks(of: partition, timeoutMilliseconds: 5000)
      }
      try settle([OffsetGap(key: key, wanted: wanted, available: low...max(low, high), isAnotherLog: true)])
    }
  }

  /// What was held is decided by the configuration that has just come into force, before the next message.
  func settleGapsAgain() throws {
    let former = gaps
    gaps = []
    try settle(
      former.filter { gap in topics.contains { $0.monitor == gap.key.monitor && $0.topic == gap.key.topic } },
      known: true)
    guard service.configuration.kafka.onGap == .skip else { return }
    for partition in Set(former.map { TopicPartition($0.key.topic, $0.key.partition) }) {
      try seekToLedger([partition])
    }
  }

  func forgetGaps(of partitions: [TopicPartition]) {
    gaps.removeAll { partitions.contains(TopicPartition($0.key.topic, $0.key.partition)) }
    service.state.set(gaps: gaps.map(\.description))
  }

  /// - Parameter known: they were held before, so that holding them again is no news.
  private func settle(_ found: [OffsetGap], known: Bool = false) throws {
    for gap in found {
      switch service.configuration.kafka.onGap {
      case .skip:
        // Remembered until the flush that moves the offset stands.
        if gap.isAnotherLog { skipped.insert(gap.key) }
        intake.skip(gap)
        logger.error(
          "\(gap.description); going on at offset \(gap.available.lowerBound), as kafka.on_gap is skip",
          metadata: .of(gap.key))
      case .fail:
        if gap.isAnotherLog { try remember(gap) }
        intake.hold(gap)
        gaps.removeAll { $0.key == gap.key }
        gaps.append(gap)
        if known { continue }
        logger.error(
          "\(gap.description); it is not read until that is decided: restore the topic, or set kafka.on_gap to skip, which counts the loss and goes on at offset \(gap.available.lowerBound), and reload",
          metadata: .of(gap.key))
      }
      service.metrics.count(gap: service.configuration.kafka.onGap, of: gap.key)
    }
    service.state.set(gaps: gaps.map(\.description))
  }

  /// For partitions whose skip has been committed.
  func forgetSkipped(_ committed: some Collection<PartitionKey>) throws {
    for key in skipped.intersection(committed) {
      try forget(key)
      skipped.remove(key)
    }
  }

  private func remember(_ gap: OffsetGap) throws { try put(Array("\(gap.wanted)".utf8), for: gap.key) }

  private func forget(_ key: PartitionKey) throws { try put([], for: key) }

  private func put(_ value: [UInt8], for key: PartitionKey) throws {
    try service.ledger.write { tx in
      let name = Self.settingName(key)
      if try tx.setting(name) ?? [] != value { try tx.put(setting: name, value: value) }
    }
  }

  private static func settingName(_ key: PartitionKey) -> String {
    "gap/\(key.monitor)/\(key.topic)/\(key.partition)"
  }
}
