/// Which lines of an hour that is old stay: one of each series, and whatever an incident rests on.
///
/// A *series* is what a line is of, whatever its window's end: monitor, generation, type, window, slice, subject, check,
/// metric and stage. Among the lines of a series whose windows end in one hour (after h − 1 h, up to h) the last stays. So
/// windows with steps of an hour or more keep every line, and a `1h` window with `every: 5m` keeps those that end on the
/// full hour: of the ends 09:05, 09:10 … 10:00 it is 10:00.
///
/// Besides, these stay:
///
/// - lines of incidents;
/// - verdicts whose window failed (`info` or more before `for`): what has fired, and the neighbours that `for` counted;
/// - the lines that such a verdict was found in: with the same window and end, all comparisons; all performance for a metric
///   of labels; the drift of the same subject, in every slice, for any other; all subjects of its slice for `rows`.
///
/// What stays depends only on the keys of the hour, and removing a line never makes another one go. So steps of any size, in any
/// order and by any instance, end with the same lines.
package enum ThinningRule {
  package static let hour = TimeSpan.hours(1)

  /// The end of the hour that a window's end is in: 10:00 for 09:05 and for 10:00.
  package static func hour(of end: EventTime) -> EventTime {
    let floor = end.floor(to: hour)
    return floor == end ? end : floor + hour
  }

  /// The lines that go.
  ///
  /// - Parameter keys: everything of one monitor that ends in one hour.
  package static func superfluous(_ keys: [ResultKey]) -> [ResultPosition] {
    var last: [Series: (end: EventTime, sequence: Int64)] = [:]
    var evidence: Set<Evidence> = []
    for key in keys {
      let moment = (end: key.position.end, sequence: key.position.sequence)
      if let known = last[Series(key.position)], known > moment {} else { last[Series(key.position)] = moment }
      if hasFailed(key) { evidence.formUnion(Self.evidence(of: key.position)) }
    }
    return keys.compactMap { key in
      let position = key.position
      if position.type == ResultType.incident.rawValue || hasFailed(key) { return nil }
      if let newest = last[Series(position)], newest == (position.end, position.sequence) { return nil }
      return names(of: position).contains(where: evidence.contains) ? nil : position
    }
  }

  private static func hasFailed(_ key: ResultKey) -> Bool {
    key.position.type == ResultType.verdict.rawValue && (key.rawTier ?? .ok) >= .info
  }

  // MARK: Evidence

  /// A set of lines that a verdict may rest on.
  private struct Evidence: Hashable {
    enum Kind: Hashable { case any, labels, subject, slice }

    var window: NameKey
    var end: EventTime
    var kind: Kind
    var name: NameKey
  }

  private static func evidence(of verdict: ResultPosition) -> [Evidence] {
    func named(_ kind: Evidence.Kind, _ name: String) -> Evidence {
      Evidence(window: NameKey(verdict.window), end: verdict.end, kind: kind, name: NameKey(name))
    }
    guard let metric = Metric.named(verdict.metric) else {
      // For a program that knew more: everything of that window that it may rest on.
      return [
        named(.any, ""), named(.labels, ""), named(.subject, verdict.subject), named(.slice, verdict.slice),
      ]
    }
    if metric.isOfLabels { return [named(.any, ""), named(.labels, "")] }
    return [
      named(.any, ""),
      metric.family == .traffic ? named(.slice, verdict.slice) : named(.subject, verdict.subject),
    ]
  }

  /// Under which of them a line is evidence.
  private static func names(of line: ResultPosition) -> [Evidence] {
    func named(_ kind: Evidence.Kind, _ name: String) -> Evidence {
      Evidence(window: NameKey(line.window), end: line.end, kind: kind, name: NameKey(name))
    }
    switch ResultType(rawValue: line.type) {
    case .performance: return [named(.labels, "")]
    case .comparison: return [named(.any, "")]
    case .drift: return [named(.subject, line.subject), named(.slice, line.slice)]
    case .shift, .verdict, .incident, nil: return []
    }
  }

  private struct Series: Hashable {
    var type: NameKey
    var window: NameKey
    var size: Int64
    var slice: NameKey
    var subject: NameKey
    var check: NameKey
    var metric: NameKey
    var stage: Stage
    var monitor: NameKey
    var generation: NameKey

    init(_ position: ResultPosition) {
      type = NameKey(position.type)
      window = NameKey(position.window)
      size = position.size
      slice = NameKey(position.slice)
      subject = NameKey(position.subject)
      check = NameKey(position.check)
      metric = NameKey(position.metric)
      stage = position.stage
      monitor = NameKey(position.monitor)
      generation = NameKey(position.generation)
    }
  }
}
