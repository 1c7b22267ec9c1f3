import LeewayStatistics

/// What the streams of a slice said in the hours that are kept (rule H4), within a round: those that the round has added, and the rest as
/// the ledger has it.
struct ShiftHours {
  /// Days of which hours are kept.
  static let keptDays = 70

  let hash: String
  let slice: String
  let subjects: ShiftSubjects
  private var days: [Int: ShiftDay] = [:]

  init(hash: String, slice: String, _ subjects: ShiftSubjects) {
    self.hash = hash
    self.slice = slice
    self.subjects = subjects
  }

  private var streams: Int { subjects.streams }

  /// Where the hours of a day are kept: as many days as `keptDays`, the oldest is written over.
  static func key(_ hash: String, _ slice: String, day: Int) -> SliceKey {
    let slot = ((day % keptDays) + keptDays) % keptDays
    return SliceKey(hash: "\(hash)-\(slot)", slice: slice)
  }

  func key(ofDay day: Int) -> SliceKey { Self.key(hash, slice, day: day) }

  /// The first hour that can still be read when `hour` is the newest.
  static func first(keptAt hour: Int) -> Int { (ShiftDay.of(hour) - keptDays + 1) * 24 }

  /// Takes up a day that was stored; another one may be in its place.
  mutating func restore(_ day: Int, _ bytes: [UInt8]?) throws {
    if let found = try read(day, bytes) { days[day] = found }
  }

  /// What is stored of a day; nil: another one is in its place, or a version of before wrote it.
  private func read(_ day: Int, _ bytes: [UInt8]?) throws -> ShiftDay? {
    guard let bytes, bytes.first != ShiftDay.retiredVersion else { return nil }
    let found = try ShiftDay(encoded: bytes)
    return found.day == day ? found.moved(to: subjects) : nil
  }

  /// Whether an hour is the first with rows of its day.
  func isFirst(_ hour: Int) -> Bool { days[ShiftDay.of(hour)] == nil }

  /// Keeps an hour with rows.
  ///
  /// - Parameter isLeftOut: streams that it teaches nothing about.
  mutating func keep(_ values: ShiftValues, isLeftOut: (Int) -> Bool) {
    let day = ShiftDay.of(values.first)
    days[day, default: ShiftDay(day: day, subjects)].append(values, isLeftOut: isLeftOut)
  }

  /// What is kept of hours; the others have no values.
  ///
  /// - Parameters:
  ///   - takesLeftOut: whether an hour of a stream that was left out is wanted all the same.
  ///   - earlier: what is stored by the ledger's keys.
  /// - Returns: with the rows of each hour that had any.
  func values(
    _ hours: Range<Int>, takesLeftOut: (_ hour: Int, _ stream: Int) -> Bool = { _, _ in false },
    _ earlier: ([SliceKey]) throws -> [[UInt8]?]
  ) throws -> (values: ShiftValues, rows: [Int64]) {
    var y = [Double](repeating: 0, count: hours.count * streams)
    var (n, w) = (y, y)
    var rows: [Int64] = []
    if !hours.isEmpty {
      let wanted = Array(ShiftDay.of(hours.lowerBound)...ShiftDay.of(hours.upperBound - 1))
      for (day, bytes) in zip(wanted, try earlier(wanted.map(key(ofDay:)))) {
        // What this round has added to a day is not stored yet.
        guard let found = try days[day] ?? read(day, bytes) else { continue }
        found.fill(&y, &n, &w, first: hours.lowerBound, takesLeftOut: takesLeftOut)
        rows += found.rows
      }
    }
    return (ShiftValues(first: hours.lowerBound, streams: streams, y: y, n: n, w: w), rows)
  }

  /// The days that the round has added to.
  func records(_ design: ShiftDesign) -> [ShiftRecord] {
    days.values.sorted { $0.day < $1.day }.suffix(Self.keptDays).map {
      ShiftRecord(key: key(ofDay: $0.day), through: design.start(of: $0.end), state: $0.encoded)
    }
  }
}
