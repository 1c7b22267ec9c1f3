internal import CRdKafka

/// A member of a consumer group. Not Sendable on purpose: one thread creates or is given it, polls, answers rebalances
/// and closes it. All callbacks but the log's run on that thread, inside `poll` and `close`.
package final class KafkaConsumer {
  /// Names by `KafkaMessage.topic`, those of `subscribe` first and in its order.
  package private(set) var topics: [String] = []
  /// What `assign` added and `unassign` has not taken away.
  package private(set) var assignment: Set<TopicPartition> = []
  /// Offset commits that failed; the ledger's offsets are the truth, so a failure costs lag tools their view only.
  package private(set) var failedCommits = 0

  /// - Parameter log: called on librdkafka's threads; without it librdkafka's log is dropped.
  package init(_ settings: KafkaSettings, log: KafkaLogReceiver? = nil) throws(KafkaError) {}

  /// Joins the group for these topics, in the background; the answer is an `assigned` event.
  package func subscribe(_ topics: [String]) throws(KafkaError) { preconditionFailure("not built yet") }

  /// Waits up to `timeoutMilliseconds` for the first message or event, then takes what is there without waiting.
  ///
  /// Returns after `maximum` messages, or at the first event: all messages before it have gone through `body`, none
  /// after it has.
  ///
  /// - Returns: how many messages went through `body`, and the event that ended the poll, if one did.
  package func poll(
    timeoutMilliseconds: Int32, maximum: Int, _ body: (borrowing KafkaMessage) -> Void
  ) -> (messages: Int, event: KafkaEvent?) { preconditionFailure("not built yet") }

  /// Starts reading these partitions, in addition to those already assigned; the answer to `assigned`.
  package func assign(_ positions: [(TopicPartition, KafkaPosition)]) throws(KafkaError) {}
  /// Stops reading these partitions; the answer to `revoked` and `lost`. Partitions not held are left out.
  package func unassign(_ partitions: [TopicPartition]) throws(KafkaError) {}
  /// Goes on from there, also after `offsetOutOfRange`. What was fetched before is never handed out afterwards.
  package func seek(_ partition: TopicPartition, to position: KafkaPosition) throws(KafkaError) {}
  package func pause(_ partitions: [TopicPartition]) throws(KafkaError) {}
  package func resume(_ partitions: [TopicPartition]) throws(KafkaError) {}
  /// Tells the group's coordinator where reading would go on, in the background and for lag tools only.
  package func commit(_ offsets: [(TopicPartition, Int64)]) throws(KafkaError) {}
  /// The oldest offset and the one behind the newest, as last seen in a fetch, without asking the broker; nil where
  /// not known yet.
  package func watermarks(of partition: TopicPartition) -> (low: Int64?, high: Int64?) { (nil, nil) }
  /// The same, asked of the broker.
  package func queryWatermarks(
    of partition: TopicPartition, timeoutMilliseconds: Int32
  ) throws(KafkaError) -> (low: Int64, high: Int64) { preconditionFailure("not built yet") }
  /// The partitions' ids, ascending, of each topic that exists; a topic that doesn't is absent from the answer.
  package func partitions(
    of topics: [String], timeoutMilliseconds: Int32
  ) throws(KafkaError) -> [String: [Int32]] { preconditionFailure("not built yet") }
  /// Leaves the group, so that others take over at once; unassigns what is still held. No event comes any more.
  ///
  /// - Returns: false if that took longer than `timeoutMilliseconds`; the group then notices by itself.
  @discardableResult
  package func close(timeoutMilliseconds: Int32 = 10_000) -> Bool { true }
}
