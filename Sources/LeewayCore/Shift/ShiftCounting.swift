import LeewayStatistics

/// From the panes of an hour to what the detector takes.
extension ShiftDesign {
  /// The sums of every subject of an hour.
  ///
  /// - Parameters:
  ///   - block: the slice's rows, of the feed's panes; nil: none.
  ///   - leftOut: a subject that has no value in this hour.
  func sums(
    _ block: CellBlock?, _ plan: MonitorPlan, _ subjects: [Subject], _ streams: ShiftStreams, leftOut: String? = nil
  ) -> [ShiftSums] {
    switch feed {
    case .subjects: return Self.sums(block, plan.drift, subjects, streams, leftOut: leftOut)
    case .traffic: return [.logCount(block?.counts[DriftLayout.rows] ?? 0)]
    case .errors:
      guard let layout = plan.performance else { preconditionFailure("errors without labels") }
      return ShiftLevel.errors(subjects.map(\.name), layout, block)
    }
  }

  /// The sums of every subject of an hour.
  ///
  /// - Parameter leftOut: a subject that has no value in this hour.
  static func sums(
    _ block: CellBlock?, _ layout: DriftLayout, _ subjects: [Subject], _ streams: ShiftStreams, leftOut: String? = nil
  ) -> [ShiftSums] {
    zip(subjects, streams.subjects.indices).map { subject, place in
      let (what, table) = (streams.subjects[place], streams.tables[place])
      guard let block, let index = subject.index, leftOut.map({ !utf8Equal($0, subject.name) }) ?? true else {
        return .none(what, table)
      }
      return ShiftSums(counts(layout.subjects[index], in: block), what, table)
    }
  }

  private static func counts(_ subject: DriftLayout.Subject, in block: CellBlock) -> ShiftCounts {
    let cells = block.counts[subject.firstCount..<subject.firstCount + subject.cells]
    let (missing, invalid) = (block.counts[subject.missing], block.counts[subject.invalid])
    switch subject.domain {
    case .numeric:
      let outside = cells.count > 1 ? (cells.first ?? 0) &+ (cells.last ?? 0) : 0
      return ShiftCounts(cells: Array(cells), missing: missing, invalid: invalid, outside: outside)
    case .categorical(let domain):
      var known = Array(cells.dropLast())
      var unseen = cells.last ?? 0
      if domain.overflowed, !known.isEmpty {
        // What was lumped and what was never seen cannot be told apart.
        known[known.count - 1] &+= unseen
        unseen = 0
      }
      return ShiftCounts(cells: known, missing: missing, invalid: invalid, unseen: unseen)
    }
  }
}

extension ShiftDesign {
  /// How far the share of any version may be from the null's for the output to be judged in slices that are of no version.
  static let mixTolerance = 0.05

  /// Whether the versions of an hour are mixed as those of the null: else the output's shift would be the roll-out itself.
  ///
  /// - Parameter versions: their shares in what the null was fitted to; empty where that does not tell them.
  func isMixed(as slices: [NameKey: CellBlock], _ versions: [NameKey: Double]) -> Bool {
    guard !versions.isEmpty, let all = slices[NameKey(Slice.all)]?.counts[DriftLayout.rows], all > 0 else {
      return true
    }
    let shares = Self.versionRows(slices).mapValues { Double($0) / Double(all) }
    return Set(shares.keys).union(versions.keys).allSatisfy {
      abs((shares[$0] ?? 0) - (versions[$0] ?? 0)) <= Self.mixTolerance
    }
  }

  /// Rows of an hour by version.
  static func versionRows(_ slices: [NameKey: CellBlock]) -> [NameKey: Int64] {
    let prefix = Slice.version + "="
    var rows: [NameKey: Int64] = [:]
    for (slice, block) in slices where slice.name.utf8.starts(with: prefix.utf8) {
      let name = String(decoding: slice.name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
      rows[NameKey(name)] = block.counts[DriftLayout.rows]
    }
    return rows
  }

  /// Whether an hour is of a day that neither teaches nor is judged.
  func isExcluded(_ hour: Int) -> Bool {
    guard !excluded.isEmpty else { return false }
    let day = calendar.day(hour)
    return excluded.contains { $0.contains(day) }
  }

  // MARK: Hours

  /// The hour that a time is in.
  func index(of time: EventTime) -> Int { Int(time.milliseconds.dividedRoundingDown(by: hour.milliseconds)) }

  /// Where an hour begins; within the range of hours no time overflows.
  func start(of index: Int) -> EventTime { EventTime(milliseconds: 0) + hour * Int64(index) }
}
