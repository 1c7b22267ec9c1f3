import CRdKafka
import Foundation
import LeewayTestSupport
import Testing

/// A record of the dead-letter topic, with its headers.
struct FoundLetter {
  var headers: [String: String] = [:]
  var key: [UInt8]?
  var value: [UInt8]?
  var time: Int64
}

/// Reads a topic of one partition from its beginning to its end.
enum DeadLetterReader {
  static func letters(of topic: String, on bootstrap: String) throws -> [FoundLetter] {
    let configuration = rd_kafka_conf_new()
    let properties = [
      "bootstrap.servers": bootstrap, "group.id": "letters", "enable.partition.eof": "true", "log_level": "0",
      "enable.auto.commit": "false",
    ]
    for (name, value) in properties { rd_kafka_conf_set(configuration, name, value, nil, 0) }
    let handle = try #require(rd_kafka_new(RD_KAFKA_CONSUMER, configuration, nil, 0))
    defer { rd_kafka_destroy(handle) }
    rd_kafka_poll_set_consumer(handle)
    let list = rd_kafka_topic_partition_list_new(1)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    rd_kafka_topic_partition_list_add(list, topic, 0).pointee.offset = 0
    rd_kafka_assign(handle, list)
    var found: [FoundLetter] = []
    let end = try eventually { () -> Bool? in
      while let message = rd_kafka_consumer_poll(handle, 100) {
        defer { rd_kafka_message_destroy(message) }
        if message.pointee.err == RD_KAFKA_RESP_ERR__PARTITION_EOF { return true }
        if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR { found.append(letter(message)) }
      }
      return nil
    }
    try #require(end == true)
    return found
  }

  private static func letter(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> FoundLetter {
    var letter = FoundLetter(time: rd_kafka_message_timestamp(message, nil))
    letter.key = message.pointee.key.map { Array(UnsafeRawBufferPointer(start: $0, count: message.pointee.key_len)) }
    letter.value = message.pointee.payload.map { Array(UnsafeRawBufferPointer(start: $0, count: message.pointee.len)) }
    var headers: OpaquePointer?
    guard rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR else { return letter }
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    var index = 0
    while rd_kafka_header_get_all(headers, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
      if let name {
        letter.headers[String(cString: name)] = String(
          decoding: UnsafeRawBufferPointer(start: value, count: size), as: UTF8.self)
      }
      index += 1
    }
    return letter
  }
}
