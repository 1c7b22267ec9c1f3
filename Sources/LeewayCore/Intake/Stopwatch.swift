/// Adds up what a part of the work takes, by the caller's clock: this target has none. Owned by one thread.
package final class Stopwatch {
  /// Nanoseconds since any moment.
  package let now: () -> UInt64
  package private(set) var nanoseconds: UInt64 = 0

  package init(now: @escaping () -> UInt64) { self.now = now }

  /// Adds the time from `start` to now, and returns now.
  @discardableResult
  package func lap(since start: UInt64) -> UInt64 {
    let end = now()
    nanoseconds &+= end &- start
    return end
  }
}
