/// From when to when an incident was open, without what it is about.
package struct IncidentSpan: Sendable, Equatable {
  package var id: String
  package var monitor: String
  /// The highest it has reached.
  package var tier: Tier
  package var openedAt: EventTime
  /// nil: it is open.
  package var resolvedAt: EventTime?

  package init(id: String, monitor: String, tier: Tier, openedAt: EventTime, resolvedAt: EventTime?) {
    self.id = id
    self.monitor = monitor
    self.tier = tier
    self.openedAt = openedAt
    self.resolvedAt = resolvedAt
  }
}

/// Which verdicts a map of tiers is made of: those of a window with end in `(from, through]`, in columns of `every`.
package struct TierMapQuery: Sendable, Equatable {
  package var monitor: String
  /// A window's name, or ``Check/hour`` for verdicts on shifts.
  package var window: String
  package var from: EventTime
  package var through: EventTime
  /// More than 0.
  package var every: TimeSpan

  package init(monitor: String, window: String, from: EventTime, through: EventTime, every: TimeSpan) {
    self.monitor = monitor
    self.window = window
    self.from = from
    self.through = through
    self.every = every
  }
}

/// The worst that verdicts of one subject said within a column, whatever their generation, slice and stage.
package struct TierCell: Sendable, Equatable {
  /// Empty where the check is about no subject, such as on performance.
  package var subject: String
  package var check: String
  /// The column's number, from 0; its end is `from + (column + 1) * every`.
  package var column: Int
  /// `insufficientData` where none of them could be given. As in ``ResultRecord/rawTier``, before `for`.
  package var tier: Tier

  package init(subject: String, check: String, column: Int, tier: Tier) {
    self.subject = subject
    self.check = check
    self.column = column
    self.tier = tier
  }
}
