import LeewayStatistics

/// One detector: a method on the errors of one slice.
struct DetectorKey: Hashable, Comparable, Sendable {
  let method: ChangeDetector.Method
  let slice: NameKey
  let isOfAll: Bool

  init(method: ChangeDetector.Method, slice: String) {
    self.method = method
    self.slice = NameKey(slice)
    isOfAll = self.slice == NameKey(Slice.all)
  }

  /// By method's place, then the slice's bytes.
  static func < (a: DetectorKey, b: DetectorKey) -> Bool {
    let methods = ChangeDetector.Method.allCases
    let (i, j) = (methods.firstIndex(of: a.method) ?? 0, methods.firstIndex(of: b.method) ?? 0)
    return i != j ? i < j : utf8Order(a.slice.name, b.slice.name)
  }

  /// Each once, ascending.
  static func all(of checks: [Check]) -> [DetectorKey] {
    var keys: Set<DetectorKey> = []
    for check in checks {
      guard let method = check.metric.detector else { continue }
      switch check.slices {
      case .all, .each: keys.insert(DetectorKey(method: method, slice: Slice.all))
      case .listed(let names): for name in names { keys.insert(DetectorKey(method: method, slice: name)) }
      }
    }
    return keys.sorted()
  }
}

/// Detectors of checks with `slices: each`: one for every slice that has an error, from the pane of its first on.
struct DetectorsOfEach: Sendable, Equatable {
  /// Each once, in their own order.
  let methods: [ChangeDetector.Method]
  /// A detector costs state: of one segment as many values have one, those whose errors come first.
  let limit: Int

  /// nil where no check asks for them.
  init?(_ monitor: Monitor) {
    let asked = monitor.checks.filter { $0.slices == .each }.compactMap(\.metric.detector)
    methods = ChangeDetector.Method.allCases.filter(asked.contains)
    guard !methods.isEmpty else { return nil }
    limit = monitor.maximumSegments
  }
}

/// A detector of a monitor, for people and metrics.
package struct MonitorDetector: Sendable, Hashable {
  package var method: String
  package var slice: String

  init(_ key: DetectorKey) {
    method = key.method.rawValue
    slice = key.slice.name
  }
}

extension Monitor {
  /// What its checks on errors name.
  package var detectors: [MonitorDetector] { DetectorKey.all(of: checks).map(MonitorDetector.init) }
}

/// What a detector made of the errors of a pane, or of several.
struct FedCounts: Sendable, Equatable {
  var errors: Int64 = 0
  var warnings: Int64 = 0
  var changes: Int64 = 0
  /// The time of the last error that was a change.
  var lastChange: EventTime?

  static func += (a: inout FedCounts, b: FedCounts) {
    a.errors &+= b.errors
    a.warnings &+= b.warnings
    a.changes &+= b.changes
    // Panes are added in the order of time.
    if let time = b.lastChange { a.lastChange = time }
  }
}

/// The detectors of a monitor's generation, and how far they have been fed. Panes come one after another, each once, and
/// the errors within by (event time, id, version): the state is a function of the errors, whoever feeds them and when.
struct ErrorFeed: Sendable, Equatable {
  struct Watch: Sendable, Equatable {
    let key: DetectorKey
    /// The start of the first pane that it was fed.
    var since: EventTime
    var detector: ChangeDetector
  }

  /// Panes that start before it have been fed.
  var fedThrough: EventTime
  /// Errors that came after their pane was fed.
  var late: Int64 = 0
  /// Those that checks name, ascending by key, then those of slices as they came.
  private(set) var watches: [Watch] = []
  /// Where those of a slice are.
  private var places: [NameKey: [Int]] = [:]
  /// How many slices of a segment are watched.
  private var slicesOf: [String: Int] = [:]
  private var each: DetectorsOfEach?

  /// - Parameter fedThrough: what was mature before there was a feed is never fed.
  init(from fedThrough: EventTime) { self.fedThrough = fedThrough }

  static func == (a: ErrorFeed, b: ErrorFeed) -> Bool {
    a.fedThrough == b.fedThrough && a.late == b.late && a.watches == b.watches
  }

