import LeewayTestSupport

@testable import LeewayCore

/// Compares what a simulation has stored with the naive batch over the same messages.
enum Comparison {
  /// One run of a seed; the differences found, none if all is as it must be.
  static func differences(
    _ world: SimulatedWorld, _ actions: [SimulatedAction], without flaw: LedgerFlaw? = nil,
    batchWithout rule: BatchRule? = nil
  ) -> (found: [String], history: [String], reach: Reach) {
    do {
      let simulation = try Simulation(world, without: flaw)
      do {
        try simulation.run(actions)
        let stored = try simulation.ledger.read { try $0.results(ResultQuery(limit: .max)) }
        let found = try simulation.problems + differences(simulation, stored, rule, without: flaw)
        return (found, simulation.history, Reach(of: stored, in: world, sent: simulation.receipts.map(\.key)))
      } catch {
        return (simulation.problems + ["it ended with \(error)"], simulation.history, Reach())
      }
    } catch {
      return (["it did not begin: \(error)"], [], Reach())
    }
  }

  private static func differences(
    _ simulation: Simulation, _ stored: [ResultRecord], _ rule: BatchRule?, without flaw: LedgerFlaw?
  ) throws -> [String] {
    let world = simulation.world
    var found: [String] = []
    var verdicts: [(plan: MonitorPlan, verdicts: [Verdict])] = []
    var earlier: [NaiveReferences.Earlier] = []
    let inputs = try simulation.ledger.read {
      try $0.outsideDecisions(monitor: world.plans[0].monitor.name, after: nil, limit: .max)
    }
    let turns = self.turns(simulation.switches)
    for (i, (turn, record)) in zip(turns, simulation.switches.map(\.record)).enumerated() {
      guard let made = world.plans.first(where: { $0.definition == record.definition }) else { continue }
      let plan = MonitorPlan(made, standing: GenerationStanding(record))
      let isLast = i + 1 == turns.count
      // Pairs that go on belong to the generation that has them last.
      let hasPairs = isLast || simulation.switches[i + 1].record.pairs != record.pairs
      let naive = NaiveBatch(world, plan: plan, turn: turn, earlier: earlier, inputs: inputs, without: rule)
      earlier.append(naive.taken(isLastOfItsPairs: hasPairs))
      found += naive.contradictions
      let mine = stored.filter { line in
        guard line.type != .incident else { return false }
        return isOfPairs(line) ? hasPairs && line.generation == plan.pairs : line.generation == plan.generation
      }
      // Windows that closed early have verdicts of what had come by then.
      let compared = world.idlesEarly ? mine.filter { $0.type != .verdict && $0.type != .shift } : mine
      for line in compared {
        guard let wanted = naive.lines[line.position] else {
          found.append("nothing should be here: \(line.line)")
          continue
        }
        func shown(_ line: ResultRecord) -> String {
          let text = same(line.line, (!isLast && !isOfPairs(line)) || world.idlesEarly)
          return world.idlesEarly ? withoutDetectors(text, plan) : text
        }
        if shown(line) != shown(wanted) { found.append("found  \(line.line)\nwanted \(wanted.line)") }
      }
      let positions = Set(mine.map(\.position))
      for line in naive.lines.values.sorted(by: { $0.position < $1.position }) where !positions.contains(line.position)
      {
        // The drift of a generation ends when the next begins: what it had not judged by then, it never will.
        let isOwed =
          isOfPairs(line) ? hasPairs && !world.idlesEarly : isLast && (!world.idlesEarly || line.type == .drift)
        if isOwed { found.append("missing \(line.line)") }
      }
      if isLast, !world.idlesEarly { found += try detectors(simulation, plan, naive) }
      verdicts.append(
        (
          plan,
          naive.verdicts.filter { verdict in
            positions.contains(naive.position(of: verdict))
          }
        ))
    }
    if !world.idlesEarly {
      let decided = try verdicts.map { try rule?.without($0.plan, $0.verdicts) ?? $0 }
      found += try transitions(simulation, decided)
    }
    // Machines that the ledger has damaged differ from the log in bytes; what counts is that it shows in transitions.
    if flaw?.damagesMachines != true { found += try folds(simulation) }
    return found
  }

