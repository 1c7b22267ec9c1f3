package import LeewayStatistics

/// What a monitor's checks on `shift` judge, and by which nulls: one for each slice that some check is on and the baseline has a
/// null of. Planned once; what was not planned is not judged (rule H4).
package struct ShiftDesign: Sendable {
  /// One budget of one check.
  package struct Use: Sendable, Equatable {
    package var check: String
    package var budget: ShiftBudget
  }

  /// A subject of a null.
  struct Subject: Sendable {
    var name: String
    /// Among the subjects of the drift layout; nil where the monitor has no such feature any more: it has no values then.
    var index: Int?
    /// Names of the categories by cell; empty where numeric.
    var categories: [String]
    /// Numeric: of the baseline's values of the slice.
    var mean: Double?
    var standardDeviation: Double?
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
    package let null: ShiftNull
    let subjects: [Subject]
    /// By check as the monitor has them, subject, and values before feed.
    let watches: [Watch]
    let outputName: String

    var key: SliceKey { SliceKey(hash: hash, slice: slice) }
  }

  /// By check as the monitor has them, then ascending by tier.
  package let uses: [Use]
  /// `all` first, then by the slice's bytes.
  package let units: [Unit]
  /// Shares of the versions in the null; empty where the baseline does not tell them.
  let versions: [NameKey: Double]
  let excluded: [ClosedRange<Int>]
  /// The length of an hour.
  let hour: TimeSpan

  /// Streams that share the budget of a check.
  package func streams(of check: String) -> Int {
    guard let tier = uses.firstIndex(where: { $0.check == check }) else { return 0 }
    return units.reduce(0) { sum, unit in
      sum + (0..<unit.null.streams.count).count { unit.null.level(tier: tier, view: 0, stream: $0) < .infinity }
    }
  }

  /// nil where no check is on `shift`.
  ///
  /// - Throws: where the baseline has no hours, or none of a slice that a check names.
  init?(_ monitor: Monitor, _ baseline: Baseline, _ drift: DriftLayout) throws(BaselineMismatch) {
    let checks = monitor.checks.filter { $0.metric.family == .shift }
    guard !checks.isEmpty else { return nil }
    func mismatch(_ reason: String) -> BaselineMismatch { BaselineMismatch(monitor: monitor.name, reason: reason) }
    guard let hours = baseline.hours else {
      throw mismatch(
        "check \(checks[0].name) is on shift, which judges by hours, and it was fitted without times; fit it with --time FIELD on "
          + "rows of at least \(BaselineHours.minimumRows) an hour, or remove the check"
      )
    }
    guard hours.zone == monitor.timeZone else {
      throw mismatch("its hours were fitted in time zone \(hours.zone), the monitor says \(monitor.timeZone)")
    }
    for check in checks {
      let named: [String] =
        switch check.slices {
        case .all: [Slice.all]
        case .each: []
        case .listed(let names): names
        }
      for name in named where !hours.slices.contains(where: { utf8Equal($0.slice, name) }) {
        let why =
          name == Slice.all
          ? "it has fewer than \(BaselineHours.minimumRows) rows an hour"
          : "slice \(name) has fewer than \(BaselineBuilder.minimumSliceRows) training rows or fewer than "
            + "\(BaselineHours.minimumRows) an hour"
        throw mismatch("check \(check.name) is on shift, and \(why), so there is no null to judge by")
      }
    }
    uses = checks.flatMap { check in check.budgets.map { Use(check: check.name, budget: $0) } }
    let outputIndex = drift.subjects.count - 1
    var fitted: [(slice: BaselineHours.Slice, null: ShiftNull, subjects: [Subject])] = []
    for slice in hours.slices where checks.contains(where: { $0.isOn(slice: slice.slice) }) {
      fitted.append(try Self.fitted(slice, monitor, baseline, drift))
    }
    /// By stream of a null: whether a check is on it.
    func watched(_ check: Check, _ part: (slice: BaselineHours.Slice, null: ShiftNull, subjects: [Subject])) -> [Bool] {
      part.null.streams.all.map { stream in
        guard check.isOn(slice: part.slice.slice), let index = part.subjects[stream.subject].index else { return false }
        return check.names(drift.subjects[index], isOutput: index == outputIndex)
      }
    }
    var sharing: [String: Int] = [:]
    for check in checks {
      sharing[check.name] = fitted.reduce(0) { $0 + watched(check, $1).count { $0 } }
    }
    units = fitted.map { part in
      let uses = checks.flatMap { check in
        let isWatched = watched(check, part)
        return check.budgets.map {
          ShiftTierUse($0.detectorTier, isWatched: isWatched, sharing: sharing[check.name] ?? 1)
        }
      }
      let null = part.null.levelled(uses)
      return Unit(
        slice: part.slice.slice, hash: Self.hash(part.slice, part.subjects, monitor, baseline),
        null: null, subjects: part.subjects, watches: Self.watches(checks, null), outputName: monitor.outputName)
    }
    versions =
      monitor.predictions.version == nil
      ? [:] : Dictionary(hours.versions.map { (NameKey($0.name), $0.share) }, uniquingKeysWith: { $1 })
    excluded = monitor.excluded
    hour = monitor.shiftHour
  }

  private static func watches(_ checks: [Check], _ null: ShiftNull) -> [Watch] {
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

  private static func fitted(
    _ slice: BaselineHours.Slice, _ monitor: Monitor, _ baseline: Baseline, _ drift: DriftLayout
  ) throws(BaselineMismatch) -> (slice: BaselineHours.Slice, null: ShiftNull, subjects: [Subject]) {
    let own = baseline.slices.first { utf8Equal($0.slice, slice.slice) }?.subjects
    var subjects: [Subject] = []
    var shifting: [ShiftSubject] = []
    var totals: [[Int64]] = []
    for name in slice.subjects {
      guard let place = baseline.subjects.firstIndex(where: { utf8Equal($0.name, name) }) else {
        throw BaselineMismatch(monitor: monitor.name, reason: "its hours name \(name), of which it has no distribution")
      }
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
    do throws(ShiftDamaged) {
      return (slice, try ShiftNull(encoded: slice.null, baseline: (shifting, totals)), subjects)
    } catch {
      throw BaselineMismatch(
        monitor: monitor.name, reason: "its hours of slice \(slice.slice) are of no use: \(error.reason)")
    }
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

  /// The hash of what a state means: the null, and where the monitor finds the values.
  private static func hash(
    _ slice: BaselineHours.Slice, _ subjects: [Subject], _ monitor: Monitor, _ baseline: Baseline
  ) -> String {
    var w = JSONWriter()
    w.beginArray()
    w.string(slice.slice)
    w.string(SHA256.hash(slice.null).hex)
    for subject in subjects {
      w.string(subject.name)
      w.string(baseline.subject(named: subject.name).map { SHA256.hash(Self.text($0)).hex } ?? "")
      guard let feature = monitor.features.first(where: { utf8Equal($0.name, subject.name) }) else { continue }
      w.string(feature.field.description)
      w.number(feature.range?.lowerBound ?? 0)
      w.number(feature.range?.upperBound ?? 0)
    }
    w.endArray()
    return String(SHA256.hash(w.bytes).hex.prefix(16))
  }

  private static func text(_ subject: SubjectBaseline) -> [UInt8] {
    var w = JSONWriter()
    w.beginArray()
    switch subject.domain {
    case .numeric(let domain): for knot in domain.binning.knots { w.number(knot) }
    case .categorical(let domain): for name in domain.categories { w.string(name) }
    }
    for count in subject.cells.counts { w.number(count) }
    w.endArray()
    return w.bytes
  }
}
