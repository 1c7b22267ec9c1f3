import LeewayStatistics

/// What a stored state belongs to, whatever the generation (rule G2).
extension ShiftDesign {
  /// For a state: the null, if it is the baseline's, and where the monitor finds the values. Where the null is learned it is of the slice
  /// alone, and each subject has a hash of its own.
  static func hash(_ feed: ShiftFeed, _ part: Part, _ monitor: Monitor, _ baseline: Baseline) -> String {
    var w = JSONWriter()
    w.beginArray()
    w.string(part.slice)
    if feed != .subjects { w.string("\(feed)") }
    w.string(part.null.map { SHA256.hash($0.bytes).hex } ?? "learned in \(monitor.timeZone)")
    if part.null != nil {
      for subject in part.subjects { write(subject.name, monitor, baseline, to: &w) }
    }
    w.endArray()
    return String(SHA256.hash(w.bytes).hex.prefix(16))
  }

  /// For each subject by itself.
  static func names(
    _ feed: ShiftFeed, _ part: Part, _ streams: ShiftStreams, _ monitor: Monitor, _ baseline: Baseline
  ) -> ShiftSubjects {
    let own = baseline.slices.first { utf8Equal($0.slice, part.slice) }?.subjects
    return ShiftSubjects(
      streams,
      hashes: part.subjects.map { subject in
        var w = JSONWriter()
        w.beginArray()
        guard feed == .subjects else {
          // A level is learned whatever the baseline.
          w.string(subject.name)
          w.endArray()
          return String(SHA256.hash(w.bytes).hex.prefix(16))
        }
        write(subject.name, monitor, baseline, to: &w)
        // The streams of a slice follow from its own part of the baseline.
        if let own, let place = baseline.subjects.firstIndex(where: { utf8Equal($0.name, subject.name) }) {
          for count in own[place].counts { w.number(count) }
        }
        w.endArray()
        return String(SHA256.hash(w.bytes).hex.prefix(16))
      })
  }

  private static func write(_ name: String, _ monitor: Monitor, _ baseline: Baseline, to w: inout JSONWriter) {
    w.string(name)
    w.string(baseline.subject(named: name).map { SHA256.hash(Self.text($0)).hex } ?? "")
    guard let feature = monitor.features.first(where: { utf8Equal($0.name, name) }) else { return }
    w.string(feature.field.description)
    w.number(feature.range?.lowerBound ?? 0)
    w.number(feature.range?.upperBound ?? 0)
  }

  private static func text(_ subject: SubjectBaseline) -> [UInt8] {
    var w = JSONWriter()
    w.beginArray()
    switch subject.domain {
    case .numeric(let domain): for knot in domain.binning.knots { w.number(knot) }
    case .categorical(let domain): for name in domain.categories { w.string(name) }
    }
    for count in subject.cells.counts { w.number(count) }
    w.endArray()
    return w.bytes
  }
}
