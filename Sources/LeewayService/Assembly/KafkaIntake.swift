import Foundation
import LeewayConfiguration
import LeewayCore
import LeewaySource
import LeewayWeb
import Logging
import ServiceLifecycle

/// Kafka to committed panes: one thread polls, decodes, aggregates and commits; it also answers rebalances, so nothing
/// is shared and nothing races. Where there are more, a crew decodes and aggregates while this one waits for it.
struct KafkaIntake: Service {
  let live: LiveSetup
  let reload: Reload
  let settings: KafkaSettings
  /// Whether no other instance can use this ledger.
  let isSingleInstance: Bool
  let ledger: any Ledger
  let superseded: SupersededPlans
  /// nil: no registry is configured.
  let schemas: SchemaDesk?
  let metrics: ServiceMetrics
  let state: ServiceState
  let logger: Logger

  var configuration: ServiceConfiguration { live.current.configuration }

  func run() async throws {
    try await withDedicatedThread("leeway-intake") { stop in
      defer { live.withdraw("the service is stopping") }
      var patience = LedgerPatience()
      while !stop.isRaised {
        var loop: KafkaIntakeLoop?
        do {
          loop = try KafkaIntakeLoop(self)
          patience = LedgerPatience()
          try loop?.run(until: stop)
        } catch let error as LedgerError where (error.mayPass || error.isDamage) && !stop.isRaised {
          loop?.leave()
          loop = nil
          rest(patience.failed(), because: error, until: stop)
        } catch let superseded as GenerationSuperseded {
          // Those who know the newer configuration go on with the partitions.
          loop?.leave()
          loop = nil
          catchUp(with: superseded, until: stop)
        }
      }
    }
  }

  /// The ledger cannot be used now, which ends no service: reading starts again after a pause.
  private func rest(_ pause: Int64, because error: LedgerError, until stop: StopFlag) {
    state.set(ledgerFailure: error.description)
    logger.warning("reading cannot start and is tried again in \(pause) ms: \(error)")
    var left = Int(pause)
    while left > 0, !stop.isRaised {
      state.recordHeartbeat(of: .intake, now: .now)
      WallClock.pause(milliseconds: min(left, 100), unless: stop)
      left -= 100
      live.withdraw("the ledger cannot be used now, see /readyz; reload again once it can")
    }
  }
}
