import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayService

/// Time on a machine whose clock is set, on clocks that the test moves.
@Suite struct BelievedClockTests {
  private static let start = EventTime(milliseconds: 1_800_000_000_000)

  /// Reads every second, with the clock off by what `offset` says of the second.
  ///
  /// - Returns: how far each reading was from the time that had passed.
  private static func read(_ seconds: Int64, _ offset: (Int64) -> TimeSpan) -> [TimeSpan] {
    var clock = BelievedClock()
    let steady = ManualSteadyClock()
    return (0..<seconds).map { second in
      let passed = start + .seconds(second)
      defer { steady.advance(.seconds(1)) }
      return clock.time(wall: passed + offset(second), steady: steady.now) - passed
    }
  }

  /// Two days ahead for some seconds ended every open retrain for good.
  @Test(arguments: [TimeSpan.days(2), .zero - .days(400), .seconds(3), .zero - .seconds(60)])
  func aJumpThatIsTakenBackChangesNothing(_ jump: TimeSpan) {
    let read = Self.read(1200) { (100..<690).contains($0) ? jump : .zero }
    #expect(read.allSatisfy { $0 == .zero })
  }

  @Test(arguments: [TimeSpan.days(2), .zero - .days(400)])
  func aClockThatStaysIsBelievedAfterTenMinutes(_ jump: TimeSpan) {
    let read = Self.read(1200) { $0 < 100 ? .zero : jump }
    #expect(read.firstIndex { $0 != .zero } == 700)
    #expect(read[700...].allSatisfy { $0 == jump })
  }

  /// A clock that goes on jumping is believed ten minutes after the last time.
  @Test func eachJumpBeginsTheWaitAgain() {
    let read = Self.read(2000) { $0 < 100 ? .zero : $0 < 600 ? .days(1) : .days(2) }
    #expect(read.firstIndex { $0 != .zero } == 1200)
    #expect(read.last == .days(2))
  }

  /// What keeps clocks right does so in small steps, each of which is taken.
  @Test func smallStepsAreFollowed() {
    let read = Self.read(1000) { .milliseconds(-1500 * ($0 / 100)) }
    #expect(read == (0..<1000).map { .milliseconds(-1500 * ($0 / 100)) })
  }

  /// Seldom read, as by a receiver that has nothing to send: what counts is how long the clock has been seen in its place.
  @Test func aClockThatIsSeldomReadIsBelievedAtTheSecondLook() {
    var clock = BelievedClock()
    let steady = ManualSteadyClock()
    _ = clock.time(wall: Self.start, steady: steady.now)
    steady.advance(.hours(3))
    #expect(clock.time(wall: Self.start + .hours(5), steady: steady.now) == Self.start + .hours(3))
    steady.advance(.minutes(10))
    let later = Self.start + .hours(5) + .minutes(10)
    #expect(clock.time(wall: later, steady: steady.now) == later)
  }
}
