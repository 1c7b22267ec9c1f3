import Foundation
import Testing

/// `baseline fit` and `replay` against the numbers of NumPy, SciPy and scikit-learn in `expected.jsonl.gz`, within the
/// tolerances that the fixture's README states.
@Suite struct CarLoanReplayTests {
  @Test func everyLineAndNumberOfTheBatchComputation() throws {
    let folder = try TemporaryFolder()
    try CarLoan.prepare(in: folder.url)
    try addChecksOfSlices(in: folder)
    let replay = try LeewayProcess.run(
      [
        "replay", "monitor.yaml", "--predictions", "predictions.jsonl.gz", "--labels", "labels.jsonl.gz", "--out",
        "results.jsonl",
      ],
      in: folder.url)
    try #require(replay.code == 0, "\(replay.error)")
    let lines = try CarLoan.lines(folder.url.appendingPathComponent("results.jsonl"))
    let found = try CarLoan.objects(lines)
    let expected = try CarLoan.objects(CarLoan.lines(CarLoan.folder.appendingPathComponent("expected.jsonl.gz")))
    let results = found.filter { ["drift", "performance"].contains(CarLoan.text($0, "type")) }
    let byKey = Dictionary(uniqueKeysWithValues: results.map { (CarLoan.key($0), $0) })
    #expect(results.count == expected.count)
    var numbers = 0
    for line in expected {
      let key = CarLoan.key(line)
      let mine = try #require(byKey[key], "no line for \(key)")
      numbers += try compare(line, mine, key)
    }
    #expect(numbers > 180_000)
    let held = try CarLoan.expectVerdictsSayWhatLinesSay(found)
    #expect(held.verdicts > 15_000, "\(held)")
    #expect(held.ofOwnParts > 1_000, "\(held)")
    try expectEstimates(results)
    try expectOrder(found)
  }

  /// Lines are the same whatever checks a monitor has; with these every slice is judged as well.
  private func addChecksOfSlices(in folder: TemporaryFolder) throws {
    let file = folder.url.appendingPathComponent("monitor.yaml")
    let checks = [
      "psi-of-slices, on: features, metric: psi, window: 30d", "ks-of-slices, on: score, metric: ks, window: 30d",
      "missing-of-slices, on: features, metric: missing_ratio, window: 1d",
      "auc-of-slices, on: performance, metric: auc, window: 30d",
    ].map { "  - {name: \($0), slices: each, warning: \($0.hasPrefix("auc") ? "{max_drop: 3%}" : "0.1")}\n" }
    let text = try String(contentsOf: file, encoding: .utf8)
    try folder.write(text.replacing("alerts:\n", with: checks.joined() + "alerts:\n"), to: "monitor.yaml")
  }

  /// AUC and accuracy before labels come are those of NannyML, window by window, and near what came true.
  private func expectEstimates(_ results: [[String: Any]]) throws {
    let file = Bundle.module.bundleURL.appendingPathComponent("Fixtures/car_loan_estimates/nannyml.json")
    let expected = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]])
    #expect(expected.count == 48)
    for line in expected {
      let end = CarLoan.text(line, "end")
      let mine = try #require(
        results.first {
          CarLoan.text($0, "type") == "performance" && CarLoan.text($0, "window") == "30d"
            && CarLoan.text($0, "slice") == "all" && CarLoan.text($0, "end") == end
        }, "no line for \(end)")
      let estimated = try #require(mine["estimated"] as? [String: Any])
      let metrics = try #require(estimated["metrics"] as? [String: Any])
      let realised = try #require(mine["metrics"] as? [String: Any])
      #expect(estimated["in_sample"] as? Bool == true)
      for name in ["auc", "accuracy"] {
        let found = metrics[name] as? Double ?? .nan
        #expect(abs(found - (line[name] as? Double ?? .nan)) < 1e-6, "\(end) \(name): \(found)")
        // A window of 412 predictions is off by 0.03, one of 5,000 by 0.01 at most.
        let limit = (mine["predictions"] as? Int ?? 0) > 2000 ? 0.01 : 0.031
        #expect(abs(found - (realised[name] as? Double ?? .nan)) < limit, "\(end) \(name): \(found)")
      }
    }
  }

  /// Compares one line; returns how many numbers were held against each other.
  private func compare(_ expected: [String: Any], _ found: [String: Any], _ key: String) throws -> Int {
    if let against = expected["against"] as? String {
      #expect(found["against"] as? String == against, "\(key) against")
    }
    // A slice's own rows fit the whole's knots less well.
    let isOfSlice = expected["against"] as? String == "slice"
    for field in ["rows", "missing", "unseen", "predictions", "labelled"] {
      if let value = expected[field] as? Int { #expect(found[field] as? Int == value, "\(key) \(field)") }
    }
    if let coverage = expected["coverage"] as? Double {
      #expect(abs((found["coverage"] as? Double ?? .nan) - coverage) <= 1e-12, "\(key) coverage")
    }
    let wanted = try #require(expected["metrics"] as? [String: Any])
    let metrics = try #require(found["metrics"] as? [String: Any])
    func number(_ name: String) -> Double { metrics[name] as? Double ?? .nan }
    var compared = 0
    for (name, value) in wanted {
      let present = try #require(metrics[name], "\(key) has no \(name)")
      guard let value = value as? Double else {
        #expect(present is NSNull, "\(key) \(name)")
        continue
      }
      var tolerance = max(1e-9 * abs(value), 1e-12)
      switch name {
      case "mean", "standard_deviation": tolerance = max(1e-6 * abs(value), 1e-12)
      case "ks":
        tolerance += number("ks_bound")
        #expect(number("ks_bound") < (isOfSlice ? 0.01 : 0.002), "\(key)")
      case "auc":
        tolerance += number("auc_bound")
        #expect(number("auc_bound") < 0.002, "\(key)")
      case "average_precision": tolerance += number("average_precision_bound")
      case "wasserstein": tolerance += number("wasserstein_bound")
      case "wasserstein_normalised":
        tolerance += number("wasserstein_normalised_bound")
        #expect(number("wasserstein_normalised_bound") < (isOfSlice ? 0.02 : 0.01), "\(key)")
      case "ks_p_value":
        guard number("ks_bound") == 0, value > 1e-12 else { continue }
        tolerance = 1e-6 * value
      default: break
      }
      #expect(abs(number(name) - value) <= tolerance, "\(key) \(name): \(number(name)) for \(value)")
      compared += 1
    }
    return compared
  }

  /// (end, size in seconds, slice's bytes, type, subject's bytes, check, metric).
  private func expectOrder(_ found: [[String: Any]]) throws {
    func position(_ line: [String: Any]) -> [String] {
      let size = ["1d": "0086400", "30d": "2592000"][CarLoan.text(line, "window")] ?? "0000000"
      let end = CarLoan.text(line, "end") + CarLoan.text(line, "at")
      return [end, size] + ["slice", "type", "subject", "check", "metric"].map { CarLoan.text(line, $0) }
    }
    func precedes(_ a: [String], _ b: [String]) -> Bool {
      for (x, y) in zip(a, b) where x != y { return x.utf8.lexicographicallyPrecedes(y.utf8) }
      return false
    }
    for (a, b) in zip(found, found.dropFirst()) {
      #expect(!precedes(position(b), position(a)), "\(position(b)) comes after \(position(a))")
    }
  }
}
