import Foundation

extension StoredNotification.Evidence {
  /// As `input-drift: psi of amount 0.31, limit 0.3 (q 3e-12, 50321 rows, window 7d)`; each name is cut to `limit`.
  func sentence(limit: Int) -> String {
    func name(_ text: String?) -> String? {
      guard let text, !text.isEmpty else { return nil }
      return text.onOneLine(limit: limit)
    }
    var sentence = (name(check) ?? "check") + ":"
    if let metric = name(metric) { sentence += " \(metric)" }
    if let subject = name(subject) { sentence += " of \(subject)" }
    if let slice = name(slice), slice != "all" { sentence += " in \(slice)" }
    if let value { sentence += " \(value.forPeople)" }
    if let threshold { sentence += ", limit \(threshold.forPeople)" }
    if let worst = name(worstSlice) {
      sentence += ", worst in \(worst)" + (worstValue.map { " (\($0.forPeople))" } ?? "")
    } else if slicesAlike == true {
      sentence += ", alike in all slices"
    }
    var circumstances: [String] = []
    if let qValue { circumstances.append("q \(qValue.forPeople)") }
    if let rows { circumstances.append("\(rows) rows") }
    if let window = name(window) { circumstances.append("window \(window)") }
    if !circumstances.isEmpty { sentence += " (\(circumstances.joined(separator: ", ")))" }
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
