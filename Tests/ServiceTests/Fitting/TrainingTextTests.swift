import Foundation
import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration
@testable import LeewayReplay
@testable import LeewayService

/// What training files say, in CSV and in JSON Lines: one value has one text, in both and in the stream.
@Suite struct TrainingTextTests {
  private static let monitor = """
    monitor: m
    task: binary
    predictions: {topic: p, fields: {time: at, score: s}}
    features:
      x: numeric
      c: categorical
      d: {type: categorical, empty: category}
    windows: [{size: 1h, every: 1h}]
    lateness: 1m
    panes: 1h
    checks: [{name: drift, on: score, metric: psi, window: 1h, warning: 0.2}]
    alerts: {warning: [log]}

    """

  private func fit(_ text: String, _ name: String, monitor: String = Self.monitor) throws -> BaselineFit.Outcome {
    let file = MonitorFile(
      path: "monitors/m.yaml", baseline: .none, environment: [:], content: Array(monitor.utf8))
    let monitor = try #require(file.monitor, "\(file.problems.map(\.description))")
    return try TemporaryFolder.use { folder in
      try BaselineFit(monitor: monitor, paths: [folder.write(name, text)]).run()
    }
  }

  private func categories(_ outcome: BaselineFit.Outcome, _ name: String = "c") throws -> [String: Int64] {
    let subject = try #require(outcome.baseline.subject(named: name))
    guard case .categorical(let domain) = subject.domain else { return [:] }
    return Dictionary(uniqueKeysWithValues: zip(domain.categories, subject.cells.counts))
  }

  /// As Python's `repr` writes them, in both formats.
  @Test(arguments: UInt64(1)...20) func numbersHaveOneTextInBothFormats(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    func repr() -> String {
      switch Int.random(in: 0...3, using: &random) {
      case 0: return "\(Int.random(in: -50...50, using: &random))"
      case 1: return "\(Double(Int.random(in: -500...500, using: &random)) / 8)"
      // From 10²¹ on a JSON number has an exponent, and text has none.
      case 2:
        return (0..<Int.random(in: 17...20, using: &random)).reduce("7") { text, _ in
          text + "\(Int.random(in: 0...9, using: &random))"
        }
      default:
        // Python has a sign and two digits in every exponent, and one from 10¹⁶ on and below 10⁻⁴.
        let power = Int.random(in: 16...300, using: &random) * (Bool.random(using: &random) ? 1 : -1)
        let digits = Bool.random(using: &random) ? "3" : "2.\(Int.random(in: 1...9999, using: &random))1"
        return "\(digits)e\(power < 0 ? "-" : "+")\(abs(power))"
      }
    }
    let numbers = (0..<200).map { _ in repr() }
    let csv = try fit("s,x,c,d\n" + numbers.map { "0.5,1,\($0),a\n" }.joined(), "t.csv")
    let lines = try fit(
      numbers.map { "{\"s\":0.5,\"x\":1,\"c\":\($0),\"d\":\"a\"}\n" }.joined(), "t.jsonl")
    #expect(try categories(csv) == categories(lines), "seed \(seed)")
    // The stream's own code finds every one of them.
    let extractor = JSONExtractor(fields: [try FieldPath("c")])
    let known = try Set(categories(csv).keys)
    for number in numbers {
      let found = try Array("{\"c\":\(number)}".utf8).withUnsafeBytes { bytes in
        try extractor.extract(bytes)
        return extractor.category(of: extractor[0]).map { String(decoding: $0, as: UTF8.self) }
      }
      #expect(known.contains(try #require(found)), "seed \(seed): \(number)")
    }
  }

  /// Text is text: it loses nothing but a fraction of zeros.
  @Test func textStaysAsItIs() throws {
    let texts = ["01234", "1e5", "2.10", "1E+16", "+5", "2.00", "1e+1", "12e+16", "NA"]
    let found = try categories(fit("s,x,c,d\n" + texts.map { "0.5,1,\($0),a\n" }.joined(), "t.csv"))
    #expect(Set(found.keys) == ["01234", "1e5", "2.10", "1E+16", "+5", "2", "1e+1", "12e+16", "NA"])
    #expect(try categories(fit("s,x,c,d\n0.5,1,1e+16,a\n0.5,1,-0.0,a\n", "t.csv")) == ["10000000000000000": 1, "0": 1])
  }

  /// A category only where the monitor says so, whatever the format.
  @Test func emptyTextIsOneThing() throws {
    let csv = try fit("s,x,c,d\n0.5,1,,\n0.5,,a,b\n", "t.csv")
    let lines = try fit(
      "{\"s\":0.5,\"x\":1,\"c\":\"\",\"d\":\"\"}\n{\"s\":0.5,\"x\":\"\",\"c\":\"a\",\"d\":\"b\"}\n", "t.jsonl")
    for outcome in [csv, lines] {
      #expect(try categories(outcome) == ["a": 1] && categories(outcome, "d") == ["": 1, "b": 1])
      #expect(outcome.baseline.subject(named: "c")?.cells.missing == 1)
      #expect(outcome.baseline.subject(named: "x")?.cells.missing == 1)
      #expect(outcome.baseline.subject(named: "x")?.cells.invalid == 0)
    }
  }

  @Test func aColumnWithoutValuesIsAWarning() throws {
    let outcome = try fit("s,x,c,d\n0.5,,a,b\n0.25,nan,a,b\n", "t.csv")
    #expect(
      outcome.remarks == [
        "x is always missing in the training files: it has no baseline, and distances of it are not judged"
      ])
    #expect(outcome.baseline.subject(named: "x")?.cells.missing == 2)
    var baseline = outcome.baseline
    #expect(try Baseline(decoding: baseline.encoded()) == baseline)
    #expect(throws: TrainingReader.Unusable.self) { try fit("s,x,c,d\n,1,a,b\n", "t.csv") }
  }

  @Test func whatIsNoNumberIsNamedWithItsLine() throws {
    let outcome = try fit("s,x,c,d\n0.5,1,a,b\n0.5,NA,a,b\n0.5, 3,a,b\n", "t.csv")
    #expect(outcome.remarks.count == 1)
    #expect(
      outcome.remarks.first?.hasSuffix(
        "t.csv:3: NA, which is text; leave the cell empty where there is no value") == true, "\(outcome.remarks)")
    #expect(
      outcome.remarks.first?.hasPrefix("x: 2 of 3 values are invalid and in no distribution, the first in ") == true)
  }

  /// Messages are JSON, which sees to both.
  @Test func categoriesAreUTF8WithoutNUL() throws {
    let segments = Self.monitor + "segments: [g]\n"
    for (row, problem) in [
      ("0.5,1,a\u{0}b,b,g", "c holds a NUL byte; remove it, or save the file as UTF-8"),
      ("0.5,1,a,b,g\u{0}", "segment g holds a NUL byte; remove it, or save the file as UTF-8"),
    ] {
      let error = #expect(throws: TrainingReader.Unusable.self) {
        try fit("s,x,c,d,g\n0.5,1,a,b,g\n\(row)\n", "t.csv", monitor: segments)
      }
      #expect(error?.description.hasSuffix("t.csv:3: \(problem)") == true, "\(error?.description ?? "")")
    }
  }
}