  /// Detectors that are not there yet begin here, and others end.
  mutating func watch(_ keys: [DetectorKey], each: DetectorsOfEach? = nil) {
    let named = keys.map { key in
      watches.first { $0.key == key } ?? Watch(key: key, since: fedThrough, detector: ChangeDetector(key.method))
    }
    self.each = each
    let ofSlices = watches.filter { watch in
      !keys.contains(watch.key) && !watch.key.isOfAll && each?.methods.contains(watch.key.method) ?? false
    }
    watches = []
    places = [:]
    slicesOf = [:]
    for watch in named + ofSlices { restore(watch) }
  }

  /// Feeds the next error to the detectors of its slices.
  ///
  /// - Parameters:
  ///   - pane: the start of the error's pane.
  ///   - counts: parallel to `watches`.
  mutating func take(
    _ error: Double, _ slices: [NameKey], time: EventTime, pane: EventTime, into counts: inout [FedCounts]
  ) {
    for i in places[Self.all] ?? [] { feed(i, error, time, &counts) }
    for slice in slices {
      begin(slice, pane, &counts)
      for i in places[slice] ?? [] { feed(i, error, time, &counts) }
    }
  }

  private static let all = NameKey(Slice.all)

  private mutating func feed(_ i: Int, _ error: Double, _ time: EventTime, _ counts: inout [FedCounts]) {
    let signal = watches[i].detector.update(error)
    counts[i].errors &+= 1
    switch signal {
    case .none: break
    case .warning: counts[i].warnings &+= 1
    case .change:
      counts[i].changes &+= 1
      counts[i].lastChange = time
    }
  }

  /// The detectors of a slice that has had no error before.
  private mutating func begin(_ slice: NameKey, _ pane: EventTime, _ counts: inout [FedCounts]) {
    guard let each else { return }
    let known = places[slice] ?? []
    guard known.count < each.methods.count else { return }
    guard slicesOf[Slice.segment(slice.name), default: 0] < each.limit else { return }
    for method in each.methods where !known.contains(where: { watches[$0].key.method == method }) {
      restore(
        Watch(key: DetectorKey(method: method, slice: slice.name), since: pane, detector: ChangeDetector(method)))
      counts.append(FedCounts())
    }
  }

  mutating func restore(_ watch: Watch) {
    if places[watch.key.slice] == nil { slicesOf[Slice.segment(watch.key.slice.name), default: 0] += 1 }
    places[watch.key.slice, default: []].append(watches.count)
    watches.append(watch)
  }
}

/// One round's feeding: what is stored, what this round adds, and what is to be committed of it.
struct ErrorFeeding {
  private let plan: MonitorPlan
  private(set) var feed: ErrorFeed
  private var fed: [(pane: EventTime, counts: [DetectorKey: FedCounts])] = []
  private var rows = 0

  /// - Parameter maturedThrough: as committed with the feed; what has matured without it is lost to it.
  /// - Returns: nil where no check is on errors.
  init?(plan: MonitorPlan, maturedThrough: EventTime, in reader: any LedgerReader) throws {
    guard !plan.detectors.isEmpty else { return nil }
    self.plan = plan
    let reached = maturedThrough == .distantPast ? maturedThrough : maturedThrough.floor(to: plan.monitor.pane)
    let stored = try reader.errorFeed(monitor: plan.monitor.name, generation: plan.pairs)
      .map { bytes throws(ErrorFeedDamaged) in try ErrorFeed(encoded: bytes) }
    if let stored, stored.fedThrough == reached {
      feed = stored
    } else {
      // There were no detectors for a while: those of before know nothing of the errors between.
      feed = ErrorFeed(from: reached)
      feed.late = stored?.late ?? 0
    }
    feed.watch(plan.detectors, each: plan.detectorsOfEach)
  }

