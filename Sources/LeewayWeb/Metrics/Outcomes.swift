/// What became of a prediction message.
package enum EventOutcome: String, Sendable, CaseIterable {
  case accepted, late, invalid, duplicate, quarantined
  /// Read after the monitor or its baseline had changed, of a time before the change.
  case beforeGeneration = "before_generation"
}

/// What became of a label.
package enum LabelOutcome: String, Sendable, CaseIterable {
  case matched
  /// Before its prediction.
  case early
  case repeated, corrected, retracted
  /// Early, and given up: its prediction never came.
  case orphaned
  /// Past the horizon of every prediction known by then.
  case expired
  /// Earlier than every prediction known by then, by more than a label may be.
  case implausible
  /// More labels or versions for one id than are kept.
  case overLimit = "over_limit"
  /// About another model in the topic, or not in the sample.
  case passedOver = "passed_over"
}

/// How a flush ended.
package enum FlushOutcome: String, Sendable, CaseIterable { case committed, fenced, failed }

/// What a rebalance of the consumer group did to this instance.
package enum RebalanceOutcome: String, Sendable, CaseIterable { case assigned, revoked, lost }

/// How an attempt to claim partitions in the ledger ended.
package enum ClaimOutcome: String, Sendable, CaseIterable { case claimed, failed }

/// How one attempt to deliver ended.
package enum DeliveryOutcome: String, Sendable, CaseIterable { case delivered, retried, dead }

/// What a silence, or maintenance, did to a message.
package enum SilencedOutcome: String, Sendable, CaseIterable {
  /// It began to wait for the end.
  case held
  /// It will not be sent: a later one told of it, or no receiver had to hear of it any more.
  case unsent
}
