import LeewayCore
import LeewayLocks
import NIOPosix

/// Two threads on which HTTP reads the ledger, so that a slow disk holds up neither Swift's cooperative pool nor the
/// sockets.
final class LedgerThreads: Sendable {
  private let pool = NIOThreadPool(numberOfThreads: 2)

  init() { pool.start() }

  deinit { pool.shutdownGracefully { _ in } }

  /// Runs `body` on one of the threads.
  ///
  /// - Throws: What `body` throws; `CancellationError` if the caller is cancelled before its turn.
  func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await pool.runIfActive(body)
  }
}

/// A number of places, of which each ``Permit`` holds one for as long as it lives.
final class Places: Sendable {
  private let free: Mutex<Int>

  init(_ count: Int) { free = Mutex(count) }

  /// nil if all are taken.
  func take() -> Permit? {
    let taken = free.withLock { free in
      guard free > 0 else { return false }
      free -= 1
      return true
    }
    return taken ? Permit(places: self) : nil
  }

  fileprivate func giveBack() { free.withLock { $0 += 1 } }
}

/// A place that is given back when the last reference goes: an answer whose client has left is never written, so no
/// code at its end would run.
final class Permit: Sendable {
  private let places: Places

  fileprivate init(places: Places) { self.places = places }

  deinit { places.giveBack() }
}

extension LedgerThreads {
  /// What the ledger has of a monitor, or of all; nothing of one that does not exist is a mistake.
  func records<Record: Sendable>(
    of monitor: String?, in view: ServiceView, _ read: @escaping @Sendable (any LedgerReader) throws -> [Record]
  ) async throws -> [Record] {
    try await run {
      let found = try view.ledger.read(read)
      if found.isEmpty { try QueriedNames(monitor: monitor).verify(in: view) }
      return found
    }
  }
}
