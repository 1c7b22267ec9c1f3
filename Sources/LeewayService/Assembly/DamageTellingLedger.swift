import LeewayCore
import LeewayWeb
import Logging

/// A ledger that tells of every call which met damaged bytes, whoever made it and whatever they do about it: in the log, in
/// `/readyz` and in the metrics. The call fails as it would have.
struct DamageTellingLedger: Ledger {
  private let base: any Ledger
  private let metrics: ServiceMetrics
  private let state: ServiceState
  private let logger: Logger

  init(_ base: any Ledger, metrics: ServiceMetrics, state: ServiceState, logger: Logger) {
    self.base = base
    self.metrics = metrics
    self.state = state
    self.logger = logger
  }

  var location: String { base.location }

  func read<T>(_ body: (any LedgerReader) throws -> T) throws -> T { try telling { try base.read(body) } }

  func write<T>(_ body: (any LedgerWriter) throws -> T) throws -> T { try telling { try base.write(body) } }

  private func telling<T>(_ call: () throws -> T) throws -> T {
    do { return try call() } catch {
      guard let damage = Self.damage(error) else { throw error }
      metrics.countDamagedCall()
      if state.met(damage: damage.description, now: .now) {
        logger.error("\(damage); what does not need these bytes goes on, and the call is made again")
      }
      throw damage
    }
  }

  /// nil for what is no damage.
  private static func damage(_ error: any Error) -> LedgerError? {
    switch error {
    case let error as LedgerError: error.isDamage ? error : nil
    // Blocks that no database knows to be damaged. As errors of the ledger they are retried like any other.
    case let error as CellBlockDamaged:
      LedgerError("reading the ledger: \(error); restore it from a backup", isDamage: true)
    case let error as JoinStateDamaged:
      LedgerError("reading the ledger: \(error); restore it from a backup", isDamage: true)
    default: nil
    }
  }
}
