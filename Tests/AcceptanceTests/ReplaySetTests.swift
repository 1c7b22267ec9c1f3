import Foundation
import Testing

/// `baseline fit --calibrate-on` and `replay` of a regression and a multiclass set against scikit-learn's numbers
/// (`Tests/Golden/replay_sets.py`).
@Suite struct ReplaySetTests {
  private static var folder: URL { Bundle.module.bundleURL.appendingPathComponent("Fixtures/replay_sets") }

  /// The `performance` lines of a set by window's end and slice, and what is expected of them.
  private func replay(_ set: String, labels: [String], heldOut: [String] = []) throws -> (
    lines: [String], expected: [[String: Any]]
  ) {
    let folder = try TemporaryFolder()
    let source = Self.folder.appendingPathComponent(set)
    for name in try FileManager.default.contentsOfDirectory(atPath: source.path) {
      try FileManager.default.copyItem(
        at: source.appendingPathComponent(name), to: folder.url.appendingPathComponent(name))
    }
    let all = try CarLoan.lines(source.appendingPathComponent("labels.jsonl"))
    // The log in as many parts as are asked for, each message in one of them.
    for (part, name) in labels.enumerated() {
      let mine = all.enumerated().filter { $0.offset % labels.count == part }.map(\.element)
      try (mine.joined(separator: "\n") + "\n").write(
        to: folder.url.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    let fit = try LeewayProcess.run(
      ["baseline", "fit", "monitor.yaml", "--from", "train.csv"]
        + (heldOut.isEmpty ? [] : ["--calibrate-on"] + heldOut),
      in: folder.url)
    try #require(fit.code == 0, "\(fit.error)")
    let replay = try LeewayProcess.run(
      ["replay", "monitor.yaml", "--predictions", "predictions.jsonl", "--labels"] + labels + [
        "--out", "results.jsonl",
      ],
      in: folder.url)
    try #require(replay.code == 0, "\(replay.error)")
    let lines = try CarLoan.lines(folder.url.appendingPathComponent("results.jsonl"))
    let expected = try JSONSerialization.jsonObject(
      with: Data(contentsOf: source.appendingPathComponent("expected.json")))
    return (lines, try #require(expected as? [[String: Any]]))
  }

  /// Every expected line with the one that was printed.
  private func pairs(_ result: (lines: [String], expected: [[String: Any]])) throws -> [([String: Any], [String: Any])]
  {
    let found = try CarLoan.objects(result.lines).filter { CarLoan.text($0, "type") == "performance" }
    func key(_ line: [String: Any]) -> String { CarLoan.text(line, "end") + " " + CarLoan.text(line, "slice") }
    let byKey = Dictionary(uniqueKeysWithValues: found.map { (key($0), $0) })
    #expect(found.count == result.expected.count)
    return try result.expected.map { expected in
      let mine = try #require(byKey[key(expected)], "no line for \(key(expected))")
      for field in ["predictions", "labelled"] {
        #expect(mine[field] as? Int == expected[field] as? Int, "\(key(expected)) \(field)")
      }
      return (expected, mine)
    }
  }

  private func numbers(_ line: [String: Any], _ member: String) throws -> [String: Double] {
    try #require(line[member] as? [String: Any]).compactMapValues { $0 as? Double }
  }

  private func expectClose(_ found: Double?, _ expected: Double, _ what: String, relative: Double = 1e-8) {
    #expect(
      abs((found ?? .nan) - expected) <= max(relative * abs(expected), 1e-9),
      "\(what): \(found ?? .nan) for \(expected)")
  }

  @Test func regressionIsScikitLearns() throws {
    let result = try replay("price", labels: ["labels.jsonl"], heldOut: ["held_out.csv"])
    for (expected, found) in try pairs(result) {
      let place = CarLoan.text(expected, "end") + CarLoan.text(expected, "slice")
      let metrics = try numbers(found, "metrics")
      for (name, value) in try numbers(expected, "metrics") { expectClose(metrics[name], value, "\(place) \(name)") }
      for (name, value) in try numbers(expected, "quantiles") {
        expectClose(metrics[name], value, "\(place) \(name)", relative: 1.0 / 64)
      }
      let estimated = try #require(found["estimated"] as? [String: Any])
      #expect(estimated["in_sample"] as? Bool == false)
      expectClose(
        try numbers(estimated, "metrics")["mae"], try #require(try numbers(expected, "estimated")["mae"]), place)
    }
  }

  @Test func multiclassIsScikitLearns() throws {
    for (expected, found) in try pairs(replay("species", labels: ["labels.jsonl"])) {
      let place = CarLoan.text(expected, "end") + CarLoan.text(expected, "slice")
      let metrics = try numbers(found, "metrics")
      for (name, value) in try numbers(expected, "metrics") { expectClose(metrics[name], value, "\(place) \(name)") }
      let classes = try #require(found["per_class"] as? [String: [String: Any]])
      let wanted = try #require(expected["per_class"] as? [String: [String: Any]])
      #expect(Set(classes.keys) == Set(wanted.keys), "\(place)")
      for (name, values) in wanted {
        for (key, value) in values {
          guard let number = value as? Double else {
            #expect(classes[name]?[key] is NSNull, "\(place) \(name) \(key)")
            continue
          }
          expectClose(classes[name]?[key] as? Double, number, "\(place) \(name) \(key)")
        }
      }
      // Ours has a row and a column for other classes, which are empty here.
      let matrix = try #require(found["confusion"] as? [[Int]])
      #expect(matrix.dropLast().map { Array($0.dropLast()) } == expected["confusion"] as? [[Int]], "\(place)")
      #expect(matrix.last?.allSatisfy { $0 == 0 } == true && matrix.allSatisfy { $0.last == 0 })
    }
  }

  /// Labels in three files, and the same files once more, change no byte.
  @Test(arguments: [
    ("price", CarLoan.Held(verdicts: 18, ofOwnParts: 4)), ("species", CarLoan.Held(verdicts: 12, ofOwnParts: 2)),
  ])
  func splittingAndRepeatingLabelsChangesNothing(set: String, _ held: CarLoan.Held) throws {
    let whole = try replay(set, labels: ["labels.jsonl"])
    let parts = try replay(set, labels: ["c.jsonl", "a.jsonl", "b.jsonl"])
    #expect(parts.lines == whole.lines)
    let lines = try CarLoan.objects(whole.lines)
    let found = try CarLoan.expectVerdictsSayWhatLinesSay(lines)
    #expect(found == held)
    if set == "species" { try expectDropsFromOwnAccuracy(lines) }
  }

  /// A drop is measured from the accuracy of the training rows of the region, where these are a thousand; else from that of all.
  private func expectDropsFromOwnAccuracy(_ lines: [[String: Any]]) throws {
    let rows = try CarLoan.lines(Self.folder.appendingPathComponent("species/train.csv")).dropFirst()
      .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    func accuracy(_ rows: [[String]]) -> Double {
      Double(rows.count { $0[1] == $0[2] }) / Double(rows.count)
    }
    let regions = Dictionary(grouping: rows) { $0[3] }
    let verdicts = lines.filter { CarLoan.text($0, "check") == "right" && $0["threshold"] is Double }
    var found: Set<String> = []
    for verdict in verdicts {
      let slice = CarLoan.text(verdict, "slice")
      let own = regions[String(slice.trimmingPrefix("region="))].flatMap { $0.count >= 1000 ? $0 : nil }
      #expect(CarLoan.text(verdict, "against") == (own == nil ? "all" : "slice"), "\(slice)")
      expectClose(verdict["threshold"] as? Double, 0.95 * accuracy(own ?? rows), slice, relative: 1e-12)
      found.insert("\(slice) \(CarLoan.text(verdict, "against"))")
    }
    #expect(found == ["all all", "region=north slice", "region=south all"])
  }
}
