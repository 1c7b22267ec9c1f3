import LeewayCore

/// Decides what becomes of a delivery after an attempt. A value without clock or chance of its own: all times are
/// arguments, in milliseconds. Its day is made of attempts and of the waits between them, as a clock that cannot be set
/// measures them: the wall clock may be set meanwhile, and a service that was down for a weekend gives nothing up.
///
///     attempt ──► 2xx ─────────────────────────────────────────► delivered
///        ▲    ├─► what cannot get better ───────────────────────► deadLetter
///        │    └─► anything else ──► within a day ───────────────► retry(after:)
///        │                     └──► later ──────────────────────► deadLetter
///        └────────── wait ◄── retry(after:)
package struct RetrySchedule: Sendable, Equatable {
  /// The first wait, doubled at every attempt.
  package var firstWait: Int64 = 1_000
  package var longestWait: Int64 = 300_000
  /// What a `Retry-After` can ask for at most.
  package var longestRetryAfter: Int64 = 3_600_000
  /// How much time attempts and waits may take before the last attempt starts: a day, or less for what has a deadline.
  package private(set) var lifetime = RetrySchedule.day

  private static let day: Int64 = 86_400_000

  /// Answers after which the same request cannot succeed, since they are about the request itself. Everything else may be a
  /// redeploy, a route that is not there yet, or a secret that was rotated on one side first.
  package static let finalStatuses: Set<Int> = [400, 405, 406, 410, 413, 414, 415, 422, 431]

  package init() {}

  /// - Parameter lifetime: milliseconds; more than a day is a day.
  package init(lifetime: Int64) { self.lifetime = min(max(0, lifetime), Self.day) }

  package enum Decision: Sendable, Equatable {
    case delivered
    /// Attempt again after so many milliseconds, 0 or more.
    case retry(after: Int64)
    /// Never attempt again by itself. The reason is one line without secrets, for people.
    case deadLetter(reason: String)
  }

  /// - Parameters:
  ///   - attempt: the number of the attempt that has just ended, from 1.
  ///   - result: how it ended.
  ///   - spent: what all attempts up to this one, and the waits between them, have taken.
  ///   - now: wall time, for a `Retry-After` that is a date and for nothing else.
  ///   - random: uniform in [0, 1); what lies outside is taken as the nearest end.
  package func decide(
    attempt: Int, result: Result<HTTPAnswer, HTTPFailure>, spent: Int64, now: Int64, random: Double
  ) -> Decision {
    switch result {
    case .success(let answer):
      switch answer.status {
      case 200...299:
        return .delivered
      case 300...399:
        return .deadLetter(reason: "\(answer.summary); redirects are not followed, correct the receiver's url")
      case let status where Self.finalStatuses.contains(status):
        return .deadLetter(reason: answer.summary)
      default:
        let asked = answer.retryAfter.map { min($0.wait(from: now), longestRetryAfter) } ?? 0
        return later(
          by: max(asked, wait(after: attempt, random: random)), because: answer.summary, attempt, spent)
      }
    case .failure(let failure):
      switch failure.kind {
      case .timeout, .connect, .resolve, .tls, .reset, .badAnswer, .tooLarge, .other:
        return later(by: wait(after: attempt, random: random), because: failure.text, attempt, spent)
      case .badRequest:
        return .deadLetter(reason: failure.text)
      case .aborted:
        // Our own shutdown says nothing about the receiver: whoever starts next should try at once.
        return .retry(after: 0)
      }
    }
  }

  /// The same for whatever a ``Courier`` delivered.
  package func decide(
    attempt: Int, delivery: Result<DeliveryAnswer, HTTPFailure>, spent: Int64, now: Int64, random: Double
  ) -> Decision {
    switch delivery {
    case .success(.http(let answer)):
      return decide(attempt: attempt, result: .success(answer), spent: spent, now: now, random: random)
    case .failure(let failure):
      return decide(attempt: attempt, result: .failure(failure), spent: spent, now: now, random: random)
    case .success(.mail(let reply)):
      switch reply.code {
      case 200...299: return .delivered
      // A server that is overloaded, a recipient who is tried later, and a password that may have been changed on one side first.
      case 400...499, 530...538:
        return later(by: wait(after: attempt, random: random), because: reply.summary, attempt, spent)
      default: return .deadLetter(reason: reply.summary)
      }
    }
  }

  /// Milliseconds between an attempt's end and the next, without regard to `Retry-After`: b/2 to b, where
  /// b = `firstWait` · 2^(attempt − 1), at most `longestWait`. Jitter keeps what failed together from returning
  /// together, and as b doubles, no wait below the cap is shorter than the one before it.
  package func wait(after attempt: Int, random: Double) -> Int64 {
    let doublings = attempt > 1 ? min(attempt - 1, 40) : 0
    let (doubled, overflow) = firstWait.multipliedReportingOverflow(by: 1 << doublings)
    let base = overflow ? longestWait : min(doubled, longestWait)
    let chance = random >= 0 ? min(random, 1) : 0  // NaN is no chance at all
    return base / 2 + Int64(Double(base - base / 2) * chance)
  }

  private func later(
    by wait: Int64, because reason: String, _ attempt: Int, _ spent: Int64
  ) -> Decision {
    let (total, overflow) = max(0, spent).addingReportingOverflow(wait)
    guard !overflow, total <= lifetime else {
      return .deadLetter(
        reason: "given up after \(attempt) attempts in \(TimeSpan.milliseconds(lifetime)): \(reason)")
    }
    return .retry(after: wait)
  }
}

extension HTTPAnswer {
  /// As `the receiver answered 400 (invalid_blocks)`. Only a short phrase is quoted: anything longer may echo what was
  /// sent, and what was sent may hold a token.
  fileprivate var summary: String {
    let isPhrase =
      !bodyPrefix.isEmpty && bodyPrefix.count <= 40
      && bodyPrefix.allSatisfy {
        (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x20 || $0 == 0x5F || $0 == 0x2E
      }
    return "the receiver answered \(status)" + (isPhrase ? " (\(String(decoding: bodyPrefix, as: UTF8.self)))" : "")
  }
}
