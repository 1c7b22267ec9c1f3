import LeewayStatistics

/// How far the learning of one slice's null has come: the fallback chain of a baseline without times.
///
/// Each subject learns by itself (rule G2): its hours count from the first one with rows since the monitor has it. After 7 days a null
/// `fixed` is fitted, after 14 days `short`, after 28 days `hours`, and once more after 56 days; then it stays. Days of `excluded` do not
/// count, and hours of a subject that has shifted teach nothing about it. After 14 days without a row the count begins again.
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

  /// How far a subject has come.
  struct Progress: Sendable, Equatable {
    /// The first hour that counts; nil before the first row.
    var first: Int?
    /// Excluded hours since then.
    var skipped = 0
    /// Nulls fitted so far.
    var stage = 0
    /// The median of rows an hour where the last fit found too few; nil where it did not.
    var tooFew: Int64?
    /// The day that was last told of: 24 hours since 1970-01-01.
    var day: Int?
  }

  /// The hour that comes next.
  var next: Int
  /// The newest hour with rows.
  var last: Int?
  /// By subject.
  var subjects: [Progress]
  /// Rows by version since the first hour.
  var versions: [NameKey: Int64] = [:]
  var hours: ShiftGrossHours
  var gross: [Part: Gross] = [:]
  /// The null in force: what was learned of each stream; empty: of none yet.
  var pieces: [ShiftPiece] = []
  /// Shares of the versions in what the output was learned from.
  var learnedVersions: [NameKey: Double] = [:]

  init(streams: Int, subjects: Int, next: Int) {
    self.next = next
    self.subjects = [Progress](repeating: Progress(), count: subjects)
    hours = ShiftGrossHours(streams: streams)
  }

  /// Hours of a subject that count.
  func count(_ subject: Int) -> Int {
    let progress = subjects[subject]
    return progress.first.map { next - $0 - progress.skipped } ?? 0
  }

  /// How many the next null of a subject takes; nil where the last has been fitted.
  func needed(_ subject: Int) -> Int? {
    subjects[subject].stage < Self.stages.count ? Self.stages[subjects[subject].stage] : nil
  }

  /// Whether a null tells what is normal of a subject.
  func isLearned(_ subject: Int) -> Bool { subjects[subject].stage > 0 }

  /// Takes hours without rows.
  ///
  /// - Parameter isExcluded: whether an hour is of an excluded day.
  mutating func pass(to hour: Int, isExcluded: (Int) -> Bool) {
    guard next < hour else { return }
    if let last, hour - last > Self.longestGap {
      for subject in subjects.indices { (subjects[subject].first, subjects[subject].skipped) = (nil, 0) }
      (self.last, versions) = (nil, [:])
      gross = [:]
      hours = ShiftGrossHours(streams: hours.runs.count)
      next = hour
      return
    }
    if last != nil {
      let skipped = (next..<hour).count(where: isExcluded)
      for subject in subjects.indices where subjects[subject].first != nil { subjects[subject].skipped += skipped }
    }
    // An hour without rows breaks every run.
    hours = ShiftGrossHours(streams: hours.runs.count)
    next = hour
  }

  /// Whether an hour without rows is silence, and not yet a gap.
  func isSilence(_ hour: Int) -> Bool { last.map { hour - $0 <= Self.longestGap } ?? false }

  /// Takes an hour of silence.
  mutating func noteSilence() { next += 1 }

  /// Takes an hour with rows.
  mutating func note(versions rows: [NameKey: Int64]) {
    for subject in subjects.indices where subjects[subject].first == nil { subjects[subject].first = next }
    last = next
    next += 1
    for (version, count) in rows where versions[version] != nil || versions.count < Self.mostVersions {
      versions[version, default: 0] += count
    }
  }

  private static let mostVersions = 1000

  /// Subjects for which an hour with rows is the first of its day; the day is noted.
  mutating func first(of day: Int) -> Set<Int> {
    let first = subjects.indices.filter { subjects[$0].day.map { $0 < day } ?? true }
    for subject in first { subjects[subject].day = day }
    return Set(first)
  }

  /// Subjects whose null is to be fitted now, together with those that began with them: at the first hour with rows of a stage, and where
  /// there were too few rows once a day.
  func due(isFirstOfDay: Bool) -> [[Int]] {
    var groups: [[Int]] = []
    for subject in subjects.indices {
      guard let needed = needed(subject), count(subject) >= needed, subjects[subject].tooFew == nil || isFirstOfDay
      else {
        continue
      }
      if let group = groups.firstIndex(where: { subjects[$0[0]] == subjects[subject] }) {
        groups[group].append(subject)
      } else {
        groups.append([subject])
      }
    }
    return groups
  }

  /// Shares of the versions in what has been counted.
  var shares: [NameKey: Double] {
    let all = versions.values.reduce(0, +)
    return all > 0 ? versions.mapValues { Double($0) / Double(all) } : [:]
  }

  /// The same of other subjects: those that are new begin to learn, those that are no more are forgotten.
  ///
  /// - Parameter output: the output's place among those of now.
  func moved(_ origins: ShiftSubjects.Origins, output: Int?) -> ShiftLearning {
    var moved = self
    // What mix of versions is usual is learned with it.
    if output.map({ origins.subjects[$0] == nil }) ?? true { (moved.versions, moved.learnedVersions) = ([:], [:]) }
    moved.subjects = origins.subjects.map { $0.map { subjects[$0] } ?? Progress() }
    moved.hours = ShiftGrossHours(runs: origins.streams.map { $0.map { hours.runs[$0] } ?? 0 })
    moved.gross = [:]
    for (part, gross) in gross {
      guard let part = origins.moved(part), let stream = origins.streams.firstIndex(of: gross.stream) else { continue }
      moved.gross[part] = Gross(stream: stream, since: gross.since, last: gross.last)
    }
    moved.pieces = pieces.compactMap(origins.moved)
    return moved
  }
}

// MARK: What no traffic does

extension ShiftLearning {
  /// Looks at an hour with rows.
  ///
  /// - Parameter values: of this hour only.
  /// - Returns: parts that began, and those that have ended: a day after their last such hour. Subjects that a null judges are none of them.
  mutating func look(
    at values: ShiftValues, _ streams: ShiftStreams
  ) -> (opened: [Part], closed: [Part: Gross]) {
    let hour = values.first
    var opened: [Part] = []
    func part(_ stream: Int) -> Part {
      Part(subject: streams.all[stream].subject, isOfFeed: streams.all[stream].kind.isShare)
    }
    for stream in hours.take(values, row: 0, streams)
    where gross[part(stream)] == nil && !isLearned(streams.all[stream].subject) {
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
