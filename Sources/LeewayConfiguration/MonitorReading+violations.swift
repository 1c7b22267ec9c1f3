import LeewayCore

extension MonitorReading {
  /// Subjects and slices that one warning names.
  static let maximumNames = 3

  /// A limit that the training rows themselves are beyond fires without any change.
  func warnOfViolations(by baseline: Baseline) {
    for read in checks {
      guard let check = read.check else { continue }
      let values = trainingValues(of: check, baseline)
      guard !values.isEmpty else { continue }
      for limit in read.limits {
        let beyond = values.filter { limit.limit.limit.isViolated(by: $0.value) }
        guard !beyond.isEmpty else { continue }
        let named = beyond.map { "\($0.name) \(ConfigurationValue.shown(Self.rounded($0.value)))" }
        limit.value.warn(
          "is \(limit.value.node.kind), and the baseline itself is beyond it: \(ShortList.text(named, atMost: Self.maximumNames)); "
            + "it fires without any change. \(fix(limit.limit.limit))")
      }
    }
  }

  private func fix(_ limit: Limit) -> String {
    let change = if case .below = limit { "max_drop" } else { "max_rise" }
    return "Give another limit, or \(change): for a change from the baseline"
  }

  /// The metric on the training rows: of every subject and slice of a ratio or a level, or of the model.
  private func trainingValues(of check: Check, _ baseline: Baseline) -> [(name: String, value: Double)] {
    switch (check.metric.family, check.on) {
    case (.performance, .performance):
      let name = check.metric.name
      let own = baseline.performance?.metrics[name].map { [("its own \(name) is", $0)] } ?? []
      return own
        + baseline.slices.filter { Self.isOn(check.slices, $0.slice) }.compactMap { slice in
          slice.performance?.metrics[name].map { ("\(name) in \(slice.slice)", $0) }
        }
    case (.level, _):
      return subjects(of: check.on).compactMap { name in
        let value = baseline.subject(named: name).flatMap { check.metric.level?.baseline($0) }
        return value.map { ("\(check.metric.name) of \(name)", $0) }
      }
    case (.ratio, _):
      var values: [(name: String, value: Double)] = []
      for name in subjects(of: check.on) {
        guard let index = baseline.subjects.firstIndex(where: { $0.name == name }) else { continue }
        func add(_ cells: SubjectCells, _ place: String) {
          guard let value = Self.ratio(check.metric, cells) else { return }
          values.append(("\(check.metric.name) of \(name)\(place)", value))
        }
        add(baseline.subjects[index].cells, "")
        for slice in baseline.slices where Self.isOn(check.slices, slice.slice) {
          add(slice.subjects[index], " in \(slice.slice)")
        }
      }
      return values
    default: return []
    }
  }

  func subjects(of on: Check.Subjects) -> [String] {
    switch on {
    case .features(let except): (features ?? []).map(\.name).filter { !except.contains($0) }
    case .named(let names): names
    case .output: [task == .binary ? "score" : "prediction"]
    default: []
    }
  }

  private static func isOn(_ slices: Check.Slices, _ slice: String) -> Bool {
    switch slices {
    case .all: false
    case .each: true
    case .listed(let names): names.contains(slice)
    }
  }

  /// nil for ratios that are 0 in training by their meaning.
  private static func ratio(_ metric: Metric, _ cells: SubjectCells) -> Double? {
    guard cells.rows > 0, let part = metric.ratio?.part else { return nil }
    return Double(part(cells)) / Double(cells.rows)
  }

  /// Four places, for people.
  private static func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }
}

extension Limit {
  /// Whether a value is beyond an absolute limit; false for a change, which is measured from that value.
  fileprivate func isViolated(by value: Double) -> Bool {
    switch self {
    case .above(.absolute(let limit)): value > limit
    case .below(.absolute(let limit)): value < limit
    case .beyond(.absolute(let limit)): value.magnitude > limit
    default: false
    }
  }
}
