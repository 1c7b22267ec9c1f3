import LeewayStatistics

/// The learning of one slice within a round: how far it has come, and the days whose hours the round has added to.
struct ShiftLesson {
  let learner: ShiftDesign.Learner
  var state: ShiftLearning
  private var days: [Int: ShiftDay] = [:]

  init(learner: ShiftDesign.Learner, state: ShiftLearning) {
    self.learner = learner
    self.state = state
  }

  /// Takes up a day that was stored; another one may be in its place.
  mutating func restore(_ day: Int, _ bytes: [UInt8]?) throws {
    guard let found = try bytes.map({ try ShiftDay(encoded: $0) }), fits(found, day) else { return }
    days[day] = found
  }

  private func fits(_ found: ShiftDay, _ day: Int) -> Bool {
    found.day == day && found.streams == learner.streams.count
  }

  /// Keeps an hour with rows, and counts it.
  ///
  /// - Parameter isLeftOut: streams that it teaches nothing about.
  mutating func keep(_ values: ShiftValues, _ versions: [NameKey: Int64], isLeftOut: (Int) -> Bool) {
    let day = ShiftDay.of(values.first)
    days[day, default: ShiftDay(day: day, streams: learner.streams.count)].append(values, isLeftOut: isLeftOut)
    state.note(versions: versions)
  }

  /// Fits the null of the stage from the hours that were kept.
  ///
  /// - Parameter earlier: what is stored by the ledger's keys.
  /// - Returns: nil where there are too few hours or rows.
  mutating func fit(
    isExcluded: (Int) -> Bool, _ earlier: ([SliceKey]) throws -> [[UInt8]?]
  ) throws -> ShiftNull? {
    guard let first = state.first else { return nil }
    let end = state.next
    let last = ShiftDay.of(end - 1)
    let start = max(first, (last - ShiftLearning.keptDays + 1) * 24)
    let skipped = start == first ? state.skipped : (start..<end).count(where: isExcluded)
    // With many excluded days, what is kept may be less than what was counted.
    guard ShiftPlan(hours: end - start - skipped) != .iid else { return nil }
    let wanted = Array(ShiftDay.of(start)...last)
    let stored = try earlier(wanted.map(learner.key(ofDay:)))
    let k = learner.streams.count
    var y = [Double](repeating: 0, count: (end - start) * k)
    var (n, w) = (y, y)
    var rows: [Int64] = []
    for (day, bytes) in zip(wanted, stored) {
      // What this round has added to a day is not stored yet.
      guard let found = try days[day] ?? bytes.map({ try ShiftDay(encoded: $0) }), fits(found, day) else { continue }
      found.fill(&y, &n, &w, first: start)
      rows += found.rows
    }
    let middle = Int64(median(rows.map(Double.init)))
    guard middle >= BaselineHours.minimumRows else {
      state.tooFew = middle
      return nil
    }
    let values = ShiftValues(first: start, streams: k, y: y, n: n, w: w)
    guard let null = ShiftNull(values, learner.streams, learner.configuration, skipped: skipped) else { return nil }
    state.tooFew = nil
    state.stage += 1
    state.null = .init(bytes: null.encoded(withTables: false), versions: state.shares)
    return null
  }

  /// What is known now: of the slice, and of the days.
  ///
  /// - Parameter standing: of the detector, encoded; empty without a null.
  func records(standing: [UInt8], through: EventTime, _ design: ShiftDesign) -> [ShiftRecord] {
    [ShiftRecord(key: learner.key, through: through, state: state.encoded(standing: standing))]
      + days.values.sorted { $0.day < $1.day }.suffix(ShiftLearning.keptDays).map {
        ShiftRecord(key: learner.key(ofDay: $0.day), through: design.start(of: $0.end), state: $0.encoded)
      }
  }
}
