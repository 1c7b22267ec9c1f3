import Testing

@testable import LeewayCore

struct SliceContrastTests {
  private func contrast(
    _ slices: [(String, Double, Double)], whole: Double, _ fires: Metric.Direction, leftOut: Int = 0
  ) -> SliceContrast? {
    SliceContrast(
      slices.map { SliceCandidate(slice: $0.0, value: $0.1, change: $0.1, rows: 1000, pValue: $0.2) }, leftOut: leftOut,
      whole: whole, size: whole, fires: fires, significance: 0.01)
  }

  @Test func theWorstIsOnTheSideThatFired() {
    let slices = [("region=east", -2.0, 1e-9), ("region=north", 1.1, 1e-9), ("region=south", -58.5, 1e-9)]
    #expect(contrast(slices, whole: -17.8, .below)?.worst?.slice == "region=south")
    #expect(contrast(slices, whole: -17.8, .above)?.worst?.slice == "region=north")
  }

  /// A feature that is missing everywhere: PSI has reached its end, and slices differ in the sixth digit.
  @Test func aDifferenceOfNothingIsNone() {
    #expect(contrast([("plan=basic", 16.11036, 1e-12)], whole: 16.11029, .above) == .alike(leftOut: 0))
    #expect(contrast([("plan=basic", 16.2, 1e-12)], whole: 16.11029, .above)?.worst?.slice == "plan=basic")
  }

  @Test func whatIsAlikeSaysHowManyAreNotAmongThem() {
    #expect(contrast([("region=east", 2, 0.4)], whole: 1.9, .above, leftOut: 3) == .alike(leftOut: 3))
    #expect(contrast([], whole: 1.9, .above, leftOut: 3) == nil)
  }
}
