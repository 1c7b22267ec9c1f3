internal import CRdKafka
package import LeewayCore

extension KafkaConsumer {
  /// Tells the group's coordinator where reading would go on, in the background and for lag tools only.
  package func commit(_ offsets: [(TopicPartition, Int64)]) throws(KafkaError) {
    guard !offsets.isEmpty else { return }
    try KafkaError.check(PartitionList(offsets).withPointer { rd_kafka_commit(handle, $0, 1) })
  }

  /// The oldest offset and the one behind the newest, as last seen in a fetch, without asking the broker; nil where
  /// not known yet. librdkafka seldom learns the oldest this way.
  package func watermarks(of partition: TopicPartition) -> (low: Int64?, high: Int64?) {
    var low = Int64(RD_KAFKA_OFFSET_INVALID)
    var high = Int64(RD_KAFKA_OFFSET_INVALID)
    let code = rd_kafka_get_watermark_offsets(handle, partition.topic, partition.partition, &low, &high)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { return (nil, nil) }
    return (low < 0 ? nil : low, high < 0 ? nil : high)
  }

  /// The oldest offset and the one behind the newest, asked of the broker.
  package func queryWatermarks(
    of partition: TopicPartition, timeoutMilliseconds: Int32
  ) throws(KafkaError) -> (low: Int64, high: Int64) {
    var low: Int64 = 0
    var high: Int64 = 0
    let code = rd_kafka_query_watermark_offsets(
      handle, partition.topic, partition.partition, &low, &high, timeoutMilliseconds)
    try KafkaError.check(code, partition)
    return (low, high)
  }

  /// The partitions' ids, ascending, of each topic that exists; a topic that doesn't is absent from the answer.
  ///
  /// - Parameter timeoutMilliseconds: for all topics together.
  /// - Throws: if no broker answers, or one may not say.
  package func partitions(
    of topics: [String], timeoutMilliseconds: Int32
  ) throws(KafkaError) -> [String: [Int32]] {
    let deadline = Deadline(milliseconds: timeoutMilliseconds)
    var found: [String: [Int32]] = [:]
    for topic in topics {
      found[topic] = try partitions(of: topic, timeoutMilliseconds: deadline.remainingMilliseconds)
    }
    return found
  }

  private func partitions(of name: String, timeoutMilliseconds: Int32) throws(KafkaError) -> [Int32]? {
    guard let topic = rd_kafka_topic_new(handle, name, nil) else { throw KafkaError(rd_kafka_last_error()) }
    defer { rd_kafka_topic_destroy(topic) }
    var metadata: UnsafePointer<rd_kafka_metadata>?
    try KafkaError.check(rd_kafka_metadata(handle, 0, topic, &metadata, timeoutMilliseconds))
    guard let metadata else { return nil }
    defer { rd_kafka_metadata_destroy(metadata) }
    let answers = UnsafeBufferPointer(
      start: metadata.pointee.topics, count: metadata.pointee.topics == nil ? 0 : Int(metadata.pointee.topic_cnt))
    for answer in answers where answer.topic.map({ String(cString: $0) }) == name {
      switch answer.err {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        let partitions = UnsafeBufferPointer(
          start: answer.partitions, count: answer.partitions == nil ? 0 : Int(answer.partition_cnt))
        return partitions.map(\.id).sorted()
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        return nil
      default:
        throw KafkaError(answer.err, partition: TopicPartition(name, unassignedPartition))
      }
    }
    return nil
  }
}
