import Foundation
import LeewayCore
import LeewayTestSupport
import Synchronization
import Testing

@testable import LeewayLedger

/// Two instances flush the two halves of one pair at the same time, on two connections.
@Suite("PostgreSQL ledger: the join's race", PostgreSQLTests.condition)
struct JoinRaceTests {
  /// Where the first flush stands while the second one runs as far as it can.
  enum Point: CaseIterable { case begun, read, stored, committed }

  private static let ids: [[UInt8]] = [[], [1], [1, 2], Array(repeating: 7, count: 5000)]

  /// Adds one half to each id, as a flush does; counts the pairs that it completes.
  private static func flush(
    _ half: UInt8, _ ledger: any Ledger, _ completed: borrowing Atomic<Int>, at: (Point) throws -> Void = { _ in }
  ) throws {
    let pairs = try ledger.write { tx in
      _ = try tx.now()
      try at(.begun)
      let known = try tx.lockWaiting(monitor: "m", generation: "g", ids: ids)
      try at(.read)
      let rows = zip(ids, known).map { id, state in
        WaitingRow(id: id, state: ((state ?? []) + [half]).sorted(), reclaimAfter: .at(9))
      }
      try tx.put(waiting: rows, monitor: "m", generation: "g")
      try at(.stored)
      return known.count { $0 != nil }
    }
    completed.add(pairs, ordering: .relaxed)
    try at(.committed)
  }

  private final class Count: Sendable {
    let value = Atomic<Int>(0)
  }

  @Test(arguments: Point.allCases, [false, true])
  func ofTwoHalvesOneSeesTheOtherWhereverTheSecondFlushComesIn(_ point: Point, _ swapped: Bool) throws {
    let server = try PostgreSQLTests.server()
    let address = try server.addressOfNewSchema()
    let name = "second-\(point)-\(swapped)"
    let first = try PostgreSQLLedger(address: address)
    let second = try PostgreSQLLedger(address: address + "&application_name=\(name)")
    // Else the second would wait for the first to make the generation's own row.
    try first.write {
      try $0.put(waiting: [WaitingRow(id: [9], state: [9], reclaimAfter: .at(9))], monitor: "m", generation: "g")
    }
    let count = Count()
    var other: Work?
    try Self.flush(swapped ? 2 : 1, first, count.value) { reached in
      guard reached == point else { return }
      let work = Work { try Self.flush(swapped ? 1 : 2, second, count.value) }
      other = work
      // It has come through, or it waits for the first one.
      try PostgreSQLTests.wait {
        try work.isDone
          || server.execute(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = '\(name)' AND wait_event_type = 'Lock'"
          ).count > 0
      }
    }
    try #require(other).finish()
    let states = try first.read { try $0.waiting(monitor: "m", generation: "g", ids: Self.ids) }
    #expect(states == Self.ids.map { _ in [1, 2] })
    #expect(count.value.load(ordering: .relaxed) == Self.ids.count)
  }

  /// Predictions on one instance and their labels on another, both flushing all the time; the results are those of one
  /// instance that sees everything.
  @Test func twoInstancesThatFlushBesideEachOtherCountWhatOneWould() throws {
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary))
    let seed = UInt64.random(in: 0..<(.max))
    let logs = Self.logs(seed: seed)
    let expected = try Self.results(plan, logs, InMemoryLedger()) { ledger in
      let instance = try SimulatedInstance("one", plans: [plan], logs: logs, ledger: ledger)
      try instance.claimAll()
      instance.readAll()
      try instance.flush()
    }
    #expect(expected.contains { $0.type == .performance })
    let address = try PostgreSQLTests.server().addressOfNewSchema()
    let found = try Self.results(plan, logs, try PostgreSQLLedger(address: address)) { _ in
      let work = logs.map { log in
        Work {
          let plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary))
          let ledger = try PostgreSQLLedger(address: address)
          let instance = try SimulatedInstance(log.topic, plans: [plan], logs: logs, ledger: ledger)
          try instance.claim(SimulatedInstance.places([log]))
          while !instance.isAtEnd {
            for place in instance.owned { instance.read(place, 8) }
            try instance.flush()
          }
        }
      }
      for work in work { try work.finish() }
    }
    #expect(found.map(\.line) == expected.map(\.line), "seed \(seed)")
  }

  static func logs(seed: UInt64) -> [MessageLog] {
    var random = SeededGenerator(seed: seed)
    var predictions = MessageLog(topic: "predictions", role: .predictions, partitions: [[], []])
    var labels = MessageLog(topic: "labels", role: .labels, partitions: [[], []])
    let start: Int64 = 1_700_000_000_000
    for i in 0..<400 {
      // In order within each partition, so that nothing is late.
      let time = start + Int64(i) * 10_000
      let (p, l) = (Int.random(in: 0..<2, using: &random), Int.random(in: 0..<2, using: &random))
      let score = Double(Int.random(in: 1..<20, using: &random)) / 20
      predictions.partitions[p].append(
        LoggedMessage(
          #"{"id":"id-\#(i)","time":\#(time),"version":"v1","output":\#(score),"amount":\#(i % 50),"country":"DE"}"#))
      labels.partitions[l].append(
        LoggedMessage(#"{"id":"id-\#(i)","time":\#(time + 500),"value":\#(Bool.random(using: &random))}"#))
    }
    return [predictions, labels]
  }

  /// Drift and performance lines of what `work` has flushed.
  static func results(
    _ plan: MonitorPlan, _ logs: [MessageLog], _ ledger: any Ledger, _ work: (any Ledger) throws -> Void
  ) throws -> [ResultRecord] {
    try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs)
    try work(ledger)
    try SimulatedInstance.evaluate(
      plan, ledger, watermarks: Watermarks(predictions: .at(1_700_010_000_000), labels: .at(1_700_010_000_000)))
    return try ledger.read { try $0.results(ResultQuery(limit: 100_000)) }
  }
}
