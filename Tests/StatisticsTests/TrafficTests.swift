import Foundation
import LeewayStatistics
import LeewayTestSupport
import Testing

/// Simulated traffic against the Python program that the shift detector was measured with.
struct TrafficTests {
  struct Golden: Decodable, Sendable {
    struct Settings: Decodable, Sendable {
      let df, holidays, rows: Double?
      let baseline, production, numeric: Int?
      let categories: [Int]?

      var world: TrafficWorld {
        var world = TrafficWorld()
        world.freedom = df ?? world.freedom
        world.holidays = holidays ?? world.holidays
        world.rows = rows ?? world.rows
        world.baseline = baseline ?? world.baseline
        world.production = production ?? world.production
        world.numeric = numeric ?? world.numeric
        world.categories = categories ?? world.categories
        return world
      }
    }

    struct Change: Decodable, Sendable {
      let name: String
      let feature, onset: Int
      let sign: Double

      var change: TrafficChange? { TrafficChange(name, feature: feature, onset: onset, sign: sign) }
    }

    struct Counts: Decodable, Sendable {
      let feature: Int
      let cells: [Int64]
      let missing, checksum: Int64
    }

    struct Case: Decodable, Sendable {
      let settings: Settings
      let seed, quarter: UInt64
      let change: Change?
      let counts: [Counts]
      let firstMean, lastMean, meanSquares, missing: Double
      let rows: Int64
      let firstRows: [Int64]
    }

    struct Row: Decodable, Sendable {
      let time, labelTime: Int64
      let id, score: String
      let values: [String?]
      let label: Bool
    }

    struct Hour: Decodable, Sendable {
      let hour, count, labels: Int
      let change: Change?
      let rows: [Row]
    }

    let cases: [Case]
    let rows: [Hour]
    let uniform: [[Double]]
  }

  private let numbers: Golden

  init() throws { numbers = try golden("traffic", as: Golden.self) }

  /// Every count of every hour is the same: their checksums are.
  @Test func countsAreThoseOfThePythonProgram() throws {
    #expect(numbers.cases.count == 13)
    for golden in numbers.cases {
      let world = golden.settings.world
      let what = "seed \(golden.seed), quarter \(golden.quarter), \(golden.change?.name ?? "no change")"
      let paths = TrafficPaths(world, seed: golden.seed, quarter: golden.quarter)
      expectClose(paths.means.first, golden.firstMean, "first mean, \(what)", absolute: 1e-13)
      expectClose(paths.means.last, golden.lastMean, "last mean, \(what)", absolute: 1e-13)
      expectClose(paths.means.reduce(0) { $0 + $1 * $1 }, golden.meanSquares, "means, \(what)")
      expectClose(paths.missing.reduce(0, +), golden.missing, "missing, \(what)")
      #expect(paths.rows.reduce(0, +) == golden.rows && Array(paths.rows.prefix(5)) == golden.firstRows, "\(what)")
      let change = try golden.change.map { try #require($0.change) }
      for expected in golden.counts {
        let counts = world.counts(
          expected.feature, paths, seed: golden.seed, quarter: golden.quarter, change: change)
        let sums = counts.reduce(into: [Int64](repeating: 0, count: expected.cells.count)) { sums, hour in
          for (cell, count) in hour.cells.enumerated() { sums[cell] += count }
        }
        #expect(sums == expected.cells, "feature \(expected.feature), \(what)")
        #expect(counts.reduce(0) { $0 + $1.missing } == expected.missing, "feature \(expected.feature), \(what)")
        #expect(checksum(counts) == expected.checksum, "feature \(expected.feature), \(what)")
      }
    }
  }

  /// As in `Golden/traffic.py`.
  private func checksum(_ counts: [ShiftCounts]) -> Int64 {
    var sum: Int128 = 0
    for (t, hour) in counts.enumerated() {
      for (place, count) in (hour.cells + [hour.missing]).enumerated() {
        sum += Int128(31 * t + place + 1) * Int128(count)
      }
    }
    return Int64(sum % (1 << 61))
  }

  @Test func rowsAreThoseOfThePythonProgram() throws {
    let world = TrafficWorld()
    let paths = TrafficPaths(world, seed: 3, quarter: 1)
    #expect(numbers.rows.count == 10)
    for golden in numbers.rows {
      let what = "hour \(golden.hour), \(golden.change?.name ?? "no change")"
      let change = try golden.change.map { try #require($0.change) }
      let rows = world.rows(paths, hour: golden.hour, seed: 3, quarter: 1, change: change)
      #expect(rows.count == golden.count && rows.filter(\.label).count == golden.labels, "\(what)")
      #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.time <= $1.time }, "\(what)")
      for (row, expected) in zip(rows, golden.rows) {
        let values = row.values.map { value -> String? in
          switch value {
          case .missing: nil
          case .number(let x): String(format: "%.5f", x)
          case .category(let category): "c\(category)"
          }
        }
        #expect(values == expected.values, "\(what)")
        #expect(row.id == expected.id && row.time == expected.time && row.labelTime == expected.labelTime, "\(what)")
        #expect(row.label == expected.label && String(format: "%.5f", row.score) == expected.score, "\(what)")
      }
    }
  }

  @Test func uniformNumbersAreNumPys() {
    for (seed, expected) in zip([[0], [1, 2, 3, 4, 5, 6], [1 << 40, 7]] as [[UInt64]], numbers.uniform) {
      var random = NumPyRandom(seed)
      #expect(expected.map { _ in random.unit() } == expected)
    }
  }

  @Test func namesOfChanges() {
    #expect(TrafficChange("mean:0.5", feature: 0, onset: 0) != nil)
    for name in [
      "mean", "mean:x", "gradual:1", "gradual:1/7", "gradual:1/xd", "swap:1", "unit:3", "labels:1", "", "up:1",
    ] {
      #expect(TrafficChange(name, feature: 0, onset: 0) == nil, "\(name)")
    }
  }

  /// A change draws its own feature anew, and leaves every other feature and the rows as they are.
  @Test func aChangeTouchesItsOwnFeatureAlone() throws {
    var world = TrafficWorld()
    (world.baseline, world.production, world.numeric, world.categories) = (168, 168, 2, [5])
    let plain = world.history(seed: 1, quarter: 0)
    let change = try #require(TrafficChange("mean:1", feature: 1, onset: 200))
    let changed = world.history(seed: 1, quarter: 0, change: change)
    #expect(plain.first == 490_992 && plain.hours.count == 336 && changed.hours.count == 336)
    for (a, b) in zip(plain.hours, changed.hours) {
      #expect(a[0] == b[0] && a[2] == b[2])
      #expect(a[1].cells.reduce(a[1].missing, +) == b[1].cells.reduce(b[1].missing, +))
    }
    #expect(world.history(seed: 1, quarter: 0, change: change) == changed)
  }
}
