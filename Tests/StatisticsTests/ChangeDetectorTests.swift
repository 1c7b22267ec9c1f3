import LeewayStatistics
import LeewayTestSupport
import Testing

/// Traces of river's detectors with their defaults, on 0 and 1.
struct DetectorGolden: Decodable, Sendable {
  let name: String
  /// 0 and 1.
  let errors: String?
  /// Real errors, for the methods that take them.
  let values: [Double]?
  /// By method.
  let driftAt, warningAt: [String: [Int]]

  var stream: [Double] { values ?? (errors ?? "").utf8.map { $0 == UInt8(ascii: "1") ? 1 : 0 } }

  /// The fixture's key decoder turns `page_hinkley` into this.
  static func key(_ method: ChangeDetector.Method) -> String {
    switch method {
    case .pageHinkley: "pageHinkley"
    case .hddmA: "hddmA"
    case .hddmW: "hddmW"
    default: method.rawValue
    }
  }
}

struct ChangeDetectorTests {
  /// `detector_runs` holds sparse and dense errors, long runs of one value, and real errors.
  @Test(arguments: ChangeDetector.Method.allCases, [("detectors", 4, 4), ("detector_runs", 18, 25)])
  func everyChangeAndWarningIsRivers(
    method: ChangeDetector.Method, file: (name: String, binary: Int, all: Int)
  ) throws {
    let cases = try golden(file.name, as: [DetectorGolden].self).filter { $0.values == nil || !method.isBinary }
    #expect(cases.count == (method.isBinary ? file.binary : file.all))
    for golden in cases {
      var detector = ChangeDetector(method)
      var changes: [Int] = []
      var warnings: [Int] = []
      for (i, x) in golden.stream.enumerated() {
        switch detector.update(x) {
        case .change: changes.append(i)
        case .warning: warnings.append(i)
        case .none: break
        }
      }
      let key = DetectorGolden.key(method)
      #expect(changes == golden.driftAt[key] ?? golden.driftAt[method.rawValue], "\(golden.name)")
      // The fixture keeps the first 200 warnings.
      #expect(
        Array(warnings.prefix(200)) == golden.warningAt[key] ?? golden.warningAt[method.rawValue], "\(golden.name)")
      #expect(detector.count == golden.stream.count && detector.changes == Int64(changes.count))
    }
  }

  @Test(arguments: ChangeDetector.Method.allCases)
  func storingAndReadingBackChangesNothing(method: ChangeDetector.Method) throws {
    let golden = try #require(try golden("detectors", as: [DetectorGolden].self).last)
    for seed in seeds.prefix(5) {
      var random = SeededGenerator(seed: seed)
      var whole = ChangeDetector(method)
      var parts = whole
      for x in golden.stream {
        #expect(whole.update(x) == parts.update(x), "seed \(seed)")
        if Int.random(in: 0..<50, using: &random) == 0 {
          let bytes = parts.encoded()
          #expect(bytes.count < 8192, "the state is bounded")
          parts = try ChangeDetector(encoded: bytes)
          #expect(parts == whole && parts.encoded() == bytes, "seed \(seed)")
        }
      }
    }
  }

  /// Bytes that an earlier version wrote must be read for ever: the state after 1, 0, 0, 1, 1.
  @Test(arguments: [
    (
      ChangeDetector.Method.adwin,
      "010000" + "0000000000001440" + "0000000000000000" + "0000000000001440" + "0000000000001440" + "0000000000000840"
        + "333333333333f33f" + "000000000000f03f" + "0000000000001440" + "000000000000f03f0000000000000000"
        + "00000000000000000000000000000000" + "00000000000000000000000000000000" + "000000000000f03f0000000000000000"
        + "000000000000f03f0000000000000000"
    ),
    (
      .ddm,
      "010200000000000000144000000000000000000000000000001440333333333333e33f000000000000f07f000000000000f07f"
    ),
  ])
  func storedBytesStayReadable(method: ChangeDetector.Method, stored: String) throws {
    var detector = ChangeDetector(method)
    for x in [1, 0, 0, 1, 1.0] { _ = detector.update(x) }
    let bytes = detector.encoded()
    #expect(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == stored)
    #expect(try ChangeDetector(encoded: bytes) == detector)
  }

  @Test(arguments: ChangeDetector.Method.allCases)
  func damagedBytesAreRefusedAndNeverTrap(method: ChangeDetector.Method) throws {
    var detector = ChangeDetector(method)
    for i in 0..<200 { _ = detector.update(i % 3 == 0 ? 1 : 0) }
    let bytes = detector.encoded()
    for length in 0..<bytes.count {
      #expect(throws: ChangeDetectorDamaged.self) { try ChangeDetector(encoded: Array(bytes.prefix(length))) }
    }
    for seed in seeds {
      var random = SeededGenerator(seed: seed)
      var broken = bytes
      for _ in 0..<3 { broken[Int.random(in: broken.indices, using: &random)] = .random(in: 0...255, using: &random) }
      guard var read = try? ChangeDetector(encoded: broken) else { continue }
      for i in 0..<200 { _ = read.update(i % 2 == 0 ? 1 : 0) }
    }
  }

  @Test func whatIsNoNumberIsIgnored() {
    var detector = ChangeDetector(.adwin)
    _ = detector.update(1)
    let before = detector
    for x in [Double.nan, .infinity, -.infinity, 1e200] { #expect(detector.update(x) == .none) }
    #expect(detector == before)
  }

  /// The window grows with the logarithm of what it saw, and falls to the newer part once the level changes.
  @Test func adwinFindsAStepInRealErrorsAndStaysSmall() throws {
    for seed in seeds.prefix(10) {
      var random = SeededGenerator(seed: seed)
      var detector = ChangeDetector(.adwin)
      for _ in 0..<20_000 {
        #expect(detector.update(Double.random(in: 0...1, using: &random)) != .warning)
      }
      let before = detector.changes
      #expect(before <= 1, "seed \(seed)")
      #expect(detector.encoded().count < 2000)
      var found: Int?
      for i in 0..<2000 where found == nil {
        if detector.update(0.5 + Double.random(in: 0...1, using: &random)) == .change { found = i }
      }
      #expect(try #require(found) < 200, "seed \(seed)")
    }
  }
}
