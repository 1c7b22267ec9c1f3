/// One writer: takes messages of any number of monitors and commits what they add up to. Owned by one thread.
package final class Intake {
  /// A partition of a topic as the source sees it; any number of monitors may read it.
  package struct Slot: Hashable, Sendable {
    let index: Int
  }

  package let writer: String
  private(set) var sequence: Int64
  private var limits: IntakeLimits
  var monitors: [MonitorIntake]
  /// For each slot the (monitor, partition) pairs that its messages go to.
  var routes: [[(monitor: Int, partition: Int)]] = []
  /// Pairs of a slot that take none of its messages until somebody has decided about a gap; parallel to `routes`.
  var held: [[(monitor: Int, partition: Int)]] = []
  private(set) var slots: [TopicPartition: Slot] = [:]
  private var messagesSinceCheck = 0
  private let aggregation: Stopwatch?

  /// - Parameters:
  ///   - plans: each with the first event time that its generation counts.
  ///   - writer: registered in the ledger, at flush sequence 0.
  ///   - aggregation: gets the time that adding rows to panes takes, decoding aside.
  package init(
    plans: [(plan: MonitorPlan, startsAt: EventTime)], writer: String, limits: IntakeLimits = IntakeLimits(),
    aggregation: Stopwatch? = nil
  ) {
    self.writer = writer
    self.limits = limits
    self.aggregation = aggregation
    sequence = 0
    monitors = Self.monitors(plans, limits, aggregation)
  }

  /// Of deltas' memory that all monitors together keep from flush to flush: clearing is cheaper than allocating.
  private static let spareBytes = 32 << 20

  private static func monitors(
    _ plans: [(plan: MonitorPlan, startsAt: EventTime)], _ limits: IntakeLimits, _ aggregation: Stopwatch?
  ) -> [MonitorIntake] {
    plans.map {
      MonitorIntake(
        plan: $0.plan, startsAt: $0.startsAt, limits: limits, spareBytes: spareBytes / max(plans.count, 2),
        aggregation: aggregation)
    }
  }

  /// Opens a claimed partition for the monitor that its record names; it goes on at the record's offset.
  package func open(_ record: PartitionRecord) {
    guard let monitor = monitors.firstIndex(where: { $0.plan.monitor.name == record.key.monitor }) else { return }
    place(PartitionIntake(record, shape: monitors[monitor].plan.drift.shape), monitor)
  }

  private func place(_ opened: PartitionIntake, _ monitor: Int) {
    let place = TopicPartition(opened.key.topic, opened.key.partition)
    let slot = slots[place] ?? Slot(index: routes.count)
    if slots[place] == nil {
      slots[place] = slot
      routes.append([])
      held.append([])
    }
    held[slot.index].removeAll { $0.monitor == monitor }
    if let known = monitors[monitor].partitions.firstIndex(where: { $0.key == opened.key }) {
      // Rows still in columns are the old owner's: they go with its deltas.
      monitors[monitor].drainRows()
      monitors[monitor].partitions[known] = opened
      if !routes[slot.index].contains(where: { $0.monitor == monitor }) { routes[slot.index].append((monitor, known)) }
    } else {
      monitors[monitor].partitions.append(opened)
      routes[slot.index].append((monitor, monitors[monitor].partitions.count - 1))
    }
  }

  /// Stops taking a partition's messages. What is not flushed is given up: flush first.
  package func close(_ place: TopicPartition) {
    guard let slot = slots[place] else { return }
    for route in routes[slot.index] + held[slot.index] {
      monitors[route.monitor].drainRows()
      monitors[route.monitor].partitions[route.partition].discard()
    }
    routes[slot.index] = []
    held[slot.index] = []
  }

  /// Goes on with other monitors. One that stays keeps its partitions and where it stands in them; those of a monitor or
  /// a stream that is gone are let go; a new one has none until they are opened. Slots from before are void.
  ///
  /// Everything taken must have been flushed. Gaps are open again: hold or skip them before the next message.
  package func replace(plans: [(plan: MonitorPlan, startsAt: EventTime)], limits: IntakeLimits) {
    precondition(!hasChanges, "flush before monitors are replaced")
    self.limits = limits
    let before = monitors
    monitors = Self.monitors(plans, limits, aggregation)
    let open = zip(routes, held).map(+).flatMap { $0.map { before[$0.monitor].partitions[$0.partition] } }
    routes = []
    held = []
    slots = [:]
    for partition in open {
      guard let monitor = monitors.firstIndex(where: { $0.plan.reads(partition.key, as: partition.role) }) else {
        continue
      }
      place(PartitionIntake(continuing: partition, shape: monitors[monitor].plan.drift.shape), monitor)
    }
  }

  package func slot(_ place: TopicPartition) -> Slot? { slots[place] }

  /// The lowest offset that some monitor still needs of a partition; nil if none reads it.
  package func nextOffset(_ place: TopicPartition) -> Int64? {
    guard let slot = slots[place] else { return nil }
    return routes[slot.index].map { monitors[$0.monitor].partitions[$0.partition].nextOffset }.min()
  }

  /// The same of what a flush has committed.
  package func committedOffset(_ place: TopicPartition) -> Int64? {
    guard let slot = slots[place] else { return nil }
    return routes[slot.index].map { monitors[$0.monitor].partitions[$0.partition].committedOffset }.min()
  }

  package func take(_ message: SourceMessage, from slot: Slot) { take(each: CollectionOfOne(message), from: slot) }

  /// Takes messages of one partition, by ascending offset; each monitor takes them all before the next one does, so that
  /// what it works on stays in the processor's caches.
  package func take(_ messages: [SourceMessage], from slot: Slot) { take(each: messages, from: slot) }

  private func take(each messages: some Collection<SourceMessage>, from slot: Slot) {
    // By index: going through the array itself would retain and release it for every message.
    for index in routes[slot.index].indices {
      let route = routes[slot.index][index]
      for message in messages {
        monitors[route.monitor].take(message, partition: route.partition, quarantineRows: limits.quarantineRows)
      }
    }
  }

  /// The partition's end was reached and nothing has come since: from the next flush on it holds no watermark back for
  /// `span` of the ledger's clock. A claim is renewed when half of it is over, so that silence does not cost a flush a
  /// second.
  ///
  /// - Parameter now: the caller's clock, for renewals alone.
  package func claimIdle(_ place: TopicPartition, lasting span: TimeSpan, now: EventTime) {
    guard let slot = slots[place] else { return }
    for route in routes[slot.index] {
      monitors[route.monitor].partitions[route.partition].idleness.claim(lasting: span, now: now)
    }
  }

  /// The partition's end, one past its last message, as the source sees it: for the lag that all instances can show.
  package func note(end offset: Int64, of place: TopicPartition) {
    guard let slot = slots[place] else { return }
    for route in routes[slot.index] { monitors[route.monitor].partitions[route.partition].endOffset = offset }
  }

  /// Bytes held and not committed.
  package var pendingBytes: Int {
    monitors.reduce(0) { $0 + $1.partitions.reduce(0) { $0 + $1.pendingBytes } }
  }

  /// Predictions and labels held that the next commit joins.
  private var pendingJoins: Int {
    monitors.reduce(0) { $0 + $1.partitions.reduce(0) { $0 + $1.joins.count } }
  }

  /// Whether as much is held as one commit should carry: a transaction keeps everything that comes after it waiting.
  package var isFull: Bool { pendingBytes >= limits.pendingBytes || pendingJoins >= limits.pendingJoins }

  /// Whether a flush would change anything.
  package var hasChanges: Bool { monitors.contains { $0.partitions.contains(where: \.hasChanges) } }

  /// Says that this writer lives, where a flush has not said it lately.
  ///
  /// - Throws: `WriterFenced` if it may not flush any more; what the ledger throws.
  package func beat(in ledger: any Ledger) throws {
    guard try ledger.write({ try $0.heartbeat(writer: writer) }) else { throw WriterFenced(writer: writer) }
  }

  // MARK: Flush

  /// Commits everything taken so far in one transaction. On an error nothing is lost: the next flush carries it.
  ///
  /// - Throws: `WriterFenced` if this writer may not flush any more, `GenerationSuperseded`, or what the ledger throws.
  package func flush(to ledger: any Ledger) throws -> FlushReport {
    for i in monitors.indices { monitors[i].drainRows() }
    let changed = monitors.indices.flatMap { m in
      monitors[m].partitions.indices.filter { monitors[m].partitions[$0].mayFlush }.map {
        (monitor: m, partition: $0)
      }
    }.sorted { partition($0).key < partition($1).key }
    guard !changed.isEmpty else { return FlushReport() }
    let report: FlushReport
    do {
      report = try ledger.write { tx in try commit(changed, in: tx) }
    } catch let error as LedgerError where error.outcomeUnknown {
      // The flush sequence tells whether the transaction stands.
      guard try ledger.read({ try $0.writer(writer) })?.flushSequence == sequence + 1 else { throw error }
      // Which partitions matched is read back by their offsets.
      report = try ledger.read { reader in try resolve(changed, reader) }
    }
    sequence += 1
    for place in changed {
      let key = partition(place).key
      if report.fenced.contains(key) {
        monitors[place.monitor].partitions[place.partition].discard()
      } else {
        monitors[place.monitor].partitions[place.partition].committed()
      }
    }
    for i in monitors.indices { monitors[i].afterFlush() }
    return report
  }

  private func partition(_ place: (monitor: Int, partition: Int)) -> PartitionIntake {
    monitors[place.monitor].partitions[place.partition]
  }

  private func commit(_ changed: [(monitor: Int, partition: Int)], in tx: any LedgerWriter) throws -> FlushReport {
    guard try tx.advance(writer: writer, expected: sequence) else { throw WriterFenced(writer: writer) }
    let matched = try tx.advance(partitions: changed.map { partition($0).advance })
    var report = FlushReport()
    for (i, monitor) in monitors.enumerated() {
      let mine = zip(changed, matched).filter { $0.0.monitor == i }
      report.fenced.append(contentsOf: mine.filter { !$0.1 }.map { partition($0.0).key })
      let kept = mine.filter(\.1).map { partition($0.0) }
      guard !kept.isEmpty else { continue }
      let stored = try tx.generation(of: monitor.plan.monitor.name)
      guard stored?.generation == monitor.plan.generation else {
        throw GenerationSuperseded(monitor: monitor.plan.monitor.name)
      }
      try MonitorFlush(plan: monitor.plan, sliceNames: monitor.sliceNames, writer: writer)
        .commit(kept, quarantineRows: limits.quarantineRows, in: tx, report: &report)
    }
    return report
  }

  private func resolve(_ changed: [(monitor: Int, partition: Int)], _ reader: any LedgerReader) throws -> FlushReport {
    var report = FlushReport()
    for (i, monitor) in monitors.enumerated() {
      let records = try reader.partitions(of: monitor.plan.monitor.name)
      for place in changed where place.monitor == i {
        let mine = partition(place)
        let record = records.first { $0.key == mine.key }
        if record?.epoch != mine.epoch || record?.nextOffset != mine.nextOffset {
          // A takeover after our commit looks the same; either way the partition is no longer ours to write.
          report.fenced.append(mine.key)
        } else {
          report.count(mine)
        }
      }
    }
    return report
  }
}

