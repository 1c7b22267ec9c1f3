package enum SilenceState: String, Sendable, CaseIterable {
  /// Holds messages back now.
  case active
  /// Begins later.
  case pending
  case expired
}

/// What a person asked for not to be told of for a while. It holds messages back when they are due to be sent, and nothing else.
package struct SilenceRecord: Sendable, Equatable {
  /// Ascending in the order of asking; 0 before it is stored.
  package var number: Int64
  package var matchers: SilenceMatchers
  /// The name of the token that it was asked for with.
  package var author: String
  package var reason: String
  /// By the ledger's clock, as the other times.
  package var createdAt: EventTime
  package var starts: EventTime
  /// As asked for, or when a person ended it early.
  package var ends: EventTime
  /// Who ended it before its time.
  package var expiredBy: String?

  package init(
    number: Int64 = 0, matchers: SilenceMatchers, author: String, reason: String, createdAt: EventTime,
    starts: EventTime, ends: EventTime, expiredBy: String? = nil
  ) {
    self.number = number
    self.matchers = matchers
    self.author = author
    self.reason = reason
    self.createdAt = createdAt
    self.starts = starts
    self.ends = ends
    self.expiredBy = expiredBy
  }

  /// As messages and deliveries call it.
  package var name: String { "silence \(number) of \(author)" }

  package func state(at now: EventTime) -> SilenceState { ends <= now ? .expired : starts > now ? .pending : .active }
}
