/// Which rows of panes: drift counts messages, performance counts joined predictions.
public enum PaneKind: Int, Sendable, CaseIterable {
  case drift = 0
  case performance = 1
}

public enum StreamRole: String, Sendable {
  case predictions, labels
}

/// One partition of one topic as one monitor sees it.
public struct PartitionKey: Sendable, Hashable, Comparable {
  public var monitor: String
  public var topic: String
  public var partition: Int32

  public init(monitor: String, topic: String, partition: Int32) {
    self.monitor = monitor
    self.topic = topic
    self.partition = partition
  }

  /// The order in which rows are locked: (topic, partition), then the monitor.
  public static func < (a: PartitionKey, b: PartitionKey) -> Bool {
    (a.topic, a.partition, a.monitor) < (b.topic, b.partition, b.monitor)
  }
}

public struct PartitionRecord: Sendable, Equatable {
  public var key: PartitionKey
  public var role: StreamRole
  /// Rises with every claim; part of every compare-and-set.
  public var epoch: Int64
  public var owner: String?
  /// First offset that is not yet in the ledger.
  public var nextOffset: Int64
  /// Highest event time; `.distantPast` before the first event.
  public var watermark: EventTime
  /// The owner has reached the partition's end and claims idleness until this wall-clock time.
  public var idleUntil: EventTime?

  public init(
    key: PartitionKey, role: StreamRole, epoch: Int64, owner: String?, nextOffset: Int64, watermark: EventTime,
    idleUntil: EventTime? = nil
  ) {
    self.key = key
    self.role = role
    self.epoch = epoch
    self.owner = owner
    self.nextOffset = nextOffset
    self.watermark = watermark
    self.idleUntil = idleUntil
  }
}

/// One partition's part of a flush.
public struct PartitionAdvance: Sendable, Equatable {
  public var key: PartitionKey
  public var epoch: Int64
  public var expectedOffset: Int64
  public var nextOffset: Int64
  public var watermark: EventTime
  public var idleUntil: EventTime?

  public init(
    key: PartitionKey, epoch: Int64, expectedOffset: Int64, nextOffset: Int64, watermark: EventTime,
    idleUntil: EventTime? = nil
  ) {
    self.key = key
    self.epoch = epoch
    self.expectedOffset = expectedOffset
    self.nextOffset = nextOffset
    self.watermark = watermark
    self.idleUntil = idleUntil
  }
}

public struct WriterRecord: Sendable, Equatable {
  public var id: String
  public var flushSequence: Int64
  public var alive: Bool

  public init(id: String, flushSequence: Int64, alive: Bool) {
    self.id = id
    self.flushSequence = flushSequence
    self.alive = alive
  }
}

/// A monitor with one baseline, from one pane boundary on.
public struct GenerationRecord: Sendable, Equatable {
  public var monitor: String
  /// Hash of what shapes panes: the monitor's streams, features, segments, windows' pane, and the baseline.
  public var generation: String
  /// Events before it belong to an earlier generation.
  public var startsAt: EventTime
  public var baseline: String

  public init(monitor: String, generation: String, startsAt: EventTime, baseline: String) {
    self.monitor = monitor
    self.generation = generation
    self.startsAt = startsAt
    self.baseline = baseline
  }
}

public struct PaneKey: Sendable, Hashable {
  public var pane: EventTime
  public var slice: String

  public init(pane: EventTime, slice: String) {
    self.pane = pane
    self.slice = slice
  }
}

/// One id's halves, as `JoinState` stores them.
public struct WaitingRow: Sendable, Equatable {
  public var id: [UInt8]
  /// nil deletes.
  public var state: [UInt8]?
  /// The event time by which the watermarks must have passed before the row may be reclaimed.
  public var reclaimAfter: EventTime

  public init(id: [UInt8], state: [UInt8]?, reclaimAfter: EventTime) {
    self.id = id
    self.state = state
    self.reclaimAfter = reclaimAfter
  }
}

public struct DirtyMark: Sendable, Equatable {
  /// Unique, ascending; the evaluator deletes exactly the ids it read.
  public var id: Int64
  public var kind: PaneKind
  public var pane: EventTime

  public init(id: Int64, kind: PaneKind, pane: EventTime) {
    self.id = id
    self.kind = kind
    self.pane = pane
  }
}

/// How far a monitor's windows have been judged.
public struct EvaluationProgress: Sendable, Equatable {
  /// Windows with end at or below it are closed and have drift verdicts.
  public var closedThrough: EventTime
  /// Windows with end at or below it are mature and have performance verdicts.
  public var maturedThrough: EventTime
  /// The pane of the monitor's first event in this generation.
  public var firstPane: EventTime?

