import Foundation
import LeewayCore
import Synchronization

/// Places at which a debug build ends itself as `kill -9` would: `LEEWAY_FAILPOINT=name` or `name:n`, at the nth time
/// that it comes there. An optimised build has none of it.
struct Failpoints: Sendable {
  enum Name: String, Sendable, CaseIterable {
    /// All statements of a transaction have run, and it is not committed.
    case beforeCommit = "before-commit"
    /// A transaction stands, and no caller has heard of it.
    case afterCommit = "after-commit"
    /// A transaction that owes somebody a delivery is about to be committed.
    case afterOutboxInsert = "after-outbox-insert"
    /// A receiver has had its request, and the ledger has not.
    case afterRequestSent = "after-request-sent"
  }

  let name: Name
  let count: Int
  private let hits = Hits()

  private final class Hits: Sendable {
    let value = Atomic(0)
  }

  /// nil if the text names no failpoint.
  init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1)
    guard let name = parts.first.flatMap({ Name(rawValue: String($0)) }) else { return nil }
    self.name = name
    count = parts.count > 1 ? Int(parts[1]) ?? 1 : 1
  }

  static let fromEnvironment: Failpoints? = {
    #if DEBUG
      ProcessInfo.processInfo.environment["LEEWAY_FAILPOINT"].flatMap(Failpoints.init)
    #else
      nil
    #endif
  }()

  /// Ends the process if it is this place's turn.
  func pass(_ place: Name) {
    #if DEBUG
      guard place == name, hits.value.add(1, ordering: .relaxed).newValue == count else { return }
      kill(getpid(), SIGKILL)
      // The signal may need a moment to arrive, in which nothing more may happen.
      while true { pause() }
    #endif
  }
}

/// A ledger whose transactions pass failpoints.
struct FailpointLedger: Ledger {
  private let base: any Ledger
  private let failpoints: Failpoints

  init(_ base: any Ledger, _ failpoints: Failpoints) {
    self.base = base
    self.failpoints = failpoints
  }

  var location: String { base.location }
  func read<T>(_ body: (any LedgerReader) throws -> T) throws -> T { try base.read(body) }

  func write<T>(_ body: (any LedgerWriter) throws -> T) throws -> T {
    let value = try base.write { tx in
      let owed = try owed(tx)
      let value = try body(tx)
      if try self.owed(tx) > owed { failpoints.pass(.afterOutboxInsert) }
      failpoints.pass(.beforeCommit)
      return value
    }
    failpoints.pass(.afterCommit)
    return value
  }

  /// Rows of the outbox that are owed; asked only where it matters.
  private func owed(_ reader: any LedgerReader) throws -> Int {
    guard failpoints.name == .afterOutboxInsert else { return 0 }
    return try reader.outboxBacklog().reduce(0) { $0 + $1.owed }
  }
}
