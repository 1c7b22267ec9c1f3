import Foundation
import Testing

/// Small inputs that another monitor read wrongly, or this one (`Fixtures/cases`), with the right values.
@Suite struct CaseTests {
  private func prepare(_ name: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let source = Bundle.module.bundleURL.appendingPathComponent("Fixtures/cases/\(name)")
    for file in try FileManager.default.contentsOfDirectory(atPath: source.path) {
      try FileManager.default.copyItem(
        at: source.appendingPathComponent(file), to: folder.url.appendingPathComponent(file))
    }
    return folder
  }

  private func fit(_ folder: TemporaryFolder, _ file: String = "train.csv") throws -> (code: Int32, error: String) {
    let found = try LeewayProcess.run(["baseline", "fit", "m.yaml", "--from", file], in: folder.url)
    return (found.code, found.error)
  }

  private func replay(
    _ folder: TemporaryFolder, _ predictions: String = "p.jsonl", labels: Bool = true
  ) throws -> (lines: [[String: Any]], error: String) {
    let found = try LeewayProcess.run(
      ["replay", "m.yaml", "--predictions", predictions] + (labels ? ["--labels", "l.jsonl"] : []) + [
        "--out", "o.jsonl",
      ],
      in: folder.url)
    return (try CarLoan.objects(CarLoan.lines(folder.url.appendingPathComponent("o.jsonl"))), found.error)
  }

