import Foundation
import LeewayCore
import ServiceLifecycle
import Synchronization

/// A flag that one thread raises and another looks at between two steps.
final class StopFlag: Sendable {
  private let raised = Atomic(false)

  var isRaised: Bool { raised.load(ordering: .acquiring) }
  func raise() { raised.store(true, ordering: .releasing) }
}

/// Runs blocking work on a thread of its own until it ends; graceful shutdown and cancellation raise the flag that the
/// work looks at.
func withDedicatedThread(_ name: String, _ body: @escaping @Sendable (StopFlag) throws -> Void) async throws {
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

extension InstanceIdentity {
  /// As other instances and people see this one.
  static let ofThisProcess = InstanceIdentity(host: ProcessInfo.processInfo.hostName, process: getpid())
}

/// The machine's clock.
enum WallClock {
  static func now() -> EventTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return EventTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  /// Blocks the calling thread, which is one of ours, in steps short enough to stop.
  static func pause(milliseconds: Int, unless stop: StopFlag) {
    var left = milliseconds
    while left > 0, !stop.isRaised {
      let step = min(left, 50)
      usleep(UInt32(step * 1000))
      left -= step
    }
  }
}
