import LeewayTestSupport
import Testing

@testable import LeewayStatistics

/// What a window's distance comes to and what a step's chance is, beside SciPy's numbers.
@Suite struct PowerGoldenTests {
  struct File: Decodable {
    struct Bins: Decodable {
      var p, q: [Double]
      var n, m: Double
      var psi, jensenShannon, hellinger, totalVariation, lInfinity, chiSquared: [Double]
    }
    struct Places: Decodable {
      var places, p, q: [Double]
      var n: Double
      var ks, wasserstein, energy: [Double]
    }
    struct Shift: Decodable {
      var response, gain, memory, level, tolerance, step, chance, smallest: Double
      var horizon: Int
    }
    var bins: [Bins]
    var places: [Places]
    var shift: [Shift]
  }

  private let file: File

  init() throws { file = try golden("power") }

  /// Slopes are differences there, so numbers agree to what those are exact to.
  private func expect(_ found: DistanceSampling, _ wanted: [Double], _ what: String) {
    expectClose(found.mean, wanted[0], "\(what): mean", relative: 1e-9)
    expectClose(found.deviation, wanted[1], "\(what): deviation", relative: 1e-6)
  }

  @Test func distancesOfBins() {
    #expect(file.bins.count == 4)
    for (i, c) in file.bins.enumerated() {
      let cases: [(DistanceSize.Distance, [Double])] = [
        (.psi, c.psi), (.jensenShannon, c.jensenShannon), (.hellinger, c.hellinger),
        (.totalVariation, c.totalVariation), (.lInfinity, c.lInfinity),
      ]
      for (distance, wanted) in cases {
        expect(DistanceSampling(distance, baseline: c.p, window: c.q, rows: c.n), wanted, "\(distance) of case \(i)")
      }
      expect(
        DistanceSampling(chiSquaredOf: c.p, c.m, window: c.q, rows: c.n), c.chiSquared, "chi-squared of case \(i)")
    }
  }

  @Test func distancesOfValuesInOrder() {
    #expect(file.places.count == 3)
    for (i, c) in file.places.enumerated() {
      let ordered = OrderedSampling(places: c.places, baseline: c.p, window: c.q)
      for (distance, wanted) in [
        (OrderedSampling.Distance.kolmogorovSmirnov, c.ks), (.wasserstein, c.wasserstein), (.energy, c.energy),
      ] {
        expect(ordered.of(distance, rows: c.n), wanted, "\(distance) of case \(i)")
      }
    }
  }

  @Test func stepsOfAStream() throws {
    #expect(file.shift.count == 16)
    let (_, null) = ShiftWorld.fitted(seed: 1)
    for c in file.shift {
      var power = ShiftPower(null, stream: 0, tier: 0, view: 0)
      (power.response, power.gain, power.memory) = (c.response, c.gain, c.memory)
      (power.level, power.tolerance, power.sizes) = (c.level, c.tolerance, [0.25, 0.5, 1, 2])
      let what = "response \(c.response), \(c.horizon) h"
      expectClose(power.chance(of: c.step, within: c.horizon), c.chance, what, relative: 1e-9, absolute: 1e-14)
      expectClose(power.smallestStep(within: c.horizon), c.smallest, what, relative: 1e-7)
    }
  }

  @Test func windowsOfAChange() {
    let share = WindowShare(size: 24, every: 1)
    #expect([0.5, 1, 12, 24, 500].map { share.changed(within: $0) } == [0, 1.0 / 24, 0.5, 1, 1])
    // A window of 7 days every 6 hours, of which three must fail.
    let slow = WindowShare(size: 168, every: 6, consecutive: 3)
    #expect([24, 336, 345, 504].map { slow.changed(within: $0) } == [0, 0, 6.0 / 168, 1])
    #expect(SmallestChange.find(upTo: 10) { $0 / 5 }.map { abs($0 - 4) < 1e-5 } == true)
    #expect(SmallestChange.find(upTo: 3) { $0 / 5 } == nil && SmallestChange.find(upTo: 0) { _ in 1 } == nil)
  }
}
