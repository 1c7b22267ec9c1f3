/// One check on one window, slice and subject.
package struct Verdict: Sendable, Equatable {
  package var check: String
  package var window: String
  package var size: TimeSpan
  package var end: EventTime
  package var slice: String
  package var subject: String
  package var metric: Metric
  package var stage = Stage.final
  /// nil where the limits are numbers of their own.
  package var measuredFrom: MeasuredFrom?
  /// `insufficient_data`: what there was too little of.
  package var why: Shortfall?
  package var value: Double?
  /// Whether the window holds enough for later ones to be measured from its value.
  var isReference = false
  /// The limit of the tier reached, or of the lowest tier.
  package var threshold: Double?
  /// Its value is not back beyond what the check's `clear` asks.
  var isShortOfClear = false
  /// How sure the value is, and what else was found.
  package var finding: Finding
  /// What the metric rests on.
  package var rows: Int64
  /// The model version that most of the window's rows came from.
  package var version: String?
  /// Before `for`.
  package var rawTier: Tier
  package var tier: Tier

  init(
    check: Check, window: WindowDefinition, end: EventTime, slice: String, subject: String, value: Double?, rows: Int64,
    tier: Tier = .insufficientData
  ) {
    self.check = check.name
    self.window = window.name
    size = window.size
    self.end = end
    self.slice = slice
    self.subject = subject
    metric = check.metric
    finding = Finding(check.metric.family)
    self.value = value
    self.rows = rows
    rawTier = tier
    self.tier = tier
  }

  /// What `shift` says of an hour.
  init(
    check: String, hour: TimeSpan, end: EventTime, slice: String, subject: String, shift: ShiftFinding, value: Double?,
    rows: Int64, tier: Tier
  ) {
    self.check = check
    window = Check.hour
    size = hour
    self.end = end
    self.slice = slice
    self.subject = subject
    metric = .shift
    finding = .shift(shift)
    self.value = value
    self.rows = rows
    rawTier = tier
    self.tier = tier
  }

  /// What `shift` says of an hour whose null is not learned yet.
  init(
    check: String, hour: TimeSpan, end: EventTime, slice: String, subject: String, learning why: Shortfall, rows: Int64
  ) {
    self.check = check
    window = Check.hour
    size = hour
    self.end = end
    self.slice = slice
    self.subject = subject
    metric = .shift
    finding = Finding(.shift)
    self.why = why
    self.rows = rows
    rawTier = .insufficientData
    tier = .insufficientData
  }

  var referenceValue: Double? { isReference ? value : nil }

  /// Its line's key: a subject may have two verdicts on `shift`, of its values and of their feed.
  var lineMetric: String { shift?.stream.isOfFeed == true ? Self.feedMetric : metric.name }

  /// In the place of the metric's name.
  package static let feedMetric = "shift feed"

  func with(version: String?) -> Verdict {
    var out = self
    out.version = version
    return out
  }

  /// Notes whether the value is back beyond the check's `clear`.
  ///
  /// - Parameter reference: what the limits were measured from; nil where it is not known.
  mutating func judge(clears: [Limit], reference: Double?) {
    guard let value, !clears.isEmpty else { return }
    isShortOfClear = clears.contains { limit in
      limit.resolved(reference: reference).map { Limit.isReached(value, $0.threshold, $0.fires) } ?? true
    }
  }

  /// The order in which an incident machine consumes verdicts of one cause group.
  static func precedes(_ a: Verdict, _ b: Verdict) -> Bool {
    if a.end != b.end { return a.end < b.end }
    if a.size != b.size { return a.size < b.size }
    if a.check != b.check { return utf8Order(a.check, b.check) }
    if a.slice != b.slice { return utf8Order(a.slice, b.slice) }
    if !utf8Equal(a.subject, b.subject) { return utf8Order(a.subject, b.subject) }
    if a.stage != b.stage { return a.stage == .early }
    // The population before the feed.
    return a.shift?.stream.isOfFeed == false && b.shift?.stream.isOfFeed == true
  }
}

extension Limit {
  /// The value at which it fires and the side, or nil where the reference it is relative to is not known.
  package func resolved(reference: Double?) -> (threshold: Double, fires: Metric.Direction)? {
    switch self {
    case .above(.absolute(let x)): (x, .above)
    case .below(.absolute(let x)): (x, .below)
    case .beyond(.absolute(let x)): (x, .eitherSide)
    case .beyond(.relative(let share)): reference.map { (abs($0) * share, .eitherSide) }
    case .above(.relative(let share)): reference.map { ($0 * share, .above) }
    case .below(.relative(let share)): reference.map { ($0 * share, .below) }
    case .maximumDrop(.absolute(let x)): reference.map { ($0 - x, .below) }
    case .maximumDrop(.relative(let share)): reference.map { ($0 - abs($0) * share, .below) }
    case .maximumRise(.absolute(let x)): reference.map { ($0 + x, .above) }
    case .maximumRise(.relative(let share)): reference.map { ($0 + abs($0) * share, .above) }
    }
  }

  /// Whether it is measured from a reference.
  var isRelative: Bool {
    switch self {
    case .above(.absolute), .below(.absolute), .beyond(.absolute): false
    default: true
    }
  }

  /// Whether it is a change by a percentage of the reference.
  var isShare: Bool {
    switch self {
    case .maximumDrop(.relative), .maximumRise(.relative): true
    default: false
    }
  }

  /// A reached limit fires; a bare distance of exactly the threshold is reached.
  static func isReached(_ value: Double, _ threshold: Double, _ fires: Metric.Direction) -> Bool {
    switch fires {
    case .above: value >= threshold
    case .below: value <= threshold
    case .eitherSide: abs(value) >= threshold
    }
  }
}
