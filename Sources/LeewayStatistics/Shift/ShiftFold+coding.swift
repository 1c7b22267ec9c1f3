/// The stored form: at most 1.2 kB a stream with two tiers and eight hypotheses.
///
/// A version byte, tiers, streams and hypotheses, `next`, `emptyHours`; by stream the filter, a bit for each of the last 24 hours that
/// had a value and those r, then by tier and view a bit for each hypothesis with evidence and its W, b, total, rows and age; then the
/// open incidents.
extension ShiftFold {
  static let formatVersion: UInt8 = 1

  package func encoded(_ null: ShiftNull) -> [UInt8] {
    let (k, tiers, d) = Self.shape(null)
    var out = ShiftWriter(version: Self.formatVersion, capacity: 64 + k * 700)
    for number in [tiers, k, d, next, emptyHours] { out.whole(number) }
    for (stream, memory) in memories.enumerated() {
      out.number(memory.filter.mean)
      out.number(memory.filter.variance)
      out.whole(Int(memory.had))
      for slot in 0..<24 where memory.had & 1 << slot != 0 { out.number(memory.recent[slot]) }
      for view in 0..<tiers * 2 {
        let own = bank[(view * k + stream) * d..<(view * k + stream + 1) * d]
        out.whole(own.reversed().reduce(0) { $0 << 1 | ($1.w > 0 ? 1 : 0) })
        for hypothesis in own where hypothesis.w > 0 {
          out.number(hypothesis.w)
          out.number(hypothesis.b)
          out.number(hypothesis.total)
          out.whole(Int(hypothesis.rows))
          out.whole(next - Int(hypothesis.start))
        }
      }
    }
    out.whole(incidents.count)
    for incident in incidents {
      for number in [incident.tier, incident.subject, incident.stream, next - incident.opened, next - incident.last] {
        out.whole(number)
      }
      out.number(incident.step)
    }
    return out.bytes
  }

  /// Reads what `encoded` wrote with a null of the same streams.
  package init(encoded bytes: [UInt8], _ null: ShiftNull) throws(ShiftDamaged) {
    try self.init(encoded: bytes, null, of: ShiftLayout(null.streams))
  }

  /// Reads what `encoded` wrote with a null of other streams: those that are there still go on, new ones begin.
  ///
  /// - Parameters:
  ///   - old: the streams of that null.
  ///   - origins: for each stream of `null` its place among them; nil: it is new.
  package init(
    encoded bytes: [UInt8], _ null: ShiftNull, from old: ShiftLayout, _ origins: [Int?]
  ) throws(ShiftDamaged) {
    let found = try ShiftFold(encoded: bytes, null, of: old)
    self.init(null, next: found.next)
    emptyHours = found.emptyHours
    let (k, tiers, d) = Self.shape(null)
    let before = old.subjects.count
    for (stream, origin) in origins.enumerated() {
      guard let origin else { continue }
      memories[stream] = found.memories[origin]
      for view in 0..<tiers * 2 {
        for hypothesis in 0..<d {
          bank[(view * k + stream) * d + hypothesis] = found.bank[(view * before + origin) * d + hypothesis]
        }
      }
    }
    incidents = found.incidents.compactMap { incident in
      guard let stream = origins.firstIndex(of: incident.stream) else { return nil }
      var moved = incident
      (moved.stream, moved.subject) = (stream, null.streams.all[stream].subject)
      return moved
    }
  }

  private init(encoded bytes: [UInt8], _ null: ShiftNull, of layout: ShiftLayout) throws(ShiftDamaged) {
    let (_, tiers, d) = Self.shape(null)
    let k = layout.subjects.count
    var reader = try ShiftReader(bytes, version: Self.formatVersion)
    for number in [tiers, k, d] {
      guard try reader.whole(in: 0...Int.max) == number else { throw ShiftDamaged(reason: "of another null") }
    }
    self.init(null, next: try reader.whole(in: Self.range.lowerBound...Self.range.upperBound - 1))
    memories = [Memory](repeating: Memory(filter: ShiftFilter(restingAt: 1)), count: k)
    bank = [ShiftHypothesis](repeating: ShiftHypothesis(), count: tiers * 2 * k * d)
    emptyHours = try reader.whole(in: 0...(null.configuration.resetAfter ?? 0))
    let unit = 0.0...1.0
    for stream in 0..<k {
      memories[stream].filter = ShiftFilter(
        mean: try reader.number(), variance: try reader.number(in: .positive))
      memories[stream].had = UInt32(try reader.whole(in: 0...(1 << 24 - 1)))
      for slot in 0..<24 where memories[stream].had & 1 << slot != 0 {
        memories[stream].recent[slot] = try reader.number()
      }
      for view in 0..<tiers * 2 {
        let mask = try reader.whole(in: 0...(1 << d - 1))
        for hypothesis in 0..<d where mask & 1 << hypothesis != 0 {
          let w = try reader.number(in: .positive)
          let b = try reader.number(in: unit)
          let total = try reader.number()
          let rows = try reader.whole(in: 1...Int(Int32.max))
          // A step began in an hour that had a value, and no hour counts twice.
          let age = try reader.whole(in: rows...Int(Int32.max))
          guard let start = Int32(exactly: next - age) else { throw ShiftDamaged(reason: "number out of range") }
          bank[(view * k + stream) * d + hypothesis] = ShiftHypothesis(
            w: w, b: b, total: total, rows: Int32(rows), start: start)
        }
      }
    }
    let separates = null.configuration.separatesShares
    for _ in 0..<(try reader.whole(in: 0...tiers * layout.subjectCount * (separates ? 2 : 1))) {
      let tier = try reader.whole(in: 0...max(tiers - 1, 0))
      let subject = try reader.whole(in: 0...layout.subjectCount)
      let stream = try reader.whole(in: 0...max(k - 1, 0))
      let opened = next - (try reader.whole(in: 1...Self.range.count))
      let last = next - (try reader.whole(in: 1...Self.range.count))
      let step = try reader.number()
      guard k > 0, layout.subjects[stream] == subject, opened <= last, step != 0,
        !incidents.contains(where: {
          $0.tier == tier && $0.subject == subject
            && (!separates || layout.isShare[$0.stream] == layout.isShare[stream])
        })
      else { throw ShiftDamaged(reason: "bad incident") }
      incidents.append(
        ShiftIncident(tier: tier, subject: subject, stream: stream, step: step, opened: opened, last: last))
    }
    try reader.end()
  }

  private static func shape(_ null: ShiftNull) -> (streams: Int, tiers: Int, hypotheses: Int) {
    (null.streams.count, null.configuration.tiers.count, null.configuration.sizes.count * 2)
  }
}

/// Which subject each stream of a stored fold is of, and whether it is of the feed.
package struct ShiftLayout: Sendable, Equatable {
  let subjects: [Int]
  let isShare: [Bool]
  var subjectCount: Int { (subjects.max() ?? -1) + 1 }

  package init(subjects: [Int], isShare: [Bool]) {
    precondition(subjects.count == isShare.count, "one word for each stream")
    self.subjects = subjects
    self.isShare = isShare
  }

  init(_ streams: ShiftStreams) {
    self.init(subjects: streams.all.map(\.subject), isShare: streams.all.map(\.kind.isShare))
  }
}
