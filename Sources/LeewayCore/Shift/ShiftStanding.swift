import LeewayStatistics

/// All that is kept of one slice's detector between hours.
package struct ShiftStanding: Sendable, Equatable {
  /// A check's subject: its values, or their feed.
  struct Key: Hashable, Comparable, Sendable {
    var check: String
    var subject: String
    var isOfFeed: Bool

    static func < (a: Key, b: Key) -> Bool {
      if !utf8Equal(a.check, b.check) { return utf8Order(a.check, b.check) }
      if !utf8Equal(a.subject, b.subject) { return utf8Order(a.subject, b.subject) }
      return !a.isOfFeed && b.isOfFeed
    }
  }

  /// What has been said of a subject that has shifted.
  struct Open: Sendable, Equatable {
    var tier: Tier
    /// By the last alarm.
    var finding: ShiftFinding
    /// Nats of that alarm, and those that it took.
    var evidence: Double
    var level: Double
  }

  var fold: ShiftFold
  /// What is open, as lines have said it.
  var open: [Key: Open] = [:]
  /// The day whose first hour with rows has been told of: days of 24 hours since 1970-01-01.
  var day: Int?

  init(fold: ShiftFold) { self.fold = fold }

  /// What each tier of a stored fold is.
  struct TierName: Hashable {
    var check: String
    var tier: Tier
  }
}

/// The stored form: a version byte, a JSON object and the fold's bytes, each with its length.
extension ShiftStanding {
  static let formatVersion: UInt8 = 1

  func encoded(_ unit: ShiftDesign.Unit, _ uses: [ShiftDesign.Use]) -> [UInt8] {
    var w = JSONWriter()
    w.beginObject()
    w.key("tiers")
    w.list(uses) { w, use in
      w.beginObject()
      w.key("check")
      w.string(use.check)
      w.key("tier")
      w.string(use.budget.tier.name)
      w.endObject()
    }
    if let day {
      w.key("day")
      w.number(day)
    }
    w.key("open")
    w.list(open.sorted { $0.key < $1.key }) { w, entry in
      w.beginObject()
      for (name, text) in [("check", entry.key.check), ("subject", entry.key.subject), ("tier", entry.value.tier.name)]
      {
        w.key(name)
        w.string(text)
      }
      w.key("evidence")
      w.number(entry.value.evidence)
      w.key("level")
      w.number(entry.value.level)
      entry.value.finding.writeMembers(to: &w)
      entry.value.finding.writeTimes(to: &w)
      w.endObject()
    }
    w.endObject()
    var out: [UInt8] = [Self.formatVersion]
    Varint.append(blob: w.bytes, to: &out)
    Varint.append(blob: fold.encoded(unit.null), to: &out)
    return out
  }

  /// What is wrong with stored bytes, as far as it can be told without their null; nil: nothing.
  package static func problem(_ bytes: [UInt8]) -> String? {
    var reader = Varint.Reader(bytes)
    guard reader.byte() == formatVersion else { return ShiftDamaged(reason: "unknown format version").description }
    guard let text = reader.blob(), reader.blob() != nil, reader.isAtEnd else {
      return ShiftDamaged(reason: "cut off").description
    }
    do {
      _ = try JSONValue(parsing: text)
      return nil
    } catch { return "\(error)" }
  }

  /// Reads what `encoded` wrote, also under other checks and budgets: what tiers have in common goes on.
  ///
  /// - Parameter before: the streams that it is of where they are others, and where those of now are among them.
  init(
    encoded bytes: [UInt8], _ unit: ShiftDesign.Unit, _ uses: [ShiftDesign.Use],
    before: (layout: ShiftLayout, origins: [Int?])? = nil
  ) throws {
    func read(_ bytes: [UInt8], _ null: ShiftNull) throws -> ShiftFold {
      guard let before else { return try ShiftFold(encoded: bytes, null) }
      return try ShiftFold(encoded: bytes, null, from: before.layout, before.origins)
    }
    var reader = Varint.Reader(bytes)
    guard reader.byte() == Self.formatVersion else { throw ShiftDamaged(reason: "unknown format version") }
    guard let text = reader.blob(), let stored = reader.blob(), reader.isAtEnd else {
      throw ShiftDamaged(reason: "cut off")
    }
    let r = JSONReader(try JSONValue(parsing: text))
    let names = try r.member("tiers").list { (e) throws(JSONFailure) in
      TierName(check: try e.member("check").string(), tier: try Tier(e.member("tier")))
    }
    let wanted = uses.map { TierName(check: $0.check, tier: $0.budget.tier) }
    if names == wanted {
      fold = try read(stored, unit.null)
    } else {
      guard !names.isEmpty, names.count <= 64 else { throw ShiftDamaged(reason: "no tiers") }
      let tier = ShiftTier(name: "", hours: 1, safety: 1, shareFloor: 0)
      let all = [Bool](repeating: true, count: unit.null.streams.count)
      let old = unit.null.levelled(names.map { _ in ShiftTierUse(tier, isWatched: all, sharing: 1) })
      fold = try read(stored, old).moved(
        wanted.map { names.firstIndex(of: $0) }, from: old, to: unit.null)
    }
    day = try r.member("day").optional { (e) throws(JSONFailure) in try e.integer(in: -1_000_000_000...1_000_000_000) }
    for element in try r.member("open").list({ (e) throws(JSONFailure) in e }) {
      guard let finding = try ShiftFinding(element) else { throw element.failure("expected a stream") }
      let key = Key(
        check: try element.member("check").string(), subject: try element.member("subject").string(),
        isOfFeed: finding.stream.isOfFeed)
      open[key] = Open(
        tier: try Tier(element.member("tier")), finding: finding, evidence: try element.member("evidence").double(),
        level: try element.member("level").double())
    }
    // Checks and subjects that are no more hold nothing open.
    let checks = Set(uses.map(\.check))
    open = open.filter { entry in
      checks.contains(entry.key.check) && unit.subjects.contains { utf8Equal($0.name, entry.key.subject) }
    }
  }
}
