import Dispatch
import Foundation
import LeewayCore
import Logging
import ServiceLifecycle
import Synchronization

/// What signals ask for: SIGHUP a reload; the first SIGTERM or SIGINT a clean end within the grace period, to which the
/// service group sees; a second one, or the end of the grace period, an end at once.
struct Signals: Service {
  let grace: TimeSpan
  let reload: Reload
  let logger: Logger

  func run() async throws {
    let queue = DispatchQueue(label: "leeway-signals")
    let (hangups, hangup) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let ending = Ending(grace: grace, queue: queue, logger: logger)
    for number in [SIGHUP, SIGTERM, SIGINT] {
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      // On Linux a source installs a handler of its own; ignoring the signal would take it away.
      source.setEventHandler { if number == SIGHUP { hangup.yield() } else { ending.asked(by: number) } }
      source.activate()
      // Never released: a second signal counts until the process has ended.
      _ = Unmanaged.passRetained(source as AnyObject)
    }
    for await _ in hangups.cancelOnGracefulShutdown() { _ = await reload("SIGHUP") }
  }

  /// Only on the signals' queue.
  private final class Ending: Sendable {
    private let grace: TimeSpan
    private let queue: DispatchQueue
    private let logger: Logger
    private let isUnderWay = Atomic(false)

    init(grace: TimeSpan, queue: DispatchQueue, logger: Logger) {
      self.grace = grace
      self.queue = queue
      self.logger = logger
    }

    func asked(by number: Int32) {
      let name = number == SIGTERM ? "SIGTERM" : "SIGINT"
      guard isUnderWay.exchange(true, ordering: .relaxed) else {
        let grace = grace
        logger.notice("\(name): ending after the last commit, within \(grace); a second one ends it at once")
        return queue.asyncAfter(deadline: .now() + .milliseconds(Int(clamping: grace.milliseconds))) {
          Self.end("the grace period of \(grace) is over", code: 3)
        }
      }
      Self.end("a second signal, \(name), ends it at once", code: 128 + number)
    }

    private static func end(_ why: String, code: Int32) -> Never {
      let text = "leeway: \(why); what was not committed is read again at the next start\n"
      try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
      _exit(code)
    }
  }
}
