import Foundation
import Testing

extension Process {
  /// Runs it, and has the kernel kill it when the process of the tests ends, however that ends.
  ///
  /// What the program forks is not killed; what it becomes is.
  func runBound() throws {
    let program = try #require(executableURL)
    executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
    arguments = ["--pdeathsig", "KILL", program.path] + (arguments ?? [])
    try StartingThread.shared.start(self)
  }
}

/// The one thread that starts programs. What the kernel waits for (`PR_SET_PDEATHSIG`) is the end of the thread that
/// started a program and not of its process, and other threads end when they have nothing to do.
///
/// `@unchecked Sendable`: `condition` guards `orders`.
private final class StartingThread: @unchecked Sendable {
  /// `@unchecked Sendable`: whoever gives the order waits for `done` and touches nothing until then.
  private final class Order: @unchecked Sendable {
    let process: Process
    var failure: (any Error)?
    let done = DispatchSemaphore(value: 0)

    init(_ process: Process) { self.process = process }
  }

  static let shared = StartingThread()

  private let condition = NSCondition()
  private var orders: [Order] = []

  init() {
    Thread.detachNewThread { [self] in
      while true {
        let order = condition.withLock {
          while orders.isEmpty { condition.wait() }
          return orders.removeFirst()
        }
        do { try order.process.run() } catch { order.failure = error }
        order.done.signal()
      }
    }
  }

  func start(_ process: Process) throws {
    let order = Order(process)
    condition.withLock {
      orders.append(order)
      condition.signal()
    }
    order.done.wait()
    if let failure = order.failure { throw failure }
  }
}
