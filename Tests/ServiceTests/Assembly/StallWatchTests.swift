import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayService
@testable import LeewayWeb

/// A service whose threads say what the test wants, on a clock that the test moves.
@Suite struct StallWatchTests {
  private let clock = ManualSteadyClock()
  private let state: ServiceState

  init() { state = ServiceState(plans: [], patience: .minutes(2), now: clock.now) }

  /// What readiness says of stalls; nil while there is none. The metric's answer must be the same one.
  private func stall(of parts: Set<ServicePart> = []) -> String? {
    let condition = state.readiness(now: clock.now).first { $0.name == "no_stall" }
    #expect(state.stalledParts(now: clock.now) == parts)
    #expect(condition?.holds == parts.isEmpty)
    return condition?.holds == true ? nil : condition?.detail
  }

  private func rounds(of parts: ServicePart...) {
    for part in parts { state.recordHeartbeat(of: part, now: clock.now) }
  }

  @Test func lagThatNoCommitBringsDownIsAStall() {
    state.flushed(lag: 10, advanced: true, now: clock.now)
    for second in stride(from: 0, through: 120, by: 10) {
      rounds(of: .intake, .evaluation)
      // Ends that are committed are no progress, however many messages come.
      state.flushed(lag: 10 + Int64(second), advanced: false, now: clock.now)
      #expect(stall() == nil)
      clock.advance(.seconds(10))
    }
    rounds(of: .intake, .evaluation)
    #expect(
      stall(of: [.intake])
        == "130 messages behind and none committed for 2m; look at the log for what holds the flush")
    state.flushed(lag: 129, advanced: true, now: clock.now)
    #expect(stall() == nil)
  }

  @Test func aBacklogThatIsWorkedOffIsNone() {
    for minute in 0..<30 {
      rounds(of: .intake, .evaluation)
      // Slower than the producers, yet it moves.
      state.flushed(lag: 1_000_000 + Int64(minute), advanced: true, now: clock.now)
      #expect(stall() == nil)
      clock.advance(.minutes(1))
    }
  }

  @Test func messagesThatComeAfterALongSilenceHaveTheWholePatience() {
    for lag: Int64 in [0, 0, 0, 5, 5] {
      clock.advance(.minutes(1))
      rounds(of: .intake, .evaluation)
      state.flushed(lag: lag, advanced: false, now: clock.now)
      #expect(stall() == nil)
    }
    // Two minutes less a millisecond after the first of them, then past it.
    clock.advance(.milliseconds(60_000))
    rounds(of: .intake, .evaluation)
    #expect(stall() == nil)
    clock.advance(.milliseconds(1))
    #expect(stall(of: [.intake])?.hasPrefix("5 messages behind") == true)
    state.flushed(lag: 0, advanced: false, now: clock.now)
    #expect(stall() == nil)
  }

  @Test func withoutPartitionsTheLagIsNotKnown() {
    func detail() -> String? { state.readiness(now: clock.now).first { $0.name == "no_stall" }?.detail }
    #expect(detail() == "no partition is read, so how many messages wait is not known")
    state.flushed(lag: 0, advanced: true, now: clock.now)
    #expect(detail() == "0 messages behind")
  }

  @Test func aThreadThatMakesNoRoundIsNamed() {
    clock.advance(.minutes(2))
    #expect(stall() == nil)
    clock.advance(.milliseconds(1))
    let silent = "has made no round for 2m; look at the log for what holds its thread"
    #expect(stall(of: [.intake, .evaluation]) == "intake \(silent); evaluation \(silent)")
    rounds(of: .intake)
    #expect(stall(of: [.evaluation]) == "evaluation \(silent)")
    rounds(of: .evaluation)
    #expect(stall() == nil)
  }

  @Test func eachReceiverIsWatchedForItselfUntilItIsConfiguredNoLonger() {
    state.recordHeartbeat(of: .delivery, "chat", now: clock.now)
    state.recordHeartbeat(of: .delivery, "pager", now: clock.now)
    clock.advance(.minutes(3))
    rounds(of: .intake, .evaluation)
    state.recordHeartbeat(of: .delivery, "chat", now: clock.now)
    #expect(
      stall(of: [.delivery])
        == "delivery to pager has made no round for 2m; look at the log for what holds its thread")
    state.ended(.delivery, "pager")
    #expect(stall() == nil)
  }

  @Test func aReloadChangesThePatience() {
    clock.advance(.minutes(5))
    #expect(stall(of: [.intake, .evaluation]) != nil)
    state.configure([], patience: .minutes(10))
    #expect(stall() == nil)
  }

  /// Whatever keeps an intake from its flushes, the lag that it last told of may be 0.
  @Test func anIntakeThatReadsAndDoesNotFlushIsAStall() {
    state.set(assigned: 3, now: clock.now)
    state.flushed(lag: 0, advanced: true, now: clock.now)
    for _ in 0..<12 {
      clock.advance(.seconds(10))
      rounds(of: .intake, .evaluation)
      #expect(stall() == nil)
    }
    clock.advance(.milliseconds(1))
    #expect(
      stall(of: [.intake])
        == "intake has not come to a flush for 2m, whatever the lag was; look at the log for what holds it")
    state.flushed(lag: 0, advanced: false, now: clock.now)
    #expect(stall() == nil)
    // Without partitions there is nothing to flush.
    state.set(assigned: 0, now: clock.now)
    clock.advance(.minutes(10))
    rounds(of: .intake, .evaluation)
    #expect(stall() == nil)
    // From the first on there is, and they have the whole patience.
    state.set(assigned: 1, now: clock.now)
    clock.advance(.minutes(2))
    rounds(of: .intake, .evaluation)
    #expect(stall() == nil)
    clock.advance(.seconds(1))
    #expect(stall(of: [.intake]) != nil)
    state.leftGroup()
    #expect(stall() == nil)
  }
}
