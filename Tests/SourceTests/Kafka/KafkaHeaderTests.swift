import LeewayCore
import Testing

@testable import LeewaySource

/// Headers of records, which are parsed when one is asked for.
@Suite struct KafkaHeaderTests {
  @Test func theLastHeaderOfANameCounts() throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("scores", partitions: 1)
    let settings = try KafkaSettings(broker)
    let producer = try KafkaProducer(settings)
    let headers: [[(name: String, value: [UInt8])]] = [
      [("version", Array("v0".utf8)), ("empty", []), ("version", Array("v1".utf8)), ("bytes", [0xFF, 0])], [],
    ]
    for list in headers {
      _ = try Array("{}".utf8).withUnsafeBytes {
        try producer.produce(topic: "scores", partition: 0, value: $0, headers: list)
      }
    }
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    let reader = try Reader(settings)
    try reader.assign([TopicPartition("scores", 0)])
    var found: [[String]] = []
    try poll(until: "2 records") {
      found.count >= 2
    } step: {
      _ = reader.consumer.poll(timeoutMilliseconds: 20, maximum: 1000, batch: 10) { run in
        run.forEach { message in
          found.append(
            ["version", "empty", "bytes", "none"].map { name in
              let value = name.withCString { message.headers.value($0) }
              return value.text.map { "text \(String(decoding: $0, as: UTF8.self))" } ?? "\(value.kind)"
            })
        }
      } settle: {
      }
    }
    #expect(found == [["text v1", "text ", "array", "absent"], ["absent", "absent", "absent", "absent"]])
  }
}