/// The ledger has declared this writer dead, or another process uses its name: start again as a new writer.
package struct WriterFenced: Error, CustomStringConvertible {
  package var writer: String
  package var description: String { "writer \(writer) may not flush any more: its state has been handed over" }
}

/// The monitor or its baseline has changed under this writer: load it anew.
package struct GenerationSuperseded: Error, CustomStringConvertible {
  package var monitor: String

  package init(monitor: String) { self.monitor = monitor }

  package var description: String { "monitor \(monitor) runs with another configuration or baseline now" }
}

/// What one flush did.
package struct FlushReport: Sendable {
  /// Partitions that somebody else has taken over; their part was dropped.
  package var fenced: [PartitionKey] = []
  /// First uncommitted offsets, for the lag that Kafka's own tools show.
  package var committed: [PartitionKey: Int64] = [:]
  /// Whether some partition's offset is another one than before; ends and idleness are committed without that, too.
  package var advanced = false
  package var events: [String: EventCounts] = [:]
  package var joins: [String: JoinCounts] = [:]
  package var quarantined: [QuarantineRecord] = []
  /// Messages that were gone from the broker before they were read; 0 where that many cannot be known.
  package var lost: [PartitionKey: Int64] = [:]
  /// Label times less prediction times, of the labels that began to count, in seconds.
  package var labelDelays: [String: [Double]] = [:]
  package var panes = 0

  package init() {}

  mutating func count(_ partition: PartitionIntake) {
    committed[partition.key] = partition.nextOffset
    if partition.nextOffset != partition.committedOffset { advanced = true }
    events[partition.key.monitor, default: EventCounts()] += partition.counts
    if let lost = partition.lost { self.lost[partition.key, default: 0] &+= lost }
    quarantined.append(contentsOf: partition.quarantine)
  }
}
