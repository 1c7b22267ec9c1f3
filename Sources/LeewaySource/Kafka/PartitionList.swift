internal import CRdKafka
internal import LeewayCore

/// An `rd_kafka_topic_partition_list_t` of our own.
final class PartitionList {
  private let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?

  init(_ partitions: some Sequence<TopicPartition>) {
    pointer = rd_kafka_topic_partition_list_new(0)
    for partition in partitions { add(partition) }
  }

  init(_ offsets: some Sequence<(TopicPartition, Int64)>) {
    pointer = rd_kafka_topic_partition_list_new(0)
    for (partition, offset) in offsets { add(partition)?.pointee.offset = offset }
  }

  init(topics: [String]) {
    pointer = rd_kafka_topic_partition_list_new(0)
    for topic in topics { rd_kafka_topic_partition_list_add(pointer, topic, unassignedPartition) }
  }

  deinit {
    if let pointer { rd_kafka_topic_partition_list_destroy(pointer) }
  }

  @discardableResult
  private func add(_ partition: TopicPartition) -> UnsafeMutablePointer<rd_kafka_topic_partition_t>? {
    rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.partition)
  }

  /// The list for a C call. Scoped, because an object may be freed right after its last use in Swift, so before a call
  /// that was given no more than a pointer inside it has returned.
  func withPointer<Result>(_ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) -> Result) -> Result {
    withExtendedLifetime(self) { body(pointer) }
  }

  /// Throws the first error librdkafka noted beside a partition.
  func checkPartitions() throws(KafkaError) {
    for element in Self.elements(of: pointer) where element.err != RD_KAFKA_RESP_ERR_NO_ERROR {
      throw KafkaError(element.err, partition: Self.partition(of: element))
    }
  }

  static func partitions(of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) -> [TopicPartition] {
    elements(of: list).compactMap(partition(of:))
  }

  static func hasError(_ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) -> Bool {
    elements(of: list).contains { $0.err != RD_KAFKA_RESP_ERR_NO_ERROR }
  }

  private static func elements(
    of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
  ) -> UnsafeBufferPointer<rd_kafka_topic_partition_t> {
    UnsafeBufferPointer(start: list?.pointee.elems, count: list?.pointee.elems == nil ? 0 : Int(list?.pointee.cnt ?? 0))
  }

  private static func partition(of element: rd_kafka_topic_partition_t) -> TopicPartition? {
    element.topic.map { TopicPartition(String(cString: $0), element.partition) }
  }
}

/// `RD_KAFKA_PARTITION_UA`, a macro with a cast, which Swift doesn't import.
let unassignedPartition: Int32 = -1

extension KafkaPosition {
  /// librdkafka's number for it; nil for a negative offset, which would mean something else to librdkafka.
  var rdKafkaOffset: Int64? {
    switch self {
    case .offset(let offset): offset >= 0 ? offset : nil
    case .beginning: Int64(RD_KAFKA_OFFSET_BEGINNING)
    case .end: Int64(RD_KAFKA_OFFSET_END)
    }
  }
}
