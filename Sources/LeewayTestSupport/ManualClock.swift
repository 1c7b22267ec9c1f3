package import LeewayCore
import LeewayLocks

/// A clock that a test moves, in both directions.
package final class ManualClock: Sendable {
  private let time: Mutex<EventTime>

  package init(_ start: EventTime = EventTime(milliseconds: 0)) { time = Mutex(start) }

  package var now: EventTime { time.withLock { $0 } }
  package func advance(_ span: TimeSpan) { time.withLock { $0 = $0 + span } }
}

/// A clock of intervals that a test moves forward.
package final class ManualSteadyClock: Sendable {
  private let time = Mutex(ContinuousClock.now)

  package init() {}

  package var now: ContinuousClock.Instant { time.withLock { $0 } }
  package func advance(_ span: TimeSpan) {
    precondition(span > .zero, "time does not go back")
    time.withLock { $0 = $0 + .milliseconds(span.milliseconds) }
  }
}
