import LeewayDelivery
import LeewayTestSupport
import Testing

@Suite struct RetryScheduleTests {
  private let schedule = RetrySchedule()
  private let start: Int64 = 1_767_225_600_000
  private let day: Int64 = 86_400_000

  private func decide(
    _ result: Result<HTTPAnswer, HTTPFailure>, attempt: Int = 1, after elapsed: Int64 = 0, random: Double = 0
  ) -> RetrySchedule.Decision {
    schedule.decide(
      attempt: attempt, result: result, spent: elapsed, now: start + elapsed, random: random)
  }

  @Test func everyStatusHasItsFate() {
    for status in 100...999 {
      let decision = decide(.success(HTTPAnswer(status: status)))
      switch status {
      case 200...299: #expect(decision == .delivered, "\(status)")
      case 300...399:
        let reason = "the receiver answered \(status); redirects are not followed, correct the receiver's url"
        #expect(decision == .deadLetter(reason: reason), "\(status)")
      // About the request itself, so that the same request cannot fare better.
      case 400, 405, 406, 410, 413, 414, 415, 422, 431:
        #expect(decision == .deadLetter(reason: "the receiver answered \(status)"), "\(status)")
      // A redeploy, a route or a secret that is not there yet.
      default: #expect(decision == .retry(after: 500), "\(status)")
      }
    }
  }

  @Test func everyFailureHasItsFate() {
    for kind in HTTPFailure.Kind.allCases {
      let decision = decide(.failure(HTTPFailure(kind, "why")), after: 10)
      switch kind {
      case .badRequest: #expect(decision == .deadLetter(reason: "why"), "\(kind)")
      case .aborted: #expect(decision == .retry(after: 0), "\(kind)")
      default: #expect(decision == .retry(after: 500), "\(kind)")
      }
    }
  }

