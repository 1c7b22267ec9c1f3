import Foundation
import LeewayCore
import LeewayDelivery
import LeewayWeb
import Logging
import ServiceLifecycle

/// Judges every monitor on a thread of its own, round after round, under a lease in the ledger.
struct EvaluationLoop: Service {
  let live: LiveSetup
  /// Whether no other instance can use this ledger.
  let isSingleInstance: Bool
  let ledger: any Ledger
  let superseded: SupersededPlans
  let metrics: ServiceMetrics
  let state: ServiceState
  /// Names this process among the holders of leases: `HOST/PROCESS/` and what is its own.
  let holder: String
  let logger: Logger

  /// A writer that sends no heartbeat for this long is marked dead, and its rows are merged into those of the living.
  static let deadAfter = TimeSpan.minutes(2)

  func run() async throws {
    try await withDedicatedThread("leeway-evaluate") { stop in
      let thread = EvaluationThread(self)
      while !stop.isRaised {
        state.recordHeartbeat(of: .evaluation, now: .now)
        guard !thread.round(stop) else { continue }
        WallClock.pause(milliseconds: Int(thread.every.milliseconds), unless: stop)
      }
      thread.finish()
    }
  }
}
