package import LeewayCore
import Synchronization

/// A ledger whose commits fail when told to, as a connection that breaks does.
package final class FaultyLedger: Ledger {
  package enum Fault: Sendable {
    /// The transaction is gone and the caller knows it.
    case refused
    /// The connection broke during COMMIT and the transaction did not stand.
    case unknownBeforeCommit
    /// The connection broke during COMMIT and the transaction stands.
    case unknownAfterCommit
  }

  private struct Abandoned: Error {}
  private let base: any Ledger
  private let next = Mutex<Fault?>(nil)

  package init(_ base: any Ledger) { self.base = base }

  /// The next `write` fails this way.
  package func fail(_ fault: Fault) { next.withLock { $0 = fault } }

  package var location: String { base.location }
  package func read<T>(_ body: (any LedgerReader) throws -> T) throws -> T { try base.read(body) }

  package func write<T>(_ body: (any LedgerWriter) throws -> T) throws -> T {
    let fault = next.withLock { next in
      defer { next = nil }
      return next
    }
    switch fault {
    case nil: return try base.write(body)
    case .refused: throw LedgerError("the store is away")
    case .unknownAfterCommit: _ = try base.write(body)
    case .unknownBeforeCommit:
      do {
        try base.write { tx in
          _ = try body(tx)
          throw Abandoned()
        }
      } catch is Abandoned {}
    }
    throw LedgerError("the connection broke during COMMIT", outcomeUnknown: true)
  }
}
