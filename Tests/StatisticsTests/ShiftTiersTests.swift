import LeewayTestSupport
import Testing

@testable import LeewayStatistics

/// Budgets that change, tiers that watch some streams only, and what is new beside the reference implementation.
struct ShiftTiersTests {
  private static func use(_ tier: ShiftTier, _ null: ShiftNull, sharing: Int? = nil) -> ShiftTierUse {
    ShiftTierUse(
      tier, isWatched: [Bool](repeating: true, count: null.streams.count), sharing: sharing ?? null.streams.count)
  }

  /// The same budgets give the same levels as the fit did, whatever the plan; and other budgets those of a fit with them.
  @Test func levelsAreThoseOfAFitWithTheSameBudgets() {
    for (seed, days) in [(1, 8), (2, 15), (3, 29)] as [(UInt64, Int)] {
      let (_, null) = ShiftWorld.fitted(seed: seed, days: days)
      let again = null.levelled(null.configuration.tiers.map { Self.use($0, null) })
      #expect(again == null, "seed \(seed)")
      var other = ShiftConfiguration.reference
      other.tiers = [ShiftTier(name: "info", hours: 24, safety: 1, shareFloor: 0)]
      other.totalStreams = 400
      let (_, fitted) = ShiftWorld.fitted(seed: seed, days: days, other)
      #expect(null.levelled([Self.use(other.tiers[0], null, sharing: 400)]).levels == fitted.levels, "seed \(seed)")
    }
  }

  /// What a tier does not watch gives no alarm in it, costs no state, and changes nothing for the others.
  @Test func aTierWatchesOnlyItsStreams() throws {
    for seed in seeds.prefix(3) {
      var (world, null) = ShiftWorld.fitted(seed: seed, days: 29)
      let second = null.streams.all.map { $0.subject == 1 }
      let tiers = null.configuration.tiers
      let part = null.levelled([
        ShiftTierUse(tiers[0], isWatched: second, sharing: null.streams.count), Self.use(tiers[1], null),
      ])
      var whole = ShiftFold(null, next: ShiftWorld.monday + world.hour)
      var fold = ShiftFold(part, next: ShiftWorld.monday + world.hour)
      world.steps = [1.5, 1.5, 0, 0]
      for _ in 0..<12 {
        let counts = world.next()
        let all = whole.take(counts, null)
        let some = fold.take(counts, part)
        #expect(some.alarms == all.alarms.filter { $0.tier == 1 || second[$0.stream] }, "seed \(seed)")
      }
      #expect(fold.incidents.contains { $0.tier == 0 && $0.subject == 1 }, "seed \(seed)")
      #expect(!fold.incidents.contains { $0.tier == 0 && $0.subject == 0 }, "seed \(seed)")
      #expect(whole.incidents.contains { $0.tier == 0 && $0.subject == 0 }, "seed \(seed)")
      #expect(try ShiftFold(encoded: fold.encoded(part), part) == fold)
      #expect(fold.encoded(part).count < whole.encoded(null).count)
    }
  }

  /// Tiers that are added, dropped and exchanged: what stays goes on as if nothing had happened.
  @Test func evidenceOfTiersThatStayGoesOn() {
    for seed in seeds.prefix(3) {
      var (world, null) = ShiftWorld.fitted(seed: seed, days: 29)
      let tiers = null.configuration.tiers
      let third = ShiftTier(name: "info", hours: 24, safety: 1, shareFloor: 0)
      let turned = null.levelled([third, tiers[1], tiers[0]].map { Self.use($0, null) })
      var whole = ShiftFold(null, next: ShiftWorld.monday + world.hour)
      world.steps[2] = 0.8
      for _ in 0..<10 { _ = whole.take(world.next(), null) }
      var fold = whole.moved([nil, 1, 0], from: null, to: turned)
      #expect(fold.moved([2, 1], from: turned, to: null) == whole, "seed \(seed)")
      for _ in 0..<40 {
        let counts = world.next()
        let old = whole.take(counts, null)
        let new = fold.take(counts, turned)
        func named(_ alarms: [ShiftAlarm], _ names: [Int?]) -> [ShiftAlarm] {
          alarms.compactMap { alarm in
            names[alarm.tier].map {
              var alarm = alarm
              alarm.tier = $0
              return alarm
            }
          }.sorted { ($0.tier, $0.stream, $0.view) < ($1.tier, $1.stream, $1.view) }
        }
        #expect(named(new.alarms, [nil, 1, 0]) == old.alarms, "seed \(seed)")
      }
      #expect(!whole.incidents.isEmpty, "seed \(seed)")
    }
  }

