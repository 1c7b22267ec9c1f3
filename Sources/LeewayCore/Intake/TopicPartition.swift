/// One partition of one topic.
package struct TopicPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let topic: String
  package let partition: Int32

  package init(_ topic: String, _ partition: Int32) {
    self.topic = topic
    self.partition = partition
  }

  /// Topic by its UTF-8 bytes, then partition: the order in which the ledger locks its rows.
  package static func < (left: Self, right: Self) -> Bool {
    left.topic == right.topic
      ? left.partition < right.partition : left.topic.utf8.lexicographicallyPrecedes(right.topic.utf8)
  }

  /// `topic[partition]`.
  package var description: String { "\(topic)[\(partition)]" }
}
