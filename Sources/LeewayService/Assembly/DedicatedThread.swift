import Foundation
import LeewayCore
import ServiceLifecycle
import Synchronization

/// A flag that one thread raises and another looks at between two steps.
package final class StopFlag: Sendable {
  private let raised = Atomic(false)

  package var isRaised: Bool { raised.load(ordering: .acquiring) }
  package func raise() { raised.store(true, ordering: .releasing) }
}

/// Runs blocking work on a thread of its own until it ends; graceful shutdown and cancellation raise the flag that the
/// work looks at.
package func withDedicatedThread(_ name: String, _ body: @escaping @Sendable (StopFlag) throws -> Void) async throws {
  let stop = StopFlag()
  try await withGracefulShutdownHandler {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let thread = Thread {
          // Only a thread that runs can be named.
          Thread.current.name = name
          continuation.resume(with: Result { try body(stop) })
        }
        // Deep JSON trees and SQLite's own recursion fit many times over.
        thread.stackSize = 4 << 20
        thread.start()
      }
    } onCancel: {
      stop.raise()
    }
  } onGracefulShutdown: {
    stop.raise()
  }
}
