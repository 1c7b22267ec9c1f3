import Foundation
import LeewayCore
import LeewayLedger
import LeewayTestSupport
import Logging
import Testing

@testable import LeewayService
@testable import LeewayWeb

/// What is told of a damaged ledger, by looks through its pages and by calls that meet the damage.
@Suite struct LedgerDamageTests {
  private let clock = ManualSteadyClock()
  private let state: ServiceState
  private let metrics = ServiceMetrics(version: "1", librdkafka: "2", startedAt: .distantPast, residentMemory: { nil })
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private let noon = EventTime(rfc3339: "2026-03-01T12:00:00Z")!

  init() { state = ServiceState(plans: [], patience: .minutes(2), now: clock.now) }

  private func condition() throws -> ReadinessCondition {
    try #require(state.readiness(now: clock.now).first { $0.name == "no_damage" })
  }

  private func sample(_ name: String) -> String? {
    String(decoding: metrics.render(), as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(name + " ") }
      .map(String.init)
  }

  @Test func looksAreTold() throws {
    #expect(try condition() == ReadinessCondition(name: "no_damage", holds: true, detail: "no call has met damage"))
    state.set(look: LedgerLook(tables: 25), at: noon)
    #expect(try condition().detail == "none found in 25 tables at 2026-03-01T12:00:00.000Z")
    state.set(look: LedgerLook(tables: 25, left: ["drift_panes", "results"]), at: noon)
    #expect(
      try condition()
        == ReadinessCondition(
          name: "no_damage", holds: true,
          detail:
            "none found at 2026-03-01T12:00:00.000Z in 25 tables, of which drift_panes, results could not be looked "
            + "at to the end"))
    let results = LedgerLook.Damage(table: "results", places: ["Page 7: a", "Page 8: b"])
    state.set(look: LedgerLook(tables: 25, damaged: [results]), at: noon)
    #expect(
      try condition()
        == ReadinessCondition(
          name: "no_damage", holds: false,
          detail:
            "the ledger is damaged in table results (Page 7: a; and 1 more): results on these pages cannot be read, "
            + "and counting goes on; stop the service and restore a backup with leeway ledger restore"))
    let panes = LedgerLook.Damage(table: "drift_panes", places: ["Page 9: c"])
    state.set(look: LedgerLook(tables: 25, damaged: [panes, results]), at: noon)
    #expect(
      try condition().detail
        == "the ledger is damaged in tables drift_panes, results (Page 9: c; and 2 more): calls that need these pages fail "
        + "and are retried; stop the service and restore a backup with leeway ledger restore")
    state.set(look: LedgerLook(tables: 25), at: noon)
    #expect(try condition().holds)
  }

  @Test func callsThatMeetDamageAreToldForAWhile() throws {
    #expect(state.lastDamage == nil)
    #expect(state.met(damage: "reading a: damaged", now: clock.now))
    #expect(state.lastDamage == clock.now)
    #expect(try condition() == ReadinessCondition(name: "no_damage", holds: false, detail: "reading a: damaged"))
    // Retries of one call are one line a minute; another call is a line.
    clock.advance(.seconds(59))
    #expect(!state.met(damage: "reading a: damaged", now: clock.now))
    #expect(state.met(damage: "reading b: damaged", now: clock.now))
    clock.advance(.seconds(59))
    #expect(!state.met(damage: "reading b: damaged", now: clock.now))
    clock.advance(.seconds(1))
    #expect(state.met(damage: "reading b: damaged", now: clock.now))
    clock.advance(.milliseconds(299_999))
    #expect(try !condition().holds)
    clock.advance(.milliseconds(1))
    #expect(try condition().holds)
  }

  /// A call fails as it would have; damage in what only leeway can decode becomes an error of the ledger, which is retried.
  @Test func theLedgerCountsCallsThatMeetDamage() throws {
    let base = try SQLiteLedger.temporary()
    defer { base.close() }
    let ledger = DamageTellingLedger(base, metrics: metrics, state: state, logger: logger)
    struct Other: Error {}
    #expect(throws: Other.self) { try ledger.read { _ in throw Other() } }
    #expect(throws: LedgerError.self) { try ledger.read { _ in throw LedgerError("full", storageFull: true) } }
    #expect(sample("leeway_ledger_damaged_calls_total") == nil)
    #expect(throws: LedgerError.self) { try ledger.write { _ in throw LedgerError("page 7", isDamage: true) } }
    #expect(throws: LedgerError.self) { try ledger.read { _ in _ = try JoinState(encoded: [9]) } }
    #expect(sample("leeway_ledger_damaged_calls_total") == "leeway_ledger_damaged_calls_total 2")
    #expect(
      state.readiness(now: .now).first { $0.name == "no_damage" }?.detail
        == "reading the ledger: a stored waiting prediction or label is damaged; restore it from a backup")
    #expect(try ledger.read { try $0.setting("none") } == nil)
  }

  /// The start waits so long and no longer: what the time was too short for is left to the background.
  @Test func aLookWithoutTimeIsLeftForLater() throws {
    try TemporaryFolder.use { try look(at: "\($0.path)/ledger.db") }
  }

  private func look(at path: String) throws {
    let ledger = try SQLiteLedger(path: path)
    defer { ledger.close() }
    let watch = LedgerWatch(path: path, state: state, metrics: metrics, logger: logger)
    let none = watch.look(until: .now - .seconds(1), unless: StopFlag())
    #expect(none.tables > 20 && none.left.count == none.tables && none.damaged.isEmpty)
    #expect(sample("leeway_ledger_tables_left") == "leeway_ledger_tables_left \(none.tables)")
    #expect(try condition().holds)
    // As long as it takes.
    let all = watch.look(until: .now + .seconds(3600), unless: StopFlag())
    #expect(all == LedgerLook(tables: none.tables))
    #expect(sample("leeway_ledger_tables_left") == "leeway_ledger_tables_left 0")
    #expect(sample("leeway_ledger_damaged_tables") == "leeway_ledger_damaged_tables 0")
    // A service that ends looks no further, and what it has not seen is not told.
    let stop = StopFlag()
    stop.raise()
    #expect(watch.look(until: .now + .seconds(3600), unless: stop).left.count == none.tables)
    #expect(sample("leeway_ledger_tables_left") == "leeway_ledger_tables_left 0")
  }
}
