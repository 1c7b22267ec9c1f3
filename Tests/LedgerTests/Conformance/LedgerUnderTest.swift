import LeewayCore
import LeewayLedger
import LeewayTestSupport
import Testing

/// A store that has to keep the protocol's words. Every conformance test runs once for each of `ledgers`.
struct LedgerUnderTest: Sendable, CustomTestStringConvertible {
  var testDescription: String
  /// An empty one, which nobody else sees. Its clock goes with `clock`; where it starts, and whether it goes on by
  /// itself, is the store's affair: tests leave seconds between what must be apart.
  var open: @Sendable (_ clock: ManualClock) throws -> any Ledger

  func make(_ clock: ManualClock = ManualClock()) throws -> any Ledger { try open(clock) }
}

let ledgers = [
  LedgerUnderTest(testDescription: "SQLite") { clock in
    try SQLiteLedger.temporary(options: SQLiteLedger.Options(durability: .scratch, clock: { clock.now }))
  },
  LedgerUnderTest(testDescription: "in memory") { clock in InMemoryLedger(clock: { clock.now }) },
  // Where it is not installed this fails: a case that is left out would be missed by nobody.
  LedgerUnderTest(testDescription: "PostgreSQL") { clock in
    try PostgreSQLLedger(
      address: try TemporaryPostgreSQL.shared.get().addressOfNewSchema(),
      options: PostgreSQLLedger.Options(clock: { clock.now }))
  },
]

extension InstanceIdentity {
  static let here = InstanceIdentity(host: "here", process: 7)
}

extension EventTime {
  static func at(_ milliseconds: Int64) -> EventTime { EventTime(milliseconds: milliseconds) }
}

/// Names that differ for bytes and not for people, and such as a text protocol or a collation would bend.
let awkwardNames = ["", "all", "ALL", "a", "a\u{0}b", "e\u{301}", "\u{e9}", "Z", "z", "ß", "日本", "\"'\\,;\n", "𝄞", " "]
