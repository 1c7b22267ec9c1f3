import Foundation
import Testing

/// Training files that are nearly right: what is wrong, with line and value, and what a good fit prints.
@Suite struct FitMistakesTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try Shop.prepare(in: folder)
  }

  private func fit(_ bytes: [UInt8], _ name: String = "t.csv") throws -> (code: Int32, output: String, error: String) {
    try Data(bytes).write(to: folder.url.appendingPathComponent(name))
    return try LeewayProcess.run(
      ["baseline", "fit", "monitors/shop.yaml", "--out", "b.json", "--from", name], in: folder.url)
  }

  private func expectError(
    _ bytes: [UInt8], _ problem: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try fit(bytes)
    #expect(found.code == 1, sourceLocation: sourceLocation)
    #expect(found.error == "leeway: t.csv:\(problem)\n", sourceLocation: sourceLocation)
  }

  @Test func otherSeparators() throws {
    for (separator, name) in [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")] {
      try expectError(
        Array(Shop.training.replacing(",", with: separator).utf8),
        "1: the columns are separated by \(name); separate them by commas")
    }
  }

  @Test func otherEncodings() throws {
    let plain = try fit(Array(Shop.training.utf8))
    // A byte-order mark is passed over.
    let marked = try fit([0xEF, 0xBB, 0xBF] + Array(Shop.training.utf8))
    #expect(marked.code == 0 && marked.output == plain.output)
    try expectError(
      [0xFF, 0xFE] + Shop.training.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] },
      "1: is UTF-16; save it as UTF-8")
    try expectError(
      Array(Shop.training.replacing("\n", with: "\r").utf8), "1: the lines end in CR; end them in LF or CR LF")
    try expectError(
      Array("amount,country,score\n1,DE,0.5\n2,".utf8) + [0xD6] + Array(",0.5\n".utf8),
      "3: country is not UTF-8; save the file as UTF-8")
  }

  /// Rows of training need no time; where they have one, it is of the monitor's unit.
  @Test func timesInAnotherUnit() throws {
    func rows(_ time: String) -> [UInt8] { Array("amount,country,score,at\n1,DE,0.5,\(time)\n".utf8) }
    try expectError(
      rows("1750000000"),
      "2: at is 1750000000, which is 1970-01-21T06:06:40.000Z in epoch_ms, before 1990. Did you mean epoch_s?")
    try expectError(
      rows("99999999999999"),
      "2: at is 99999999999999, which is 5138-11-16T09:46:39.999Z in epoch_ms, after 2100; fix the column or time_format"
    )
    for time in ["1750000000000", "2025-06-15T15:06:40Z", "", "yesterday"] {
      #expect(try fit(rows(time)).code == 0, "\(time)")
    }
  }

  @Test func oddNumbers() throws {
    // Whole numbers are read, so the rest would be left out in silence.
    try expectError(
      Array("amount,country,score\n1,DE,0.5\n\"2,5\",DE,0.5\n".utf8),
      "3: amount is 2,5, a number with a comma; write the decimals after a point, and no separators of thousands")
    try expectError(
      Array("amount,country,score\n 1,DE,0.5\n 2,DE,0.5\n".utf8),
      "2: amount is  1, a number with a space beside it; remove the space; no row has a number there, so check the column, and the type in the monitor"
    )
    let some = try fit(Array("amount,country,score\n1,DE,0.5\nmany,DE,0.5\n".utf8))
    #expect(some.code == 0)
    #expect(
      some.error.hasSuffix(
        "leeway: amount: 1 of 2 values are invalid and in no distribution, the first in t.csv:3: many\n"))
  }

  @Test func scoresThatArePercentages() throws {
    let some = try fit(Array("amount,country,score\n1,DE,0.5\n2,DE,21.9\n".utf8))
    #expect(some.code == 0)
    #expect(
      some.error.hasSuffix(
        "score: 1 of 2 values are invalid and in no distribution, the first in t.csv:3: 21.9, which is not from 0 to 1 (a percentage?)\n"
      ))
    try expectError(
      Array("amount,country,score\n1,DE,50\n2,DE,21.9\n".utf8),
      "2: score is 50, which is not from 0 to 1 (a percentage?); no row has a valid number there, so check the column, and the type in the monitor"
    )
  }

  @Test func filesOfOtherFormats() throws {
    let avro = Array("Obj".utf8) + [1, 4, 20] + Array("avro.codec".utf8) + [8] + Array("null\n".utf8)
    for (bytes, format) in [(avro, "an Avro file"), (Array("PAR1abc\ndef".utf8), "a Parquet file")] {
      let found = try fit(bytes)
      #expect(
        found.code == 1
          && found.error == "leeway: t.csv: is \(format), whatever its name; write it as CSV or JSON Lines\n")
    }
    // A row of more fields than a row may have.
    try expectError(
      Array(("amount,country,score\r" + String(repeating: "1,DE,0.5\r", count: 6000)).utf8),
      "1: the lines end in CR; end them in LF or CR LF")
  }

  @Test func labelsOfOneClass() throws {
    let found = try fit(Array("amount,country,score,bought\n1,DE,0.5,0\n2,FR,0.75,0\n".utf8))
    #expect(found.code == 0)
    #expect(
      found.error
        == "leeway: all labels are the same: auc and whatever else needs both classes has no baseline, so a max_drop of it cannot be judged\n"
    )
  }

  /// Messages of predictions and of labels may call their value alike; a training file cannot: its column would be both.
  @Test func oneColumnForOutputAndLabel() throws {
    let monitor = """
      monitor: late
      task: regression
      predictions: {topic: p, fields: {id: id, time: at, prediction: minutes}}
      labels: {topic: l, fields: {id: id, time: at, value: minutes}, horizon: 1d}
      features: {amount: numeric}
      panes: 5m
      windows: [{size: 1h, every: 5m}]
      """
    try folder.write(monitor, to: "late.yaml")
    func fit(_ text: String) throws -> (code: Int32, output: String, error: String) {
      try folder.write(text, to: "t.csv")
      return try LeewayProcess.run(
        ["baseline", "fit", "late.yaml", "--out", "b.json", "--from", "t.csv"], in: folder.url)
    }
    let one = try fit("amount,minutes\n1,5\n2,6\n")
    #expect(one.code == 1)
    #expect(
      one.error.hasSuffix(
        "leeway: t.csv:1: no column for the model's output: looked for prediction; the file has amount, minutes\n"))
    let two = try fit("amount,minutes,prediction\n1,5,4\n2,6,8\n")
    #expect(two.code == 0 && two.output.contains("mae 1.5"), "\(two)")
  }

  /// A column that is not there is another mistake than one that is empty.
  @Test func aColumnOfLabelsByAnotherName() throws {
    let empty = try fit(Array("amount,country,score,bought\n1,DE,0.5,\n".utf8))
    #expect(empty.code == 0)
    #expect(
      empty.error == "leeway: no labels in column bought: the baseline has no performance to compare with\n")
    let misspelt = try fit(Array("amount,country,score,bougth\n1,DE,0.5,1\n".utf8))
    #expect(misspelt.code == 0)
    #expect(
      misspelt.error
        == "leeway: no column bought, so the baseline has no performance to compare with; t.csv has amount, country, score, bougth. Did you mean bougth?\n"
    )
  }

  @Test func labelsThatAreText() throws {
    let text = "amount,country,score,bought\n1,DE,0.5,no\n2,FR,0.75,yes\n"
    try expectError(
      Array(text.utf8),
      "2: bought is no, which is no label of a binary model; it takes 0, 1, false or true, or set labels.positive to the text that means 1"
    )
    func positive(_ word: String) throws {
      try folder.write(
        Shop.monitor.replacing("  horizon: 30m\n", with: "  horizon: 30m\n  positive: \(word)\n"),
        to: "monitors/shop.yaml")
    }
    try positive("yes")
    var found = try fit(Array(text.utf8))
    #expect(found.code == 0 && found.error == "")
    #expect(found.output.contains("\n  labelled     2 (the rows of training)\n"))
    try positive("YES")
    try expectError(
      Array(text.utf8),
      " no label is YES, which labels.positive means by 1; the labels are no, yes. Did you mean yes?")
    found = try fit(Array("amount,country,score,bought\n1,DE,0.5,no\n".utf8))
    #expect(found.code == 0)
    #expect(found.error == "leeway: no label is YES, which labels.positive means by 1; the labels are no.\n")
  }

  @Test func whatAFitPrints() throws {
    let training = Shop.training.split(separator: "\n").enumerated().map { i, line in
      (1...40).contains(i) ? String(line.drop { $0 != "," }) : String(line)
    }
    let found = try fit(Array(training.joined(separator: "\n").utf8))
    #expect(found.code == 0 && found.error == "")
    let lines = found.output.split(separator: "\n").map(String.init)
    #expect(
      lines.dropFirst() == [
        "  rows         400", "  missing      amount 10.0 %", "  labelled     400 (the rows of training)",
        "  performance  accuracy 0.915, auc 0.9856, average_precision 0.9792, brier 0.08665, "
          + "calibration_in_the_large -0.1936, calibration_intercept -0.663, calibration_slope 4.926, ece 0.1623, f1 0.915, log_loss 0.3046, mce 0.3431, "
          + "positive_rate 0.47, precision 0.8632, predicted_positive_rate 0.53, recall 0.9734, spiegelhalter_z -7.924",
      ])
  }
}
