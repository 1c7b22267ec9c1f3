import LeewayTestSupport
import Testing

@testable import LeewayStatistics

/// Parts of the shift detector, each by itself.
struct ShiftPartsTests {
  @Test func hoursOfTheWeekInATimeZone() {
    // 1970-01-01 was a Thursday; 2026-01-05 a Monday.
    #expect(ShiftCalendar.utc.weekHour(0) == 72)
    #expect(ShiftCalendar.utc.weekHour(490_992) == 0)
    #expect(ShiftCalendar.utc.weekHour(490_991) == 167)
    #expect(ShiftCalendar.utc.weekHour(-1) == 71)
    #expect(ShiftCalendar.utc.weekHour(-73) == 167)
    // India: 05:30 ahead, so an hour of UTC begins half past five.
    #expect(ShiftCalendar(minutes: 330, transitions: []).weekHour(490_992) == 5)
    #expect(ShiftCalendar(minutes: -210, transitions: []).weekHour(490_992) == 164)
    // Berlin, 2026-03-29T01:00Z: after 01:00 local time comes 03:00.
    let berlin = ShiftCalendar(minutes: 60, transitions: [.init(hour: 492_985, minutes: 120)])
    #expect([492_983, 492_984, 492_985, 492_986].map(berlin.weekHour) == [144, 145, 147, 148])
  }

