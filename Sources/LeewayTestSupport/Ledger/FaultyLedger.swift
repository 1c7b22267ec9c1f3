package import LeewayCore

/// One thread's connection to a ledger: commits fail when told to, as a connection that breaks does, the process dies
/// between two effects, and others act while this one is about to.
///
/// Not guarded: a test or a simulation uses it on one thread at a time.
package final class FaultyLedger: Ledger, @unchecked Sendable {
  package enum Fault: String, Sendable, CaseIterable {
    /// The transaction is gone and the caller knows it.
    case refused
    /// The connection broke during COMMIT and the transaction did not stand.
    case unknownBeforeCommit
    /// The connection broke during COMMIT and the transaction stands.
    case unknownAfterCommit
    /// The same, and the next read does not see it yet: the store was still at it.
    case unknownLateCommit
    /// The process dies before the call has an effect.
    case crashBefore
    /// The process dies after the call's effect.
    case crashAfter
  }

  /// The process has died; everything it held in memory is gone.
  package struct Crash: Error {}

  private struct Abandoned: Error {}
  private let base: any Ledger
  /// The ledger as it stands, for reads that come too early.
  private let copy: (() -> any Ledger)?
  private var failing: (fault: Fault, call: Int)?
  private var failingWrite: Fault?
  private var interruption: (call: Int, body: () -> Void)?
  private var early: (any Ledger)?

  package init(_ base: any Ledger) {
    self.base = base
    copy = nil
  }

  package init(_ base: InMemoryLedger) {
    self.base = base
    copy = { base.copy() }
  }

  /// The next `write` fails this way.
  package func fail(_ fault: Fault) { failingWrite = fault }

  /// The call after the next `call` calls, of either kind, fails this way.
  package func fail(_ fault: Fault, call: Int) { failing = (fault, call) }

  /// Runs `body` before that call.
  package func interrupt(call: Int, _ body: @escaping () -> Void) { interruption = (call, body) }

  /// What was to happen and has not.
  package func calm() {
    failing = nil
    failingWrite = nil
    interruption = nil
    early = nil
  }

  package var location: String { base.location }

  package func read<T>(_ body: (any LedgerReader) throws -> T) throws -> T {
    interrupt()
    switch next() {
    case nil: break
    case .crashBefore: throw Crash()
    case .crashAfter:
      _ = try base.read(body)
      throw Crash()
    default: throw LedgerError("the store is away")
    }
    guard let early else { return try base.read(body) }
    self.early = nil
    return try early.read(body)
  }

  package func write<T>(_ body: (any LedgerWriter) throws -> T) throws -> T {
    interrupt()
    let fault = next() ?? failingWrite
    failingWrite = nil
    switch fault {
    case nil: return try base.write(body)
    case .refused: throw LedgerError("the store is away")
    case .crashBefore: throw Crash()
    case .crashAfter:
      _ = try base.write(body)
      throw Crash()
    case .unknownAfterCommit: _ = try base.write(body)
    case .unknownLateCommit:
      early = copy?()
      _ = try base.write(body)
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

  private func next() -> Fault? {
    guard let (fault, call) = failing else { return nil }
    failing = call > 0 ? (fault, call - 1) : nil
    return call > 0 ? nil : fault
  }

  private func interrupt() {
    guard let (call, body) = interruption else { return }
    interruption = call > 0 ? (call - 1, body) : nil
    if call == 0 { body() }
  }
}
