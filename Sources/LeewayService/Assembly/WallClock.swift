import Glibc
package import LeewayCore

/// The machine's clock.
package enum WallClock {
  package static func now() -> EventTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return EventTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

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