  public init(
    closedThrough: EventTime = .distantPast, maturedThrough: EventTime = .distantPast, firstPane: EventTime? = nil
  ) {
    self.closedThrough = closedThrough
    self.maturedThrough = maturedThrough
    self.firstPane = firstPane
  }
}

/// What later evaluations need of a stored verdict.
public struct VerdictRecord: Sendable, Equatable {
  public var end: EventTime
  public var slice: String
  public var subject: String
  /// Before `for` was applied.
  public var rawTier: Tier
  public var value: Double?

  public init(end: EventTime, slice: String, subject: String, rawTier: Tier, value: Double?) {
    self.end = end
    self.slice = slice
    self.subject = subject
    self.rawTier = rawTier
    self.value = value
  }
}

public enum ResultType: String, Sendable, CaseIterable {
  case drift, performance, verdict, incident
}

/// One line of results with what it is found and ordered by.
public struct ResultRecord: Sendable, Equatable {
  public var monitor: String
  public var generation: String
  public var type: ResultType
  /// Window name; empty for incidents.
  public var window: String
  /// Milliseconds; 0 for incidents.
  public var size: Int64
  public var end: EventTime
  public var slice: String
  public var subject: String
  public var check: String
  public var metric: String
  public var sequence: Int64
  /// The JSON object, without a newline.
  public var line: String
  /// Verdicts: before `for`; else nil.
  public var rawTier: Tier?
  /// Verdicts: the metric's value.
  public var value: Double?

  public init(
    monitor: String, generation: String, type: ResultType, window: String, size: Int64, end: EventTime, slice: String,
    subject: String, check: String = "", metric: String = "", sequence: Int64 = 0, line: String, rawTier: Tier? = nil,
    value: Double? = nil
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
    self.sequence = sequence
    self.line = line
    self.rawTier = rawTier
    self.value = value
  }

  public var position: ResultPosition {
    ResultPosition(
      end: end, size: size, slice: slice, type: type.rawValue, subject: subject, check: check, metric: metric,
      sequence: sequence, monitor: monitor, window: window)
  }
}

/// The fixed order of result lines: (end, size, slice's bytes, type, subject's bytes, check, metric, sequence), then
/// monitor and window so that it is total across monitors.
public struct ResultPosition: Sendable, Equatable, Comparable {
  public var end: EventTime
  public var size: Int64
  public var slice: String
  public var type: String
  public var subject: String
  public var check: String
  public var metric: String
  public var sequence: Int64
  public var monitor: String
  public var window: String

  public init(
    end: EventTime, size: Int64, slice: String, type: String, subject: String, check: String, metric: String,
    sequence: Int64, monitor: String, window: String
  ) {
    self.end = end
    self.size = size
    self.slice = slice
    self.type = type
    self.subject = subject
    self.check = check
    self.metric = metric
    self.sequence = sequence
    self.monitor = monitor
    self.window = window
  }

  public static func < (a: ResultPosition, b: ResultPosition) -> Bool {
    if a.end != b.end { return a.end < b.end }
    if a.size != b.size { return a.size < b.size }
    for (x, y) in [
      (a.slice, b.slice), (a.type, b.type), (a.subject, b.subject), (a.check, b.check), (a.metric, b.metric),
    ] where x != y { return x.utf8.lexicographicallyPrecedes(y.utf8) }
    if a.sequence != b.sequence { return a.sequence < b.sequence }
    if a.monitor != b.monitor { return a.monitor.utf8.lexicographicallyPrecedes(b.monitor.utf8) }
    return a.window.utf8.lexicographicallyPrecedes(b.window.utf8)
  }
}

/// Which result lines; nil means any.
public struct ResultQuery: Sendable, Equatable {
  public var monitor: String?
  public var type: ResultType?
  public var window: String?
  public var slice: String?
  public var subject: String?
  /// Ends at or after.
  public var from: EventTime?
  /// Ends before.
  public var to: EventTime?
  /// Lines after this position.
  public var after: ResultPosition?
  public var limit: Int

  public init(
    monitor: String? = nil, type: ResultType? = nil, window: String? = nil, slice: String? = nil,
    subject: String? = nil, from: EventTime? = nil, to: EventTime? = nil, after: ResultPosition? = nil, limit: Int
  ) {
    self.monitor = monitor
    self.type = type
    self.window = window
    self.slice = slice
    self.subject = subject
    self.from = from
    self.to = to
    self.after = after
    self.limit = limit
  }
}

/// A message that could not be counted, as found.
public struct QuarantineRecord: Sendable, Equatable {
  public var monitor: String
  public var topic: String
  public var partition: Int32
  public var offset: Int64
  /// Short and stable, for metrics: `not_json`, `future`, `tombstone`.
  public var code: String
  public var reason: String
  /// The first bytes of the payload.
  public var sample: [UInt8]

  public init(
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
