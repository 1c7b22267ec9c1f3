import Foundation

extension StoredNotification.Evidence {
  /// As `input-drift: psi of amount 0.31, limit 0.3 (q 3e-12, 50321 rows, window 7d)`; each name is cut to `limit`.
  func sentence(limit: Int) -> String {
    func name(_ text: String?) -> String? {
      guard let text, !text.isEmpty else { return nil }
      return text.onOneLine(limit: limit)
    }
    if let stream { return shiftSentence(stream, limit: limit) }
    // A check that is called as its metric, and a subject that the metric says already, are said once.
    var sentence = check == metric ? "" : (name(check) ?? "check") + ": "
    if let metric = name(metric) { sentence += metric }
    if let subject = name(subject), !["performance", "traffic"].contains(subject) { sentence += " of \(subject)" }
    if let slice = name(slice), slice != "all" { sentence += " in \(slice)" }
    if let value { sentence += " \(value.forPeople)" }
    if let threshold { sentence += ", limit \(threshold.forPeople)" }
    if let worst = name(worstSlice) {
      sentence += ", worst in \(worst)" + (worstValue.map { " (\($0.forPeople))" } ?? "")
    } else if slicesAlike == true {
      sentence += ", alike in all slices"
      if let slicesLeftOut { sentence += " with enough rows, which \(slicesLeftOut) have not" }
    }
    var circumstances: [String] = []
    if let qValue { circumstances.append("q \(qValue.forPeople)") }
    if let rows { circumstances.append("\(rows) rows") }
    if let window = name(window) { circumstances.append("window \(window)") }
    if !circumstances.isEmpty { sentence += " (\(circumstances.joined(separator: ", ")))" }
    return sentence
  }
}

extension StoredNotification.Spread {
  /// As `missing: amount critical in 14 of 100 slices, such as country=DE`; in one slice only the evidence's own sentence.
  func sentence(_ evidence: [StoredNotification.Evidence]) -> String {
    if slices == 1, let one = evidence.first(where: { $0.check == check && $0.subject == subject }) {
      return one.sentence(limit: 60)
    }
    var sentence = (check ?? "check").onOneLine(limit: 60) + ":"
    if let subject { sentence += " " + subject.onOneLine(limit: 60) }
    if let tier { sentence += " " + tier.onOneLine(limit: 20) }
    if let slices { sentence += " in \(slices)" + (of.map { " of \($0)" } ?? "") + " slices" }
    if let first = names?.first { sentence += ", such as " + first.onOneLine(limit: 60) }
    return sentence
  }
}

extension Double {
  /// Four significant digits; whole numbers from 1,000 on are written out. The API has the exact value.
  var forPeople: String {
    let size = magnitude
    return size >= 1_000 && size < 1e15 ? String(format: "%.0f", self) : String(format: "%.4g", self)
  }
}
