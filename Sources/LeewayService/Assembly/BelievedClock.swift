import LeewayCore

/// Which time it is on a machine whose clock may be set: what was shown before, and the time that has passed since. A clock that
/// jumps is believed once it has stayed where it is for ten minutes. Until then deadlines, retrains and messages go on as if nothing
/// had happened: a clock that is two days ahead for a moment must end no deadline.
///
/// Example: at 10:00 the clock is set to 12:00. Nine minutes later it shows 12:09, and here it is 10:09; after another minute it is
/// 12:10 here too.
struct BelievedClock {
  /// How long a clock must stay in its new place.
  static let patience = TimeSpan.minutes(10)
  /// What clocks that are kept right by small steps may be off by.
  static let tolerance = TimeSpan.seconds(2)

  private var anchor: (wall: EventTime, steady: SteadyTime)?
  /// How far the clock is off, and since when.
  private(set) var jump: (offset: TimeSpan, since: SteadyTime)?

  /// - Parameters:
  ///   - wall: what the machine's clock shows.
  ///   - steady: the same moment on a clock that cannot be set.
  mutating func time(wall: EventTime, steady: SteadyTime) -> EventTime {
    guard let anchor else {
      self.anchor = (wall, steady)
      return wall
    }
    let expected = anchor.wall + .milliseconds(anchor.steady.duration(to: steady).milliseconds)
    let offset = wall - expected
    if Self.isNear(offset, .zero) {
      self.anchor = (wall, steady)
      jump = nil
      return wall
    }
    guard let jump, Self.isNear(offset, jump.offset) else {
      self.jump = (offset, steady)
      return expected
    }
    guard steady >= jump.since + Self.patience else { return expected }
    self.anchor = (wall, steady)
    self.jump = nil
    return wall
  }

  private static func isNear(_ a: TimeSpan, _ b: TimeSpan) -> Bool {
    abs(a.milliseconds - b.milliseconds) <= tolerance.milliseconds
  }
}
