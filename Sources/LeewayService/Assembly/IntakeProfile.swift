import Glibc
import LeewayCore
import LeewaySource
import LeewayWeb

/// Where the intake's time goes, of all its threads; told to the metrics at every flush.
struct IntakeProfile {
  /// Adding rows to panes, by lane.
  let aggregation: [Stopwatch]
  private let commits = Stopwatch(now: Self.nanoseconds)
  private var told: [IntakeStage: UInt64] = [:]

  init(lanes: Int) { aggregation = (0..<lanes).map { _ in Stopwatch(now: Self.nanoseconds) } }

  func committing<T>(_ body: () throws -> T) rethrows -> T {
    let start = commits.now()
    defer { commits.lap(since: start) }
    return try body()
  }

  /// - Parameter handling: taking messages, decoding and aggregating, in nanoseconds.
  mutating func tell(_ metrics: ServiceMetrics, _ polls: PollTimes, handling: UInt64) {
    let aggregated = aggregation.reduce(0) { $0 &+ $1.nanoseconds }
    // Rows left in the columns are added within the flush; what is told is off by that much at most.
    let decoded = handling > aggregated ? handling - aggregated : 0
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

  static func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
