/// What one hour says of every stream, before any state is reset.
package struct ShiftEvidence: Sendable, Equatable {
  package let hour: Int
  /// Whether the stream was judged: it has a value, and the null knows that hour of the day. K of each from here on.
  package let has: [Bool]
  /// The value less what was expected, in units of the stream; 0 where there is none.
  package let r: [Double]
  /// The standardised surprise, how far a unit step moves it, and the filter's gain.
  package let u, response, gain: [Double]
  /// The surprise given the other subjects', standardised.
  package let v: [Double]
  /// Nats by tier, view and stream, tiers × 2 × K: the largest evidence for any step, and the largest whose step still holds.
  package internal(set) var free, held: [Double]
}

/// A stream whose evidence has reached its level.
package struct ShiftAlarm: Sendable, Equatable {
  package var hour: Int
  /// Index of the tier, the stream and the view (0 raw, 1 given the others).
  package var tier, stream, view: Int
  /// Nats, and those that it takes.
  package var evidence, level: Double
  /// The supposed step, its sign the direction.
  package var step: Double
  /// Mean of r since `start`, in units of the stream.
  package var size: Double
  /// The first hour of the supposed step: since when.
  package var start: Int
}

/// A subject that has shifted: open from its first alarm of a tier on.
package struct ShiftIncident: Sendable, Equatable {
  package var tier, subject: Int
  /// For the alarm that opened it.
  package var stream: Int
  package var step: Double
  /// The hours of the first and of the last alarm.
  package var opened, last: Int
}

/// What an hour came to.
package struct ShiftOutcome: Sendable, Equatable {
  package let evidence: ShiftEvidence
  /// By tier, stream and view.
  package let alarms: [ShiftAlarm]
  package internal(set) var opened: [ShiftIncident] = []
  package internal(set) var closed: [ShiftIncident] = []
  /// Incidents that would close if the last day had values in enough hours.
  package internal(set) var lackingRows: [ShiftIncident] = []
}
