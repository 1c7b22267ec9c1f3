/// What a shift looks like where its hour says so: a fault of the feed and no change of the population. Such a shift is a problem of
/// the data, which is fixed and not learned (rule D7), whichever stream found it.
package enum ShiftCause: Sendable, Equatable {
  /// Every value is as before after `factor` · value + `offset`.
  ///
  /// Example: a duration that was in seconds and is in milliseconds has the factor 1,000 and the offset 0.
  case unit(factor: Double, offset: Double)
  /// One value is much more frequent than it was, and the others are among each other as before: shares of the values.
  case fill(value: String, was: Double, now: Double)
  /// Hardly any row has a value: shares of the rows that are missing.
  case lost(was: Double, now: Double)
  /// Categories are gone, and as many rows have another, or categories that the baseline never had.
  ///
  /// - Parameters:
  ///   - from: at most three of those that are gone, the most frequent first.
  ///   - count: how many are gone.
  ///   - to: nil: none that the baseline has.
  ///   - share: of the values, that they had.
  case renamed(from: [String], count: Int, to: String?, share: Double)

  package var kind: String {
    switch self {
    case .unit: "unit"
    case .fill: "default"
    case .lost: "lost"
    case .renamed: "renamed"
    }
  }
}

extension ShiftCause {
  /// An object of a line, a notification or the stored form.
  func write(to w: inout JSONWriter) {
    w.beginObject()
    w.key("kind")
    w.string(kind)
    func numbers(_ numbers: [(String, Double)]) {
      for (name, number) in numbers {
        w.key(name)
        w.number(number)
      }
    }
    switch self {
    case .unit(let factor, let offset): numbers([("factor", factor), ("offset", offset)])
    case .fill(let value, let was, let now):
      w.key("value")
      w.string(value)
      numbers([("was", was), ("now", now)])
    case .lost(let was, let now): numbers([("was", was), ("now", now)])
    case .renamed(let from, let count, let to, let share):
      w.key("from")
      w.strings(from)
      w.key("categories")
      w.number(count)
      w.key("to")
      if let to { w.string(to) } else { w.null() }
      numbers([("was", share)])
    }
    w.endObject()
  }

  init(_ r: JSONReader) throws(JSONFailure) {
    switch try r.member("kind").string() {
    case "unit": self = .unit(factor: try r.member("factor").double(), offset: try r.member("offset").double())
    case "default":
      self = .fill(
        value: try r.member("value").string(), was: try r.member("was").double(), now: try r.member("now").double())
    case "lost": self = .lost(was: try r.member("was").double(), now: try r.member("now").double())
    case "renamed":
      self = .renamed(
        from: try r.member("from").texts(), count: try r.member("categories").integer(in: 1...1_000_000),
        to: try r.member("to").text(), share: try r.member("was").double())
    default: throw try r.member("kind").failure("expected unit, default, lost or renamed")
    }
  }
}
