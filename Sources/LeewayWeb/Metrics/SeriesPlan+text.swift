import LeewayConfiguration

// What `leeway check` prints.
extension SeriesPlan {
  /// `1,234 of at most 5,000: all 300, 2 versions 400, checks 34, 5 slices 500; left out: 200 of 2 slices (city=lyon, …)`
  package var text: String {
    var parts = ["all \(Thousands.text(exported[.all]?.series ?? 0))"]
    func add(_ part: Part, _ text: (Count) -> String) {
      if let count = exported[part], count.series > 0 { parts.append(text(count)) }
    }
    add(.versions) { "\(Self.counted($0.slices, "version")) \(Thousands.text($0.series))" }
    add(.checks) { "checks in slices \(Thousands.text($0.series))" }
    add(.slices) { "\(Self.counted($0.slices, "slice")) \(Thousands.text($0.series))" }
    add(.evidence) { "their p-values, bounds and chi-squared \(Thousands.text($0.series))" }
    var text = "\(Thousands.text(count)) of at most \(Thousands.text(limit)): \(parts.joined(separator: ", "))"
    text += "; left out: \(leftOutText)"
    if monitor.series != .all { text += "; not chosen by series.slices: \(monitor.series.rawValue)" }
    if !unprofiled.isEmpty, monitor.series != .none {
      text += "; values of \(unprofiled.joined(separator: ", ")) come on top, since the baseline has no profile of them"
    }
    return text
  }

  private var leftOutText: String {
    var parts: [String] = []
    func add(_ part: Part, _ text: (Count) -> String) {
      if let count = leftOut[part], count.series > 0 { parts.append(text(count)) }
    }
    let names = firstLeftOut.filter { !$0.contains("\n") }
    let named = names.isEmpty ? "" : " (first \(names.joined(separator: ", ")))"
    add(.all) { "\(Thousands.text($0.series)) of all" }
    add(.versions) { "\(Thousands.text($0.series)) of \(Self.counted($0.slices, "version"))" }
    add(.checks) { "\(Thousands.text($0.series)) that checks use" }
    add(.slices) { "\(Thousands.text($0.series)) of \(Self.counted($0.slices, "slice"))\(named)" }
    add(.evidence) { "\(Thousands.text($0.series)) p-values, bounds and chi-squared" }
    return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
  }

  private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
