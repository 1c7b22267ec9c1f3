/// Earlier verdicts of a check: of this round, else from the ledger.
struct VerdictHistory {
  private let plan: MonitorPlan
  private let reader: any LedgerReader
  private var recent: [Key: [VerdictRecord]] = [:]

  /// Verdicts that follow each other: a stage never looks at the other's.
  private struct Series: Hashable {
    var check: String
    var stage: Stage
  }

  private struct Key: Hashable {
    var series: Series
    var end: EventTime
  }

  init(plan: MonitorPlan, reader: any LedgerReader) {
    self.plan = plan
    self.reader = reader
  }

  /// Verdicts at the given ends, by end.
  private func verdicts(_ check: Check, _ stage: Stage, _ ends: [EventTime]) throws -> [EventTime: [VerdictRecord]] {
    let series = Series(check: check.name, stage: stage)
    var out: [EventTime: [VerdictRecord]] = [:]
    var missing: [EventTime] = []
    for end in ends {
      if let known = recent[Key(series: series, end: end)] { out[end] = known } else { missing.append(end) }
    }
    if !missing.isEmpty {
      for record in try reader.verdicts(
        monitor: plan.monitor.name, generation: check.metric.isOfLabels ? plan.pairs : plan.generation,
        check: check.name, stage: stage, ends: missing)
      {
        out[record.end, default: []].append(record)
      }
    }
    return out
  }

  /// Applies `for: N`: a tier stands only if the N − 1 windows before it that share no pane reached it too. A window that was
  /// missing, or had too little to judge, neither counts nor breaks the run; the search ends at 4·N windows.
  mutating func applyingConsecutive(
    _ verdicts: [Verdict], _ check: Check, _ window: WindowDefinition, _ end: EventTime, _ stage: Stage = .final
  ) throws -> [Verdict] {
    defer {
      recent[Key(series: Series(check: check.name, stage: stage), end: end)] = verdicts.map {
        VerdictRecord(end: $0.end, slice: $0.slice, subject: $0.subject, rawTier: $0.rawTier, value: $0.referenceValue)
      }
    }
    guard check.consecutive > 1, verdicts.contains(where: { $0.rawTier > .ok }) else { return verdicts }
    let ends = (1...Self.mostNeighbours(check)).map { end - window.apart * $0 }
    let earlier = try self.verdicts(check, stage, ends)
    return verdicts.map { verdict in
      guard verdict.rawTier > .ok else { return verdict }
      var tier = verdict.rawTier
      var run = 1
      for end in ends where run < check.consecutive {
        guard
          let record = earlier[end]?.first(where: { $0.slice == verdict.slice && $0.subject == verdict.subject }),
          record.rawTier != .insufficientData
        else { continue }
        if record.rawTier <= .ok { break }
        tier = min(tier, record.rawTier)
        run += 1
      }
      var out = verdict
      out.tier = run >= check.consecutive ? tier : .ok
      return out
    }
  }

  /// How many windows before its own `for` looks at.
  static func mostNeighbours(_ check: Check) -> Int64 { 4 * Int64(check.consecutive) }

  /// Windows whose median is what is usual.
  static let usualWindows: Int64 = 28

  /// Rows of the last 28 windows without a common pane, by slice.
  func usualRows(_ check: Check, _ window: WindowDefinition, _ end: EventTime) throws -> [String: UsualRows] {
    let ends = (1...Self.usualWindows).map { end - window.apart * $0 }
    var values: [String: [Double]] = [:]
    for records in try verdicts(check, .final, ends).values {
      for record in records { if let value = record.value { values[record.slice, default: []].append(value) } }
    }
    return values.mapValues { UsualRows($0) }
  }
}

/// What is usual for a window's rows, by the windows before it.
struct UsualRows: Equatable {
  /// How many it takes.
  static let neededWindows = 3

  /// How many there are.
  var windows = 0
  /// nil for fewer than three.
  var median: Double?
}

extension UsualRows {
  init(_ rows: [Double]) {
    windows = rows.count
    guard windows >= Self.neededWindows else { return }
    let sorted = rows.sorted()
    let middle = windows / 2
    median = windows % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
