import Glibc
import LeewayCore
import LeewaySource

/// Where the intake thread's time goes; told to the metrics at every flush.
struct IntakeProfile {
  /// Adding rows to panes.
  let aggregation = Stopwatch(now: Self.nanoseconds)
  private let commits = Stopwatch(now: Self.nanoseconds)
  private var told: [IntakeStage: UInt64] = [:]

  func committing<T>(_ body: () throws -> T) rethrows -> T {
    let start = commits.now()
    defer { commits.lap(since: start) }
    return try body()
  }

  mutating func tell(_ metrics: ServiceMetrics, _ polls: PollTimes) {
    let aggregated = aggregation.nanoseconds
    // Rows left in the columns are added within the flush; what is told is off by that much at most.
    let decoded = polls.handling > aggregated ? polls.handling - aggregated : 0
    for (stage, nanoseconds) in [
      (IntakeStage.wait, polls.waiting), (.poll, polls.polling), (.decode, decoded), (.aggregate, aggregated),
      (.commit, commits.nanoseconds),
    ] {
      let before = told[stage] ?? 0
      guard nanoseconds > before else { continue }
      metrics.spent(Double(nanoseconds - before) / 1e9, on: stage)
      told[stage] = nanoseconds
    }
  }

  private static func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