  private func first(_ lines: [[String: Any]], _ type: String, _ subject: String? = nil) throws -> [String: Any] {
    try #require(
      lines.first { CarLoan.text($0, "type") == type && (subject == nil || CarLoan.text($0, "subject") == subject) })
  }

  private func metric(_ line: [String: Any], _ name: String) -> Double? {
    (line["metrics"] as? [String: Any])?[name] as? Double
  }

  @Test func idsBeyond64BitsKeepTheirDigits() throws {
    let folder = try prepare("id-over-2-64")
    #expect(try fit(folder).code == 0)
    let error = try replay(folder).error
    #expect(
      error.hasPrefix(
        "leeway: 1000 predictions accepted, 0 late, 0 duplicate, 0 unjoinable; 1000 labels, 1000 matched, 0 corrected,"),
      "\(error)")
  }

  @Test func aFeatureIsFoundByItsNameWhateverItHolds() throws {
    let folder = try prepare("feature-name-dot")
    #expect(try fit(folder).code == 0)
    let line = try first(replay(folder, labels: false).lines, "drift", "Sepal.Length")
    #expect(line["rows"] as? Int == 1000 && line["missing"] as? Int == 0)
    #expect(metric(line, "psi") == 0)
  }

  @Test func whatLiesBelowTheLowestBinIsSeen() throws {
    let folder = try prepare("psi-blind-below-lowest-cut")
    #expect(try fit(folder).code == 0)
    let down = try replay(folder, "p-down.jsonl", labels: false).lines
    let up = try replay(folder, "p-up.jsonl", labels: false).lines
    for subject in ["flag", "days", "const"] {
      let verdict = try first(down.filter { CarLoan.text($0, "check") == "drift" }, "verdict", subject)
      #expect(verdict["tier"] as? String == "warning", "\(subject)")
    }
    for name in ["psi", "jensen_shannon", "hellinger", "total_variation", "l_infinity", "chi2"] {
      for subject in ["flag", "const"] {
        #expect(
          try metric(first(down, "drift", subject), name) == metric(first(up, "drift", subject), name),
          "\(subject) \(name)")
      }
    }
    #expect(try metric(first(down, "drift", "const"), "jensen_shannon") == 1)
    #expect(try metric(first(down, "drift", "const"), "chi2_p_value") == 0)
  }

  /// Of 1,500 labels one is 10¹⁰: the other 1,499 are judged as NumPy judges them.
  @Test func oneLabelOutOfAllProportionIsCounted() throws {
    let folder = try prepare("regression-outlier")
    #expect(try fit(folder).code == 0)
    let lines = try replay(folder).lines
    let line = try first(lines, "performance")
    #expect(line["labelled"] as? Int == 1500 && line["outlying"] as? Int == 1)
    func values(_ file: String, _ key: String) throws -> [Int: Double] {
      Dictionary(
        uniqueKeysWithValues: try CarLoan.objects(CarLoan.lines(folder.url.appendingPathComponent(file))).map {
          ($0["id"] as? Int ?? -1, $0[key] as? Double ?? .nan)
        })
    }
    // The last one, whose id is a text, only moves the watermarks.
    let targets = try values("l.jsonl", "y").filter { $0.key >= 0 && abs($0.value) < 1e9 }
    let predictions = try values("p.jsonl", "pred")
    let errors = targets.map { abs((predictions[$0.key] ?? .nan) - $0.value) }.filter(\.isFinite)
    let mae = errors.reduce(0, +) / Double(errors.count)
    #expect(abs((metric(line, "mae") ?? .nan) - mae) < 1e-6 * mae)
    let verdict = try first(lines.filter { CarLoan.text($0, "check") == "e" }, "verdict")
    #expect(verdict["tier"] as? String == "ok" && verdict["rows"] as? Int == 1499)
  }

  @Test(arguments: ["p-above-1", "p-negative", "p-sum-2.7", "p-percent", "p-text", "p-list"])
  func whatIsNoDistributionIsInvalid(file: String) throws {
    let folder = try prepare("multiclass-probabilities")
    #expect(try fit(folder).code == 0)
    let (lines, error) = try replay(folder, "\(file).jsonl")
    let line = try first(lines, "drift", "prediction")
    #expect(line["invalid"] as? Int == line["rows"] as? Int && (line["rows"] as? Int ?? 0) > 0)
    #expect(!lines.contains { metric($0, "log_loss") != nil })
    #expect(
      error.contains(
        "or probabilities in q that are no object of classes with numbers from 0 to 1 that sum to 1"), "\(error)")
    #expect(!error.contains("no prediction has"), "\(error)")
    // The last line says what to fix, the probabilities among it.
    let last = error.split(separator: "\n").last.map(String.init) ?? ""
    #expect(
      last.hasSuffix("or predictions.fields.prediction, or predictions.fields.probabilities, which is q"), "\(last)")
  }

  @Test func probabilitiesAreFoundByCanonicalKeysAndByOrder() throws {
    let folder = try prepare("multiclass-probabilities")
    #expect(try fit(folder).code == 0)
    func loss(_ file: String) throws -> Double? {
      try metric(first(replay(folder, file).lines, "performance"), "log_loss")
    }
    // −ln 0.5
    #expect(abs((try loss("p-float-keys.jsonl") ?? .nan) - 0.6931471805599453) < 1e-12)
    let monitor = try String(contentsOf: folder.url.appendingPathComponent("m.yaml"), encoding: .utf8)
    try folder.write(monitor + "classes: [0, 1, 2.0]\n", to: "m.yaml")
    #expect(abs((try loss("p-list.jsonl") ?? .nan) - 0.6931471805599453) < 1e-12)
    try folder.write(monitor + "classes: [0, 1]\n", to: "m.yaml")
    let line = try first(replay(folder, "p-list.jsonl").lines, "drift", "prediction")
    #expect(line["invalid"] as? Int == line["rows"] as? Int)
  }

  @Test(arguments: [
    (
      "comma-decimal",
      "x is 0,5, a number with a comma; write the decimals after a point, and no separators of thousands",
      2
    ), ("cr", "the lines end in CR; end them in LF or CR LF", 1),
    ("latin1", "c is not UTF-8; save the file as UTF-8", 3),
    (
      "space",
      "x is  0, a number with a space beside it; remove the space; no row has a number there, so check the column, and the type in the monitor",
      2
    ),
  ]) func csvFilesAreRefusedWithLineAndValue(file: String, problem: String, line: Int) throws {
    let found = try fit(prepare("csv-errors"), "\(file).csv")
    #expect(found.code == 1 && found.error == "leeway: \(file).csv:\(line): \(problem)\n", "\(found.error)")
  }
}
