/// The hour of the week of every hour, in the time zone of a monitor.
///
/// An hour is a whole number: hours since 1970-01-01T00:00Z. The zone's transitions are stored here as numbers when a null is
/// fitted, so that no machine's zone data decides afterwards (rule H2).
package struct ShiftCalendar: Sendable, Equatable {
  /// From an hour on, another offset.
  package struct Transition: Sendable, Equatable {
    /// The first hour that begins at or after the transition.
    package var hour: Int
    /// Minutes east of UTC from then on.
    package var minutes: Int

    package init(hour: Int, minutes: Int) {
      self.hour = hour
      self.minutes = minutes
    }
  }

  /// Minutes east of UTC before the first transition; within ±24 h, as are those of the transitions.
  package let minutes: Int
  /// Ascending by hour.
  package let transitions: [Transition]

  package static let utc = ShiftCalendar(minutes: 0, transitions: [])

  package init(minutes: Int, transitions: [Transition]) {
    precondition(zip(transitions, transitions.dropFirst()).allSatisfy { $0.hour < $1.hour }, "transitions must ascend")
    precondition(([minutes] + transitions.map(\.minutes)).allSatisfy { abs($0) <= 1440 }, "no zone is a day from UTC")
    self.minutes = minutes
    self.transitions = transitions
  }

  /// In [0, 168), 0 = Monday 00:00 local time: that of the hour's beginning (1970-01-01 was a Thursday).
  package func weekHour(_ hour: Int) -> Int {
    let offset = transitions.last { $0.hour <= hour }?.minutes ?? minutes
    // Whole minutes since a Monday, rounded down to hours also before 1970.
    let local = (hour * 60 + offset) / 60 - ((hour * 60 + offset) % 60 < 0 ? 1 : 0)
    let week = (local + 72) % 168
    return week < 0 ? week + 168 : week
  }

  /// The local day of an hour's beginning: days since 1970-01-01.
  package func day(_ hour: Int) -> Int {
    let minute = hour * 60 + (transitions.last { $0.hour <= hour }?.minutes ?? minutes)
    return minute / 1440 - (minute % 1440 < 0 ? 1 : 0)
  }

  /// The hour of the week as day and hour of day: [0, 24), and whether it is Saturday or Sunday.
  static func day(_ weekHour: Int) -> (hour: Int, isWeekend: Bool) { (weekHour % 24, weekHour >= 120) }
}