  /// Whether a line is of joined labels.
  private static func isOfPairs(_ line: ResultRecord) -> Bool {
    switch line.type {
    case .performance: true
    case .comparison: line.subject == "performance"
    case .verdict: Metric.named(line.metric)?.isOfLabels ?? false
    case .drift, .shift, .incident: false
    }
  }

  /// What each generation had of the logs, and which its pairs came from.
  private static func turns(_ switches: [Simulation.Switch]) -> [NaiveBatch.Turn] {
    var out: [NaiveBatch.Turn] = []
    for (i, turn) in switches.enumerated() {
      let next = i + 1 < switches.count ? switches[i + 1] : nil
      var made = NaiveBatch.Turn(
        startsAt: turn.record.startsAt, begin: i == 0 ? [:] : turn.offsets, end: next?.offsets,
        pairsStartAt: turn.record.pairsStartAt, earlyStartsAt: turn.record.earlyStartsAt)
      if i > 0, switches[i - 1].record.pairs == turn.record.pairs { made.earlier = [out[i - 1]] + out[i - 1].earlier }
      if let next, next.record.pairs != turn.record.pairs {
        made.drains = (next.record.startsAt, next.record.readThrough)
      }
      out.append(made)
    }
    return out
  }

  /// Whatever rounds fed them, detectors end as if they had been fed in one go, and nothing was too late for them.
  private static func detectors(_ simulation: Simulation, _ plan: MonitorPlan, _ naive: NaiveBatch) throws -> [String] {
    let bytes = try simulation.ledger.read { try $0.errorFeed(monitor: plan.monitor.name, generation: plan.pairs) }
    guard let feed = try bytes.map({ try ErrorFeed(encoded: $0) }) else { return ["there are no detectors"] }
    var found = feed.late == 0 ? [] : ["\(feed.late) errors were too late for the detectors"]
    for key in plan.detectors where naive.detectors[key] != feed.watches.first(where: { $0.key == key })?.detector {
      found.append("detector \(key.method) of \(key.slice.name) was fed otherwise")
    }
    return found
  }

  /// A generation that has ended may have closed windows by idleness that the batch does not know of.
  private static func same(_ line: String, _ leavesOutFinal: Bool) -> String {
    leavesOutFinal && !line.contains("\"labelled\"")
      ? line.split(separator: ",").filter { !$0.hasPrefix("\"final\"") }.joined(separator: ",") : line
  }

  /// A pane that matured early has been fed, and what comes of it later is too late.
  private static func withoutDetectors(_ line: String, _ plan: MonitorPlan) -> String {
    guard line.hasPrefix("{\"type\":\"performance\"") else { return line }
    let names = Set(plan.detectors.map { "\"\($0.method.rawValue)\":" })
    return (line.split(separator: ",\"detectors\":").first ?? "").split(separator: ",")
      .filter { part in !names.contains { part.hasPrefix($0) } }.joined(separator: ",")
  }