  @Test func waitsDoubleToFiveMinutes() {
    let longest = (1...12).map { schedule.wait(after: $0, random: 1.0.nextDown) }
    // Just under b, so one millisecond short of it.
    #expect(
      longest.map { $0 + 1 } == [
        1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000, 300_000,
      ])
    #expect((1...3).map { schedule.wait(after: $0, random: 0) } == [500, 1_000, 2_000])
    #expect(schedule.wait(after: Int.max, random: 0) == 150_000)
    #expect(schedule.wait(after: 0, random: 0) == 500)
    #expect(schedule.wait(after: Int.min, random: .nan) == 500)
  }

  @Test func retryAfterIsHonouredUpToAnHour() {
    func at(_ retryAfter: RetryAfter) -> RetrySchedule.Decision {
      decide(.success(HTTPAnswer(status: 429, retryAfter: retryAfter)), after: 1_000)
    }
    #expect(at(.seconds(120)) == .retry(after: 120_000))
    #expect(at(.date(start + 61_000)) == .retry(after: 60_000))
    #expect(at(.seconds(86_400)) == .retry(after: 3_600_000))
    #expect(at(.seconds(Int64.max)) == .retry(after: 3_600_000))
    // "At once" does not undo the backoff.
    #expect(at(.seconds(0)) == .retry(after: 500))
    #expect(at(.date(0)) == .retry(after: 500))
  }

  @Test func dayEndsTheRetries() {
    let down = Result<HTTPAnswer, HTTPFailure>.success(HTTPAnswer(status: 503))
    #expect(decide(down, attempt: 300, after: day - 150_000) == .retry(after: 150_000))
    #expect(
      decide(down, attempt: 300, after: day - 149_999)
        == .deadLetter(reason: "given up after 300 attempts in 1d: the receiver answered 503"))
    let asksTooLong = Result<HTTPAnswer, HTTPFailure>.success(HTTPAnswer(status: 429, retryAfter: .seconds(3_600)))
    #expect(
      decide(asksTooLong, attempt: 9, after: day - 3_599_000)
        == .deadLetter(reason: "given up after 9 attempts in 1d: the receiver answered 429"))
  }

  @Test func aCallIsGivenUpAtItsDeadline() {
    let down = Result<HTTPAnswer, HTTPFailure>.success(HTTPAnswer(status: 503))
    let call = RetrySchedule(lifetime: 3_600_000)
    #expect(call.decide(attempt: 20, result: down, spent: 3_450_000, now: start, random: 0) == .retry(after: 150_000))
    #expect(
      call.decide(attempt: 20, result: down, spent: 3_450_001, now: start, random: 0)
        == .deadLetter(reason: "given up after 20 attempts in 1h: the receiver answered 503"))
    // A deadline of a week leaves it a day.
    #expect(RetrySchedule(lifetime: 7 * day).lifetime == day)
    #expect(RetrySchedule(lifetime: -1).lifetime == 0)
  }

  @Test func shortPhrasesAreQuotedAndEchoesAreNot() {
    func reason(_ body: String) -> RetrySchedule.Decision {
      decide(.success(HTTPAnswer(status: 400, bodyPrefix: Array(body.utf8))))
    }
    #expect(reason("invalid_blocks") == .deadLetter(reason: "the receiver answered 400 (invalid_blocks)"))
    for echo in [#"{"callback_token":"1"}"#, String(repeating: "a", count: 64), "a\nb", "\u{1b}[31m", "é"] {
      #expect(reason(echo) == .deadLetter(reason: "the receiver answered 400"), "\(echo)")
    }
  }

  /// Plays whole days of a receiver that never recovers, with random answers, waits, durations and wall clocks.
  @Test(arguments: 1...200 as ClosedRange<UInt64>)
  func deliveryThatNeverSucceedsEndsWithinADay(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var now = start
    var spent: Int64 = 0
    var attempt = 0
    var lastBackoff: Int64 = 0
    while true {
      attempt += 1
      guard attempt <= 1_000 else {
        Issue.record("seed \(seed): more than 1,000 attempts in a day")
        return
      }
      let taken = Int64.random(in: 0...10_000, using: &random)
      now += taken
      spent += taken
      let chance = Double.random(in: 0..<1, using: &random)
      let retryAfter: RetryAfter? =
        switch Int.random(in: 0..<4, using: &random) {
        case 0: .seconds(Int64.random(in: 0...10_000, using: &random))
        case 1: .date(now + Int64.random(in: -10_000_000...10_000_000, using: &random))
        default: nil
        }
      let result: Result<HTTPAnswer, HTTPFailure> =
        Bool.random(using: &random)
        ? .success(HTTPAnswer(status: 503, retryAfter: retryAfter)) : .failure(HTTPFailure(.timeout, "slow"))
      let backoff = schedule.wait(after: attempt, random: chance)
      if attempt <= 9 {
        #expect(backoff >= lastBackoff, "seed \(seed), attempt \(attempt): waits shrink below the cap")
      }
      lastBackoff = backoff
      let decision = schedule.decide(
        attempt: attempt, result: result, spent: spent, now: now, random: chance)
      guard case .retry(let wait) = decision else {
        #expect(spent + 3_600_000 > day, "seed \(seed), attempt \(attempt): given up early")
        return
      }
      #expect(wait >= backoff, "seed \(seed), attempt \(attempt): earlier than its backoff")
      #expect(wait <= 3_600_000, "seed \(seed), attempt \(attempt): later than any Retry-After allows")
      #expect(spent + wait <= day, "seed \(seed), attempt \(attempt): later than a day")
      spent += wait
      // Meanwhile somebody may set the wall clock, to either side.
      now += wait + [0, 0, 172_800_000, -86_400_000, -60_000][Int.random(in: 0..<5, using: &random)]
    }
  }

  @Test func hostileTimesDoNotTrap() {
    for time in [Int64.min, -1, 0, Int64.max] {
      for spent in [Int64.min, 0, Int64.max] {
        let answer = HTTPAnswer(status: 429, retryAfter: .date(time))
        let decision = schedule.decide(
          attempt: 1, result: .success(answer), spent: spent, now: time, random: 0.5)
        #expect(decision != .delivered)
      }
    }
  }
}
