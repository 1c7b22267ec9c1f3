import LeewayTestSupport
import Testing

@testable import LeewayStatistics

/// What must hold of the detector whatever the traffic.
struct ShiftFoldTests {
  /// A step of 2 in one feature, found at once and for what it is, from 50 to 5,000,000 rows an hour.
  @Test(arguments: [50, 1000, 100_000, 5_000_000] as [Double])
  func aLargeStepIsFoundAtAnyVolume(rows: Double) throws {
    for seed in seeds.prefix(2) {
      var (world, null) = ShiftWorld.fitted(seed: seed, days: 29, rows: rows)
      var fold = ShiftFold(null, next: ShiftWorld.monday + world.hour)
      for _ in 0..<24 {
        let evidence = fold.take(world.next(), null).evidence
        let numbers = evidence.r + evidence.u + evidence.v + evidence.response + evidence.held + evidence.free
        #expect(numbers.allSatisfy { $0.isFinite }, "seed \(seed)")
      }
      world.steps[2] = 2
      let onset = ShiftWorld.monday + world.hour
      var found: ShiftAlarm?
      while found == nil, fold.next < onset + 6 {
        let alarms = fold.take(world.next(), null).alarms
        found = alarms.first { null.streams.all[$0.stream] == ShiftStream(subject: 2, kind: .location) && $0.tier == 0 }
      }
      let alarm = try #require(found, "seed \(seed), \(rows) rows")
      #expect(alarm.start == onset && alarm.step > 0, "seed \(seed)")
      #expect(alarm.size > 1.2 && alarm.size < 2.4, "seed \(seed): \(alarm.size)")
    }
  }

  /// Every alarm has reached its level, points to where the mean went and is at least half its step; every tier stands alone.
  @Test func everyAlarmSaysWhatItRestsOn() throws {
    for seed in seeds.prefix(3) {
      var (world, null) = ShiftWorld.fitted(seed: seed)
      let single = null.withTheFirstTierAlone
      var fold = ShiftFold(null, next: ShiftWorld.monday + world.hour)
      var alone = ShiftFold(single, next: ShiftWorld.monday + world.hour)
      var random = SeededGenerator(seed: seed)
      var alarms = 0
      for hour in 0..<200 {
        if hour % 40 == 20 {
          world.steps[Int.random(in: 0..<4, using: &random)] = Double.random(in: -2...2, using: &random)
        }
        let counts = world.next()
        let outcome = fold.take(counts, null)
        #expect(alone.take(counts, single).alarms == outcome.alarms.filter { $0.tier == 0 }, "seed \(seed)")
        alarms += outcome.alarms.count
        for alarm in outcome.alarms {
          #expect(alarm.evidence >= alarm.level, "seed \(seed)")
          #expect(alarm.level == null.level(tier: alarm.tier, view: alarm.view, stream: alarm.stream), "seed \(seed)")
          #expect(alarm.size * alarm.step > 0 && abs(alarm.size) >= abs(alarm.step) / 2, "seed \(seed)")
          #expect(alarm.start <= alarm.hour && alarm.start >= ShiftWorld.monday + 360, "seed \(seed)")
        }
        for (free, held) in zip(outcome.evidence.free, outcome.evidence.held) { #expect(held >= 0 && held <= free) }
        #expect(Set(fold.incidents.map { [$0.tier, $0.subject] }).count == fold.incidents.count, "seed \(seed)")
      }
      #expect(alarms > 0, "seed \(seed)")
    }
  }

  /// Hours without rows say nothing: no alarm, no evidence gained or lost, and nothing judged.
  @Test func hoursWithoutRowsChangeNoEvidence() {
    for seed in seeds.prefix(3) {
      var (world, null) = ShiftWorld.fitted(seed: seed)
      var fold = ShiftFold(null, next: ShiftWorld.monday + world.hour)
      world.steps[0] = 0.4
      var last = fold.take(world.next(), null).evidence
      for _ in 0..<20 { last = fold.take(world.next(), null).evidence }
      let nothing = fold.take(ShiftWorld.none(), null)
      guard nothing.alarms.isEmpty else {
        Issue.record("seed \(seed): an alarm of no rows")
        continue
      }
      #expect(nothing.evidence.has.allSatisfy { !$0 } && nothing.evidence.u.allSatisfy { $0 == 0 }, "seed \(seed)")
      for again in 0..<30 {
        let more = fold.take(ShiftWorld.none(), null)
        #expect(
          more.evidence.free == nothing.evidence.free && more.evidence.held == nothing.evidence.held,
          "seed \(seed) \(again)")
      }
      // Where nothing alarmed, it is the evidence of the last hour that had rows.
      for (index, held) in nothing.evidence.held.enumerated() where last.held[index] < null.levels[index] {
        #expect(held == last.held[index], "seed \(seed)")
      }
    }
  }

