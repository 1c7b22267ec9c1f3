/// Which rows of panes: drift counts messages, performance counts joined predictions.
package enum PaneKind: Int, Sendable, CaseIterable {
  case drift = 0
  /// By the labels within the horizon.
  case performance = 1
  /// By the labels that came while the prediction was at most `labels.early` old.
  case earlyPerformance = 2
}

/// What a topic is to a monitor.
package enum StreamRole: String, Sendable {
  case predictions, labels
}

/// One partition of one topic as one monitor sees it.
package struct PartitionKey: Sendable, Hashable, Comparable {
  package var monitor: String
  package var topic: String
  package var partition: Int32

  package init(monitor: String, topic: String, partition: Int32) {
    self.monitor = monitor
    self.topic = topic
    self.partition = partition
  }

  /// The order in which rows are locked: (topic, partition), then the monitor.
  package static func < (a: PartitionKey, b: PartitionKey) -> Bool {
    (a.topic, a.partition, a.monitor) < (b.topic, b.partition, b.monitor)
  }
}

/// How far one monitor has read one partition, and who owns it: the row that a flush changes by compare-and-set.
package struct PartitionRecord: Sendable, Equatable {
  package var key: PartitionKey
  package var role: StreamRole
  /// Rises with every claim; part of every compare-and-set.
  package var epoch: Int64
  /// Id of the writer that has claimed it; nil where none has, or its owner died or let it go.
  package var owner: String?
  /// First offset that is not yet in the ledger.
  package var nextOffset: Int64
  /// Highest event time; `.distantPast` before the first event.
  package var watermark: EventTime
  /// The owner has reached the partition's end and claims idleness until this time of the ledger's clock.
  package var idleUntil: EventTime?
  /// The log's end as the owner saw it last; nil if it has not said.
  package var endOffset: Int64?

  package init(
    key: PartitionKey, role: StreamRole, epoch: Int64, owner: String?, nextOffset: Int64, watermark: EventTime,
    idleUntil: EventTime? = nil, endOffset: Int64? = nil
  ) {
    self.key = key
    self.role = role
    self.epoch = epoch
    self.owner = owner
    self.nextOffset = nextOffset
    self.watermark = watermark
    self.idleUntil = idleUntil
    self.endOffset = endOffset
  }

  /// - Parameter now: the ledger's clock.
  func isIdle(at now: EventTime) -> Bool { idleUntil.map { $0 > now } ?? false }
}

/// One partition's part of a flush.
package struct PartitionAdvance: Sendable, Equatable {
  package var key: PartitionKey
  package var epoch: Int64
  package var expectedOffset: Int64
  package var nextOffset: Int64
  package var watermark: EventTime
  /// Claims idleness for so long from the commit on, in the ledger's clock; nil: the partition is not idle.
  package var idleFor: TimeSpan?
  /// nil leaves what is stored.
  package var endOffset: Int64?

  package init(
    key: PartitionKey, epoch: Int64, expectedOffset: Int64, nextOffset: Int64, watermark: EventTime,
    idleFor: TimeSpan? = nil, endOffset: Int64? = nil
  ) {
    self.key = key
    self.epoch = epoch
    self.expectedOffset = expectedOffset
    self.nextOffset = nextOffset
    self.watermark = watermark
    self.idleFor = idleFor
    self.endOffset = endOffset
  }
}

/// Where a writer runs, for people.
package struct InstanceIdentity: Sendable, Hashable {
  package var host: String
  package var process: Int32

  package init(host: String, process: Int32) {
    self.host = host
    self.process = process
  }
}

/// One start of one instance's intake. Times are in the ledger's clock.
package struct WriterRecord: Sendable, Equatable {
  package var id: String
  package var instance: InstanceIdentity
  /// Flushes that stand.
  package var flushSequence: Int64
  /// False: it may not flush again.
  package var alive: Bool
  package var registeredAt: EventTime
  /// Registration, heartbeat or flush, whichever was last.
  package var lastSeenAt: EventTime
  package var lastFlushAt: EventTime?

  package init(
    id: String, instance: InstanceIdentity, flushSequence: Int64, alive: Bool, registeredAt: EventTime,
    lastSeenAt: EventTime, lastFlushAt: EventTime? = nil
  ) {
    self.id = id
    self.instance = instance
    self.flushSequence = flushSequence
    self.alive = alive
    self.registeredAt = registeredAt
    self.lastSeenAt = lastSeenAt
    self.lastFlushAt = lastFlushAt
  }
}

