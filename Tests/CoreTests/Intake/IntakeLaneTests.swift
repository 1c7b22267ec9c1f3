import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct IntakeLaneTests {
  /// Result lines, and how far every partition was read.
  private struct Outcome: Equatable {
    var lines: [String]
    var partitions: [PartitionRecord]
  }

  private static func outcome(_ world: World, _ plan: MonitorPlan, lanes: Int) throws -> Outcome {
    let ledger = InMemoryLedger()
    let logs = world.logs
    try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs)
    let instance = try SimulatedInstance("a", plans: [plan], logs: logs, ledger: ledger, lanes: lanes)
    try instance.claimAll()
    #expect(Set(instance.owned.compactMap { instance.intake.slot($0)?.lane }) == Set(0..<lanes))
    var round = 0
    while !instance.isAtEnd {
      for place in instance.owned { instance.read(place, 11) }
      round += 1
      if round % 3 == 0 { try instance.flush() }
      // Given back and taken again, a partition goes on in its lane.
      if round == 10, let place = instance.owned.first {
        let lane = instance.intake.slot(place)?.lane
        try instance.flush()
        try instance.release(place)
        try instance.claim([place])
        #expect(instance.intake.slot(place)?.lane == lane)
      }
    }
    try instance.flush()
    try SimulatedInstance.evaluate(plan, ledger)
    return try ledger.read {
      Outcome(
        lines: try $0.results(ResultQuery(limit: .max)).map(\.line),
        partitions: try $0.partitions(of: plan.monitor.name).sorted { $0.key < $1.key })
    }
  }

  @Test(arguments: ConvergenceTests.worlds)
  func lanesChangeNothing(_ task: ModelTask, _ seed: UInt64) throws {
    let world = World(task, seed: seed)
    let plan = try world.plan()
    let one = try Self.outcome(world, plan, lanes: 1)
    #expect(!one.lines.isEmpty)
    for lanes in 2...min(4, SimulatedInstance.places(world.logs).count) {
      #expect(try Self.outcome(world, plan, lanes: lanes) == one, "\(lanes) lanes, seed \(seed)")
    }
  }
}
