/// Which generation of a monitor counts, from when, and which before it still wait for labels.
package enum Generations {
  /// Makes a plan again of what a generation was, with the checks and alerts that the monitor has now; nil where that is not
  /// possible, and what its pairs wait for is lost. `files` reads what the ledger has kept of it. The plan has the record's
  /// definition.
  package typealias Reader =
    @Sendable (
      _ record: GenerationRecord, _ now: Monitor, _ files: () throws -> GenerationFiles?
    ) throws -> MonitorPlan?

  /// Reads none: for whoever needs no superseded generations.
  package static let none: Reader = { _, _, _ in nil }

  /// Makes the plan's generation the current one. A new one starts at the pane boundary above the monitor's highest event
  /// time, so that no pane mixes two baselines and no event counts in both.
  ///
  /// - Parameter mayReturn: whether a generation that was left before may come back: somebody has asked for it, or no
  ///   other instance could be running what came after it.
  /// - Returns: the plan where the ledger has put it, and the first event time that counts.
  /// - Throws: `GenerationSuperseded` if it was left and may not come back.
  package static func current(
    _ plan: MonitorPlan, mayReturn: Bool = true, in tx: any LedgerWriter, reading read: Reader = none
  ) throws -> (plan: MonitorPlan, startsAt: EventTime) {
    let monitor = plan.monitor
    let current = try tx.generation(of: monitor.name)
    if var record = current, record.definition == plan.definition {
      if record.pairShape.isEmpty, let shape = plan.pairShape {
        // From a version that did not keep what pairs depend on.
        record.pairShape = shape.text
        try tx.lockGeneration(of: monitor.name)
        try tx.put(generation: record, files: files(of: plan))
      }
    } else {
      // A flush of the generation before that is under way may still raise the highest event time.
      try tx.lockGeneration(of: monitor.name)
      let known = try tx.generations(of: monitor.name)
      if known.last?.definition != plan.definition {
        guard mayReturn || !known.contains(where: { $0.definition == plan.definition }) else {
          throw GenerationSuperseded(monitor: monitor.name)
        }
        try begin(plan, after: known, in: tx)
      }
    }
    guard let placed = try placed(plan, in: tx, reading: read) else {
      throw GenerationSuperseded(monitor: monitor.name)
    }
    return (placed, placed.standing.startsAt)
  }

  private static func begin(_ plan: MonitorPlan, after known: [GenerationRecord], in tx: any LedgerWriter) throws {
    let monitor = plan.monitor
    var startsAt = EventTime.distantPast
    let predictions = try tx.partitions(of: monitor.name).filter { $0.role == .predictions }
    if !known.isEmpty, let highest = predictions.map(\.watermark).max(), highest > .distantPast {
      startsAt = highest.floor(to: monitor.pane) + monitor.pane
    }
    // What is left of an earlier time under the same definition drains on its own.
    let taken = Set(known.map(\.generation))
    let names = sequence(first: 1) { $0 + 1 }.lazy.map { $0 == 1 ? plan.definition : "\(plan.definition)-\($0)" }
    guard let name = names.first(where: { !taken.contains($0) }) else { return }
    var record = GenerationRecord(
      monitor: monitor.name, generation: name, definition: plan.definition, startsAt: startsAt,
      baseline: plan.baseline.identity, pairShape: plan.pairShape?.text ?? "")
    // As for the closing of windows: partitions at their end hold nothing back, nor do those of a topic that was read once.
    let now = try tx.now()
    let reading = predictions.filter { plan.reads($0.key, as: .predictions) }
    let holding = (reading.isEmpty ? predictions : reading).filter { !$0.isIdle(at: now) }
    let least = holding.map(\.watermark).min() ?? predictions.map(\.watermark).max()
    if let least, least > .distantPast { record.readThrough = least - monitor.lateness }
    // Windows that have closed were judged as whole. A partition that was at its end then, as an empty one always is, says so again only once
    // it is read, and must not take that back.
    if let before = known.last {
      let closed = try Set([before.generation, before.pairs]).compactMap {
        try tx.progress(monitor: monitor.name, generation: $0)?.closedThrough
      }
      record.readThrough = max(record.readThrough, closed.max() ?? .distantPast)
    }
    if let before = known.last, let old = PairShape(text: before.pairShape), let new = plan.pairShape,
      new.carriesOn(old)
    {
      record.pairs = before.pairs
      record.pairsStartAt = before.pairsStartAt
      record.earlyStartsAt = new.early == old.early ? before.earlyStartsAt : startsAt
    }
    try tx.put(generation: record, files: files(of: plan))
    try ReferenceSource.add(MonitorPlan(plan, standing: GenerationStanding(record)), in: tx)
  }

  /// nil where nothing waits for labels, or the plan was not read from a file.
  private static func files(of plan: MonitorPlan) -> GenerationFiles? {
    guard plan.pairShape != nil, !plan.source.isEmpty else { return nil }
    var baseline = plan.baseline
    return GenerationFiles(monitor: plan.source, baseline: baseline.encoded())
  }

  /// The plan where the ledger has put it; nil if another generation is the current one.
  package static func placed(
    _ plan: MonitorPlan, in reader: any LedgerReader, reading read: Reader = none
  ) throws -> MonitorPlan? {
    let known = try reader.generations(of: plan.monitor.name)
    guard let current = known.last, current.definition == plan.definition else { return nil }
    let draining = try superseded(known).compactMap { record, next -> DrainingPairs? in
      guard let now = plan.pairShape, let then = PairShape(text: record.pairShape), then.labels == now.labels,
        let old = try read(
          record, plan.monitor, { try reader.files(monitor: record.monitor, generation: record.generation) })
      else { return nil }
      return DrainingPairs(
        plan: MonitorPlan(old, standing: GenerationStanding(record)), until: next.startsAt,
        readThrough: next.readThrough)
    }
    return MonitorPlan(plan, standing: GenerationStanding(current, draining: draining))
  }

  /// Superseded pairs, the oldest first: the last generation that had them, and the one that came next.
  static func superseded(_ known: [GenerationRecord]) -> [(record: GenerationRecord, next: GenerationRecord)] {
    zip(known, known.dropFirst()).filter { $0.pairs != $1.pairs && !$0.isDrained }.map { ($0, $1) }
  }

  package static func isCurrent(_ plan: MonitorPlan, in reader: any LedgerReader) throws -> Bool {
    try reader.generation(of: plan.monitor.name)?.definition == plan.definition
  }

  /// The monitors whose generation the ledger has had and left: who runs them runs an older configuration.
  package static func superseded(_ plans: [MonitorPlan], in reader: any LedgerReader) throws -> [String] {
    try plans.filter { plan in
      try !isCurrent(plan, in: reader)
        && reader.generations(of: plan.monitor.name).contains { $0.definition == plan.definition }
    }.map(\.monitor.name)
  }
}
