import Foundation
import LeewayStatistics
import LeewayTestSupport

/// A small model's hours for tests of the shift detector: daily cycle, hours that remember each other, features that move together.
struct ShiftWorld {
  /// 2026-01-05T00:00Z, a Monday.
  static let monday = 490_992

  private static let cuts = [-1.5, -0.8, -0.3, 0, 0.3, 0.8, 1.5]
  private var random: SeededGenerator
  private var noise = [Double](repeating: 0, count: 5)
  private(set) var hour = 0
  /// Rows in an ordinary hour.
  var rows: Double
  /// Added to the latent mean of each of the four subjects, from now on.
  var steps = [Double](repeating: 0, count: 4)
  /// Shares of missing values.
  var missing = [0, 0.01, 0, 0.02]

  static let subjects = [
    ShiftSubject("a", .numeric), ShiftSubject("b", .numeric),
    ShiftSubject("c", .numeric), ShiftSubject("colour", .category(other: 7)),
  ]

  init(seed: UInt64, rows: Double = 1000) {
    random = SeededGenerator(seed: seed)
    self.rows = rows
  }

  private mutating func gauss() -> Double {
    (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
  }

  /// About a Poisson number.
  private mutating func count(_ mean: Double) -> Int64 { Int64(max(0, (mean + mean.squareRoot() * gauss()).rounded())) }

  mutating func next() -> [ShiftCounts] {
    let day = cos(2 * Double.pi * Double(hour % 24) / 24)
    for index in noise.indices { noise[index] = 0.8 * noise[index] + 0.6 * 0.15 * gauss() }
    hour += 1
    let volume = rows * (1 + 0.4 * day)
    return (0..<4).map { subject in
      let mean = 0.3 * day * (subject % 2 == 0 ? 1 : -1) + noise[4] + noise[subject] + steps[subject]
      var below = 0.0
      var cells: [Int64] = []
      for cut in Self.cuts + [.infinity] {
        let upTo = 1 / (1 + exp(-1.7 * (cut - mean)))
        cells.append(count(volume * (1 - missing[subject]) * (upTo - below)))
        below = upTo
      }
      return ShiftCounts(cells: cells, missing: count(volume * missing[subject]))
    }
  }

  mutating func history(_ hours: Int) -> ShiftHistory {
    let first = Self.monday + hour
    return ShiftHistory(first: first, hours: (0..<hours).map { _ in next() })
  }

  static func none() -> [ShiftCounts] { (0..<4).map { _ in ShiftCounts(cells: [Int64](repeating: 0, count: 8)) } }

  /// World and null after a baseline of `days`.
  static func fitted(
    seed: UInt64, days: Int = 15, rows: Double = 1000, _ configuration: ShiftConfiguration = .reference
  ) -> (ShiftWorld, ShiftNull) {
    var world = ShiftWorld(seed: seed, rows: rows)
    guard let null = ShiftNull(world.history(24 * days), subjects: subjects, configuration) else {
      preconditionFailure("a week or more")
    }
    return (world, null)
  }
}
