import LeewayCore
import LeewayWeb

/// Notices threads that make no more rounds, and an intake that makes them without getting anywhere.
struct StallWatch {
  /// How long a thread may be away, and messages may wait without a commit.
  var patience: TimeSpan
  /// When each thread was last seen: one of intake, one of evaluation, one for each receiver.
  private var rounds: [ServicePart: [String: SteadyTime]]
  private var lag: Int64 = 0
  /// Since when messages wait and none was committed; nil while none waits.
  private var waitingSince: SteadyTime?
  /// When a flush was last told of, by an intake that has partitions or waits for them; nil: it has none.
  private var flushed: SteadyTime?

  /// - Parameter now: what has not begun its first round by `now` plus the patience has stalled, too.
  init(patience: TimeSpan, now: SteadyTime) {
    self.patience = patience
    rounds = [.intake: ["": now], .evaluation: ["": now]]
  }

  mutating func sawRound(of part: ServicePart, _ thread: String, now: SteadyTime) {
    rounds[part, default: [:]][thread] = now
  }

  /// The thread has ended as it should.
  mutating func forget(_ part: ServicePart, _ thread: String) { rounds[part]?[thread] = nil }

  /// What a flush, failed or not, has left.
  ///
  /// - Parameters:
  ///   - lag: messages between the committed offsets and the partitions' ends.
  ///   - advanced: whether the flush committed an offset that is not the one before it.
  mutating func sawFlush(lag: Int64, advanced: Bool, now: SteadyTime) {
    self.lag = lag
    flushed = now
    if lag == 0 {
      waitingSince = nil
    } else if advanced {
      waitingSince = now
    } else {
      waitingSince = waitingSince ?? now
    }
  }

  /// The group has given partitions: from now on flushes are due, whether something is left to commit or not.
  mutating func expectFlushes(now: SteadyTime) { flushed = flushed ?? now }

  /// Nothing is read any more, so nothing waits and nothing is flushed.
  mutating func expectNone() {
    lag = 0
    waitingSince = nil
    flushed = nil
  }

  /// How the part stands still; nil if it does not.
  func stall(of part: ServicePart, now: SteadyTime) -> String? {
    let silent = (rounds[part] ?? [:]).filter { now > $0.value + patience }.keys.sorted(by: utf8Order)
    if let first = silent.first {
      let name = first.isEmpty ? part.rawValue : "\(part.rawValue) to \(first)"
      return "\(name) has made no round for \(patience); look at the log for what holds its thread"
    }
    if part == .intake, let waitingSince, now > waitingSince + patience {
      return "\(lag) messages behind and none committed for \(patience); look at the log for what holds the flush"
    }
    if part == .intake, let flushed, now > flushed + patience {
      return "intake has not come to a flush for \(patience), whatever the lag was; look at the log for what holds it"
    }
    return nil
  }

  var standing: String {
    flushed == nil ? "no partition is read, so how many messages wait is not known" : "\(lag) messages behind"
  }
}