  /// A null with hours without rows and single rows is fitted and judges.
  @Test func gapsAndSingleRows() throws {
    for seed in seeds.prefix(3) {
      var random = SeededGenerator(seed: seed)
      var world = ShiftWorld(seed: seed, rows: 50)
      var history = world.history(24 * 15)
      for hour in history.hours.indices {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: history.hours[hour] = ShiftWorld.none()
        case 1:
          history.hours[hour] = ShiftWorld.none()
          history.hours[hour][0].cells[3] = 1
        default: break
        }
      }
      let null = try #require(ShiftNull(history, subjects: ShiftWorld.subjects, .reference))
      #expect(null.levels.allSatisfy { $0 > 3 && $0.isFinite }, "seed \(seed)")
      #expect(null.fit.variance.allSatisfy { $0 > 0 }, "seed \(seed)")
      var fold = ShiftFold(null, next: ShiftWorld.monday + world.hour)
      var one = ShiftWorld.none()
      one[1].cells[7] = 1
      for counts in [ShiftWorld.none(), one, world.next(), one] {
        let evidence = fold.take(counts, null).evidence
        #expect((evidence.u + evidence.v + evidence.free).allSatisfy { $0.isFinite }, "seed \(seed)")
      }
      // The spread needs ten rows, the location one.
      let last = fold.take(one, null).evidence
      #expect(last.has[null.streams.all.firstIndex(of: ShiftStream(subject: 1, kind: .location))!])
      #expect(!last.has[null.streams.all.firstIndex(of: ShiftStream(subject: 1, kind: .spread))!])
    }
  }

  /// Features that never had a value, or one value only, are fitted and say nothing.
  @Test func subjectsWithoutValues() throws {
    var world = ShiftWorld(seed: 11)
    var history = world.history(24 * 29)
    for hour in history.hours.indices {
      history.hours[hour][0] = ShiftWorld.none()[0]
      history.hours[hour][1].cells = [0, 0, 0, history.hours[hour][1].cells.reduce(0, +), 0, 0, 0, 0]
      history.hours[hour][3] = ShiftWorld.none()[3]
    }
    let null = try #require(ShiftNull(history, subjects: ShiftWorld.subjects, .reference))
    #expect(null.streams.tables[3].largest.isEmpty)
    let read = try ShiftNull(encoded: null.encoded())
    #expect(read == null)
    var fold = ShiftFold(null, next: ShiftWorld.monday + world.hour)
    for _ in 0..<48 {
      var counts = world.next()
      counts[0] = ShiftWorld.none()[0]
      counts[1].cells = [0, 0, 0, 1000, 0, 0, 0, 0]
      counts[3] = ShiftWorld.none()[3]
      let evidence = fold.take(counts, null).evidence
      #expect((evidence.u + evidence.v + evidence.free).allSatisfy { $0.isFinite })
    }
  }

  /// Subjects in another order give the same evidence, to rounding.
  @Test func theOrderOfSubjectsDoesNotMatter() throws {
    for seed in seeds.prefix(3) {
      var world = ShiftWorld(seed: seed)
      let history = world.history(24 * 15)
      let turned = ShiftHistory(first: history.first, hours: history.hours.map { $0.reversed() })
      let a = try #require(ShiftNull(history, subjects: ShiftWorld.subjects, .reference))
      let b = try #require(ShiftNull(turned, subjects: ShiftWorld.subjects.reversed(), .reference))
      let order = a.streams.all.map { stream in
        b.streams.all.firstIndex {
          $0.subject == 3 - stream.subject && $0.kind == stream.kind && $0.cell == stream.cell
        }!
      }
      for (k, other) in order.enumerated() {
        expectClose(
          b.level(tier: 0, view: 1, stream: other), a.level(tier: 0, view: 1, stream: k), "level, seed \(seed)")
      }
      var x = ShiftFold(a, next: ShiftWorld.monday + world.hour)
      var y = ShiftFold(b, next: ShiftWorld.monday + world.hour)
      for _ in 0..<30 {
        let counts = world.next()
        let (p, q) = (x.take(counts, a).evidence, y.take(counts.reversed(), b).evidence)
        for (k, other) in order.enumerated() { expectClose(q.v[other], p.v[k], "v, seed \(seed)", absolute: 1e-9) }
      }
    }
  }

  /// Jumping over hours without rows is the same as taking each, and after 14 days everything starts anew.
  @Test func longGapsAreSkippedInOneStep() {
    var configuration = ShiftConfiguration.reference
    configuration.resetAfter = 336
    for (seed, gap) in [(1, 1), (2, 100), (3, 335), (4, 336), (5, 337), (6, 1000)] as [(UInt64, Int)] {
      var (world, null) = ShiftWorld.fitted(seed: seed, days: 8, configuration)
      var steps = ShiftFold(null, next: ShiftWorld.monday + world.hour)
      for _ in 0..<30 { _ = steps.take(world.next(), null) }
      var skipped = steps
      let target = steps.next + gap
      for _ in 0..<gap { _ = steps.take(ShiftWorld.none(), null) }
      _ = skipped.skip(to: target, null)
      #expect(skipped == steps && skipped.encoded(null) == steps.encoded(null), "\(gap) hours")
      #expect(skipped.emptyHours == min(gap, 336))
      if gap >= 336 {
        var fresh = ShiftFold(null, next: target)
        let counts = world.next()
        #expect(skipped.take(counts, null) == fresh.take(counts, null), "\(gap) hours")
        #expect(skipped == fresh, "\(gap) hours")
      }
    }
    // A stray date costs no more.
    let (_, null) = ShiftWorld.fitted(seed: 1, days: 8, configuration)
    var fold = ShiftFold(null, next: ShiftWorld.monday)
    _ = fold.skip(to: ShiftFold.range.upperBound - 1, null)
    #expect(fold.next == ShiftFold.range.upperBound - 1)
  }

  /// Closing waits for values in at least `leastHoursToClose` of the last 24 hours (rule H1).
  @Test func anIncidentClosesOnlyWithRows() throws {
    var configuration = ShiftConfiguration.reference
    configuration.leastHoursToClose = 12
    var (world, null) = ShiftWorld.fitted(seed: 3, days: 29, configuration)
    var fold = ShiftFold(null, next: ShiftWorld.monday + world.hour)
    world.steps[0] = 2
    for _ in 0..<3 { _ = fold.take(world.next(), null) }
    #expect(fold.incidents.contains { $0.subject == 0 && $0.tier == 0 })
    world.steps[0] = 0
    var (held, closed) = (0, 0)
    for hour in 0..<100 {
      let outcome = fold.take(hour < 60 && hour % 4 != 0 ? ShiftWorld.none() : world.next(), null)
      held += outcome.lackingRows.count
      if hour < 60 { #expect(outcome.closed.isEmpty, "hour \(hour)") }
      closed += outcome.closed.count
    }
    #expect(held > 0 && closed > 0 && !fold.incidents.contains { $0.subject == 0 && $0.tier == 0 })
  }
}

extension ShiftNull {
  /// The same without the other tiers.
  fileprivate var withTheFirstTierAlone: ShiftNull {
    var configuration = configuration
    configuration.tiers = Array(configuration.tiers.prefix(1))
    return ShiftNull(
      configuration: configuration, plan: plan, streams: streams, fit: fit, regression: regression,
      inflation: inflation,
      cap: cap, beyond: beyond, tolerance: tolerance, levels: Array(levels.prefix(2 * streams.count)),
      calibration: calibration, typicalResponse: typicalResponse, typicalGain: typicalGain)
  }
}
