import LeewayCore

/// What of the service can stand still while the process lives; the values of `leeway_stalled`'s label.
package enum ServicePart: String, Sendable, CaseIterable {
  case intake, evaluation, delivery
}

/// Notices threads that make no more rounds, and an intake that makes them without getting anywhere.
struct StallWatch {
  /// How long a thread may be away, and messages may wait without a commit.
  var patience: TimeSpan
  /// When each thread was last seen: one of intake, one of evaluation, one for each receiver.
  private var rounds: [ServicePart: [String: EventTime]]
  private var lag: Int64 = 0
  /// Since when messages wait and none was committed; nil while none waits.
  private var waitingSince: EventTime?

  /// - Parameter now: what has not begun its first round by `now` plus the patience has stalled, too.
  init(patience: TimeSpan, now: EventTime) {
    self.patience = patience
    rounds = [.intake: ["": now], .evaluation: ["": now]]
  }

  mutating func sawRound(of part: ServicePart, _ thread: String, now: EventTime) {
    rounds[part, default: [:]][thread] = now
  }

  /// The thread has ended as it should.
  mutating func forget(_ part: ServicePart, _ thread: String) { rounds[part]?[thread] = nil }

  /// What a flush, failed or not, has left.
  ///
  /// - Parameters:
  ///   - lag: messages between the committed offsets and the partitions' ends.
  ///   - advanced: whether the flush committed an offset that is not the one before it.
  mutating func sawFlush(lag: Int64, advanced: Bool, now: EventTime) {
    self.lag = lag
    if lag == 0 {
      waitingSince = nil
    } else if advanced {
      waitingSince = now
    } else {
      // Not later than now: the clock may have been set back.
      waitingSince = min(waitingSince ?? now, now)
    }
  }

  /// How the part stands still; nil if it does not.
  func stall(of part: ServicePart, now: EventTime) -> String? {
    let silent = (rounds[part] ?? [:]).filter { now > $0.value + patience }.keys.sorted(by: utf8Order)
    if let first = silent.first {
      let name = first.isEmpty ? part.rawValue : "\(part.rawValue) to \(first)"
      return "\(name) has made no round for \(patience); look at the log for what holds its thread"
    }
    if part == .intake, let waitingSince, now > waitingSince + patience {
      return "\(lag) messages behind and none committed for \(patience); look at the log for what holds the flush"
    }
    return nil
  }

  var standing: String { "\(lag) messages behind" }
}
