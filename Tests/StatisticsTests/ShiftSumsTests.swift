import Foundation
import LeewayTestSupport
import Testing

@testable import LeewayStatistics

/// What is kept of an hour, and numbers an hour that were made elsewhere.
struct ShiftSumsTests {
  /// Sums that were stored give the very values that the counts give: the null of one is the null of the other, to the bit.
  @Test func storedSumsAreAsGoodAsTheCounts() throws {
    let golden = try ShiftGolden.shared.get()
    let history = golden.history
    let streams = ShiftStreams(
      subjects: golden.shiftSubjects, totals: golden.history(0..<golden.baselineHours).totals(),
      ShiftGolden.configuration)
    var counted = ShiftValues(first: golden.first, streams: streams.count)
    var stored = counted
    var bytes = 0
    for counts in history.hours {
      counted.append(counts, streams)
      let sums = streams.subjects.indices.map { ShiftSums(counts[$0], streams.subjects[$0], streams.tables[$0]) }
      let encoded = ShiftSums.encoded(sums, streams)
      bytes += encoded.count
      let read = try ShiftSums.decoded(encoded, streams)
      #expect(read == sums)
      stored.append(read, streams)
    }
    #expect(stored == counted && stored.hours == 1176)
    #expect(bytes <= 1176 * 6 * 32, "\(bytes) bytes")
    #expect(stored.row(of: golden.first + 5) == 5 && stored.row(of: golden.first + 1176) == nil)
    #expect(stored.part(5..<7).row(of: golden.first + 6) == 1)
  }

  @Test func damagedSumsAreRefusedAndNeverTrap() throws {
    var (world, null) = ShiftWorld.fitted(seed: 4, days: 8)
    let streams = null.streams
    let counts = world.next()
    let sums = streams.subjects.indices.map { ShiftSums(counts[$0], streams.subjects[$0], streams.tables[$0]) }
    let bytes = ShiftSums.encoded(sums, streams)
    for length in bytes.indices {
      #expect(throws: ShiftDamaged.self) { try ShiftSums.decoded(Array(bytes.prefix(length)), streams) }
    }
    #expect(throws: ShiftDamaged(reason: "bytes left over")) { try ShiftSums.decoded(bytes + [0], streams) }
    let fold = ShiftFold(null, next: ShiftWorld.monday + world.hour)
    for seed in Mutation.seeds(500) {
      var random = SeededGenerator(seed: seed)
      var broken = bytes
      Mutation.damage(&broken, with: ["\u{7f}", "\u{0}\u{0}"], using: &random)
      guard let read = try? ShiftSums.decoded(broken, streams) else { continue }
      var after = fold
      _ = after.take(read, null)
      _ = after.encoded(null)
    }
  }

  private static let rates: [ShiftSubject] = [ShiftSubject("rows", .level), ShiftSubject("errors", .level)]

  /// ln of an hour's rows, and the share of errors among its labels.
  private func hour(_ t: Int, volume: Double, errors: Double, _ random: inout SeededGenerator) -> [ShiftSums] {
    let noise = (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
    let rows = Int64((volume * (1 + 0.5 * cos(2 * Double.pi * Double(t % 24) / 24)) * exp(0.05 * noise)).rounded())
    let wrong = Int64((Double(rows) * errors * exp(0.1 * Double.random(in: -1...1, using: &random))).rounded())
    return [
      .level(log(Double(rows)), rows: rows, variance: 1),
      .level(ShiftValues.shareValue(Double(wrong), of: Double(rows)), rows: rows, variance: 1),
    ]
  }

  /// Half of the traffic gone, and errors up from 5 to 12 %, are found within three hours; the level that stayed is not touched.
  @Test func levelsThatWereMadeElsewhere() throws {
    let streams = ShiftStreams(subjects: Self.rates, totals: [[], []], .reference)
    #expect(streams.all.map(\.kind) == [.level, .level])
    for seed in seeds.prefix(5) {
      var random = SeededGenerator(seed: seed)
      var values = ShiftValues(first: ShiftWorld.monday, streams: 2)
      for t in 0..<672 { values.append(hour(t, volume: 2000, errors: 0.05, &random), streams) }
      let null = try #require(ShiftNull(values, streams, .reference))
      #expect(try ShiftNull(encoded: null.encoded()) == null, "seed \(seed)")
      for (volume, errors, shifted) in [(1000, 0.05, 0), (2000, 0.12, 1)] as [(Double, Double, Int)] {
        var fold = ShiftFold(null, next: ShiftWorld.monday + 672)
        for t in 672..<720 {
          #expect(fold.take(hour(t, volume: 2000, errors: 0.05, &random), null).alarms.allSatisfy { $0.tier == 1 })
        }
        var found: [ShiftAlarm] = []
        for t in 720..<723 {
          found += fold.take(hour(t, volume: volume, errors: errors, &random), null).alarms.filter { $0.tier == 0 }
        }
        #expect(found.contains { $0.stream == shifted && $0.start == ShiftWorld.monday + 720 }, "seed \(seed)")
        #expect(found.allSatisfy { $0.stream == shifted }, "seed \(seed)")
        if shifted == 0 { #expect(isClose(found[0].size, log(0.5), relative: 0.3), "seed \(seed)") }
      }
    }
  }

  /// Hours that learning passed over do not count towards a plan.
  @Test func skippedHoursDoNotCount() throws {
    var world = ShiftWorld(seed: 2)
    var history = world.history(672)
    for hour in 100..<148 { history.hours[hour] = ShiftWorld.none() }
    let streams = ShiftStreams(subjects: ShiftWorld.subjects, totals: history.totals(), .reference)
    let values = ShiftValues(history, streams)
    #expect(ShiftNull(values, streams, .reference)?.plan == .hours)
    #expect(ShiftNull(values, streams, .reference, skipped: 48)?.plan == .short)
    #expect(ShiftNull(values, streams, .reference, skipped: 505) == nil)
  }
}
