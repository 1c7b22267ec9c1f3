import Glibc
package import LeewayCore
import LeewayLocks

/// The machine's clock, as far as it is believed.
package enum WallClock {
  private static let believed = Mutex(BelievedClock())

  /// The time that people read, and that deadlines are in; see ``BelievedClock``.
  package static func now() -> EventTime {
    believed.withLock { clock in
      var time = timespec()
      clock_gettime(CLOCK_REALTIME, &time)
      let wall = EventTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
      return clock.time(wall: wall, steady: .now)
    }
  }

  /// How far the machine's clock is from the time that is believed; nil: it is not.
  static var jump: TimeSpan? { believed.withLock { $0.jump?.offset } }

  /// Blocks the calling thread, which is one of ours, in steps short enough to stop.
  package static func pause(milliseconds: Int, unless stop: StopFlag) {
    var left = milliseconds
    while left > 0, !stop.isRaised {
      let step = min(left, 50)
      usleep(UInt32(step * 1000))
      left -= step
    }
  }
}
