/// Earlier verdicts of a check: of this round, else from the ledger.
struct VerdictHistory {
  private let plan: MonitorPlan
  private let reader: any LedgerReader
  private var recent: [Key: [VerdictRecord]] = [:]

  private struct Key: Hashable {
    var check: String
    var end: EventTime
  }

  init(plan: MonitorPlan, reader: any LedgerReader) {
    self.plan = plan
    self.reader = reader
  }

  /// Verdicts at the given ends, by end.
  private func verdicts(_ check: Check, _ ends: [EventTime]) throws -> [EventTime: [VerdictRecord]] {
    var out: [EventTime: [VerdictRecord]] = [:]
    var missing: [EventTime] = []
    for end in ends {
      if let known = recent[Key(check: check.name, end: end)] { out[end] = known } else { missing.append(end) }
    }
    if !missing.isEmpty {
      for record in try reader.verdicts(
        monitor: plan.monitor.name, generation: plan.generation, check: check.name, ends: missing)
      {
        out[record.end, default: []].append(record)
      }
    }
    return out
  }

  /// Applies `for: N`: a tier stands only if the windows 1 … N − 1 sizes earlier reached it too. A window that was
  /// missing, or had too little to judge, neither counts nor breaks the run; the search ends at 4·N windows.
  mutating func applyingConsecutive(
    _ verdicts: [Verdict], _ check: Check, _ window: WindowDefinition, _ end: EventTime
  ) throws -> [Verdict] {
    defer {
      recent[Key(check: check.name, end: end)] = verdicts.map {
        VerdictRecord(end: $0.end, slice: $0.slice, subject: $0.subject, rawTier: $0.rawTier, value: $0.value)
      }
    }
    guard check.consecutive > 1, verdicts.contains(where: { $0.rawTier > .ok }) else { return verdicts }
    let ends = (1...4 * check.consecutive).map { end - window.size * Int64($0) }
    let earlier = try self.verdicts(check, ends)
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

  /// The median rows of the last 28 windows, a size apart, by slice; slices with fewer than three have none.
  func usualRows(_ check: Check, _ window: WindowDefinition, _ end: EventTime) throws -> [String: Double] {
    let ends = (1...28).map { end - window.size * Int64($0) }
    var values: [String: [Double]] = [:]
    for records in try verdicts(check, ends).values {
      for record in records { if let value = record.value { values[record.slice, default: []].append(value) } }
    }
    return values.compactMapValues { values in
      guard values.count >= 3 else { return nil }
      let sorted = values.sorted()
      let middle = sorted.count / 2
      return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
  }
}
