import Foundation
import Testing

/// `replay` of two versions side by side against scikit-learn, SciPy and DeLong's formula
/// (`Tests/Golden/version_sets.py`), and what may not change a byte of it.
@Suite struct VersionSetTests {
  private static var folder: URL { Bundle.module.bundleURL.appendingPathComponent("Fixtures/version_sets") }

  private func prepare(_ set: String) throws -> (folder: TemporaryFolder, labels: [String]) {
    let folder = try TemporaryFolder()
    let source = Self.folder.appendingPathComponent(set)
    for name in try FileManager.default.contentsOfDirectory(atPath: source.path) {
      try FileManager.default.copyItem(
        at: source.appendingPathComponent(name), to: folder.url.appendingPathComponent(name))
    }
    let fit = try LeewayProcess.run(["baseline", "fit", "monitor.yaml", "--from", "train.csv"], in: folder.url)
    try #require(fit.code == 0, "\(fit.error)")
    return (folder, try CarLoan.lines(source.appendingPathComponent("labels.jsonl")))
  }

  private func replay(_ folder: TemporaryFolder, _ labels: [[String]]) throws -> [String] {
    var names: [String] = []
    for (part, lines) in labels.enumerated() {
      names.append("part-\(part).jsonl")
      try (lines.joined(separator: "\n") + "\n").write(
        to: folder.url.appendingPathComponent(names[part]), atomically: true, encoding: .utf8)
    }
    let replay = try LeewayProcess.run(
      ["replay", "monitor.yaml", "--predictions", "predictions.jsonl", "--labels"] + names + [
        "--out", "results.jsonl",
      ],
      in: folder.url)
    try #require(replay.code == 0, "\(replay.error)")
    return try CarLoan.lines(folder.url.appendingPathComponent("results.jsonl"))
  }

  private func expectClose(_ found: Double?, _ expected: Double, _ what: String, within bound: Double = 0) {
    #expect(
      abs((found ?? .nan) - expected) <= max(1e-8 * abs(expected), 1e-9) + bound,
      "\(what): \(found ?? .nan) for \(expected)")
  }

  private func expectSame(_ found: Any?, _ expected: Any?, _ what: String) throws {
    let found = try #require(found as? [String: [String: Any]], "\(what)")
    let expected = try #require(expected as? [String: [String: Any]])
    #expect(Set(found.keys) == Set(expected.keys), "\(what)")
    for (metric, values) in expected {
      #expect(found[metric]?["method"] as? String == values["method"] as? String, "\(what) \(metric)")
      for name in ["champion", "challenger", "difference", "lower", "upper", "p_value"] {
        expectClose(
          found[metric]?[name] as? Double, try #require(values[name] as? Double), "\(what) \(metric) \(name)")
      }
    }
  }

  @Test(arguments: ["shadow", "canary", "eta", "eta_canary", "kinds", "kinds_canary"])
  func differencesAreThoseOfSciPy(set: String) throws {
    let (folder, labels) = try prepare(set)
    let lines = try CarLoan.objects(replay(folder, [labels]))
    let mine = lines.filter { CarLoan.text($0, "type") == "comparison" }
    func line(_ end: String, _ slice: String, _ isOfPerformance: Bool) throws -> [String: Any] {
      try #require(
        mine.first {
          CarLoan.text($0, "end") == end && CarLoan.text($0, "slice") == slice
            && (CarLoan.text($0, "subject") == "performance") == isOfPerformance
        }, "no line for \(slice) at \(end)")
    }
    let expected = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: Self.folder.appendingPathComponent("\(set)/expected.json"))) as? [[String: Any]])
    #expect(expected.count == 2)
    for day in expected {
      let end = CarLoan.text(day, "end")
      let drift = try #require(try line(end, "all", false)["metrics"] as? [String: Any])
      for (name, value) in try #require(day["drift"] as? [String: Double]) {
        // Values between the baseline's own leave the distance open by its bound, and then the p-value too.
        let bound = name.hasPrefix("ks") ? drift["ks_bound"] as? Double ?? .nan : 0
        if name == "ks_p_value", bound > 0 { continue }
        expectClose(drift[name] as? Double, value, "\(end) \(name)", within: bound)
      }
      let slices = try #require(day["performance"] as? [String: [String: Any]])
      #expect(slices.count == 3)
      for (slice, wanted) in slices {
        let line = try line(end, slice, true)
        #expect(line["paired"] as? Bool == wanted["paired"] as? Bool, "\(end) \(slice)")
        #expect(line["paired"] as? Bool == !set.hasSuffix("canary"), "\(end) \(slice)")
        #expect(line["final"] as? Bool == true)
        for member in ["predictions", "labelled"] {
          #expect(line[member] as? [String: Int] == wanted[member] as? [String: Int], "\(end) \(slice) \(member)")
        }
        try expectSame(line["differences"], wanted["differences"], "\(end) \(slice)")
        guard let classes = wanted["per_class"] as? [String: Any] else { continue }
        let found = try #require(line["per_class"] as? [String: Any])
        #expect(Set(found.keys) == Set(classes.keys))
        for (name, values) in classes { try expectSame(found[name], values, "\(end) \(slice) \(name)") }
      }
    }
    // Slices are zones: versions have nothing to be compared with, nor has what has no zone.
    #expect(Set(mine.map { CarLoan.text($0, "slice") }) == ["all", "zone=east", "zone=west"])
    let verdicts = lines.filter { CarLoan.text($0, "type") == "verdict" }
    let judged = Dictionary(grouping: verdicts) { CarLoan.text($0, "check") }
      .mapValues { Set($0.map { CarLoan.text($0, "slice") }) }
    #expect(judged == ["worse": ["all", "zone=east", "zone=west"], "other": ["all"]])
    #expect(verdicts.allSatisfy { CarLoan.text($0, "subject") == "comparison" })
  }

  /// Labels in any order, in any number of files, any number of times: corrections and retractions end the same.
  @Test func permutingSplittingAndRepeatingLabelsChangesNoByte() throws {
    let (folder, labels) = try prepare("shadow")
    let whole = try replay(folder, [labels])
    #expect(whole.count > 20)
    #expect(try replay(folder, [labels.reversed()]) == whole)
    #expect(try replay(folder, [labels, labels.reversed(), labels]) == whole)
    // In three files, each line in one of them, the files in another order.
    let parts = (0..<3).map { part in labels.enumerated().filter { $0.offset % 3 == part }.map(\.element) }
    #expect(try replay(folder, [parts[2], parts[0], parts[1]]) == whole)
    #expect(try replay(folder, [parts[1] + parts[0], parts[2] + parts[1].reversed()]) == whole)
  }
}