  /// A null without its tables is read with the baseline's counts.
  @Test func nullWithoutTables() throws {
    var world = ShiftWorld(seed: 4)
    let history = world.history(24 * 15)
    let null = try #require(ShiftNull(history, subjects: ShiftWorld.subjects, .shipped))
    let bytes = null.encoded(withTables: false)
    #expect(try ShiftNull(encoded: bytes, baseline: (ShiftWorld.subjects, history.totals())) == null)
    #expect(try ShiftNull.plan(ofEncoded: bytes) == .short)
    #expect(bytes.count < null.encoded().count)
    #expect(throws: ShiftDamaged.self) { try ShiftNull(encoded: bytes) }
    #expect(throws: ShiftDamaged.self) {
      try ShiftNull(encoded: bytes, baseline: (Array(ShiftWorld.subjects.dropLast()), history.totals().dropLast()))
    }
  }

  /// A subject's values and its feed have incidents of their own.
  @Test func valuesAndFeedAreApart() throws {
    var configuration = ShiftConfiguration.shipped
    configuration.tiers = ShiftConfiguration.reference.tiers
    var (world, null) = ShiftWorld.fitted(seed: 6, days: 29, configuration)
    var fold = ShiftFold(null, next: ShiftWorld.monday + world.hour)
    world.steps[0] = 2
    world.missing[0] = 0.6
    for _ in 0..<30 { _ = fold.take(world.next(), null) }
    let mine = fold.incidents.filter { $0.tier == 0 && $0.subject == 0 }
    #expect(mine.map { null.streams.all[$0.stream].kind.isShare }.sorted { !$0 && $1 } == [false, true])
    #expect(try ShiftFold(encoded: fold.encoded(null), null) == fold)
  }

  /// After 14 days without rows nothing is open any more: what it rested on is forgotten.
  @Test func theResetClosesWhatIsOpen() {
    var (world, null) = ShiftWorld.fitted(seed: 3, days: 29, .shipped)
    var fold = ShiftFold(null, next: ShiftWorld.monday + world.hour)
    world.steps[0] = 2
    for _ in 0..<5 { _ = fold.take(world.next(), null) }
    let open = fold.incidents
    #expect(!open.isEmpty)
    let before = fold.next
    let closing = fold.skip(to: before + 500, null)
    #expect(closing.flatMap(\.closed) == open)
    #expect(closing.map(\.evidence.hour) == [before + 335])
    #expect(fold.incidents.isEmpty && fold.next == before + 500)
  }

  /// Rows one by one come to the sums of their counts.
  @Test func aTallyIsTheSumsOfItsCounts() {
    for seed in seeds.prefix(10) {
      var random = SeededGenerator(seed: seed)
      for (subject, total) in [
        (ShiftSubject("a", .numeric), [3, 40, 100, 60, 2] as [Int64]),
        (ShiftSubject("c", .category(other: 3)), [50, 30, 20, 10]),
      ] {
        let table = ShiftTable(subject, total: total, largest: 2)
        var tally = ShiftTally()
        var counts = ShiftCounts(cells: [Int64](repeating: 0, count: total.count))
        for _ in 0..<Int.random(in: 0...200, using: &random) {
          switch Int.random(in: 0..<12, using: &random) {
          case 0:
            tally.addMissing()
            counts.missing += 1
          case 1:
            tally.addInvalid()
            counts.invalid += 1
          case 2 where !subject.isNumeric:
            tally.addUnseen()
            counts.unseen += 1
          default:
            let cell = Int.random(in: 0..<total.count, using: &random)
            counts.cells[cell] += 1
            guard subject.isNumeric else {
              tally.add(cell: cell, table)
              continue
            }
            let isOutside = cell == 0 || cell == total.count - 1
            tally.add(score: table.scores[cell], isOutside: isOutside)
            if isOutside { counts.outside += 1 }
          }
        }
        var found = ShiftValues(first: 0, streams: 0)
        var wanted = found
        let streams = ShiftStreams(subjects: [subject], tables: [table], .shipped)
        found = ShiftValues(first: 0, streams: streams.count)
        wanted = found
        found.append([tally.sums(subject, table)], streams)
        wanted.append([counts], streams)
        #expect(found.n == wanted.n, "seed \(seed)")
        for (a, b) in zip(found.y + found.w, wanted.y + wanted.w) { expectClose(a, b, "seed \(seed)", absolute: 1e-9) }
      }
    }
  }

  /// sin²(y / 2) undoes 2 arcsin √share, and days are local.
  @Test func sharesAndDays() {
    for share in [0, 1e-6, 0.001, 0.25, 0.5, 0.9, 1] as [Double] {
      let y = 2 * RepeatableMath.arcsine(share.squareRoot())
      #expect(abs(ShiftValues.share(of: y) - share) < 1e-15, "\(share)")
    }
    #expect(ShiftValues.share(of: -3) == 0 && abs(ShiftValues.share(of: 9) - 1) < 1e-15)
    #expect(abs(ShiftValues.deviationRatio(2 * 0.6931471805599453) - 2) < 1e-15)
    // 2026-03-29: Berlin goes from UTC+1 to UTC+2 at 01:00 UTC.
    let berlin = ShiftCalendar(minutes: 60, transitions: [.init(hour: 492_985, minutes: 120)])
    #expect(berlin.day(492_982) == 20_540 && berlin.day(492_983) == 20_541)
    #expect(berlin.day(493_005) == 20_541 && berlin.day(493_006) == 20_542)
    #expect(ShiftCalendar.utc.day(-1) == -1 && ShiftCalendar.utc.day(0) == 0)
  }
}
