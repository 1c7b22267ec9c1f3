import LeewayCore
import LeewayLedger
import Testing

/// A store that has to keep the protocol's words. Every conformance test runs once for each of `ledgers`.
struct LedgerUnderTest: Sendable, CustomTestStringConvertible {
  var testDescription: String
  /// An empty one, which nobody else sees.
  var make: @Sendable () throws -> any Ledger
}

let ledgers = [LedgerUnderTest(testDescription: "SQLite") { try SQLiteLedger.temporary() }]

extension EventTime {
  static func at(_ milliseconds: Int64) -> EventTime { EventTime(milliseconds: milliseconds) }
}

/// The same numbers from the same seed (SplitMix64: Steele, Lea, Flood 2014).
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Names that differ for bytes and not for people, and such as a text protocol or a collation would bend.
let awkwardNames = ["", "all", "ALL", "a", "a\u{0}b", "e\u{301}", "\u{e9}", "Z", "z", "ß", "日本", "\"'\\,;\n", "𝄞", " "]
