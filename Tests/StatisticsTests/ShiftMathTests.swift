import Foundation
import LeewayTestSupport
import Testing

@testable import LeewayStatistics

/// Functions whose bits must not depend on the machine, against those of this one.
struct ShiftMathTests {
  /// Distance in units in the last place of the expected number.
  private func distance(_ actual: Double, _ expected: Double) -> Double {
    actual == expected ? 0 : abs(actual - expected) / expected.ulp
  }

  @Test func everyFunctionIsWithinFourPlacesOfTheSystems() {
    var worst = (log: 0.0, arcsine: 0.0, exp: 0.0, expm1: 0.0)
    for seed in seeds.prefix(4) {
      var random = SeededGenerator(seed: seed)
      for _ in 0..<20_000 {
        let any = Double(bitPattern: UInt64.random(in: 1..<Double.infinity.bitPattern, using: &random))
        let near = 1 + Double.random(in: -0.4...0.6, using: &random)
        for x in [any, near, Double.random(in: 0...100, using: &random)] where x > 0 {
          worst.log = max(worst.log, distance(RepeatableMath.log(x), Foundation.log(x)))
        }
        let share = Double.random(in: 0...1, using: &random)
        for x in [share, share * 1e-6, 1 - share * 1e-9] {
          worst.arcsine = max(worst.arcsine, distance(RepeatableMath.arcsine(x), asin(x)))
        }
        let x = Double.random(in: -700...700, using: &random)
        worst.exp = max(worst.exp, distance(RepeatableMath.exp(x), Foundation.exp(x)))
        for x in [x / 100, x / 1e6] {
          worst.expm1 = max(worst.expm1, distance(RepeatableMath.expm1(x), Foundation.expm1(x)))
        }
      }
    }
    #expect(worst.log <= 2 && worst.arcsine <= 4 && worst.exp <= 2 && worst.expm1 <= 4, "\(worst)")
  }

  @Test func normalQuantileInvertsTheDistribution() {
    for seed in seeds {
      var random = SeededGenerator(seed: seed)
      for _ in 0..<50 {
        let p = exp(-Double.random(in: 0...60, using: &random))
        for p in [p, 1 - p] where p > 0 && p < 1 {
          let z = RepeatableMath.normalQuantile(p)
          #expect(isClose(z, SpecialFunctions.normalQuantile(p), relative: 1e-13, absolute: 1e-15), "\(p)")
        }
      }
    }
    #expect(RepeatableMath.normalQuantile(0.5) == 0)
    #expect(RepeatableMath.normalQuantile(0) == -.infinity && RepeatableMath.normalQuantile(1) == .infinity)
  }

  /// What is decided rests on no C library at all: no file of the detector imports one.
  @Test func theDetectorCallsNoLibrary() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/LeewayStatistics/Shift").standardizedFileURL
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(files.count > 15)
    for file in files {
      let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      #expect(!lines.contains { $0.hasPrefix("import ") }, "\(file.lastPathComponent)")
      // `explain` alone, which decides nothing, takes the normal distribution of the other tests.
      let calls = lines.contains { $0.contains("SpecialFunctions.") }
      #expect(calls == (file.lastPathComponent == "ShiftPower.swift"), "\(file.lastPathComponent)")
    }
  }

  /// Where the functions end.
  @Test func limits() {
    #expect(RepeatableMath.log(0) == -.infinity && RepeatableMath.log(.infinity) == .infinity)
    #expect(RepeatableMath.log(-1).isNaN && RepeatableMath.log(.nan).isNaN)
    #expect(RepeatableMath.log(1) == 0)
    #expect(RepeatableMath.arcsine(0) == 0 && RepeatableMath.arcsine(1) == Double.pi / 2)
    #expect(RepeatableMath.arcsine(1.1).isNaN && RepeatableMath.arcsine(-0.1).isNaN)
    #expect(RepeatableMath.exp(0) == 1 && RepeatableMath.expm1(0) == 0)
    #expect(RepeatableMath.exp(-800) == 0 && RepeatableMath.exp(800) == .infinity && RepeatableMath.exp(.nan).isNaN)
    #expect(RepeatableMath.normalQuantile(1.5).isNaN && RepeatableMath.normalQuantile(.nan).isNaN)
  }

  /// The bits themselves: another machine, compiler or optimisation must give the same.
  @Test func bitsAreTheSameOnEveryMachine() {
    var hash: UInt64 = 14_695_981_039_346_656_037
    func take(_ x: Double) {
      for byte in 0..<8 { hash = (hash ^ (x.bitPattern >> UInt64(8 * byte) & 0xff)) &* 1_099_511_628_211 }
    }
    for step in 1...1000 {
      let x = Double(step) / 1001
      take(RepeatableMath.log(x))
      take(RepeatableMath.log(Double(step) * 1.37))
      take(RepeatableMath.arcsine(x))
      take(RepeatableMath.exp(x * 40 - 20))
      take(RepeatableMath.expm1(x * 4 - 2))
      take(RepeatableMath.normalQuantile(x))
      take(ShiftValues.shareValue(Double(step), of: 1000))
    }
    #expect(hash == 3_714_028_927_229_699_453)
  }
}
