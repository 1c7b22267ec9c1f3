/// What a result line says, as its `type` names it.
package enum ResultType: String, Sendable, CaseIterable {
  case drift, performance, comparison, shift, verdict, incident
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
  /// For performance lines and verdicts; every other line is final.
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
