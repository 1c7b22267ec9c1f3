package import LeewayStatistics

/// What a monitor's checks on `shift` of one feed judge, and by which nulls: one for each slice that some check is on and the baseline has
/// a null of. Planned once; what was not planned is not judged (rule H4).
package struct ShiftDesign: Sendable {
  /// One budget of one check.
  package struct Use: Sendable, Equatable {
    package var check: String
    package var budget: ShiftBudget
  }

  /// A subject of a null.
  struct Subject: Sendable {
    var name: String
    /// Among the subjects of the drift layout; nil for levels, and where the monitor has no such feature any more: it has no values then.
    var index: Int?
    /// Names of the categories by cell; empty where numeric.
    var categories: [String]
    /// Numeric: of the baseline's values of the slice.
    var mean: Double?
    var standardDeviation: Double?

    func name(of stream: ShiftStream) -> ShiftStreamName {
      ShiftStreamName(
        stream.kind, category: categories.indices.contains(stream.cell) ? categories[stream.cell] : nil)
    }

    /// A size in the subject's own unit, before and after: of a location about the mean, of a spread about the standard deviation, of a
    /// share the share.
    ///
    /// - Parameters:
    ///   - expected: what the stream would be now, of a share; nil where that is not known.
    ///   - moved: how far a new normal that was accepted is from the baseline's.
    func own(
      _ kind: ShiftKind, size: Double, expected: Double?, moved: Double = 0
    ) -> (was: Double?, now: Double)? {
      switch kind {
      case .location:
        guard let mean, let standardDeviation else { return nil }
        return (mean + moved * standardDeviation, mean + (moved + size) * standardDeviation)
      case .spread:
        return standardDeviation.map {
          ($0 * ShiftValues.deviationRatio(moved), $0 * ShiftValues.deviationRatio(moved + size))
        }
      case .category, .missing, .invalid, .unseen, .outside:
        return (expected.map { ShiftValues.share(of: $0) }, ShiftValues.share(of: (expected ?? 0) + size))
      case .level:
        return expected.map { (ShiftValues.amount(of: $0), ShiftValues.amount(of: $0 + size)) }
      }
    }
  }

  /// What a check says of a subject of a slice: of its values, or of their feed.
  struct Watch: Sendable {
    var check: String
    /// Index in the unit.
    var subject: Int
    var isOfFeed: Bool
    /// Indices of the uses, ascending by tier.
    var uses: [Int]
    /// Indices of the streams.
    var streams: [Int]
  }

  /// One slice's detector.
  package struct Unit: Sendable {
    package let slice: String
    /// What the null is of; a state belongs to one such hash, whatever the generation (rule G2).
    let hash: String
    /// Its tiers are the design's uses, in their order.
    package internal(set) var null: ShiftNull
    let subjects: [Subject]
    /// By check as the monitor has them, subject, and values before feed.
    let watches: [Watch]
    let outputName: String
    /// What its levels are for.
    let uses: [ShiftTierUse]
    /// Whose streams its hours are of.
    let names: ShiftSubjects
    /// What of the null a person has accepted.
    var accepted: [ShiftLearning.Part: ShiftNormal] = [:]

    var key: SliceKey { SliceKey(hash: hash, slice: slice) }

    /// About what its state takes: the fold, and the hours of one day, as they are read and written every hour.
    var stateBytes: Int { null.stateBytes + 24 * 24 * null.streams.count }
  }

  package let feed: ShiftFeed
  /// By check as the monitor has them, then ascending by tier.
  package let uses: [Use]
  /// `all` first, then by the slice's bytes.
  package let units: [Unit]
  /// Slices whose null is learned from production, in the same order; of features empty where the baseline has hours. How many predictions
  /// come, and how wrong they are, training rows do not tell.
  package let learners: [Learner]
  /// Shares of the versions in the baseline's null; empty where the baseline does not tell them.
  let versions: [NameKey: Double]
  let excluded: [ClosedRange<Int>]
  /// Whose days are excluded.
  let calendar: ShiftCalendar
  /// The length of an hour.
  let hour: TimeSpan

  /// Streams that share the budget of a check.
  package func streams(of check: String) -> Int {
    guard let tier = uses.firstIndex(where: { $0.check == check }) else { return 0 }
    return units.reduce(0) { sum, unit in
      sum + (0..<unit.null.streams.count).count { unit.null.level(tier: tier, view: 0, stream: $0) < .infinity }
    } + learners.reduce(0) { $0 + $1.uses[tier].isWatched.count { $0 } }
  }

  /// nil where no check is on `shift` of such hours.
  ///
  /// - Throws: where the baseline's hours are none of a slice that a check names, or where it has too few rows of one to learn from.
  init?(
    _ feed: ShiftFeed, _ monitor: Monitor, _ baseline: Baseline, _ drift: DriftLayout
  ) throws(BaselineMismatch) {
    let checks = monitor.checks.filter { ShiftFeed($0) == feed }
    guard !checks.isEmpty else { return nil }
    self.feed = feed
    let parts: [Part]
    if feed == .subjects, let hours = baseline.hours {
      guard hours.zone == monitor.timeZone else {
        throw BaselineMismatch(
          monitor: monitor.name,
          reason: "its hours were fitted in time zone \(hours.zone), the monitor says \(monitor.timeZone)")
      }
      parts = try Self.fittedParts(hours, checks, monitor, baseline, drift)
    } else {
      parts = try Self.learnedParts(feed, checks, monitor, baseline, drift)
    }
    uses = checks.flatMap { check in check.budgets.map { Use(check: check.name, budget: $0) } }
    let outputIndex = drift.subjects.count - 1
    /// By stream: whether a check is on it.
    func watched(_ check: Check, _ part: Part) -> [Bool] {
      part.streams.all.map { stream in
        guard check.isOn(slice: part.slice) else { return false }
        guard let index = part.subjects[stream.subject].index else { return feed != .subjects }
        return check.names(drift.subjects[index], isOutput: index == outputIndex)
      }
    }
    var sharing: [String: Int] = [:]
    for check in checks {
      sharing[check.name] = parts.reduce(0) { $0 + watched(check, $1).count { $0 } }
    }
    var units: [Unit] = []
    var learners: [Learner] = []
    for part in parts {
      let uses = checks.flatMap { check in
        let isWatched = watched(check, part)
        return check.budgets.map {
          ShiftTierUse($0.detectorTier, isWatched: isWatched, sharing: sharing[check.name] ?? 1)
        }
      }
      guard let fitted = part.null else {
        var configuration = ShiftConfiguration.shipped
        configuration.calendar = monitor.calendar
        // Fewer errors are no trouble.
        configuration.isOneSided = feed == .errors
        learners.append(
          Learner(
            feed: feed, slice: part.slice, hash: Self.hash(feed, part, monitor, baseline),
            names: Self.names(feed, part, part.streams, monitor, baseline), streams: part.streams,
            configuration: configuration, subjects: part.subjects, uses: uses, checks: checks,
            outputName: monitor.outputName))
        continue
      }
      let null = fitted.null.levelled(uses)
      units.append(
        Unit(
          slice: part.slice, hash: Self.hash(feed, part, monitor, baseline), null: null, subjects: part.subjects,
          watches: Self.watches(checks, null), outputName: monitor.outputName, uses: uses,
          names: Self.names(feed, part, null.streams, monitor, baseline)))
    }
    (self.units, self.learners) = (units, learners)
    versions =
      monitor.predictions.version == nil || feed != .subjects
      ? [:]
      : Dictionary(
        (baseline.hours?.versions ?? []).map { (NameKey($0.name), $0.share) }, uniquingKeysWith: { $1 })
    excluded = monitor.excluded
    calendar = units.first?.null.configuration.calendar ?? monitor.calendar
    hour = monitor.shiftHour
  }

  /// What there is of a slice before checks are looked at.
  struct Part {
    var slice: String
    var subjects: [Subject]
    var streams: ShiftStreams
    /// What a null of it is read with.
    var baseline: (subjects: [ShiftSubject], totals: [[Int64]])
    /// And as the baseline has it; nil: it is learned.
    var null: (null: ShiftNull, bytes: [UInt8])?
  }

  private static func named(_ check: Check) -> [String] {
    switch check.slices {
    case .all: [Slice.all]
    case .each: []
    case .listed(let names): names
    }
  }

  private static func fittedParts(
    _ hours: BaselineHours, _ checks: [Check], _ monitor: Monitor, _ baseline: Baseline, _ drift: DriftLayout
  ) throws(BaselineMismatch) -> [Part] {
    for check in checks {
      for name in named(check) where !hours.slices.contains(where: { utf8Equal($0.slice, name) }) {
        let why =
          name == Slice.all
          ? "it has fewer than \(BaselineHours.minimumRows) rows an hour"
          : "slice \(name) has fewer than \(BaselineBuilder.minimumSliceRows) training rows or fewer than "
            + "\(BaselineHours.minimumRows) an hour"
        throw BaselineMismatch(
          monitor: monitor.name,
          reason: "check \(check.name) is on shift, and \(why), so there is no null to judge by")
      }
    }
    var parts: [Part] = []
    for slice in hours.slices where checks.contains(where: { $0.isOn(slice: slice.slice) }) {
      for name in slice.subjects where !baseline.subjects.contains(where: { utf8Equal($0.name, name) }) {
        throw BaselineMismatch(
          monitor: monitor.name, reason: "its hours name \(name), of which it has no distribution")
      }
      var part = part(slice.slice, slice.subjects, baseline, drift, nil)
      do throws(ShiftDamaged) {
        let null = try ShiftNull(encoded: slice.null, baseline: part.baseline)
        part.null = (null, slice.null)
        part.streams = null.streams
      } catch {
        throw BaselineMismatch(
          monitor: monitor.name, reason: "its hours of slice \(slice.slice) are of no use: \(error.reason)")
      }
      parts.append(part)
    }
    return parts
  }

  /// Slice `all`, and those of which the baseline has a part of its own.
  private static func learnedParts(
    _ feed: ShiftFeed, _ checks: [Check], _ monitor: Monitor, _ baseline: Baseline, _ drift: DriftLayout
  ) throws(BaselineMismatch) -> [Part] {
    let slices = [Slice.all] + baseline.slices.map(\.slice)
    for check in checks {
      for name in named(check) where !slices.contains(where: { utf8Equal($0, name) }) {
        throw BaselineMismatch(
          monitor: monitor.name,
          reason: "check \(check.name) is on shift, and slice \(name) has fewer than "
            + "\(BaselineBuilder.minimumSliceRows) training rows, so there is nothing to compare it with")
      }
    }
    let names = monitor.features.map(\.name) + [monitor.outputName]
    let levels = feed.levels(monitor.task)
    return slices.filter { slice in checks.contains { $0.isOn(slice: slice) } }.compactMap { slice in
      guard levels.isEmpty else { return part(slice, levels: levels) }
      let own = MonitorPlan.subjects(in: slice, monitor, count: names.count).map { names[$0] }
        .filter { name in baseline.subjects.contains { utf8Equal($0.name, name) } }
      return own.isEmpty ? nil : part(slice, own, baseline, drift, .shipped)
    }
  }

  /// - Parameters:
  ///   - names: of subjects that the baseline has.
  ///   - configuration: nil where the streams follow from a null.
  private static func part(
    _ slice: String, _ names: [String], _ baseline: Baseline, _ drift: DriftLayout, _ configuration: ShiftConfiguration?
  ) -> Part {
    let own = baseline.slices.first { utf8Equal($0.slice, slice) }?.subjects
    var subjects: [Subject] = []
    var shifting: [ShiftSubject] = []
    var totals: [[Int64]] = []
    for name in names {
      guard let place = baseline.subjects.firstIndex(where: { utf8Equal($0.name, name) }) else { continue }
      let fitted = baseline.subjects[place]
      let cells = own?[place] ?? fitted.cells
      shifting.append(Self.subject(fitted))
      totals.append(Self.totals(cells, fitted.domain))
      var subject = Subject(
        name: name, index: drift.subjects.firstIndex { utf8Equal($0.name, name) }, categories: [])
      switch fitted.domain {
      case .numeric(let domain):
        let moments = cells.moments(domain)
        (subject.mean, subject.standardDeviation) = (moments?.mean, moments?.standardDeviation)
      case .categorical(let domain): subject.categories = domain.categories
      }
      subjects.append(subject)
    }
    return Part(
      slice: slice, subjects: subjects,
      streams: configuration.map { ShiftStreams(subjects: shifting, totals: totals, $0) }
        ?? ShiftStreams(subjects: [], tables: [], .shipped),
      baseline: (shifting, totals))
  }

  private static func part(_ slice: String, levels: [String]) -> Part {
    let subjects = levels.map { ShiftSubject($0, .level) }
    let totals = levels.map { _ in [Int64]() }
    return Part(
      slice: slice, subjects: levels.map { Subject(name: $0, index: nil, categories: []) },
      streams: ShiftStreams(subjects: subjects, totals: totals, .shipped), baseline: (subjects, totals))
  }

  static func watches(_ checks: [Check], _ null: ShiftNull) -> [Watch] {
    var out: [Watch] = []
    var first = 0
    for check in checks {
      let uses = Array(first..<first + check.budgets.count)
      first += check.budgets.count
      guard let tier = uses.first else { continue }
      for subject in null.streams.subjects.indices {
        for isOfFeed in [false, true] {
          let streams = null.streams.all.indices.filter {
            null.streams.all[$0].subject == subject && null.streams.all[$0].kind.isShare == isOfFeed
              && null.level(tier: tier, view: 0, stream: $0) < .infinity
          }
          guard !streams.isEmpty else { continue }
          out.append(Watch(check: check.name, subject: subject, isOfFeed: isOfFeed, uses: uses, streams: streams))
        }
      }
    }
    return out
  }

  /// As the detector takes a subject of a baseline; what lumps the rarer categories is no stream.
  package static func subject(_ subject: SubjectBaseline) -> ShiftSubject {
    switch subject.domain {
    case .numeric: ShiftSubject(subject.name, .numeric)
    case .categorical(let domain): ShiftSubject(subject.name, .category(other: domain.categories.count))
    }
  }

  /// Counts of a baseline by the detector's cells: without that of unseen values.
  package static func totals(_ cells: SubjectCells, _ domain: SubjectDomain) -> [Int64] {
    switch domain {
    case .numeric: cells.counts
    case .categorical: Array(cells.counts.dropLast())
    }
  }
}
