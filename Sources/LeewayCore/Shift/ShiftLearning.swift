import LeewayStatistics

/// How far the learning of one slice's null has come: the fallback chain of a baseline without times.
///
/// Hours count from the first one with rows. After 7 days a null `fixed` is fitted, after 14 days `short`, after 28 days `hours`, and once
/// more after 56 days; then it stays. Days of `excluded` do not count, and hours of a subject that has shifted teach nothing about
/// it. After 14 days without a row the count begins again.
struct ShiftLearning: Sendable, Equatable {
  /// Hours after which a null is fitted.
  static let stages = [168, 336, 672, 1344]
  /// Hours without a row after which the count begins again (rule H3).
  static let longestGap = 336

  /// What no traffic does, and goes on: a stream of a subject, until a null can tell (plan `iid`).
  struct Gross: Sendable, Equatable {
    var stream: Int
    /// The first of its hours in a row, and the last that was like them.
    var since: Int
    var last: Int
  }

  /// A subject's values, or its feed.
  struct Part: Hashable, Comparable, Sendable {
    var subject: Int
    var isOfFeed: Bool

    static func < (a: Part, b: Part) -> Bool { (a.subject, a.isOfFeed ? 1 : 0) < (b.subject, b.isOfFeed ? 1 : 0) }
  }

  /// The hour that comes next.
  var next: Int
  /// The first hour that counts; nil before the first row.
  var first: Int?
  /// The newest hour with rows.
  var last: Int?
  /// Excluded hours among them.
  var skipped = 0
  /// Nulls fitted so far.
  var stage = 0
  /// The median of rows an hour where the last fit found too few; nil where it did not.
  var tooFew: Int64?
  /// Rows by version since the first hour.
  var versions: [NameKey: Int64] = [:]
  /// The day that was last told of: 24 hours since 1970-01-01.
  var day: Int?
  var hours: ShiftGrossHours
  var gross: [Part: Gross] = [:]
  /// The null in force, a `ShiftNull` without tables, and the shares of the versions in what it was learned from; nil: none yet.
  var null: Learned?

  struct Learned: Sendable, Equatable {
    var bytes: [UInt8]
    var versions: [NameKey: Double]
  }

  init(streams: Int, next: Int) {
    self.next = next
    hours = ShiftGrossHours(streams: streams)
  }

  /// Hours that count.
  var count: Int { first.map { next - $0 - skipped } ?? 0 }

  /// How many the next null takes; nil where the last has been fitted.
  var needed: Int? { stage < Self.stages.count ? Self.stages[stage] : nil }

  /// Takes hours without rows.
  ///
  /// - Parameter isExcluded: whether an hour is of an excluded day.
  mutating func pass(to hour: Int, isExcluded: (Int) -> Bool) {
    guard next < hour else { return }
    if let last, hour - last > Self.longestGap {
      (first, self.last, skipped, versions) = (nil, nil, 0, [:])
      gross = [:]
      hours = ShiftGrossHours(streams: hours.runs.count)
      next = hour
      return
    }
    if first != nil { skipped += (next..<hour).count(where: isExcluded) }
    // An hour without rows breaks every run.
    hours = ShiftGrossHours(streams: hours.runs.count)
    next = hour
  }

  /// Takes an hour with rows.
  mutating func note(versions rows: [NameKey: Int64]) {
    if first == nil { first = next }
    last = next
    next += 1
    for (version, count) in rows where versions[version] != nil || versions.count < Self.mostVersions {
      versions[version, default: 0] += count
    }
  }

  private static let mostVersions = 1000

  /// Whether an hour with rows is the first of its day; the day is noted.
  mutating func isFirst(of day: Int) -> Bool {
    defer { self.day = day }
    return self.day.map { $0 < day } ?? true
  }

  /// Whether a null is to be fitted now: at the first hour with rows of a stage, and where there were too few rows once a day.
  func isDue(isFirstOfDay: Bool) -> Bool {
    guard let needed, count >= needed else { return false }
    return tooFew == nil || isFirstOfDay
  }

  /// Shares of the versions in what has been counted.
  var shares: [NameKey: Double] {
    let all = versions.values.reduce(0, +)
    return all > 0 ? versions.mapValues { Double($0) / Double(all) } : [:]
  }
}

// MARK: What no traffic does

extension ShiftLearning {
  /// Looks at an hour with rows.
  ///
  /// - Parameter values: of this hour only.
  /// - Returns: parts that began, and those that have ended: a day after their last such hour.
  mutating func look(
    at values: ShiftValues, _ streams: ShiftStreams
  ) -> (opened: [Part], closed: [Part: Gross]) {
    let hour = values.first
    var opened: [Part] = []
    func part(_ stream: Int) -> Part {
      Part(subject: streams.all[stream].subject, isOfFeed: streams.all[stream].kind.isShare)
    }
    for stream in hours.take(values, row: 0, streams) where gross[part(stream)] == nil {
      gross[part(stream)] = Gross(stream: stream, since: hour - ShiftGrossHours.hours + 1, last: hour)
      opened.append(part(stream))
    }
    for (stream, run) in hours.runs.enumerated() where run > 0 { gross[part(stream)]?.last = hour }
    let closed = gross.filter { hour - $0.value.last >= 24 }
    for part in closed.keys { gross[part] = nil }
    return (opened.sorted(), closed)
  }

  /// What a gross hour's value is held against, in the unit of its stream.
  static func limit(_ kind: ShiftKind) -> Double {
    switch kind {
    case .location: 2
    case .spread: 1.5
    case .category, .level: .infinity
    case .missing, .invalid, .unseen, .outside: ShiftValues.shareValue(1, of: 2)
    }
  }
}
