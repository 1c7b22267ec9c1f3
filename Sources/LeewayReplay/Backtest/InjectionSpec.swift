import LeewayConfiguration
package import LeewayCore

/// Reads what `--inject` takes: `SUBJECT:CHANGE@TIME` or `SUBJECT:CHANGE@TIME..TIME`.
///
/// - `amount:+0.5sd@2026-03-01`: half a standard deviation of the baseline is added to every value;
/// - `amount:sdx1.5@…`: values lie 1.5 times as far from the baseline's mean;
/// - `amount:x1000@…`: values are multiplied, as by another unit;
/// - `amount:missing=30%@…`: a share of the rows has no value;
/// - `country:DE<->FR@…`: each of two categories is taken for the other;
/// - `label:flip=20%@…`: a share of the labels says the opposite, by the label's own time.
///
/// A date is its midnight in UTC. With `A..B` the change grows from A to B.
package enum InjectionSpec {
  /// What is wrong, where, and the fix.
  package struct Wrong: Error, CustomStringConvertible {
    package var description: String
  }

  private static let forms = "+0.5sd, sdx1.5, x1000, missing=30%, A<->B, or for label flip=20%"

  package static func read(_ text: String, _ monitor: Monitor, _ baseline: Baseline) throws(Wrong) -> Injection {
    func wrong(_ part: Substring, _ what: String) -> Wrong {
      let column = text.distance(from: text.startIndex, to: part.startIndex) + 1
      return Wrong(description: "--inject \(text), column \(column): \(part.isEmpty ? "" : "\(part) ")\(what)")
    }
    let names = monitor.features.map(\.name) + [monitor.outputName]
    // A name may have a colon of its own: the longest that there is.
    let known = names.filter { text.hasPrefix("\($0):") }.max { $0.count < $1.count }
    guard let colon = known.map({ text.index(text.startIndex, offsetBy: $0.count) }) ?? text.firstIndex(of: ":") else {
      throw wrong(text[...], "has no colon; write SUBJECT:CHANGE@TIME, such as \(names[0]):+0.5sd@2026-03-01")
    }
    let subject = text[..<colon]
    let isLabel = known == nil && subject == "label"
    guard known != nil || isLabel else {
      throw wrong(
        subject,
        "is no feature of monitor \(monitor.name), nor \(monitor.outputName) or label."
          + Spelling.suggestion(for: String(subject), among: names + ["label"]))
    }
    let rest = text[text.index(after: colon)...]
    guard let at = rest.lastIndex(of: "@") else {
      throw wrong(rest, "has no time; add @ and a day or a time, such as @2026-03-01")
    }
    let (from, until) = try times(rest[rest.index(after: at)...], wrong)
    let change = try change(rest[..<at], known, monitor, baseline, wrong)
    return Injection(text: text, subject: String(subject), change: change, from: from, until: until)
  }

  private static func times(
    _ part: Substring, _ wrong: (Substring, String) -> Wrong
  ) throws(Wrong) -> (EventTime, EventTime?) {
    func time(_ part: Substring) throws(Wrong) -> EventTime {
      for text in [String(part), "\(part)T00:00:00Z"] {
        var text = text
        if let time = text.withUTF8({ EventTime(rfc3339: UnsafeRawBufferPointer($0)) }), time.isPlausible {
          return time
        }
      }
      throw wrong(part, "is no day or time; write 2026-03-01, or 2026-03-01T12:00:00Z")
    }
    guard let dots = part.range(of: "..") else { return (try time(part), nil) }
    let (from, until) = (try time(part[..<dots.lowerBound]), try time(part[dots.upperBound...]))
    guard from < until else { throw wrong(part, "ends before it begins; write the earlier time first") }
    return (from, until)
  }

  private static func change(
    _ part: Substring, _ subject: String?, _ monitor: Monitor, _ baseline: Baseline,
    _ wrong: (Substring, String) -> Wrong
  ) throws(Wrong) -> Injection.Change {
    guard let subject else { return try ofLabels(part, monitor, wrong) }
    let of = baseline.subject(named: subject)
    let isNumeric = if case .numeric? = of?.domain { true } else { false }
    func number(_ text: Substring) -> Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }
    func needNumbers() throws(Wrong) {
      guard isNumeric else {
        throw wrong(part, "is a change of numbers, and \(subject) has categories; write A<->B or missing=30%")
      }
    }
    func needDeviation() throws(Wrong) -> (mean: Double, deviation: Double) {
      try needNumbers()
      guard let mean = of?.mean, let deviation = of?.standardDeviation, deviation > 0 else {
        throw wrong(part, "is in standard deviations, and \(subject) has none in the baseline; write x2 or missing=30%")
      }
      return (mean, deviation)
    }
    if part.hasSuffix("sd"), let size = number(part.dropLast(2)), part.first == "+" || part.first == "-" {
      let moments = try needDeviation()
      guard size != 0, abs(size) <= 1000 else {
        throw wrong(part, "is nothing; write 0.01 to 1000 standard deviations")
      }
      return .add(size * moments.deviation)
    }
    if part.hasPrefix("sdx"), let factor = number(part.dropFirst(3)) {
      let moments = try needDeviation()
      guard factor >= 0, factor != 1, factor <= 1e6 else {
        throw wrong(part, "is nothing; write sdx and a number from 0 to 1000000 other than 1")
      }
      return .spread(factor, around: moments.mean)
    }
    if part.hasPrefix("x"), let factor = number(part.dropFirst()) {
      try needNumbers()
      guard factor != 1, abs(factor) <= 1e12 else { throw wrong(part, "is nothing; write x and a number other than 1") }
      return .multiply(factor)
    }
    if part.hasPrefix("missing=") { return .missing(try share(part, "missing=", wrong)) }
    if let arrow = part.range(of: "<->") {
      guard !isNumeric else {
        throw wrong(part, "swaps categories, and \(subject) has numbers; write +0.5sd, sdx1.5 or x1000")
      }
      let (a, b) = (String(part[..<arrow.lowerBound]), String(part[arrow.upperBound...]))
      guard case .categorical(let domain)? = of?.domain else { throw wrong(part, "has no categories in the baseline") }
      for name in [a, b] where !domain.categories.contains(where: { utf8Equal($0, name) }) {
        throw wrong(
          part,
          "names \(name), which is no category of \(subject) in the baseline."
            + Spelling.suggestion(for: name, among: domain.categories))
      }
      guard !utf8Equal(a, b) else { throw wrong(part, "swaps a category with itself; name two") }
      return .swap(a, b)
    }
    if part.hasPrefix("flip=") { throw wrong(part, "is a change of labels; write label:\(part)") }
    throw wrong(part, "is no change; write one of \(forms)")
  }

  private static func ofLabels(
    _ part: Substring, _ monitor: Monitor, _ wrong: (Substring, String) -> Wrong
  ) throws(Wrong) -> Injection.Change {
    guard part.hasPrefix("flip=") else { throw wrong(part, "is no change of labels; write flip=20%") }
    guard monitor.labels != nil else { throw wrong(part, "changes labels, and the monitor has no labels section") }
    guard monitor.task != .regression else {
      throw wrong(
        part, "is a change of classes, and the labels of a regression are numbers; move the prediction instead")
    }
    return .flip(try share(part, "flip=", wrong))
  }

  private static func share(
    _ part: Substring, _ prefix: String, _ wrong: (Substring, String) -> Wrong
  ) throws(Wrong) -> Double {
    guard part.hasSuffix("%"), let percent = Double(part.dropFirst(prefix.count).dropLast()), percent > 0,
      percent <= 100
    else { throw wrong(part, "takes a share above 0 % and up to 100 %, such as \(prefix)30%") }
    return percent / 100
  }
}
