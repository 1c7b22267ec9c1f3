/// One writer: takes messages of any number of monitors and commits what they add up to.
///
/// Partitions are spread over lanes, which share nothing while messages are taken. Owned by one thread, which may let
/// others `take` meanwhile, each messages of another lane.
package final class Intake {
  /// A partition of a topic as the source sees it; any number of monitors may read it.
  package struct Slot: Hashable, Sendable {
    let index: Int
    /// Whose partitions these are, of every monitor.
    package let lane: Int
  }

  /// Where a partition of a monitor is kept.
  struct Place {
    var lane: Int
    var monitor: Int
    var partition: Int
  }

  package let writer: String
  private(set) var sequence: Int64
  private var limits: IntakeLimits
  package private(set) var plans: [MonitorPlan]
  private(set) var lanes: [IntakeLane]
  /// For each slot the partitions that its messages go to.
  var routes: [[Place]] = []
  /// Partitions of a slot that take none of its messages until somebody has decided about a gap; parallel to `routes`.
  var held: [[Place]] = []
  private(set) var slots: [TopicPartition: Slot] = [:]
  private let aggregation: [Stopwatch]
  /// What a registry has said so far.
  private var schemas = KnownSchemas()

  /// - Parameters:
  ///   - plans: each with the first event time that its generation counts.
  ///   - writer: registered in the ledger, at flush sequence 0.
  ///   - lanes: how many threads may take messages at a time, at least 1. What is committed is the same.
  ///   - aggregation: of each lane; gets the time that adding rows to panes takes, decoding aside. Empty: not measured.
  package init(
    plans: [(plan: MonitorPlan, startsAt: EventTime)], writer: String, limits: IntakeLimits = IntakeLimits(),
    lanes: Int = 1, aggregation: [Stopwatch] = []
  ) {
    precondition(lanes > 0 && (aggregation.isEmpty || aggregation.count == lanes))
    self.writer = writer
    self.limits = limits
    self.aggregation = aggregation
    self.plans = plans.map(\.plan)
    sequence = 0
    self.lanes = Self.lanes(lanes, plans, limits, aggregation)
  }

  /// For deltas' memory that all monitors together keep from flush to flush, or more if that is less than a block for each:
  /// clearing is cheaper than allocating.
  private static let spareBytes = 32 << 20

  private static func lanes(
    _ count: Int, _ plans: [(plan: MonitorPlan, startsAt: EventTime)], _ limits: IntakeLimits,
    _ aggregation: [Stopwatch]
  ) -> [IntakeLane] {
    let spareBytes = spareBytes / max(plans.count, 2) / count
    return (0..<count).map { lane in
      IntakeLane(
        plans.map {
          MonitorIntake(
            plan: $0.plan, startsAt: $0.startsAt, limits: limits,
            spareBytes: max(spareBytes, CellBlock($0.plan.drift.shape).residentBytes),
            aggregation: aggregation.isEmpty ? nil : aggregation[lane])
        })
    }
  }

  subscript(place: Place) -> PartitionIntake {
    get { lanes[place.lane].monitors[place.monitor].partitions[place.partition] }
    // In place: a copy would be one of all that waits for its commit.
    _modify { yield &lanes[place.lane].monitors[place.monitor].partitions[place.partition] }
  }

  /// Every partition that is or was open.
  var places: [Place] {
    lanes.indices.flatMap { lane in
      lanes[lane].monitors.indices.flatMap { monitor in
        lanes[lane].monitors[monitor].partitions.indices.map {
          Place(lane: lane, monitor: monitor, partition: $0)
        }
      }
    }
  }

  /// Opens a claimed partition for the monitor that its record names; it goes on at the record's offset.
  package func open(_ record: PartitionRecord) {
    guard let monitor = plans.firstIndex(where: { $0.monitor.name == record.key.monitor }) else { return }
    open(PartitionIntake(record, shape: plans[monitor].drift.shape), monitor)
  }

  private func open(_ opened: PartitionIntake, _ monitor: Int) {
    let slot = slot(for: TopicPartition(opened.key.topic, opened.key.partition))
    held[slot.index].removeAll { $0.monitor == monitor }
    let lane = lanes[slot.lane]
    var place = Place(lane: slot.lane, monitor: monitor, partition: lane.monitors[monitor].partitions.count)
    if let known = lane.monitors[monitor].partitions.firstIndex(where: { $0.key == opened.key }) {
      // Rows still in columns are the old owner's: they go with its deltas.
      lane.monitors[monitor].drainRows()
      place.partition = known
      self[place] = opened
      if !routes[slot.index].contains(where: { $0.monitor == monitor }) { routes[slot.index].append(place) }
    } else {
      lane.monitors[monitor].partitions.append(opened)
      routes[slot.index].append(place)
    }
  }

  private func slot(for place: TopicPartition) -> Slot {
    if let known = slots[place] { return known }
    var open = Array(repeating: 0, count: lanes.count)
    for slot in slots.values where !(routes[slot.index].isEmpty && held[slot.index].isEmpty) { open[slot.lane] += 1 }
    let lane = open.indices.min { open[$0] < open[$1] } ?? 0
    let slot = Slot(index: routes.count, lane: lane)
    slots[place] = slot
    routes.append([])
    held.append([])
    return slot
  }

  /// Stops taking a partition's messages. What is not flushed is given up: flush first.
  package func close(_ place: TopicPartition) {
    guard let slot = slots[place] else { return }
    for place in routes[slot.index] + held[slot.index] {
      lanes[place.lane].monitors[place.monitor].drainRows()
      self[place].discard()
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
    let open = zip(routes, held).map(+).flatMap { $0.map { self[$0] } }
    self.plans = plans.map(\.plan)
    lanes = Self.lanes(lanes.count, plans, limits, aggregation)
    routes = []
    held = []
    slots = [:]
    know(schemas)
    for partition in open {
      guard let monitor = self.plans.firstIndex(where: { $0.reads(partition.key, as: partition.role) }) else {
        continue
      }
      self.open(PartitionIntake(continuing: partition, shape: self.plans[monitor].drift.shape), monitor)
    }
  }

  /// Messages of a registry's schemas are decoded by this from now on. One of a schema that is not in it is rejected: whoever takes
  /// messages learns of their schemas first.
  package func know(_ schemas: KnownSchemas) {
    self.schemas = schemas
    forEachMonitor { $0.know(schemas) }
  }

  package func slot(_ place: TopicPartition) -> Slot? { slots[place] }

  /// The lowest offset that some monitor still needs of a partition; nil if none reads it.
  package func nextOffset(_ place: TopicPartition) -> Int64? {
    guard let slot = slots[place] else { return nil }
    return routes[slot.index].map { self[$0].nextOffset }.min()
  }

  /// The same of what a flush has committed.
  package func committedOffset(_ place: TopicPartition) -> Int64? {
    guard let slot = slots[place] else { return nil }
    return routes[slot.index].map { self[$0].committedOffset }.min()
  }

  package func take(_ message: SourceMessage, from slot: Slot) {
    lanes[slot.lane].take(CollectionOfOne(message), routes[slot.index], quarantineRows: limits.quarantineRows)
  }

  /// Takes messages of one partition, by ascending offset.
  package func take(_ messages: ArraySlice<SourceMessage>, from slot: Slot) {
    lanes[slot.lane].take(messages, routes[slot.index], quarantineRows: limits.quarantineRows)
  }

  /// The partition's end was reached and nothing has come since: from the next flush on it holds no watermark back for
  /// `span` of the ledger's clock. A claim is renewed when half of it is over, so that silence does not cost a flush a
  /// second.
  ///
  /// - Parameter moment: when the claim is made, on a monotonic clock; only differences of it count.
  package func claimIdle(_ place: TopicPartition, lasting span: TimeSpan, at moment: Duration) {
    guard let slot = slots[place] else { return }
    for place in routes[slot.index] { self[place].idleness.claim(lasting: span, at: moment) }
  }

  /// A message is there that cannot be taken yet: the partition holds watermarks back from the next flush on.
  package func endIdleness(_ place: TopicPartition) {
    guard let slot = slots[place] else { return }
    for place in routes[slot.index] where self[place].idleness.claimed != nil { self[place].idleness.withdraw() }
  }

  /// The partition's end, one past its last message, as the source sees it: for the lag that all instances can show.
  package func note(end offset: Int64, of place: TopicPartition) {
    guard let slot = slots[place] else { return }
    for place in routes[slot.index] { self[place].endOffset = offset }
  }

  /// Bytes held and not committed.
  package var pendingBytes: Int { total { $0.pendingBytes } }

  /// Predictions and labels held that the next commit joins.
  private var pendingJoins: Int { total { $0.joins.count } }

  /// Asked for between any two polls: by index, since a loop over the elements would copy each of a thousand monitors.
  private func total(_ part: (borrowing PartitionIntake) -> Int) -> Int {
    var sum = 0
    for lane in lanes {
      for i in lane.monitors.indices {
        for j in lane.monitors[i].partitions.indices { sum += part(lane.monitors[i].partitions[j]) }
      }
    }
    return sum
  }

  /// Whether as much is held as one commit should carry: a transaction keeps everything that comes after it waiting.
  package var isFull: Bool { pendingBytes >= limits.pendingBytes || pendingJoins >= limits.pendingJoins }

  /// Whether a flush would change anything.
  package var hasChanges: Bool {
    lanes.contains { $0.monitors.contains { $0.partitions.contains(where: \.hasChanges) } }
  }

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
    forEachMonitor { $0.drainRows() }
    let changed = places.filter { self[$0].mayFlush }.map { (key: self[$0].key, place: $0) }
      .sorted { $0.key < $1.key }.map(\.place)
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
      if report.fenced.contains(self[place].key) { self[place].discard() } else { self[place].committed() }
    }
    forEachMonitor { $0.afterFlush() }
    return report
  }

  /// For every lane.
  func forEachMonitor(_ body: (inout MonitorIntake) -> Void) {
    for lane in lanes { for i in lane.monitors.indices { body(&lane.monitors[i]) } }
  }

  private func commit(_ changed: [Place], in tx: any LedgerWriter) throws -> FlushReport {
    guard try tx.advance(writer: writer, expected: sequence) else { throw WriterFenced(writer: writer) }
    let matched = try tx.advance(partitions: changed.map { self[$0].advance })
    var report = FlushReport()
    for (i, plan) in plans.enumerated() {
      let mine = zip(changed, matched).filter { $0.0.monitor == i }
      report.fenced.append(contentsOf: mine.filter { !$0.1 }.map { self[$0.0].key })
      let kept = mine.filter(\.1).map { place, _ in
        MonitorFlush.Share(partition: self[place], sliceNames: lanes[place.lane].monitors[i].sliceNames)
      }
      guard !kept.isEmpty else { continue }
      let stored = try tx.generation(of: plan.monitor.name)
      guard stored?.generation == plan.generation else { throw GenerationSuperseded(monitor: plan.monitor.name) }
      try MonitorFlush(plan: plan, writer: writer)
        .commit(kept, quarantineRows: limits.quarantineRows, in: tx, report: &report)
    }
    return report
  }

  private func resolve(_ changed: [Place], _ reader: any LedgerReader) throws -> FlushReport {
    var report = FlushReport()
    for (i, plan) in plans.enumerated() {
      let records = try reader.partitions(of: plan.monitor.name)
      for place in changed where place.monitor == i {
        let mine = self[place]
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

/// The monitor or its baseline has changed under this writer: load it again.
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
  /// Labels too early for their prediction, of the monitor that is being committed.
  var implausible: [QuarantineRecord] = []
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
