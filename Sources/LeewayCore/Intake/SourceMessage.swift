/// One message as a source hands it over; the bytes are valid during the call only.
package struct SourceMessage {
  package var offset: Int64
  /// The Kafka record's timestamp, or what `--as-of` says; nil: nothing is compared with it.
  package var recordTime: EventTime?
  package var key: UnsafeRawBufferPointer?
  /// nil is a tombstone.
  package var value: UnsafeRawBufferPointer?
  /// nil: it has none.
  package var headers: RecordHeaders?

  package init(
    offset: Int64, recordTime: EventTime?, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
    headers: RecordHeaders? = nil
  ) {
    self.offset = offset
    self.recordTime = recordTime
    self.key = key
    self.value = value
    self.headers = headers
  }
}

/// What became of messages, by monitor.
package struct EventCounts: Sendable, Equatable {
  package var accepted: Int64 = 0
  package var late: Int64 = 0
  /// Not late, and from before the first pane of the monitor's generation: in no pane of drift. Where the generation has taken the
  /// pairs of the one before over they are joined, else they are lost.
  package var beforeGeneration: Int64 = 0
  package var invalid: Int64 = 0
  package var quarantined: Int64 = 0
  package var labels: Int64 = 0
  /// Those of `labels` that are 0: for a binary model, all that do not mean 1.
  package var zeroLabels: Int64 = 0
  /// Labels of other models, or not in the sample.
  package var passedOver: Int64 = 0
  /// Predictions that count for drift and cannot be joined: no usable id, or an output that is missing or invalid.
  package var unjoinable: Int64 = 0
  /// By stable code.
  package var rejected: [String: Int64] = [:]
  /// The part of `rejected` that was read for labels.
  package var rejectedLabels: [String: Int64] = [:]

  package init() {}

  package static func += (a: inout EventCounts, b: EventCounts) {
    a.accepted &+= b.accepted
    a.late &+= b.late
    a.beforeGeneration &+= b.beforeGeneration
    a.invalid &+= b.invalid
    a.quarantined &+= b.quarantined
    a.labels &+= b.labels
    a.zeroLabels &+= b.zeroLabels
    a.passedOver &+= b.passedOver
    a.unjoinable &+= b.unjoinable
    a.rejected.merge(b.rejected, uniquingKeysWith: &+)
    a.rejectedLabels.merge(b.rejectedLabels, uniquingKeysWith: &+)
  }
}

/// Limits of what is held between flushes.
package struct IntakeLimits: Sendable, Equatable {
  package var decode: DecodeLimits
  /// Bytes of deltas and waiting changes beyond which a flush is due.
  package var pendingBytes: Int
  /// Predictions and labels to be joined beyond which a flush is due: each is looked up, and written among what waits.
  package var pendingJoins: Int
  /// Quarantined messages kept with a sample, by monitor.
  package var quarantineRows: Int
  /// Names of slices kept between flushes, by monitor.
  package var sliceNames: Int
  /// What dead letters keep; nil: there is no topic for them.
  package var deadLetters: DeadLetterLimits?

  package init(
    decode: DecodeLimits = DecodeLimits(), pendingBytes: Int = 128 << 20, pendingJoins: Int = 100_000,
    quarantineRows: Int = 1000, sliceNames: Int = 100_000, deadLetters: DeadLetterLimits? = nil
  ) {
    self.decode = decode
    self.pendingBytes = pendingBytes
    self.pendingJoins = pendingJoins
    self.quarantineRows = quarantineRows
    self.sliceNames = sliceNames
    self.deadLetters = deadLetters
  }
}
