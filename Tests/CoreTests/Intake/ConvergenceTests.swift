import LeewayTestSupport
import Testing

@testable import LeewayCore

/// The numbers are those that one naive batch works out from the rules, without cells or fixed points. That they stay the
/// same whatever happens on the way is what SimulationTests show.
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

  static func readInOrder(_ world: World, _ plan: MonitorPlan, _ ledger: any Ledger) throws {
    let logs = world.logs
    try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs)
    let instance = try SimulatedInstance("calm", plans: [plan], logs: logs, ledger: ledger)
    try instance.claimAll()
    instance.readAll()
    try instance.flush()
    try SimulatedInstance.evaluate(plan, ledger)
  }
}
