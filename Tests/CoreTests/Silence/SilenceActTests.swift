import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Which silences may be asked for.
@Suite struct SilenceActTests {
  private let clock = ManualClock(IncidentTests.wall)
  private let all = SilenceMatchers([.monitor: [NamePattern("*")].compactMap(\.self)])

  private func add(
    _ ledger: InMemoryLedger, _ start: EventTime? = nil, _ end: SilenceActs.End = .after(.hours(1))
  ) throws -> SilenceRecord {
    try ledger.write { try SilenceActs.add(all, by: "alice", reason: "r", start: start, end: end, in: $0) }
  }

  private func ledger() -> InMemoryLedger {
    let clock = clock
    return InMemoryLedger(clock: { clock.now })
  }

  @Test func aSilenceBeginsNowAndEndsAfterItsTime() throws {
    let ledger = ledger()
    let made = try add(ledger)
    #expect(made.number == 1 && made.name == "silence 1 of alice")
    #expect(made.starts == clock.now && made.ends == clock.now + .hours(1) && made.createdAt == clock.now)
    func states() throws -> [SilenceState] {
      try ledger.read { try $0.silences(Set(SilenceState.allCases), limit: 9) }.map { $0.state(at: clock.now) }
    }
    #expect(try states() == [.active])
    _ = try add(ledger, clock.now + .minutes(30), .at(clock.now + .hours(1)))
    #expect(try states() == [.pending, .active])
    clock.advance(.minutes(30))
    #expect(try states() == [.active, .active])
    clock.advance(.minutes(30))
    #expect(try states() == [.expired, .expired])
  }

  @Test func whatCannotBeIsRefused() throws {
    let ledger = ledger()
    let now = clock.now
    let refused: [(EventTime?, SilenceActs.End, SilenceActs.Refusal)] = [
      (nil, .at(now), .over), (nil, .at(now - .hours(1)), .over), (now - .hours(3), .after(.hours(3)), .over),
      (now + .hours(2), .at(now + .hours(1)), .over), (nil, .after(.days(30) + .milliseconds(1)), .tooLong),
      (now + .days(2), .at(now + .days(33)), .tooLong), (nil, .after(.days(99_999_999)), .tooLong),
      (now + .days(30) + .milliseconds(1), .after(.hours(1)), .tooFar),
    ]
    for (start, end, refusal) in refused {
      #expect(throws: refusal, "\(end)") { _ = try add(ledger, start, end) }
    }
    #expect(try add(ledger, nil, .after(.days(30))).ends == now + .days(30))
    #expect(try add(ledger, now - .days(29), .after(.days(30))).ends == now + .days(1))
  }

  @Test func aThousandAreAllThatThereAreAtOnce() throws {
    let ledger = ledger()
    for _ in 0..<999 { _ = try add(ledger) }
    let last = try add(ledger, clock.now + .hours(2))
    #expect(throws: SilenceActs.Refusal.tooMany) { _ = try add(ledger) }
    _ = try ledger.write { try SilenceActs.expire(last.number, by: "bob", in: $0) }
    _ = try add(ledger)
  }

  @Test func oneEndsOnce() throws {
    let ledger = ledger()
    let made = try add(ledger)
    clock.advance(.minutes(5))
    let ended = try ledger.write { try SilenceActs.expire(1, by: "bob", in: $0) }
    #expect(ended.ends == clock.now && ended.expiredBy == "bob" && ended.starts == made.starts)
    #expect(try ledger.read { try $0.silence(1) } == ended)
    #expect(throws: SilenceActs.Refusal.expired(at: clock.now, by: "bob")) {
      try ledger.write { try SilenceActs.expire(1, by: "carol", in: $0) }
    }
    #expect(throws: SilenceActs.Refusal.unknown) { try ledger.write { try SilenceActs.expire(2, by: "carol", in: $0) } }
    let second = try add(ledger)
    clock.advance(.hours(1))
    #expect(throws: SilenceActs.Refusal.expired(at: second.ends, by: nil)) {
      try ledger.write { try SilenceActs.expire(2, by: "carol", in: $0) }
    }
  }
}