  @Test func valuesOfAnHour() {
    let subjects = [ShiftSubject("x", .numeric), ShiftSubject("k", .category(other: 2))]
    var configuration = ShiftConfiguration.reference
    configuration.shares = [.missing, .invalid, .unseen, .outside]
    let streams = ShiftStreams(subjects: subjects, totals: [[10, 10], [5, 20, 30]], configuration)
    #expect(
      streams.all.map(\.kind) == [
        .location, .spread, .missing, .invalid, .outside, .category, .category, .missing, .invalid, .unseen,
      ])
    #expect(streams.tables[1].largest == [1, 0])
    // Two halves score −1 and 1.
    for (score, expected) in zip(streams.tables[0].scores, [-1.0, 1]) { expectClose(score, expected, "score") }
    var values = ShiftValues(first: 0, streams: streams.count)
    values.append(
      [
        ShiftCounts(cells: [10, 30], missing: 10, invalid: 50, outside: 4),
        ShiftCounts(cells: [1, 2, 3], missing: 0, unseen: 4),
      ], streams)
    expectClose(values.y[0], 0.5, "location")
    expectClose(values.w[0], 0.75, "variance")
    expectClose(values.y[1], RepeatableMath.log(0.75 * 40 / 39), "spread")
    #expect(values.n == [40, 40, 50, 100, 40, 10, 10, 10, 10, 10])
    expectClose(values.y[2], ShiftValues.shareValue(10, of: 50), "missing")
    expectClose(values.y[3], ShiftValues.shareValue(50, of: 100), "invalid")
    expectClose(values.y[5], ShiftValues.shareValue(2, of: 10), "the largest category")
    expectClose(values.y[9], ShiftValues.shareValue(4, of: 10), "unseen")
  }

  /// Counts may grow by any factor: the location stays, and shares come closer to their limit.
  @Test func volumeDoesNotMoveALocation() {
    for seed in seeds {
      var random = SeededGenerator(seed: seed)
      let total = (0..<16).map { _ in Int64.random(in: 0...1_000_000, using: &random) }
      let streams = ShiftStreams(subjects: [ShiftSubject("x", .numeric)], totals: [total], .reference)
      let cells = (0..<16).map { _ in Int64.random(in: 0...50, using: &random) }
      var values = ShiftValues(first: 0, streams: streams.count)
      values.append([ShiftCounts(cells: cells)], streams)
      values.append([ShiftCounts(cells: cells.map { $0 * 100_000 })], streams)
      let k = streams.count
      expectClose(values.y[k], values.y[0], "location, seed \(seed)", relative: 1e-12)
      expectClose(values.w[k + 1], values.w[1], "variance of the spread, seed \(seed)", relative: 1e-9)
      let (p, s) = (streams.tables[0].shares, streams.tables[0].scores)
      expectClose(zip(p, s).reduce(0) { $0 + $1.0 * $1.1 }, 0, "mean, seed \(seed)")
      expectClose(zip(p, s).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }, 1, "variance, seed \(seed)")
      #expect(zip(s, s.dropFirst()).allSatisfy(<=), "scores ascend, seed \(seed)")
    }
  }

  @Test func inverseOfAMatrix() {
    for seed in seeds.prefix(20) {
      var random = SeededGenerator(seed: seed)
      let n = Int.random(in: 1...30, using: &random)
      let x = (0..<n * n).map { _ in Double.random(in: -1...1, using: &random) }
      var a = [Double](repeating: 0, count: n * n)
      for i in 0..<n {
        for j in 0..<n { a[i * n + j] = (0..<n).reduce(i == j ? 0.05 : 0) { $0 + x[i * n + $1] * x[j * n + $1] } }
      }
      var inverse = a
      SymmetricInverse.invert(&inverse, size: n)
      for i in 0..<n {
        let row = SymmetricInverse.product(a, (0..<n).map { inverse[$0 * n + i] })
        for j in 0..<n { #expect(abs(row[j] - (i == j ? 1 : 0)) < 1e-9, "seed \(seed)") }
      }
    }
  }

  /// One factorisation for all subjects gives what solving each stream's own equations gives.
  @Test func theRegressionSolvesEveryStreamsOwnEquations() {
    for seed in seeds.prefix(5) {
      var random = SeededGenerator(seed: seed)
      let streams = (0..<12).map {
        ShiftStream(subject: $0 / 3, kind: $0 % 3 == 2 ? .missing : .category, cell: $0 % 3)
      }
      let u = (0..<12 * 300).map { _ in Double.random(in: -3...3, using: &random) }
      let fitted = ShiftRegression(u, streams, ridge: 0.05)
      for (k, stream) in streams.enumerated() {
        // (C_oo + ridge I) M_ko = C_ok, row by row.
        for (p, predictor) in fitted.predictors.enumerated() {
          let weight = fitted.weights[p * 12 + k]
          if streams[predictor].subject == stream.subject {
            #expect(weight == 0)
            continue
          }
          var (left, right) = (0.05 * weight, 0.0)
          for (q, other) in fitted.predictors.enumerated() {
            let c = (0..<300).reduce(0) { $0 + u[$1 * 12 + predictor] * u[$1 * 12 + other] } / 300
            left += c * fitted.weights[q * 12 + k]
          }
          right = (0..<300).reduce(0) { $0 + u[$1 * 12 + predictor] * u[$1 * 12 + k] } / 300
          expectClose(left, right, "seed \(seed)", absolute: 1e-10)
        }
      }
    }
  }

  @Test func tailsOfFewAndOfManyPeaks() {
    let none = ShiftTail(threshold: 0, rate: 1, shape: 10, scale: 10)
    #expect(ShiftTail.fit([1, 2, 3, 4, 5], streamHours: 100, counts: [20, 60], prior: 5) == [none, none])
    let found = ShiftTail.fit((1...200).map(Double.init), streamHours: 1000, counts: [20, 60], prior: 5)
    #expect(found[0] == ShiftTail(threshold: 180, rate: 0.02, shape: 25, scale: 215))
    #expect(found[1] == ShiftTail(threshold: 160, rate: 0.04, shape: 45, scale: 825))
    // At the tail's own rate the level is its threshold; the rarer, the higher.
    #expect(ShiftTail.level([found[0]], own: 0, rate: 0.02) == 180)
    #expect(ShiftTail.level([found[0]], own: 0, rate: 1e-4) > ShiftTail.level([found[0]], own: 0, rate: 1e-3))
    #expect(ShiftTail.level([found[0]], own: 300, rate: 0.02) == 300 + 2 * 215 / 25.0)
    var peaks = ShiftTail.Peaks()
    for w in [0, 1, 3, 2, 0, 0, 5, 0, 4] as [Double] { peaks.take(w) }
    peaks.end()
    #expect(peaks.all == [3, 5, 4])
  }

  @Test func budgets() {
    let critical = ShiftConfiguration.reference.tiers[0]
    expectClose(critical.rate(streams: 81), 1 / (2.0 * 2184 * 162), "rate")
    expectClose(critical.expectedAlarms, 1 / 4368.0, "a year's half")
  }

  @Test func plansByTheLengthOfTheBaseline() {
    #expect(
      [0, 167, 168, 335, 336, 671, 672, 10_000].map { ShiftPlan(hours: $0) } == [
        .iid, .iid, .fixed, .fixed, .short, .short, .hours, .hours,
      ])
    var world = ShiftWorld(seed: 1)
    #expect(ShiftNull(world.history(167), subjects: ShiftWorld.subjects, .reference) == nil)
  }

  /// Without a null of hours: three hours in a row of what no traffic does.
  @Test func grossHours() {
    let streams = ShiftStreams(
      subjects: [ShiftSubject("x", .numeric)], totals: [[1, 10, 100, 100, 10, 1]], .reference)
    var hours = ShiftGrossHours(streams: streams.count)
    func take(_ cells: [Int64], missing: Int64 = 0) -> [Int] {
      var values = ShiftValues(first: 0, streams: streams.count)
      values.append([ShiftCounts(cells: cells, missing: missing)], streams)
      return hours.take(values, row: 0, streams)
    }
    let normal: [Int64] = [0, 10, 100, 100, 10, 0]
    let high: [Int64] = [0, 0, 0, 0, 10, 200]
    #expect(take(high).isEmpty && take(high).isEmpty)
    #expect(take(normal).isEmpty && hours.runs == [0, 0, 0])
    #expect(take(high).isEmpty && take(high).isEmpty)
    #expect(take(high) == [0])
    #expect(take(high).isEmpty, "said once")
    // Half of the rows missing, and both tails at once.
    #expect(take([100, 0, 0, 0, 0, 100], missing: 200).isEmpty && take([100, 0, 0, 0, 0, 100], missing: 200).isEmpty)
    #expect(take([100, 0, 0, 0, 0, 100], missing: 200) == [1, 2])
    // Nine rows break the run.
    #expect(take([0, 0, 0, 0, 0, 9]).isEmpty && hours.runs == [0, 0, 0])
  }
}
