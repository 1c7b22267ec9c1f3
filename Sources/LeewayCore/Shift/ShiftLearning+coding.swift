import LeewayStatistics

/// The stored form: a version byte, a JSON object, the null and the standing of its detector (both empty before the first null), each
/// with its length.
extension ShiftLearning {
  static let formatVersion: UInt8 = 2

  /// - Parameter standing: encoded; empty where no null is in force.
  func encoded(standing: [UInt8]) -> [UInt8] {
    var w = JSONWriter()
    w.beginObject()
    for (name, number) in [("next", next), ("skipped", skipped), ("stage", stage)] {
      w.key(name)
      w.number(number)
    }
    for (name, number) in [("first", first), ("last", last), ("day", day)] {
      guard let number else { continue }
      w.key(name)
      w.number(number)
    }
    if let tooFew {
      w.key("too_few")
      w.number(tooFew)
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
    Self.write(null?.versions ?? [:], "learned_versions", to: &w)
    w.endObject()
    var out: [UInt8] = [Self.formatVersion]
    Varint.append(blob: w.bytes, to: &out)
    Varint.append(blob: null?.bytes ?? [], to: &out)
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

  /// Reads what `encoded` wrote.
  ///
  /// - Parameter streams: how many there are; nil where that is not known.
  /// - Returns: with the standing as it was given.
  static func read(_ bytes: [UInt8], streams: Int?) throws -> (learning: ShiftLearning, standing: [UInt8]) {
    var reader = Varint.Reader(bytes)
    guard reader.byte() == formatVersion else { throw ShiftDamaged(reason: "unknown format version") }
    guard let text = reader.blob(), let null = reader.blob(), let standing = reader.blob(), reader.isAtEnd else {
      throw ShiftDamaged(reason: "cut off")
    }
    let r = JSONReader(try JSONValue(parsing: text))
    let anyHour = ShiftFold.range.lowerBound...ShiftFold.range.upperBound
    let runs = try r.member("runs").array { (e) throws(JSONFailure) in
      try e.integer(in: 0...ShiftGrossHours.hours + 1)
    }
    guard streams.map({ $0 == runs.count }) ?? true else { throw ShiftDamaged(reason: "other streams") }
    var learning = ShiftLearning(streams: runs.count, next: try r.member("next").integer(in: anyHour))
    func hour(_ name: String) throws(JSONFailure) -> Int? {
      try r.member(name).optional { (e) throws(JSONFailure) in try e.integer(in: anyHour) }
    }
    (learning.first, learning.last, learning.day) = (try hour("first"), try hour("last"), try hour("day"))
    learning.skipped = try r.member("skipped").integer(in: 0...1 << 31)
    learning.stage = try r.member("stage").integer(in: 0...stages.count)
    learning.tooFew = try r.member("too_few").optional { (e) throws(JSONFailure) in
      Int64(try e.integer(in: 0...1 << 48))
    }
    learning.hours = ShiftGrossHours(runs: runs)
    for element in try r.member("gross").list({ (e) throws(JSONFailure) in e }) {
      let numbers = try element.array { (e) throws(JSONFailure) in try e.integer(in: anyHour) }
      guard numbers.count == 5, numbers[0] >= 0, runs.indices.contains(numbers[2]) else {
        throw element.failure("expected five numbers")
      }
      learning.gross[Part(subject: numbers[0], isOfFeed: numbers[1] == 1)] = Gross(
        stream: numbers[2], since: numbers[3], last: numbers[4])
    }
    learning.versions = try numbers(r.member("versions")).mapValues { Int64($0) }
    if !null.isEmpty {
      learning.null = Learned(bytes: null, versions: try numbers(r.member("learned_versions")))
    }
    return (learning, standing)
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
        let (_, standing) = try ShiftLearning.read(bytes, streams: nil)
        return standing.isEmpty ? nil : ShiftStanding.problem(standing)
      case ShiftDay.formatVersion:
        _ = try ShiftDay(encoded: bytes)
        return nil
      default: return ShiftStanding.problem(bytes)
      }
    } catch { return "\(error)" }
  }
}
