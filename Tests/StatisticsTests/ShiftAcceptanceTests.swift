import LeewayTestSupport
import Testing

@testable import LeewayStatistics

/// A new normal by a person's act.
struct ShiftAcceptanceTests {
  /// A lasting step alarms until it is accepted; then it is normal, and a step away from it is found.
  @Test func anAcceptedStepIsNormal() throws {
    for seed in seeds.prefix(4) {
      var (world, null) = ShiftWorld.fitted(seed: seed, days: 29)
      let before = null
      var fold = ShiftFold(null, next: ShiftWorld.monday + world.hour)
      world.steps[1] = 1
      var since = ShiftValues(first: fold.next, streams: null.streams.count)
      for _ in 0..<72 {
        let counts = world.next()
        since.append(counts, null.streams)
        _ = fold.take(counts, null)
      }
      let stream = try #require(null.streams.all.firstIndex(of: ShiftStream(subject: 1, kind: .location)))
      #expect(fold.incidents.contains { $0.subject == 1 && $0.tier == 0 }, "seed \(seed)")
      let own = null.streams.all.indices.filter { null.streams.all[$0].subject == 1 }
      let done = null.accept(own, since)
      #expect(done.map(\.stream) == own && done.allSatisfy { $0.hours == 72 }, "seed \(seed)")
      let moved = try #require(done.first { $0.stream == stream })
      #expect(moved.move > 0.7 && moved.move < 1.2, "seed \(seed): \(moved)")
      let memory = before.fit.memory[stream]
      let error = (before.fit.variance[stream] * (1 + memory) / ((1 - memory) * 72)).squareRoot()
      expectClose(moved.widening, 2 * error, "widening")
      expectClose(null.tolerance[stream], 0.1 + 2 * error, "tolerance")
      for acceptance in done {
        let old = before.fit.variance[acceptance.stream]
        expectClose(null.fit.variance[acceptance.stream], old + acceptance.restlessness, "variance")
        #expect(acceptance.restlessness >= 0)
      }
      for hour in [0, 77, 167] {
        let (new, old) = (null.fit.profile.expected(hour, stream), before.fit.profile.expected(hour, stream))
        expectClose(new, old + moved.move, "profile")
      }
      // All else is as before.
      let others = null.streams.all.indices.filter { null.streams.all[$0].subject != 1 }
      #expect(others.allSatisfy { null.tolerance[$0] == before.tolerance[$0] } && null.levels == before.levels)
      #expect(!fold.restart(own, null).isEmpty && !fold.incidents.contains { $0.subject == 1 }, "seed \(seed)")
      #expect(try ShiftFold(encoded: fold.encoded(null), null) == fold)
      for _ in 0..<72 {
        let alarms = fold.take(world.next(), null).alarms.filter { $0.tier == 0 && own.contains($0.stream) }
        #expect(alarms.isEmpty, "seed \(seed)")
      }
      world.steps[1] = -0.5
      var found = false
      for _ in 0..<24 {
        found = fold.take(world.next(), null).alarms.contains { $0.stream == stream && $0.step < 0 } || found
      }
      #expect(found, "seed \(seed)")
    }
  }

  /// Five days off by one standard deviation in eight weeks are found and named; without them the baseline is clean and the feature has
  /// its detector again.
  @Test func aBaselineWithADriftInItIsSeenThrough() throws {
    for seed in seeds.prefix(1) {
      var world = ShiftWorld(seed: seed)
      let days = 15..<20
      var history = ShiftHistory(first: ShiftWorld.monday, hours: [])
      for hour in 0..<56 * 24 {
        world.steps[2] = days.contains(hour / 24) ? 1 : 0
        history.hours.append(world.next())
      }
      let streams = ShiftStreams(subjects: ShiftWorld.subjects, totals: history.totals(), .reference)
      let values = ShiftValues(history, streams)
      let found = ShiftContamination.find(values, streams, .reference)
      let named = found.filter { days.contains(($0.opened - ShiftWorld.monday) / 24) }
      #expect(named.contains { $0.subject == 2 && $0.opened <= ShiftWorld.monday + 15 * 24 + 3 }, "seed \(seed)")
      let rest = values.without { days.contains(($0 - ShiftWorld.monday) / 24) }
      #expect(!ShiftContamination.find(rest, streams, .reference).contains { $0.subject == 2 }, "seed \(seed)")
      let location = try #require(streams.all.firstIndex(of: ShiftStream(subject: 2, kind: .location)))
      let (dirty, clean) = (
        try #require(ShiftNull(values, streams, .reference)),
        try #require(ShiftNull(rest, streams, .reference, skipped: 120))
      )
      let sizes = [dirty, clean].map { $0.smallestStep(of: location, tier: 0, within: 24) }
      #expect(sizes[0] > 1.2 * sizes[1], "seed \(seed): \(sizes)")
    }
    #expect(
      ShiftContamination.find(
        ShiftValues(first: 0, streams: 1), ShiftStreams(subjects: [], tables: [], .reference), .reference
      ).isEmpty)
  }

  @Test func streamsWithoutValuesStayAsTheyAre() {
    var (world, null) = ShiftWorld.fitted(seed: 1, days: 8)
    let before = null
    var values = ShiftValues(first: ShiftWorld.monday + world.hour, streams: null.streams.count)
    for _ in 0..<5 { values.append(ShiftWorld.none(), null.streams) }
    #expect(null.accept(Array(null.streams.all.indices), values).isEmpty && null == before)
    values.append(world.next(), null.streams)
    #expect(null.accept([0], values).map(\.hours) == [1])
  }
}
