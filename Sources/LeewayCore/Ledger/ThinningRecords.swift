/// How far a monitor's old result lines have been thinned.
package struct ThinningProgress: Sendable, Equatable {
  /// Every hour that ends at or before it has been looked through; a full hour.
  package var through: EventTime
  /// Lines that end before it may be missing. It never goes back, where `through` does when an older line changes.
  package var before: EventTime

  package init(through: EventTime, before: EventTime) {
    self.through = through
    self.before = before
  }
}

/// What thinning has to know of a stored line.
package struct ResultKey: Sendable, Equatable {
  package var position: ResultPosition
  /// Verdicts: before `for`; else nil.
  package var rawTier: Tier?

  package init(position: ResultPosition, rawTier: Tier?) {
    self.position = position
    self.rawTier = rawTier
  }
}
