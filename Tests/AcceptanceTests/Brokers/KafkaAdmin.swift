import CRdKafka
import Foundation

/// What an administrator does to topics, through librdkafka.
struct KafkaAdmin {
  struct Refused: Error, CustomStringConvertible {
    let description: String
  }

  let bootstrap: String

  /// - Parameter messageBytes: the largest that the broker takes; nil leaves it at about 1 MB.
  func create(topic: String, partitions: Int, messageBytes: Int? = nil) throws {
    try withText { text in
      let new = rd_kafka_NewTopic_new(topic, Int32(partitions), 1, text, 512)
      defer { rd_kafka_NewTopic_destroy(new) }
      if let messageBytes { rd_kafka_NewTopic_set_config(new, "max.message.bytes", "\(messageBytes)") }
      try ask("create \(topic)") { handle, queue in
        var list = [new]
        rd_kafka_CreateTopics(handle, &list, 1, nil, queue)
      }
    }
  }

  func delete(topic: String) throws {
    let old = rd_kafka_DeleteTopic_new(topic)
    defer { rd_kafka_DeleteTopic_destroy(old) }
    try ask("delete \(topic)") { handle, queue in
      var list = [old]
      rd_kafka_DeleteTopics(handle, &list, 1, nil, queue)
    }
  }

  func grow(topic: String, partitions: Int) throws {
    try withText { text in
      let new = rd_kafka_NewPartitions_new(topic, partitions, text, 512)
      defer { rd_kafka_NewPartitions_destroy(new) }
      try ask("grow \(topic)") { handle, queue in
        var list = [new]
        rd_kafka_CreatePartitions(handle, &list, 1, nil, queue)
      }
    }
  }

  /// As retention does: the oldest offset becomes `offset`.
  func deleteRecords(topic: String, partition: Int32, before offset: Int64) throws {
    let list = rd_kafka_topic_partition_list_new(1)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    rd_kafka_topic_partition_list_add(list, topic, partition).pointee.offset = offset
    let records = rd_kafka_DeleteRecords_new(list)
    defer { rd_kafka_DeleteRecords_destroy(records) }
    try ask("delete records of \(topic)") { handle, queue in
      var list = [records]
      rd_kafka_DeleteRecords(handle, &list, 1, nil, queue)
    }
  }

  private func withText(_ body: (UnsafeMutablePointer<CChar>) throws -> Void) throws {
    try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { try body($0.baseAddress!) }
  }

  private func ask(_ what: String, _ order: (OpaquePointer, OpaquePointer) -> Void) throws {
    let configuration = rd_kafka_conf_new()
    rd_kafka_conf_set(configuration, "bootstrap.servers", bootstrap, nil, 0)
    rd_kafka_conf_set(configuration, "log_level", "0", nil, 0)
    guard let handle = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, nil, 0), let queue = rd_kafka_queue_new(handle)
    else { throw Refused(description: "librdkafka doesn't start") }
    defer {
      rd_kafka_queue_destroy(queue)
      rd_kafka_destroy(handle)
    }
    order(handle, queue)
    guard let event = rd_kafka_queue_poll(queue, 60_000) else { throw Refused(description: "\(what): no answer") }
    defer { rd_kafka_event_destroy(event) }
    guard rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw Refused(description: "\(what): \(String(cString: rd_kafka_event_error_string(event)))")
    }
  }
}
