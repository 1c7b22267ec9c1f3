import LeewayCore
import LeewayLedger
import LeewayTestSupport
import Testing

/// A store that has to keep the protocol's words. Every conformance test runs once for each of `ledgers`.
struct LedgerUnderTest: Sendable, CustomTestStringConvertible {
  var testDescription: String
  /// An empty one, which nobody else sees.
  var make: @Sendable () throws -> any Ledger
}

let ledgers = [
  LedgerUnderTest(testDescription: "SQLite") { try SQLiteLedger.temporary() },
  LedgerUnderTest(testDescription: "in memory") { InMemoryLedger() },
]

extension EventTime {
  static func at(_ milliseconds: Int64) -> EventTime { EventTime(milliseconds: milliseconds) }
}

/// Names that differ for bytes and not for people, and such as a text protocol or a collation would bend.
let awkwardNames = ["", "all", "ALL", "a", "a\u{0}b", "e\u{301}", "\u{e9}", "Z", "z", "ß", "日本", "\"'\\,;\n", "𝄞", " "]
