import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayWeb
import Logging
import Synchronization

/// Reads the configuration again and puts it in force, all of it or nothing.
final class Reload: Sendable {
  private let files: ConfigurationFiles?
  private let live: LiveSetup
  private let metrics: ServiceMetrics
  private let logger: Logger
  private let isRunning = Atomic(false)

  /// - Parameter files: nil where the service was given its configuration by other means.
  init(files: ConfigurationFiles?, live: LiveSetup, metrics: ServiceMetrics, logger: Logger) {
    self.files = files
    self.live = live
    self.metrics = metrics
    self.logger = logger
  }

  /// - Parameter origin: who asked, for the log: `SIGHUP`, or `POST /-/reload`.
  func callAsFunction(_ origin: String) async -> Result<SetupChange, ReloadRefusal> {
    guard !isRunning.exchange(true, ordering: .acquiringAndReleasing) else {
      return .failure(ReloadRefusal("another reload is under way; ask again"))
    }
    defer { isRunning.store(false, ordering: .releasing) }
    let before = live.current
    // Files block, and baselines take a while: neither is for the cooperative pool.
    let found = await withCheckedContinuation { continuation in
      Thread { [self] in continuation.resume(returning: read(after: before.configuration)) }.start()
    }
    switch found {
    case .failure(let refusal): return .failure(refused(refusal, origin))
    case .success(let (setup, warnings)):
      for warning in warnings { logger.warning("\(warning)") }
      switch await live.propose(setup) {
      case .failure(let refusal): return .failure(refused(refusal, origin))
      case .success:
        let change = SetupChange(from: before, to: setup)
        succeeded(change, origin)
        return .success(change)
      }
    }
  }

  /// Reads the files on the calling thread, which is one of ours, and puts nothing in force.
  func read(after running: ServiceConfiguration) -> Result<(setup: Setup, warnings: [String]), ReloadRefusal> {
    guard let files else {
      return .failure(ReloadRefusal(problems: ["this service was not started from files; there is nothing to reload"]))
    }
    return files.read(after: running)
  }

  func succeeded(_ change: SetupChange, _ origin: String) {
    metrics.reloaded(successfully: true, at: WallClock.now())
    logger.notice("\(origin): the configuration was loaded again: \(change.summary)")
  }

  private func refused(_ refusal: ReloadRefusal, _ origin: String) -> ReloadRefusal {
    metrics.reloaded(successfully: false, at: WallClock.now())
    for problem in refusal.problems { logger.error("\(problem)") }
    logger.error("\(origin): the configuration was not loaded again; the one from before runs on")
    return refusal
  }
}

extension SetupChange {
  /// `1 added (a), 2 restarted (b, c), 3 unchanged`
  var summary: String {
    var parts: [String] = []
    for (what, names) in [
      ("added", added), ("removed", removed), ("restarted", restarted), ("adjusted", adjusted),
    ] where !names.isEmpty {
      parts.append("\(names.count) \(what) (\(names.joined(separator: ", ")))")
    }
    parts.append("\(unchanged.count) unchanged")
    return parts.joined(separator: ", ")
  }
}
