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
  /// Id of the writer that has claimed it; nil where nobody has, or its owner died or let it go.
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

/// A monitor with one baseline, from one pane boundary on.
package struct GenerationRecord: Sendable, Equatable {
  package var monitor: String
  /// Its name: the definition's hash, with a number behind it where the monitor has come back to a definition.
  package var generation: String
  /// Hash of what shapes panes: the monitor's streams, features, segments, windows' pane, and the baseline.
  package var definition: String
  /// Events before it belong to an earlier generation.
  package var startsAt: EventTime
  package var baseline: String
  /// The generation in which its pairs began.
  package var pairs: String
  package var pairsStartAt: EventTime
  /// The first prediction time that counts for stage early.
  package var earlyStartsAt: EventTime
  /// `PairShape.text`; empty without labels, and in ledgers of versions that did not keep it.
  package var pairShape: String
  /// How far every prediction partition had been read when the generation began, less the lateness: later windows of the one
  /// before may lack rows.
  package var readThrough: EventTime

  /// - Parameter pairs: nil: they begin with the generation.
  package init(
    monitor: String, generation: String, definition: String? = nil, startsAt: EventTime, baseline: String,
    pairs: String? = nil, pairsStartAt: EventTime? = nil, earlyStartsAt: EventTime? = nil, pairShape: String = "",
    readThrough: EventTime = .distantPast
  ) {
    self.monitor = monitor
    self.generation = generation
    self.definition = definition ?? generation
    self.startsAt = startsAt
    self.baseline = baseline
    self.pairs = pairs ?? generation
    self.pairsStartAt = pairsStartAt ?? startsAt
    self.earlyStartsAt = earlyStartsAt ?? self.pairsStartAt
    self.pairShape = pairShape
    self.readThrough = readThrough
  }
}

extension GenerationRecord {
  /// The names under which results of a type are kept: those of drift under the generation's, those of performance under that of
  /// its pairs.
  package func keys(of type: ResultType) -> [String] {
    switch type {
    case .drift, .incident: [generation]
    case .performance: [pairs]
    case .comparison, .verdict: pairs == generation ? [generation] : [generation, pairs]
    }
  }
}

/// What a generation was made of, kept for as long as its pairs wait for labels.
package struct GenerationFiles: Sendable, Equatable {
  /// The text of the monitor's file.
  package var monitor: String
  /// The baseline's JSON.
  package var baseline: [UInt8]

  package init(monitor: String, baseline: [UInt8]) {
    self.monitor = monitor
    self.baseline = baseline
  }
}

/// Which block of counts: a pane of event time and a slice.
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
  /// Of those, windows with end at or below it closed without the help of idleness: nothing is accepted for them any more.
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

/// What a result line says, as its `type` names it.
package enum ResultType: String, Sendable, CaseIterable {
  case drift, performance, comparison, verdict, incident
}

/// One line of results with what it is found and ordered by.
package struct ResultRecord: Sendable, Equatable {
  package var monitor: String
  package var generation: String
  package var type: ResultType
  /// Window name; empty for incidents.
  package var window: String
  /// Milliseconds; 0 for incidents.
  package var size: Int64
  package var end: EventTime
  package var slice: String
  package var subject: String
  package var check: String
  package var metric: String
  /// Of performance lines and verdicts; every other line is final.
  package var stage: Stage
  package var sequence: Int64
  /// The JSON object, without a newline.
  package var line: String
  /// Verdicts: before `for`; else nil.
  package var rawTier: Tier?
  /// Verdicts: the metric's value, where later windows may be measured from it.
  package var value: Double?
  /// How often the stored line has changed. The ledger counts; what is put here is not read.
  package var revision: Int64

  package init(
    monitor: String, generation: String, type: ResultType, window: String, size: Int64, end: EventTime, slice: String,
    subject: String, check: String = "", metric: String = "", stage: Stage = .final, sequence: Int64 = 0, line: String,
    rawTier: Tier? = nil, value: Double? = nil, revision: Int64 = 0
  ) {
    self.monitor = monitor
    self.generation = generation
    self.type = type
    self.window = window
    self.size = size
    self.end = end
    self.slice = slice
    self.subject = subject
    self.check = check
    self.metric = metric
    self.stage = stage
    self.sequence = sequence
    self.line = line
    self.rawTier = rawTier
    self.value = value
    self.revision = revision
  }

  package var position: ResultPosition {
    ResultPosition(
      end: end, size: size, slice: slice, type: type.rawValue, subject: subject, check: check, metric: metric,
      stage: stage, sequence: sequence, monitor: monitor, window: window, generation: generation)
  }
}

/// The fixed order of result lines: (end, size, slice's bytes, type, subject's bytes, check, metric, stage with early first,
/// sequence), then monitor, window and generation so that it is total. It is a line's key.
package struct ResultPosition: Sendable, Equatable, Comparable {
  package var end: EventTime
  package var size: Int64
  package var slice: String
  package var type: String
  package var subject: String
  package var check: String
  package var metric: String
  package var stage: Stage
  package var sequence: Int64
  package var monitor: String
  package var window: String
  package var generation: String

  package init(
    end: EventTime, size: Int64, slice: String, type: String, subject: String, check: String, metric: String,
    stage: Stage = .final, sequence: Int64, monitor: String, window: String, generation: String
  ) {
    self.end = end
    self.size = size
    self.slice = slice
    self.type = type
    self.subject = subject
    self.check = check
    self.metric = metric
    self.stage = stage
    self.sequence = sequence
    self.monitor = monitor
    self.window = window
    self.generation = generation
  }

  package static func < (a: ResultPosition, b: ResultPosition) -> Bool {
    if a.end != b.end { return a.end < b.end }
    if a.size != b.size { return a.size < b.size }
    for (x, y) in [
      (a.slice, b.slice), (a.type, b.type), (a.subject, b.subject), (a.check, b.check), (a.metric, b.metric),
    ] where !sameBytes(x, y) { return x.utf8.lexicographicallyPrecedes(y.utf8) }
    if a.stage != b.stage { return a.stage == .early }
    if a.sequence != b.sequence { return a.sequence < b.sequence }
    for (x, y) in [(a.monitor, b.monitor), (a.window, b.window), (a.generation, b.generation)] where !sameBytes(x, y) {
      return x.utf8.lexicographicallyPrecedes(y.utf8)
    }
    return false
  }

  /// Swift takes `é` and `e` + accent for equal; the stores do not.
  private static func sameBytes(_ x: String, _ y: String) -> Bool { x.utf8.elementsEqual(y.utf8) }
}

/// Which result lines; nil means any.
package struct ResultQuery: Sendable, Equatable {
  package var monitor: String?
  package var type: ResultType?
  package var window: String?
  package var slice: String?
  package var subject: String?
  package var stage: Stage?
  /// Ends at or after.
  package var from: EventTime?
  /// Ends before.
  package var to: EventTime?
  /// Lines after this position.
  package var after: ResultPosition?
  package var limit: Int

  package init(
    monitor: String? = nil, type: ResultType? = nil, window: String? = nil, slice: String? = nil,
    subject: String? = nil, stage: Stage? = nil, from: EventTime? = nil, to: EventTime? = nil,
    after: ResultPosition? = nil, limit: Int
  ) {
    self.monitor = monitor
    self.type = type
    self.window = window
    self.slice = slice
    self.subject = subject
    self.stage = stage
    self.from = from
    self.to = to
    self.after = after
    self.limit = limit
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
