import LeewayCore
import LeewayDelivery

/// When a schema registry is asked for ids that the ledger does not know, and when it is asked no more. Time is an argument.
struct SchemaWaits {
  private struct Wait {
    var due: SteadyTime
    var isAsked = false
    /// Answers in a row that said nothing of the schema.
    var failures = 0
    /// Since when the registry says that it does not have it.
    var unknownSince: SteadyTime?
    /// What it said last.
    var said = "the schema registry has not answered yet"
  }

  /// Ids that are wanted though no partition is held for them yet: bytes that only look like a header must not fill memory.
  static let most = 100
  /// A producer registers its schema just before its first message.
  static let longestUnknownPause = TimeSpan.seconds(10)
  static let longestFailurePause = TimeSpan.seconds(30)

  private let unknownAfter: TimeSpan
  private var waits: [SchemaID: Wait] = [:]

  init(unknownAfter: TimeSpan) { self.unknownAfter = unknownAfter }

  var isEmpty: Bool { waits.isEmpty }

  /// Wants an id from now on.
  ///
  /// - Parameter isHeld: a partition is held for it already.
  mutating func want(_ id: SchemaID, isHeld: Bool, now: SteadyTime) {
    guard waits[id] == nil, isHeld || waits.count < Self.most else { return }
    waits[id] = Wait(due: now)
  }

  mutating func forget(_ id: SchemaID) { waits[id] = nil }

  /// Forgets the ids for which no partition is held.
  mutating func keep(_ ids: Set<SchemaID>) { waits = waits.filter { ids.contains($0.key) || $0.value.isAsked } }

  /// Ids whose time has come, in order.
  func due(_ now: SteadyTime) -> [SchemaID] {
    waits.filter { !$0.value.isAsked && $0.value.due <= now }.keys.sorted()
  }

  mutating func asked(_ id: SchemaID) { waits[id]?.isAsked = true }

  /// What an answer settles; nil: it is asked again.
  mutating func take(_ answer: SchemaAnswer, of id: SchemaID, now: SteadyTime) -> SchemaRecord.Content? {
    if case .found(let content) = answer { return content }
    guard var wait = waits[id] else { return nil }
    wait.isAsked = false
    switch answer {
    case .found: break
    case .unknown:
      let since = wait.unknownSince ?? now
      if now >= since + unknownAfter { return .unknown }
      wait.unknownSince = since
      wait.failures = 0
      wait.said = "the schema registry does not have it; it is asked for \(unknownAfter)"
      // The last time is when the wait is over.
      wait.due = min(now + Self.longestUnknownPause, since + unknownAfter)
    case .away(let why):
      wait.said = why
      wait.due = now + min(.milliseconds(500 << Int64(min(wait.failures, 6))), Self.longestFailurePause)
      wait.failures += 1
    }
    waits[id] = wait
    return nil
  }

  /// Why an id is not known yet.
  func reason(_ id: SchemaID) -> String { waits[id]?.said ?? Wait(due: .now).said }
}
