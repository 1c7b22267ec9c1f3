import LeewayStatistics

/// What the streams of a slice said in the hours of one day, kept for a fit in production (rule H4).
struct ShiftDay: Sendable, Equatable {
  static let formatVersion: UInt8 = 6
  /// What days were written in that did not say whose streams they have; they are not read any more.
  static let retiredVersion: UInt8 = 3

  /// Days of 24 hours since 1970-01-01T00:00Z.
  let day: Int
  /// Whose streams.
  let subjects: ShiftSubjects
  /// K.
  let streams: Int
  /// By hour of the day, ascending: y, n and w of every stream; n is negative where the hour teaches nothing about the stream.
  private(set) var hours: [(hour: Int, numbers: [Double])] = []

  init(day: Int, _ subjects: ShiftSubjects) {
    self.day = day
    self.subjects = subjects
    streams = subjects.streams
  }

  /// The same of other subjects; what is new has no values.
  func moved(to subjects: ShiftSubjects) -> ShiftDay {
    guard subjects != self.subjects else { return self }
    let origins = subjects.origins(in: self.subjects).streams
    var moved = ShiftDay(day: day, subjects)
    moved.hours = hours.map { hour, numbers in
      (hour, (0..<3).flatMap { part in origins.map { $0.map { numbers[part * streams + $0] } ?? 0 } })
    }
    return moved
  }

  static func of(_ hour: Int) -> Int { Int(Int64(hour).dividedRoundingDown(by: 24)) }

  static func == (a: ShiftDay, b: ShiftDay) -> Bool {
    a.day == b.day && a.subjects == b.subjects
      && a.hours.elementsEqual(b.hours) { $0.hour == $1.hour && $0.numbers == $1.numbers }
  }

  /// The hour after its last.
  var end: Int { (hours.last?.hour ?? day * 24 - 1) + 1 }

  /// Adds an hour that is later than all others.
  ///
  /// - Parameters:
  ///   - values: of the hour only.
  ///   - isLeftOut: streams that it teaches nothing about.
  mutating func append(_ values: ShiftValues, isLeftOut: (Int) -> Bool) {
    let n = values.n.enumerated().map { $0.element > 0 && isLeftOut($0.offset) ? -$0.element : $0.element }
    hours.append((values.first, values.y + n + values.w))
  }

  /// Writes its hours where they belong in rows that begin with `first`.
  ///
  /// - Parameter takesLeftOut: whether an hour of a stream that it teaches nothing about is wanted all the same.
  func fill(
    _ y: inout [Double], _ n: inout [Double], _ w: inout [Double], first: Int,
    takesLeftOut: (_ hour: Int, _ stream: Int) -> Bool = { _, _ in false }
  ) {
    for (hour, numbers) in hours where hour >= first && (hour - first + 1) * streams <= y.count {
      let row = (hour - first) * streams
      for stream in 0..<streams {
        y[row + stream] = numbers[stream]
        let rows = numbers[streams + stream]
        n[row + stream] = rows < 0 ? (takesLeftOut(hour, stream) ? -rows : 0) : rows
        w[row + stream] = numbers[2 * streams + stream]
      }
    }
  }

  /// The most rows that any stream of each hour had which it teaches something about.
  var rows: [Int64] { hours.map { Int64(max($0.numbers[streams..<2 * streams].max() ?? 0, 0)) } }
}

// MARK: The stored form

extension ShiftDay {
  /// A version byte, the day, the subjects with their forms, how many hours, then each hour of the day with its numbers, least byte first.
  var encoded: [UInt8] {
    var out: [UInt8] = [Self.formatVersion]
    out.reserveCapacity(32 + hours.count * (3 * streams * 8 + 8))
    Varint.append(signed: Int64(day), to: &out)
    Varint.append(word: UInt64(subjects.all.count), to: &out)
    for subject in subjects.all {
      Varint.append(blob: subject.hash.utf8, to: &out)
      Varint.append(blob: subject.form.utf8, to: &out)
    }
    Varint.append(word: UInt64(hours.count), to: &out)
    for (hour, numbers) in hours {
      Varint.append(word: UInt64(hour - day * 24), to: &out)
      numbers.map(\.bitPattern.littleEndian).withUnsafeBytes { Varint.append(blob: $0, to: &out) }
    }
    return out
  }

  init(encoded bytes: [UInt8]) throws(ShiftDamaged) {
    var reader = Varint.Reader(bytes)
    guard reader.byte() == Self.formatVersion else { throw ShiftDamaged(reason: "unknown format version") }
    guard let day = reader.signed(), (-1 << 32..<1 << 32).contains(day), let named = reader.integer(),
      (1...1 << 20).contains(named)
    else { throw ShiftDamaged(reason: "cut off") }
    var subjects: [ShiftSubjects.Subject] = []
    for _ in 0..<named {
      guard let hash = reader.blob(), let form = reader.blob(), form.allSatisfy({ "psf".utf8.contains($0) }) else {
        throw ShiftDamaged(reason: "cut off")
      }
      subjects.append(
        .init(hash: String(decoding: hash, as: UTF8.self), form: String(decoding: form, as: UTF8.self)))
    }
    guard let count = reader.integer(), count <= 24 else { throw ShiftDamaged(reason: "cut off") }
    self.init(day: Int(day), ShiftSubjects(subjects))
    for _ in 0..<count {
      guard let place = reader.integer(), place < 24, let bytes = reader.blob(), bytes.count == 3 * streams * 8 else {
        throw ShiftDamaged(reason: "cut off")
      }
      let hour = Int(day) * 24 + place
      guard hours.last.map({ $0.hour < hour }) ?? true else { throw ShiftDamaged(reason: "hours out of order") }
      let numbers = bytes.withUnsafeBytes { raw in
        stride(from: 0, to: raw.count, by: 8).map { start in
          Double(bitPattern: UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: start, as: UInt64.self)))
        }
      }
      guard numbers.allSatisfy(\.isFinite) else { throw ShiftDamaged(reason: "number out of range") }
      hours.append((hour, numbers))
    }
    guard reader.isAtEnd else { throw ShiftDamaged(reason: "bytes left over") }
  }
}
