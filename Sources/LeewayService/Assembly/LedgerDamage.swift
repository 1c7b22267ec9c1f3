import LeewayCore
import LeewayWeb

/// What a look through the tables of an SQLite ledger has come to.
struct LedgerLook: Sendable, Equatable {
  struct Damage: Sendable, Equatable {
    var table: String
    /// What SQLite says, a line for each place; never empty.
    var places: [String]
  }

  var tables = 0
  /// Tables that could not be looked at in the time that there was.
  var left: [String] = []
  var damaged: [Damage] = []
}

/// What is known of damage in the ledger: what looks through its pages have found, and what calls have met since.
struct LedgerDamage {
  private var look: (found: LedgerLook, at: EventTime)?
  private var call: (text: String, met: SteadyTime, logged: SteadyTime)?

  /// So long after a call has met damage readiness tells of it: what is retried meets it again much earlier.
  static let memory = TimeSpan.minutes(5)
  private static let logEvery = TimeSpan.minutes(1)

  var lastMet: SteadyTime? { call?.met }

  mutating func looked(_ found: LedgerLook, at now: EventTime) { look = (found, now) }

  mutating func met(_ text: String, now: SteadyTime) -> Bool {
    let isNews = call.map { $0.text != text || now >= $0.logged + Self.logEvery } ?? true
    call = (text, now, isNews ? now : call?.logged ?? now)
    return isNews
  }

  func condition(now: SteadyTime) -> ReadinessCondition {
    var parts: [String] = []
    if let look, !look.found.damaged.isEmpty { parts.append(look.found.damageSentence) }
    if let call, now < call.met + Self.memory { parts.append(call.text) }
    return ReadinessCondition(
      name: "no_damage", holds: parts.isEmpty, detail: parts.isEmpty ? standing : parts.joined(separator: "; "))
  }

  private var standing: String {
    guard let look else { return "no call has met damage" }
    let tables = "\(look.found.tables) tables"
    guard !look.found.left.isEmpty else { return "none found in \(tables) at \(look.at)" }
    return "none found at \(look.at) in \(tables), of which \(look.found.left.joined(separator: ", ")) "
      + "could not be looked at to the end"
  }
}

extension LedgerLook {
  /// `the ledger's table results is damaged (Page 12: …; and 4 more places); …`
  var damageSentence: String {
    let names = damaged.map(\.table).joined(separator: ", ")
    let first = damaged.first?.places.first ?? ""
    let more = damaged.reduce(0) { $0 + $1.places.count } - 1
    let places = more > 0 ? "\(first); and \(more) more" : first
    let holdsResults = damaged.allSatisfy { $0.table == "results" || $0.table == "result_series" }
    let effect =
      holdsResults
      ? "results on these pages cannot be read, and counting goes on"
      : "calls that need these pages fail and are retried"
    return
      "the ledger is damaged in \(damaged.count == 1 ? "table" : "tables") \(names) (\(places)): \(effect); stop the "
      + "service and restore a backup with leeway ledger restore"
  }
}
