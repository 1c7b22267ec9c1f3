import Foundation
import Testing

/// `replay` of two versions side by side against scikit-learn, SciPy and DeLong's formula
/// (`Fixtures/version_sets/make_version_sets.py`), and what may not change a byte of it.
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

  @Test(arguments: ["shadow", "canary", "eta"]) func differencesAreThoseOfSciPy(set: String) throws {
    let (folder, labels) = try prepare(set)
    let lines = try CarLoan.objects(replay(folder, [labels]))
    let mine = lines.filter { CarLoan.text($0, "type") == "comparison" }
    let found = Dictionary(
      uniqueKeysWithValues: mine.map { (CarLoan.text($0, "end") + CarLoan.text($0, "subject"), $0) })
    let expected = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: Self.folder.appendingPathComponent("\(set)/expected.json"))) as? [[String: Any]])
    #expect(expected.count == 2)
    for day in expected {
      let end = CarLoan.text(day, "end")
      let line = try #require(found[end + "performance"], "no line for \(end)")
      let outputs = try #require(found[end + (set == "eta" ? "prediction" : "score")], "no line for \(end)")
      #expect(line["paired"] as? Bool == day["paired"] as? Bool)
      #expect(line["final"] as? Bool == true)
      for member in ["predictions", "labelled"] {
        #expect(line[member] as? [String: Int] == day[member] as? [String: Int], "\(end) \(member)")
      }
      let drift = try #require(outputs["metrics"] as? [String: Any])
      let wanted = try #require(day["drift"] as? [String: Double])
      // Values between the baseline's own leave the distance open by its bound.
      let bound = drift["ks_bound"] as? Double ?? .nan
      expectClose(drift["ks"] as? Double, try #require(wanted["ks"]), "\(end) ks", within: bound)
      if bound == 0 { expectClose(drift["ks_p_value"] as? Double, try #require(wanted["ks_p_value"]), "\(end) p") }
      let differences = try #require(line["differences"] as? [String: [String: Any]])
      let all = try #require(day["differences"] as? [String: [String: Any]])
      #expect(Set(differences.keys) == Set(all.keys), "\(end)")
      for (metric, values) in all {
        #expect(differences[metric]?["method"] as? String == values["method"] as? String, "\(end) \(metric)")
        for name in ["champion", "challenger", "difference", "lower", "upper", "p_value"] {
          expectClose(
            differences[metric]?[name] as? Double, try #require(values[name] as? Double), "\(end) \(metric) \(name)")
        }
      }
    }
    let verdicts = lines.filter { CarLoan.text($0, "type") == "verdict" }
    #expect(Set(verdicts.map { CarLoan.text($0, "check") }) == ["worse", "other"])
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
