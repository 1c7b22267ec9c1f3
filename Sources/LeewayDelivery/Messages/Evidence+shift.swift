import Foundation

extension StoredNotification.Evidence {
  /// As `inputs-moved: amount up by 0.48 sd (about 25.1 → 37.2) since 2026-03-01 10:00 UTC (evidence 17.9, limit 16.1)`.
  func shiftSentence(_ stream: String, limit: Int) -> String {
    func name(_ text: String?) -> String { (text ?? "").onOneLine(limit: limit) }
    var sentence = name(check) + ": " + name(subject)
    if let slice, slice != "all" { sentence += " in \(name(slice))" }
    let direction = (size ?? 0) < 0 ? "down" : "up"
    func moved(_ write: (Double) -> String) -> String {
      guard let was, let now else { return "" }
      return " (\(write(was)) → \(write(now)))"
    }
    switch stream {
    case "location":
      sentence += " \(direction)" + (size.map { " by \($0.magnitude.forPeople) sd" } ?? "")
      // A shift of normal scores in the unit of the values is about so much.
      if let was, let now { sentence += " (mean about \(was.forPeople) → \(now.forPeople))" }
    case "spread":
      sentence += ": spread \(direction)"
      if let was, let now { sentence += " (standard deviation about \(was.forPeople) → \(now.forPeople))" }
    case "level":
      // A logarithm: a step is so much more, whatever the level.
      sentence += " \(direction)" + (size.map { " by \(Self.percent($0))" } ?? "")
      if let was, let now { sentence += " (about \(was.forPeople) → \(now.forPeople))" }
    case "category":
      sentence += ": share of \(name(category)) \(direction)" + moved(\.asPercent)
    default:
      sentence += ": \(name(stream)) \(direction)" + moved(\.asPercent)
    }
    if let likeness = looksLike.flatMap({ Self.likeness($0, limit: limit) }) { sentence += "; \(likeness)" }
    if let since { sentence += " since \(Self.minute(since))" }
    var numbers: [String] = []
    if let value { numbers.append("evidence \(value.forPeople)") }
    if let threshold { numbers.append("limit \(threshold.forPeople)") }
    if !numbers.isEmpty { sentence += " (\(numbers.joined(separator: ", ")))" }
    return sentence
  }

  /// `35 %` of a step of 0.3 on a logarithm.
  private static func percent(_ step: Double) -> String { "\((abs(exp(step) - 1) * 100).rounded().forPeople) %" }

  /// What the values look like, as a question to whoever knows the feed: `values × 1000: unit changed?`
  private static func likeness(_ it: StoredNotification.LooksLike, limit: Int) -> String? {
    func name(_ text: String) -> String { "\"\(text.onOneLine(limit: min(limit, 40)))\"" }
    switch it.kind {
    case "unit":
      guard let factor = it.factor, let offset = it.offset else { return nil }
      if factor == -1 { return "sign turned?" }
      // Both ways, the number above 1.
      let scale = factor.magnitude >= 1 ? "× \(factor.forPeople)" : "÷ \((1 / factor).forPeople)"
      guard offset != 0 else { return "values \(scale): unit changed?" }
      let shift = offset < 0 ? "− \(offset.magnitude.forPeople)" : "+ \(offset.forPeople)"
      return "values \(factor == 1 ? "" : scale + " ")\(shift): unit changed?"
    case "default":
      guard let value = it.value, let was = it.was, let now = it.now else { return nil }
      return "\(name(value)) was \(was.asPercent) of values and is \(now.asPercent): a default?"
    case "lost": return "feed lost?"
    case "renamed":
      guard let gone = it.from?.first else { return nil }
      let more = (it.categories ?? 1) - 1
      let from = name(gone) + (more > 0 ? " and \(more) more" : "")
      return "\(from) gone, \(it.to.map(name) ?? "values the baseline never had") as frequent: renamed?"
    default: return nil
    }
  }

  /// `2026-03-01 10:00 UTC` of an RFC 3339 time in UTC.
  private static func minute(_ time: String) -> String {
    guard time.utf8.count >= 16 else { return time.onOneLine(limit: 40) }
    return "\(time.prefix(10)) \(time.dropFirst(11).prefix(5)) UTC".onOneLine(limit: 40)
  }
}

extension Double {
  /// A share as people read it: `5.2 %`, and below a thousandth with two digits.
  fileprivate var asPercent: String {
    let percent = self * 100
    return String(format: percent < 0.1 ? "%.2g %%" : "%.1f %%", percent)
  }
}
