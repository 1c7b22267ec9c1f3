import LeewayTestSupport
import Testing

@testable import LeewayCore

/// The invariant that everything else serves: whatever the interleaving, the batches, the crashes and the number of
/// instances, the results are those of one naive batch over the same messages.
@Suite struct ConvergenceTests {
  static let worlds: [(ModelTask, UInt64)] = ModelTask.allCases.flatMap { task in (1...2).map { (task, UInt64($0)) } }

  @Test(arguments: worlds)
  func oneReadingInOneBatchGivesTheNaiveResults(_ task: ModelTask, _ seed: UInt64) throws {
    let world = World(task, seed: seed)
    let plan = try world.plan()
    let ledger = InMemoryLedger()
    try Self.readInOrder(world, plan, ledger)
    let naive = NaiveResults(world, plan.monitor)
    #expect(naive.late > 0 && naive.quarantined > 0)

    var found = 0
    for record in try ledger.read({ try $0.results(ResultQuery(limit: .max)) })
    where record.type == .drift || record.type == .performance {
      let line = NaiveResults.Line(
        type: record.type, window: record.window, end: record.end, slice: record.slice, subject: record.subject)
      let numbers = try #require(naive.lines[line], "seed \(seed): nothing should be here: \(record.line)")
      found += 1
      let root = JSONReader(try JSONValue(parsing: Array(record.line.utf8)))
      let metrics = try root.member("metrics")
      if record.type == .drift {
        #expect(try root.member("rows").integer() == numbers.rows, "seed \(seed): \(record.line)")
        #expect(try root.member("missing").integer() == numbers.missing, "seed \(seed): \(record.line)")
        #expect(try root.member("invalid").integer() == numbers.invalid, "seed \(seed): \(record.line)")
        Self.expectClose(try Self.number(metrics, "psi"), numbers.value, record.line)
      } else {
        #expect(try root.member("predictions").integer() == numbers.rows, "seed \(seed): \(record.line)")
        #expect(try root.member("labelled").integer() == numbers.labelled, "seed \(seed): \(record.line)")
        let name = task == .regression ? "mae" : "accuracy"
        Self.expectClose(try Self.number(metrics, name), numbers.value, record.line)
      }
    }
    #expect(found == naive.lines.count, "seed \(seed)")
  }

  @Test(arguments: ModelTask.allCases.enumerated().map { ($1, UInt64($0 + 1)) })
  func interleavingsCrashesAndTakeoversChangeNothing(_ task: ModelTask, _ seed: UInt64) throws {
    let world = World(task, seed: seed)
    let plan = try world.plan()
    let calm = InMemoryLedger()
    try Self.readInOrder(world, plan, calm)
    let expected = try Self.outcome(calm)
    #expect(expected.contains { $0.contains("\"type\":\"incident\"") })
    for run in UInt64(1)...3 {
      let ledger = FaultyLedger(InMemoryLedger())
      try Self.readInDisorder(world, plan, ledger, seed: seed &* 1000 &+ run)
      let outcome = try Self.outcome(ledger)
      #expect(outcome.count == expected.count, "seed \(seed), run \(run)")
      for (found, wanted) in zip(outcome, expected) where found != wanted {
        Issue.record("seed \(seed), run \(run):\nfound  \(found)\nwanted \(wanted)")
        break
      }
    }
  }

  private static func number(_ metrics: JSONReader, _ name: String) throws -> Double? {
    let member = try metrics.member(name)
    return member.isNull ? nil : try member.double()
  }

  private static func expectClose(_ a: Double?, _ b: Double?, _ line: String) {
    guard let a, let b else {
      #expect(a == b, "\(line)")
      return
    }
    #expect(abs(a - b) <= 1e-9 * max(1e-3, abs(b)), "\(b) expected: \(line)")
  }

  private static func outcome(_ ledger: any Ledger) throws -> [String] {
    try ledger.read { reader in
      try reader.results(ResultQuery(limit: .max)).map(\.line)
        + reader.incidents(IncidentQuery(limit: .max)).map { "\($0)" }
    }
  }

  static func readInOrder(_ world: World, _ plan: MonitorPlan, _ ledger: any Ledger) throws {
    let logs = world.logs
    try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs)
    let instance = try SimulatedInstance("calm", plans: [plan], logs: logs, ledger: ledger)
    try instance.claimAll()
    instance.readAll()
    try instance.flush()
    try SimulatedInstance.evaluate(plan, ledger)
  }

  /// Two instances that take from each other, die, and lose the connection while they commit.
  static func readInDisorder(_ world: World, _ plan: MonitorPlan, _ ledger: FaultyLedger, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let logs = world.logs
    let places = SimulatedInstance.places(logs)
    try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs)
    let instances = try ["a", "b"].map { try SimulatedInstance($0, plans: [plan], logs: logs, ledger: ledger) }
    for _ in 0..<250 {
      guard let instance = instances.randomElement(using: &random), let place = places.randomElement(using: &random)
      else { return }
      switch Int.random(in: 0..<20, using: &random) {
      case 0..<10: instance.read(place, Int.random(in: 1...40, using: &random))
      case 10..<13: try instance.claim([place])
      case 13..<17:
        do { try instance.flush() } catch is WriterFenced {
          let owned = instance.owned
          try instance.restart()
          try instance.claim(owned)
        } catch is LedgerError {}
      case 17:
        let faults: [FaultyLedger.Fault] = [.refused, .unknownBeforeCommit, .unknownAfterCommit]
        ledger.fail(faults[Int.random(in: 0..<3, using: &random)])
        do { try instance.flush() } catch is LedgerError {}
        // Nothing to flush leaves the fault for whoever comes next; that is somebody else's test.
        do { try ledger.write { _ in } } catch is LedgerError {}
      case 18:
        if Bool.random(using: &random) { try instance.restart() } else { instance.drop(place) }
      default:
        let most = [1, 3, 512].randomElement(using: &random) ?? 1
        try SimulatedInstance.evaluate(plan, ledger, maximumWindows: most)
      }
    }
    try instances[0].restart()
    try instances[0].claimAll()
    instances[0].readAll()
    try instances[0].flush()
    try SimulatedInstance.evaluate(plan, ledger, maximumWindows: 3)
  }
}