  /// Transitions are a fold over the verdicts, consumed once and in order, and over what the trainer said, where it said it.
  private static func transitions(
    _ simulation: Simulation, _ verdicts: [(plan: MonitorPlan, verdicts: [Verdict])]
  ) throws -> [String] {
    let scratch = InMemoryLedger()
    let context = DecisionContext(receivers: SimulatedMonitor.receivers)
    let monitor = simulation.world.plans[0].monitor.name
    let inputs = try simulation.ledger.read {
      try $0.outsideDecisions(monitor: monitor, after: nil, limit: .max)
    }
    // Each generation's verdicts are decided under its own plan.
    let verdicts = try byPolicy(verdicts, simulation)
    for (plan, verdicts) in verdicts {
      _ = try scratch.write {
        try Decision(plan: plan, context: context, recorded: inputs).decide(verdicts, now: .distantPast, in: $0)
      }
    }
    func summary(_ ledger: InMemoryLedger) throws -> [String] {
      try ledger.read { reader in
        try reader.results(ResultQuery(type: .incident, limit: .max)).map(\.line)
          + reader.incidents(IncidentQuery(limit: .max)).map { "\($0)" }
          + reader.retrains(monitor: nil, limit: .max).map { "\($0.id) \($0.incident) \($0.requestedAt)" }.sorted()
          // How spread is gathered into messages depends on the clock, a call has its deadline, a model is promoted by the
          // act itself, and whether another incident is critical too depends on what has been judged by then.
          + reader.deliveries(incident: nil, limit: .max).filter {
            !$0.key.contains("-spread/") && $0.receiver != "rules"
          }
          // An answer of the trainer's is told of under the baseline of its moment.
          .map { $0.receiver == "retrain" ? $0.key : "\($0.key) \(withoutBaseline(simulation.written($0)))" }.sorted()
      }
    }
    let (found, wanted) = (try summary(simulation.ledger), try summary(scratch))
    guard found == wanted else {
      let first = zip(found, wanted).first { $0 != $1 }
      return [
        "transitions: \(found.count) lines for \(wanted.count)\nfound  \(first?.0 ?? "")\nwanted \(first?.1 ?? "")"
      ]
    }
    return try spread(simulation) + verdictsOnly(simulation, verdicts, inputs)
  }

  /// Verdicts of pairs that two generations share belong to either: those that were decided before a group got the policy of the second are
  /// the first's.
  private static func byPolicy(
    _ verdicts: [(plan: MonitorPlan, verdicts: [Verdict])], _ simulation: Simulation
  ) throws -> [(plan: MonitorPlan, verdicts: [Verdict])] {
    var out = verdicts
    for i in out.indices.dropFirst() where out[i].plan.monitor.incidents != out[i - 1].plan.monitor.incidents {
      let monitor = out[i].plan.monitor
      let checks = Dictionary(uniqueKeysWithValues: monitor.checks.map { ($0.name, $0) })
      for group in [CauseGroup.concept, .performanceEarly, .performanceFinal] {
        let log = try simulation.ledger.read {
          try $0.decisions(monitor: monitor.name, group: group, outside: true, after: nil, limit: .max)
        }
        let change = try log.last {
          try DecisionInput(at: $0.at, kind: $0.kind, body: $0.body).act == .policy(monitor.incidents)
        }
        guard let change else { continue }
        func isEarlier(_ verdict: Verdict) -> Bool {
          checks[verdict.check]?.causeGroup(of: verdict) == group && verdict.end < change.at
        }
        out[i - 1].verdicts += out[i].verdicts.filter(isEarlier)
        out[i].verdicts.removeAll(where: isEarlier)
      }
    }
    return out
  }

  private static func withoutBaseline(_ body: String) -> String {
    body.split(separator: ",").filter { !$0.hasPrefix("\"baseline\"") }.joined(separator: ",")
  }

  /// However it was gathered, whoever hears of warnings has been told of everything that is new. What an early incident had
  /// said by then is not.
  private static func spread(_ simulation: Simulation) throws -> [String] {
    func names(_ texts: [String]) throws -> [String: Set<String>] {
      var out: [String: Set<String>] = [:]
      for text in texts {
        let r = JSONReader(try JSONValue(parsing: Array(text.utf8)))
        for member in ["checks", "subjects", "slices"] {
          out[try r.member("incident").string(), default: []].formUnion(
            try r.member(member).texts().map { member + $0 })
        }
      }
      return out
    }
    let (lines, rows) = try simulation.ledger.read { reader in
      (
        try reader.results(ResultQuery(type: .incident, limit: .max))
          // Whoever heard of the twin only, which has ended, is told of the whole incident then.
          .filter { try reader.delivery(key: "\($0.subject)/\($0.sequence)-opened/chat") == nil || $0.sequence == 0 }
          .map(\.line)
          .filter { try $0.contains("\"transition\":\"spread\"") && !isKnownEarly($0, simulation, reader) },
        try reader.deliveries(incident: nil, limit: .max).filter { $0.key.hasSuffix("-spread/chat") }
      )
    }
    let (wanted, found) = (try names(lines), try names(rows.map(simulation.written)))
    return wanted == found ? [] : ["spread: told of \(found), and wanted \(wanted)"]
  }