/// A lease as stored.
package struct LeaseRecord: Sendable, Equatable {
  package var name: String
  /// nil after a release.
  package var holder: String?
  package var epoch: Int64
  /// In the ledger's clock.
  package var until: EventTime

  package init(name: String, holder: String?, epoch: Int64, until: EventTime) {
    self.name = name
    self.holder = holder
    self.epoch = epoch
    self.until = until
  }
}

/// Which block of counts: a pane of event time and a slice.
///
/// Example: with panes of 5m an event of 10:07:30 in country DE counts in pane 10:05 of `all` and of `country=DE`.
package struct PaneKey: Sendable, Hashable {
  package var pane: EventTime
  package var slice: String

  package init(pane: EventTime, slice: String) {
    self.pane = pane
    self.slice = slice
  }

  /// By bytes: to Swift, names that differ only in how an accent is written are equal.
  package static func == (a: PaneKey, b: PaneKey) -> Bool {
    a.pane == b.pane && a.slice.utf8.elementsEqual(b.slice.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(pane)
    var slice = slice
    slice.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

/// One id's halves, as `JoinState` stores them.
package struct WaitingRow: Sendable, Equatable {
  package var id: [UInt8]
  /// nil deletes.
  package var state: [UInt8]?
  /// The event time by which the watermarks must have passed before the row may be reclaimed.
  package var reclaimAfter: EventTime

  package init(id: [UInt8], state: [UInt8]?, reclaimAfter: EventTime) {
    self.id = id
    self.state = state
    self.reclaimAfter = reclaimAfter
  }
}

/// A pane that has changed since the evaluator last read it, so windows over it are judged again.
package struct DirtyMark: Sendable, Equatable {
  /// Unique, ascending; the evaluator deletes exactly the ids it read.
  package var id: Int64
  package var kind: PaneKind
  package var pane: EventTime

  package init(id: Int64, kind: PaneKind, pane: EventTime) {
    self.id = id
    self.kind = kind
    self.pane = pane
  }
}

/// How far a monitor's windows have been judged.
package struct EvaluationProgress: Sendable, Equatable {
  /// Windows with end at or below it are closed and have drift verdicts.
  package var closedThrough: EventTime
  /// For those, windows with end at or below it closed without the help of idleness: nothing is accepted for them any more.
  package var finalThrough: EventTime
  /// Windows with end at or below it are mature and have performance verdicts.
  package var maturedThrough: EventTime
  /// The same of stage early, where labels have one.
  package var earlyMaturedThrough: EventTime
  /// The pane of the monitor's first event in this generation.
  package var firstPane: EventTime?

  package init(
    closedThrough: EventTime = .distantPast, finalThrough: EventTime = .distantPast,
    maturedThrough: EventTime = .distantPast, earlyMaturedThrough: EventTime = .distantPast,
    firstPane: EventTime? = nil
  ) {
    self.closedThrough = closedThrough
    self.finalThrough = finalThrough
    self.maturedThrough = maturedThrough
    self.earlyMaturedThrough = earlyMaturedThrough
    self.firstPane = firstPane
  }
}

/// What later evaluations need of a stored verdict.
package struct VerdictRecord: Sendable, Equatable {
  package var end: EventTime
  package var slice: String
  package var subject: String
  /// Before `for` was applied.
  package var rawTier: Tier
  /// nil where the window held too little for later ones to be measured from it.
  package var value: Double?

  package init(end: EventTime, slice: String, subject: String, rawTier: Tier, value: Double?) {
    self.end = end
    self.slice = slice
    self.subject = subject
    self.rawTier = rawTier
    self.value = value
  }
}

/// A message that could not be counted, as found.
package struct QuarantineRecord: Sendable, Equatable {
  package var monitor: String
  package var topic: String
  package var partition: Int32
  package var offset: Int64
  /// Short and stable, for metrics: `not_json`, `future`, `tombstone`.
  package var code: String
  package var reason: String
  /// The first bytes of the payload.
  package var sample: [UInt8]

  package init(
    monitor: String, topic: String, partition: Int32, offset: Int64, code: String, reason: String, sample: [UInt8]
  ) {
    self.monitor = monitor
    self.topic = topic
    self.partition = partition
    self.offset = offset
    self.code = code
    self.reason = reason
    self.sample = sample
  }
}
