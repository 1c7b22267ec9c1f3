import LeewayStatistics
import LeewayTestSupport
import Testing

/// Nulls and folds as bytes.
struct ShiftCodingTests {
  /// The configuration with all that is stored set to something unusual.
  static let unusual: ShiftConfiguration = {
    var configuration = ShiftConfiguration.reference
    configuration.shares = [.missing, .outside, .unseen]
    configuration.calendar = ShiftCalendar(
      minutes: 60,
      transitions: [.init(hour: ShiftWorld.monday + 100, minutes: 120), .init(hour: 500_000, minutes: -30)])
    configuration.totalStreams = 200
    configuration.leastHoursToClose = 12
    configuration.resetAfter = 48
    return configuration
  }()

  @Test func foldStoredAndReadAtEveryHourOfTheGoldenCase() throws {
    let golden = try ShiftGolden.shared.get()
    let null = try #require(
      ShiftNull(
        golden.history(0..<golden.baselineHours), subjects: golden.shiftSubjects, ShiftGolden.configuration))
    let readNull = try ShiftNull(encoded: null.encoded())
    #expect(readNull == null)
    #expect(readNull.encoded() == null.encoded())
    var whole = ShiftFold(null, next: golden.first + golden.baselineHours)
    var parts = whole
    var largest = 0
    var alarms = 0
    for counts in golden.history.hours[golden.baselineHours...] {
      let outcome = whole.take(counts, null)
      alarms += outcome.alarms.count
      #expect(parts.take(counts, readNull) == outcome)
      let bytes = parts.encoded(readNull)
      largest = max(largest, bytes.count)
      parts = try ShiftFold(encoded: bytes, readNull)
      #expect(parts == whole)
      #expect(parts.encoded(readNull) == bytes && whole.encoded(null) == bytes)
    }
    #expect(alarms == 16)
    #expect(largest <= 39 * 1200, "\(largest) bytes for 39 streams")
  }

  @Test func everyPlanAndConfigurationIsReadAsItWasWritten() throws {
    for (seed, days) in [(1, 8), (2, 15), (3, 29)] as [(UInt64, Int)] {
      var (world, null) = ShiftWorld.fitted(seed: seed, days: days, Self.unusual)
      let bytes = null.encoded()
      let read = try ShiftNull(encoded: bytes)
      #expect(read == null && read.encoded() == bytes, "seed \(seed)")
      #expect(read.configuration == Self.unusual && read.plan == ShiftPlan(hours: 24 * days))
      var a = ShiftFold(null, next: ShiftWorld.monday + world.hour)
      var b = ShiftFold(read, next: ShiftWorld.monday + world.hour)
      for hour in 0..<100 {
        if hour == 30 { world.steps[0] = 1 }
        let counts = 50..<55 ~= hour ? ShiftWorld.none() : world.next()
        #expect(a.take(counts, null) == b.take(counts, read), "seed \(seed)")
        b = try ShiftFold(encoded: b.encoded(read), read)
      }
      #expect(a == b && !a.incidents.isEmpty, "seed \(seed)")
    }
  }

  /// A profile without some hours of the day is stored too.
  @Test func hoursOfTheDayThatTheBaselineNeverHad() throws {
    var world = ShiftWorld(seed: 5)
    var history = world.history(24 * 15)
    for hour in history.hours.indices where hour % 24 < 6 { history.hours[hour] = ShiftWorld.none() }
    let null = try #require(ShiftNull(history, subjects: ShiftWorld.subjects, .reference))
    let read = try ShiftNull(encoded: null.encoded())
    #expect(read == null)
    var fold = ShiftFold(read, next: ShiftWorld.monday + world.hour)
    for hour in 0..<48 {
      let evidence = fold.take(world.next(), read).evidence
      #expect(evidence.has.allSatisfy { $0 == (hour % 24 >= 6) }, "hour \(hour)")
    }
  }

  @Test func damagedBytesAreRefusedAndNeverTrap() throws {
    var (world, null) = ShiftWorld.fitted(seed: 7, Self.unusual)
    var fold = ShiftFold(null, next: ShiftWorld.monday + world.hour)
    world.steps[1] = 2
    for _ in 0..<60 { _ = fold.take(world.next(), null) }
    #expect(!fold.incidents.isEmpty)
    let stored = (null: null.encoded(), fold: fold.encoded(null))
    for length in 0..<stored.fold.count {
      #expect(throws: ShiftDamaged.self) { try ShiftFold(encoded: Array(stored.fold.prefix(length)), null) }
    }
    for length in stride(from: 0, to: stored.null.count, by: 97) {
      #expect(throws: ShiftDamaged.self) { try ShiftNull(encoded: Array(stored.null.prefix(length))) }
    }
    #expect(throws: ShiftDamaged(reason: "bytes left over")) { try ShiftFold(encoded: stored.fold + [0], null) }
    #expect(throws: ShiftDamaged(reason: "bytes left over")) { try ShiftNull(encoded: stored.null + [0]) }
    #expect(throws: ShiftDamaged(reason: "unknown format version")) { try ShiftFold(encoded: [2], null) }
    #expect(throws: ShiftDamaged(reason: "unknown format version")) { try ShiftNull(encoded: []) }
    let counts = (0..<3).map { _ in world.next() }
    for seed in Mutation.seeds(300) {
      var random = SeededGenerator(seed: seed)
      var broken = stored
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        Mutation.damage(&broken.null, with: ["\u{7f}", "\u{0}\u{0}"], using: &random)
        Mutation.damage(&broken.fold, with: ["\u{7f}", "\u{0}\u{0}"], using: &random)
      }
      // What is still a null or a fold can be used, whatever it says.
      if var read = try? ShiftFold(encoded: broken.fold, null) {
        for hour in counts { _ = read.take(hour, null) }
        _ = read.encoded(null)
      }
      if let read = try? ShiftNull(encoded: broken.null), read.streams.subjects.count == 4,
        read.streams.tables.allSatisfy({ $0.scores.count == 8 })
      {
        var fold = ShiftFold(read, next: 0)
        for hour in counts { _ = fold.take(hour, read) }
        _ = fold.encoded(read)
        _ = read.smallestStep(of: 0, tier: 0, within: 24)
      }
    }
  }

  /// A byte that turns over, every third one, is refused or gives numbers that can be folded.
  @Test func singleBytesOfAStoredFold() throws {
    var (world, null) = ShiftWorld.fitted(seed: 8)
    var fold = ShiftFold(null, next: ShiftWorld.monday + world.hour)
    for _ in 0..<30 { _ = fold.take(world.next(), null) }
    let bytes = fold.encoded(null)
    let counts = world.next()
    for index in stride(from: 0, to: bytes.count, by: 3) {
      for flip in [0x01, 0x80, 0xff] as [UInt8] {
        var broken = bytes
        broken[index] ^= flip
        guard var read = try? ShiftFold(encoded: broken, null) else { continue }
        _ = read.take(counts, null)
      }
    }
  }

  @Test func aFoldOfAnotherNullIsRefused() {
    let (world, null) = ShiftWorld.fitted(seed: 9, days: 8)
    var fewer = ShiftConfiguration.reference
    fewer.shares = []
    let (_, other) = ShiftWorld.fitted(seed: 9, days: 8, fewer)
    let bytes = ShiftFold(null, next: ShiftWorld.monday + world.hour).encoded(null)
    #expect(throws: ShiftDamaged(reason: "of another null")) { try ShiftFold(encoded: bytes, other) }
  }
}