  /// Feeds whole panes that end at or before `through`.
  ///
  /// - Parameters:
  ///   - through: lowered to where this round ends if there is more than it takes; false then.
  ///   - most: errors, but for those of the last pane.
  mutating func feed(through: inout EventTime, atMost most: Int, in reader: any LedgerReader) throws -> Bool {
    guard through > .distantPast else { return true }
    let pane = plan.monitor.pane
    let end = through.floor(to: pane)
    guard end > feed.fedThrough else { return true }
    let panes = try reader.paneStarts(
      .performance, monitor: plan.monitor.name, generation: plan.pairs, in: feed.fedThrough..<end)
    for (i, start) in panes.enumerated() {
      var counts = [FedCounts](repeating: FedCounts(), count: feed.watches.count)
      let range = start..<start + pane
      try reader.errors(monitor: plan.monitor.name, generation: plan.pairs, in: range) { row in
        guard let error = row.error else { return }
        feed.take(error, try WatchedSlices.decoded(row.slices), time: row.time, pane: start, into: &counts)
        rows += 1
      }
      let seen = zip(feed.watches, counts).filter { $1.errors > 0 }.map { ($0.key, $1) }
      if !seen.isEmpty { fed.append((start, Dictionary(uniqueKeysWithValues: seen))) }
      if rows >= most, i + 1 < panes.count {
        feed.fedThrough = start + pane
        through = feed.fedThrough
        return false
      }
    }
    feed.fedThrough = end
    return true
  }

  /// What was found in any of the ranges.
  func found(in ranges: [Range<EventTime>], _ reader: any LedgerReader) throws -> FoundChanges {
    guard let first = ranges.map(\.lowerBound).min(), let last = ranges.map(\.upperBound).max() else {
      return FoundChanges(feed: feed, panes: [])
    }
    let stored = try reader.fedPanes(monitor: plan.monitor.name, generation: plan.pairs, in: first..<last)
      .map { record throws(ErrorFeedDamaged) in
        (pane: record.pane, counts: try [DetectorKey: FedCounts](fedPane: record.block))
      }
    return FoundChanges(feed: feed, panes: stored + fed)
  }

  /// Changes of this round, by detector.
  var changes: [(detector: MonitorDetector, count: Int64)] {
    var counts: [DetectorKey: Int64] = [:]
    for (_, found) in fed {
      for (key, count) in found where count.changes > 0 { counts[key, default: 0] &+= count.changes }
    }
    return counts.sorted { $0.key < $1.key }.map { (MonitorDetector($0.key), $0.value) }
  }

  /// Stores the state and what was found, and deletes the errors that were fed.
  ///
  /// - Returns: errors that came after their pane had been fed.
  func commit(in tx: any LedgerWriter) throws -> Int64 {
    let (monitor, generation) = (plan.monitor.name, plan.pairs)
    let gone =
      feed.fedThrough > .earliestWritable
      ? try tx.delete(errorsBefore: feed.fedThrough, monitor: monitor, generation: generation) : 0
    var feed = feed
    // What was fed and has since been corrected is one row still; what a flush is just at comes with the next round.
    let late = Int64(max(0, gone - rows))
    feed.late &+= late
    try tx.put(errorFeed: feed.encoded(), monitor: monitor, generation: generation)
    let records = fed.map { FedPaneRecord(pane: $0.pane, block: $0.counts.encodedFedPane()) }
    if !records.isEmpty { try tx.put(fedPanes: records, monitor: monitor, generation: generation) }
    return late
  }
}

/// What detectors found, pane by pane.
struct FoundChanges {
  let feed: ErrorFeed
  /// Ascending.
  let panes: [(pane: EventTime, counts: [DetectorKey: FedCounts])]

  /// For the detectors that have seen the whole range.
  func counts(in range: Range<EventTime>) -> [DetectorKey: FedCounts] {
    var out: [DetectorKey: FedCounts] = [:]
    for watch in feed.watches where watch.since <= range.lowerBound && feed.fedThrough >= range.upperBound {
      out[watch.key] = FedCounts()
    }
    var low = 0
    var high = panes.count
    while low < high {
      let middle = (low + high) / 2
      if panes[middle].pane < range.lowerBound { low = middle + 1 } else { high = middle }
    }
    for (pane, counts) in panes[low...] {
      guard pane < range.upperBound else { break }
      for (key, count) in counts where out[key] != nil { out[key, default: FedCounts()] += count }
    }
    return out
  }
}