  /// Whether the early incident that was open at the end of a final one's spread had the same keys at the same tiers by then,
  /// and had been told of: read from the logs of both, without the machines.
  private static func isKnownEarly(
    _ line: String, _ simulation: Simulation, _ reader: any LedgerReader
  ) throws -> Bool {
    let r = JSONReader(try JSONValue(parsing: Array(line.utf8)))
    guard try r.member("reason").string() == CauseGroup.performanceFinal.rawValue,
      let at = EventTime(rfc3339: try r.member("at").string())
    else { return false }
    let monitor = simulation.world.plans[0].monitor.name
    typealias Fired = (end: EventTime, keys: [IncidentMachine.Key: Tier])
    func fired(_ group: CauseGroup) throws -> [Fired] {
      try reader.decisions(monitor: monitor, group: group, outside: false, after: nil, limit: .max).compactMap {
        entry in
        let input = try DecisionInput(at: entry.at, kind: entry.kind, body: entry.body)
        guard case .verdicts(let batch) = input.act else { return nil }
        return (entry.at, batch.fired.mapValues(\.tier))
      }
    }
    func highest(_ log: [Fired], from start: EventTime, through end: EventTime) -> [IncidentMachine.Key: Tier] {
      log.filter { $0.end >= start && $0.end <= end }.reduce(into: [:]) { $0.merge($1.keys, uniquingKeysWith: max) }
    }
    let incidents = try reader.incidents(IncidentQuery(limit: .max))
    let early = incidents.first {
      $0.group == .performanceEarly && $0.openedAt <= at && at < $0.resolvedAt ?? .distantFuture
    }
    let mine = try r.member("incident").string()
    guard let early, let final = incidents.first(where: { $0.id == mine }) else { return false }
    let known = highest(try fired(.performanceEarly), from: early.openedAt, through: at)
    guard known.values.contains(where: { $0 >= .warning }) else { return false }
    let log = try fired(.performanceFinal)
    let before = highest(log.filter { $0.end < at }, from: final.openedAt, through: at)
    let new = highest(log, from: at, through: at).filter { $0.value >= .warning && $0.value > before[$0.key] ?? .ok }
    return new.allSatisfy { known[$0.key] ?? .ok >= $0.value }
  }

  /// The log of each cause leads to the stored machine and lines, byte for byte.
  private static func folds(_ simulation: Simulation) throws -> [String] {
    let monitor = simulation.world.plans[0].monitor.name
    return try simulation.ledger.read { reader in
      var lines: [String] = []
      var found: [String] = []
      for group in CauseGroup.allCases {
        let log = try reader.decisions(monitor: monitor, group: group, outside: false, after: nil, limit: .max)
        let outcome = try DecisionLog.fold(log, monitor: monitor, group: group)
        lines += outcome.transitions.map(\.line)
        if let bytes = try reader.machine(monitor: monitor, group: group), bytes != outcome.machine.encoded() {
          found.append("the log of \(group.rawValue) leads elsewhere than its machine")
        }
      }
      let stored = try reader.results(ResultQuery(type: .incident, limit: .max)).map(\.line)
      return lines.sorted() == stored.sorted() ? found : found + ["the logs lead to other lines than the stored ones"]
    }
  }

  /// The shortest history that still fails: drops actions, then what goes wrong in them, while the failure stays.
  static func shrunk(
    _ world: SimulatedWorld, _ actions: [SimulatedAction], without flaw: LedgerFlaw? = nil
  ) -> [SimulatedAction] {
    var actions = actions
    func fails(_ candidate: [SimulatedAction]) -> Bool {
      !differences(world, candidate, without: flaw).found.isEmpty
    }
    var size = actions.count / 2
    while size > 0 {
      var start = 0
      while start < actions.count {
        var candidate = actions
        candidate.removeSubrange(start..<min(start + size, actions.count))
        if fails(candidate) { actions = candidate } else { start += size }
      }
      size /= 2
    }
    for i in actions.indices {
      guard let calm = actions[i].withoutMishap else { continue }
      var candidate = actions
      candidate[i] = calm
      if fails(candidate) { actions = candidate }
    }
    return actions
  }
}
