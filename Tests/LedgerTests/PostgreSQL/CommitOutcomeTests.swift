import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayLedger

/// The connection breaks while COMMIT is under way.
@Suite("PostgreSQL ledger: an unknown outcome", PostgreSQLTests.condition)
struct CommitOutcomeTests {
  private static let cuts: [PostgreSQLProxy.Cut] = [.beforeServerSees("COMMIT"), .beforeClientHears("COMMIT")]

  @Test(arguments: cuts)
  func aCommitWithoutAnAnswerIsReportedAsUnknown(_ cut: PostgreSQLProxy.Cut) throws {
    let server = try PostgreSQLTests.server()
    let proxy = try PostgreSQLProxy(to: server.port)
    defer { proxy.stop() }
    let ledger = try PostgreSQLLedger(address: try server.addressOfNewSchema(port: proxy.port))
    proxy.arm(cut)
    let error = #expect(throws: LedgerError.self) { try PostgreSQLTests.store(1, in: ledger) }
    #expect(error?.outcomeUnknown == true && error?.storageFull == false)
    #expect(error?.description.hasPrefix("committing in the ledger postgres at 127.0.0.1:\(proxy.port): ") == true)
    #expect(proxy.cuts == 1)
    // The ledger goes on by itself, and now it is known.
    #expect(try PostgreSQLTests.stored(in: ledger) == (cut == Self.cuts[0] ? nil : [1]))
    try PostgreSQLTests.store(2, in: ledger)
    #expect(try PostgreSQLTests.stored(in: ledger) == [2])
  }

  @Test(arguments: cuts)
  func aFlushWhoseOutcomeWasUnknownIsCountedOnce(_ cut: PostgreSQLProxy.Cut) throws {
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary))
    let logs = JoinRaceTests.logs(seed: 3)
    func run(_ ledger: any Ledger, _ proxy: PostgreSQLProxy?) throws -> [ResultRecord] {
      try JoinRaceTests.results(plan, logs, ledger) { ledger in
        let instance = try SimulatedInstance("one", plans: [plan], logs: logs, ledger: ledger)
        try instance.claimAll()
        var flushes = 0
        while !instance.isAtEnd {
          for place in instance.owned { instance.read(place, 60) }
          flushes += 1
          if flushes == 2 { proxy?.arm(cut) }
          do { try instance.flush() } catch let error as LedgerError where error.outcomeUnknown {
            // It did not stand, and Intake has made sure of that: what was taken goes with the next flush.
            #expect(cut == Self.cuts[0])
          }
        }
        try instance.flush()
      }
    }
    let expected = try run(InMemoryLedger(), nil)
    let server = try PostgreSQLTests.server()
    let proxy = try PostgreSQLProxy(to: server.port)
    defer { proxy.stop() }
    let found = try run(try PostgreSQLLedger(address: try server.addressOfNewSchema(port: proxy.port)), proxy)
    #expect(proxy.cuts == 1)
    #expect(found.map(\.line) == expected.map(\.line))
  }

  @Test func aConnectionThatDiedWhileIdleIsReplacedBeforeAnythingDependsOnIt() throws {
    let server = try PostgreSQLTests.server()
    let name = "idle-\(UInt64.random(in: 0..<(.max)))"
    let ledger = try PostgreSQLLedger(address: try server.addressOfNewSchema() + "&application_name=\(name)")
    try PostgreSQLTests.store(1, in: ledger)
    try server.execute(
      "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = '\(name)'")
    try PostgreSQLTests.store(2, in: ledger)
    #expect(try PostgreSQLTests.stored(in: ledger) == [2])
  }
}
