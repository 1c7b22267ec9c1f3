import LeewayCore
import LeewayDelivery
import LeewayLocks
import LeewayWeb
import Logging
import ServiceLifecycle

/// One loop for every receiver, from when it is configured until it is no longer.
struct DeliveryLoops: Service {
  let live: LiveSetup
  let token: CallbackToken
  let ledger: any Ledger
  let metrics: ServiceMetrics
  let state: ServiceState
  let logger: Logger

  func run() async throws {
    let running = RunningNames()
    try await withThrowingDiscardingTaskGroup { group in
      for await setup in live.setups().cancelOnGracefulShutdown() {
        for receiver in setup.receivers where running.insert(receiver.name) {
          group.addTask {
            repeat {
              try await DeliveryLoop(
                name: receiver.name, live: live, token: token, ledger: ledger, metrics: metrics, state: state,
                logger: logger
              ).run()
              running.remove(receiver.name)
              // It may have come back while the loop was ending, and then no other one was begun.
            } while !Task.isShuttingDownGracefully && live.current.receivers.contains { $0.name == receiver.name }
              && running.insert(receiver.name)
          }
        }
      }
    }
  }

  private final class RunningNames: Sendable {
    private let names = Mutex<Set<String>>([])

    func insert(_ name: String) -> Bool { names.withLock { $0.insert(name).inserted } }
    func remove(_ name: String) { names.withLock { _ = $0.remove(name) } }
  }
}
