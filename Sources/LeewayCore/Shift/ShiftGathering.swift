package import LeewayStatistics

/// Sums of dated training rows by hour, slice and subject: with the bins and counts of a finished baseline, the rows are read once more.
package struct ShiftGathering {
  /// A row's value of one subject.
  private enum Value {
    case missing, invalid, unseen
    case cell(Int)
  }

  private struct Part {
    let slice: String
    /// Indices of its subjects.
    let subjects: [Int]
    let tables: [ShiftTable]
    var hours: [Int: Hour] = [:]
  }

  private struct Hour {
    var rows: Int64 = 0
    var tallies: [ShiftTally]
  }

  private let baseline: Baseline
  private let subjects: [ShiftSubject]
  private let ranges: [ClosedRange<Double>?]
  private let indices: [CategoryIndex?]
  private let configuration: ShiftConfiguration
  private var parts: [Part]
  private var places: [NameKey: Int] = [:]
  private var row: [Value]
  private var rows: Int64 = 0
  private var versions: [String: Int64] = [:]

  /// - Parameters:
  ///   - monitor: whose checks say which slices are wanted; `all` always is.
  ///   - ranges: by subject of the baseline: values outside are invalid.
  package init(
    _ monitor: Monitor, _ baseline: Baseline, ranges: [ClosedRange<Double>?], _ configuration: ShiftConfiguration
  ) {
    self.baseline = baseline
    self.ranges = ranges
    self.configuration = configuration
    subjects = baseline.subjects.map(ShiftDesign.subject)
    indices = baseline.subjects.map {
      if case .categorical(let domain) = $0.domain { CategoryIndex(domain) } else { nil }
    }
    row = baseline.subjects.map { _ in .missing }
    let checks = monitor.checks.filter { ShiftFeed($0) == .subjects }
    let wanted = baseline.slices.filter { slice in checks.contains { $0.isOn(slice: slice.slice) } }
    parts = []
    for (slice, cells) in [(Slice.all, baseline.subjects.map(\.cells))] + wanted.map({ ($0.slice, $0.subjects) }) {
      // By name: the baseline may have features that the monitor has no more.
      let names = monitor.features.map(\.name) + [monitor.outputName]
      let own = MonitorPlan.subjects(in: slice, monitor, count: names.count).compactMap { place in
        baseline.subjects.firstIndex { utf8Equal($0.name, names[place]) }
      }
      places[NameKey(slice)] = parts.count
      parts.append(
        Part(
          slice: slice, subjects: own,
          tables: own.map {
            ShiftTable(
              subjects[$0], total: ShiftDesign.totals(cells[$0], baseline.subjects[$0].domain),
              largest: configuration.largest)
          }))
    }
  }

  // MARK: A row

  package mutating func setMissing(_ subject: Int) { row[subject] = .missing }
  package mutating func setInvalid(_ subject: Int) { row[subject] = .invalid }

  /// NaN is missing; ±∞ and what is out of range is invalid.
  package mutating func setNumber(_ subject: Int, _ x: Double) {
    guard case .numeric(let domain) = baseline.subjects[subject].domain, !x.isNaN else {
      row[subject] = x.isNaN ? .missing : .invalid
      return
    }
    let isValid = x.isFinite && ranges[subject].map { $0.contains(x) } ?? true
    row[subject] = isValid ? .cell(domain.binning.cell(of: x)) : .invalid
  }

  package mutating func setCategory(_ subject: Int, _ text: UnsafeRawBufferPointer) {
    guard let index = indices[subject], case .categorical(let domain) = baseline.subjects[subject].domain else {
      row[subject] = .invalid
      return
    }
    let cell = Int(index.cell(of: text))
    // Behind the categories: those that are lumped, then those that were never seen.
    row[subject] = cell > domain.categories.count ? (domain.overflowed ? .cell(cell - 1) : .unseen) : .cell(cell)
  }

  /// Completes a row whose subjects are all set.
  ///
  /// - Parameters:
  ///   - hour: since 1970-01-01T00:00Z.
  ///   - slices: of the version and segments that have a value.
  package mutating func commitRow(hour: Int, slices: [(segment: String, value: String)]) {
    rows += 1
    add(0, hour)
    for (segment, value) in slices {
      if segment == Slice.version { versions[value, default: 0] += 1 }
      if let place = places[NameKey(Slice.name(segment, value))] { add(place, hour) }
    }
  }

  private mutating func add(_ place: Int, _ hour: Int) {
    let fresh = Hour(tallies: parts[place].hours[hour] == nil ? parts[place].subjects.map { _ in ShiftTally() } : [])
    let (own, tables) = (parts[place].subjects, parts[place].tables)
    func add(_ value: Value, _ subject: Int, _ table: ShiftTable, _ tally: inout ShiftTally) {
      switch value {
      case .missing: tally.addMissing()
      case .invalid: tally.addInvalid()
      case .unseen: tally.addUnseen()
      case .cell(let cell):
        guard subjects[subject].isNumeric else { return tally.add(cell: cell, table) }
        tally.add(
          score: table.scores[cell],
          isOutside: table.scores.count > 1 && (cell == 0 || cell == table.scores.count - 1))
      }
    }
    parts[place].hours[hour, default: fresh].rows += 1
    for (i, subject) in own.enumerated() {
      add(row[subject], subject, tables[i], &parts[place].hours[hour, default: fresh].tallies[i])
    }
  }

  // MARK: The result

  /// What a fit found, slice by slice.
  package struct Found: Sendable {
    package var hours: BaselineHours
    /// Slices with too few rows an hour, and how many.
    package var tooFew: [(slice: String, rows: Int64)] = []
    /// What is no normal traffic: subjects of slice `all`, with their first and last hour.
    package var contaminated: [(subject: String, first: Int, last: Int)] = []
  }

  /// Hours that rows were in, the first and the last; nil without rows.
  package var span: ClosedRange<Int>? {
    guard let hours = parts.first?.hours.keys, let first = hours.min(), let last = hours.max() else { return nil }
    return first...last
  }

  /// Fits the null of every slice that has rows enough.
  ///
  /// - Parameters:
  ///   - span: at most `BaselineHours.maximumHours`.
  ///   - leftOut: local days of the calendar.
  ///   - minimumRows: the least median of rows an hour.
  package func finish(
    _ span: ClosedRange<Int>, field: String, zone: String, leftOut: [ClosedRange<Int>],
    minimumRows: Int64 = BaselineHours.minimumRows
  ) -> Found {
    var found = Found(
      hours: BaselineHours(
        field: field, zone: zone, first: span.lowerBound, count: span.count, leftOut: leftOut,
        versions: versions.sorted { utf8Order($0.key, $1.key) }.map {
          BaselineHours.Version(name: $0.key, share: Double($0.value) / Double(max(rows, 1)))
        }, slices: []))
    func isLeftOut(_ hour: Int) -> Bool {
      let day = configuration.calendar.day(hour)
      return leftOut.contains { $0.contains(day) }
    }
    for part in parts {
      let counts = part.hours.values.map(\.rows).sorted()
      let median = counts.isEmpty ? 0 : counts[counts.count / 2]
      guard median >= minimumRows else {
        found.tooFew.append((part.slice, median))
        continue
      }
      let streams = ShiftStreams(
        subjects: part.subjects.map { subjects[$0] }, tables: part.tables, configuration)
      var values = ShiftValues(first: span.lowerBound, streams: streams.count)
      for hour in span {
        let tallies = part.hours[hour]?.tallies
        values.append(
          part.subjects.indices.map { place in
            let (what, table) = (streams.subjects[place], streams.tables[place])
            return tallies?[place].sums(what, table) ?? .none(what, table)
          }, streams)
      }
      let kept = values.without(isLeftOut)
      guard let null = ShiftNull(kept, streams, configuration, skipped: span.count(where: isLeftOut)) else { continue }
      found.hours.slices.append(
        BaselineHours.Slice(
          slice: part.slice, subjects: streams.subjects.map(\.name), rows: median,
          null: null.encoded(withTables: false)))
      guard part.slice == Slice.all else { continue }
      found.contaminated = ShiftContamination.find(kept, streams, configuration).map {
        (streams.subjects[$0.subject].name, $0.opened, $0.last)
      }
    }
    return found
  }
}

extension Baseline {
  /// Adds what the rows' times tell; the identity becomes that of the whole.
  package mutating func add(hours: BaselineHours) {
    self.hours = hours
    identity = contentIdentity()
  }
}
