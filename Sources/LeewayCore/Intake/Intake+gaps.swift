extension Intake {
  /// Monitors whose next offset is not among those that the broker has of a partition, without those already held.
  ///
  /// - Parameter available: the oldest offset, and the one behind the newest.
  package func gaps(_ place: TopicPartition, available: ClosedRange<Int64>) -> [OffsetGap] {
    guard let slot = slots[place] else { return [] }
    return routes[slot.index].compactMap { route in
      let partition = self[route]
      guard !available.contains(partition.nextOffset) else { return nil }
      return OffsetGap(key: partition.key, wanted: partition.nextOffset, available: available)
    }
  }

  /// The gap's monitor takes nothing of its partition any more until the partition is opened again; what it has taken
  /// is committed as ever. Other monitors read on.
  package func hold(_ gap: OffsetGap) {
    guard let (slot, index) = route(to: gap.key) else { return }
    held[slot.index].append(routes[slot.index].remove(at: index))
  }

  /// The gap's monitor goes on at the oldest offset that there is. What was lost is recorded in the quarantine with the
  /// flush that moves the offset.
  package func skip(_ gap: OffsetGap) {
    guard let (slot, index) = route(to: gap.key) else { return }
    self[routes[slot.index][index]].skip(gap)
  }

  private func route(to key: PartitionKey) -> (slot: Slot, index: Int)? {
    guard let slot = slots[TopicPartition(key.topic, key.partition)] else { return nil }
    return routes[slot.index].firstIndex { self[$0].key == key }
      .map { (slot, $0) }
  }
}
