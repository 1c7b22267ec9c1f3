/// What one monitor can no longer read of a partition: its next offset is not among those the broker has.
package struct OffsetGap: Sendable, Equatable {
  package var key: PartitionKey
  /// The ledger's offset, as far as it has been read.
  package var wanted: Int64
  /// The oldest offset that the broker has, and the one behind the newest.
  package var available: ClosedRange<Int64>

  /// The log ends below the offset, so it is another log: the topic was deleted and made again, or was cut.
  package var isAnotherLog: Bool

  /// - Parameter isAnotherLog: also true where the log has ended below the offset before, and has grown since.
  package init(key: PartitionKey, wanted: Int64, available: ClosedRange<Int64>, isAnotherLog: Bool = false) {
    self.key = key
    self.wanted = wanted
    self.available = available
    self.isAnotherLog = isAnotherLog || wanted > available.upperBound
  }

  /// Messages that are known to be gone unread. For another log those from its beginning to its oldest; how many the old
  /// one had after `wanted` is unknown.
  package var lostMessages: Int64 { isAnotherLog ? available.lowerBound : max(0, available.lowerBound - wanted) }

  package var description: String {
    let place = "\(key.topic)[\(key.partition)] of monitor \(key.monitor)"
    let log =
      available.lowerBound < available.upperBound
      ? "the broker has \(available.lowerBound) to \(available.upperBound - 1)" : "the broker's log is empty"
    if isAnotherLog {
      return
        "\(place): the ledger stands at offset \(wanted) and \(log): the topic was deleted and made again, or was cut; how many messages of the old one were not read cannot be known"
    }
    return
      "\(place): \(lostMessages) messages, offsets \(wanted) to \(available.lowerBound - 1), are gone from the broker unread; \(log)"
  }
}

/// What is done about a gap.
package enum GapDecision: String, Sendable, CaseIterable {
  /// The monitor's partition is not read until somebody decides.
  case fail
  /// Reading goes on with the oldest message that there is; what was lost is counted.
  case skip
}
