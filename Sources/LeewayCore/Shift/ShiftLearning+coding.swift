import LeewayStatistics

/// The stored form: a version byte, a JSON object, the pieces of the null and the standing of its detector (empty before the first null), each
/// with its length.
extension ShiftLearning {
  static let formatVersion: UInt8 = 5
  /// What states were written in when all subjects of a slice learned together; they are not read any more.
  static let retiredVersion: UInt8 = 2

  /// - Parameters:
  ///   - standing: encoded; empty where no null is in force.
  ///   - names: of the subjects, as many.
  func encoded(standing: [UInt8], _ names: ShiftSubjects) -> [UInt8] {
    var w = JSONWriter()
    w.beginObject()
    w.key("next")
    w.number(next)
    if let last {
      w.key("last")
      w.number(last)
    }
    names.write(to: &w)
    w.key("progress")
    w.list(subjects) { w, progress in
      w.beginObject()
      for (name, number) in [("skipped", progress.skipped), ("stage", progress.stage)] {
        w.key(name)
        w.number(number)
      }
      for (name, number) in [("first", progress.first), ("day", progress.day)] {
        guard let number else { continue }
        w.key(name)
        w.number(number)
      }
      if let tooFew = progress.tooFew {
        w.key("too_few")
        w.number(tooFew)
      }
      w.endObject()
    }
    w.key("runs")
    w.list(hours.runs) { $0.number($1) }
    w.key("gross")
    w.list(gross.sorted { $0.key < $1.key }) { w, entry in
      w.beginArray()
      for number in [
        entry.key.subject, entry.key.isOfFeed ? 1 : 0, entry.value.stream, entry.value.since, entry.value.last,
      ] { w.number(number) }
      w.endArray()
    }
    Self.write(versions.mapValues(Double.init), "versions", to: &w)
    Self.write(learnedVersions, "learned_versions", to: &w)
    w.endObject()
    var out: [UInt8] = [Self.formatVersion]
    Varint.append(blob: w.bytes, to: &out)
    Varint.append(blob: ShiftPiece.encoded(pieces), to: &out)
    Varint.append(blob: standing, to: &out)
    return out
  }

  private static func write(_ numbers: [NameKey: Double], _ name: String, to w: inout JSONWriter) {
    w.key(name)
    w.list(numbers.sorted { utf8Order($0.key.name, $1.key.name) }) { w, entry in
      w.beginObject()
      w.key("name")
      w.string(entry.key.name)
      w.key("value")
      w.number(entry.value)
      w.endObject()
    }
  }

  /// What `encoded` wrote.
  struct Stored {
    /// As it was for `names`.
    var learning: ShiftLearning
    var names: ShiftSubjects
    var standing: [UInt8]
  }

  /// Reads what `encoded` wrote.
  ///
  /// - Returns: with the subjects that it is of, and the standing as it was given.
  static func read(_ bytes: [UInt8]) throws -> Stored {
    var reader = Varint.Reader(bytes)
    guard reader.byte() == formatVersion else { throw ShiftDamaged(reason: "unknown format version") }
    guard let text = reader.blob(), let pieces = reader.blob(), let standing = reader.blob(), reader.isAtEnd else {
      throw ShiftDamaged(reason: "cut off")
    }
    let r = JSONReader(try JSONValue(parsing: text))
    let anyHour = ShiftFold.range.lowerBound...ShiftFold.range.upperBound
    let names = try ShiftSubjects(r)
    let runs = try r.member("runs").array { (e) throws(JSONFailure) in
      try e.integer(in: 0...ShiftGrossHours.hours + 1)
    }
    let progress = try r.member("progress").array { (e) throws(JSONFailure) in
      Progress(
        first: try e.member("first").optional { (f) throws(JSONFailure) in try f.integer(in: anyHour) },
        skipped: try e.member("skipped").integer(in: 0...1 << 31),
        stage: try e.member("stage").integer(in: 0...stages.count),
        tooFew: try e.member("too_few").optional { (f) throws(JSONFailure) in Int64(try f.integer(in: 0...1 << 48)) },
        day: try e.member("day").optional { (f) throws(JSONFailure) in try f.integer(in: anyHour) })
    }
    guard runs.count == names.streams, progress.count == names.all.count else {
      throw ShiftDamaged(reason: "other streams")
    }
    var learning = ShiftLearning(
      streams: runs.count, subjects: progress.count, next: try r.member("next").integer(in: anyHour))
    func hour(_ name: String) throws(JSONFailure) -> Int? {
      try r.member(name).optional { (e) throws(JSONFailure) in try e.integer(in: anyHour) }
    }
    learning.last = try hour("last")
    learning.subjects = progress
    learning.hours = ShiftGrossHours(runs: runs)
    for element in try r.member("gross").list({ (e) throws(JSONFailure) in e }) {
      let numbers = try element.array { (e) throws(JSONFailure) in try e.integer(in: anyHour) }
      guard numbers.count == 5, progress.indices.contains(numbers[0]), runs.indices.contains(numbers[2]) else {
        throw element.failure("expected five numbers")
      }
      learning.gross[Part(subject: numbers[0], isOfFeed: numbers[1] == 1)] = Gross(
        stream: numbers[2], since: numbers[3], last: numbers[4])
    }
    learning.versions = try numbers(r.member("versions")).mapValues { Int64($0) }
    learning.learnedVersions = try numbers(r.member("learned_versions"))
    learning.pieces = try ShiftPiece.read(
      pieces, streams: runs.count, predictors: names.all.reduce(0) { $0 + $1.predictors })
    return Stored(learning: learning, names: names, standing: standing)
  }

  private static func numbers(_ r: JSONReader) throws(JSONFailure) -> [NameKey: Double] {
    var out: [NameKey: Double] = [:]
    for element in try r.list({ (e) throws(JSONFailure) in e }) {
      let value = try element.member("value").double()
      guard (0...9e15).contains(value) else { throw element.failure("expected a number of rows, or a share") }
      out[NameKey(try element.member("name").string())] = value
    }
    return out
  }
}

extension ShiftRecord {
  /// What is wrong with a stored state, as far as it can be told without the null; nil: nothing.
  package static func problem(_ bytes: [UInt8]) -> String? {
    do {
      switch bytes.first {
      case ShiftNormals.formatVersion: return problem(try ShiftNormals.read(bytes, streams: nil).state)
      case ShiftLearning.formatVersion:
        let standing = try ShiftLearning.read(bytes).standing
        return standing.isEmpty ? nil : ShiftStanding.problem(standing)
      case ShiftLearning.retiredVersion: return nil
      case ShiftDay.formatVersion:
        _ = try ShiftDay(encoded: bytes)
        return nil
      case ShiftDay.retiredVersion: return nil
      default: return ShiftStanding.problem(bytes)
      }
    } catch { return "\(error)" }
  }
}
