/// What a detector of shifts knows after an hour, or what is kept of the hours of one day that it learns from.
package struct ShiftRecord: Sendable, Equatable {
  package var key: SliceKey
  /// The end of the last hour that it took.
  package var through: EventTime
  /// A `ShiftStanding`, a `ShiftLearning` or a `ShiftDay`, encoded; the first byte says which.
  package var state: [UInt8]

  package init(key: SliceKey, through: EventTime, state: [UInt8]) {
    self.key = key
    self.through = through
    self.state = state
  }
}
