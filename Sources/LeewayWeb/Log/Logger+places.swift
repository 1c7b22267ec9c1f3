package import LeewayCore
import Logging

/// What log lines say beside their text, under the same names in every line: `monitor`, `topic`, `partition`, `offset`, `incident`,
/// `receiver`.
extension Logger.Metadata {
  package static func of(monitor: String) -> Self { ["monitor": "\(monitor)"] }

  package static func of(_ key: PartitionKey) -> Self {
    ["monitor": "\(key.monitor)", "topic": "\(key.topic)", "partition": "\(key.partition)"]
  }

  package static func of(_ record: QuarantineRecord) -> Self {
    [
      "monitor": "\(record.monitor)", "topic": "\(record.topic)", "partition": "\(record.partition)",
      "offset": "\(record.offset)",
    ]
  }

  package static func of(_ row: OutboxRecord) -> Self {
    ["monitor": "\(row.monitor)", "incident": "\(row.incident)", "receiver": "\(row.receiver)"]
  }

  /// Several partitions: `partition` is a list for each topic.
  package static func of(_ partitions: [TopicPartition]) -> Self {
    let topics = Set(partitions.map(\.topic)).sorted(by: utf8Order)
    guard topics.count > 1 else {
      guard let topic = topics.first else { return [:] }
      return ["topic": "\(topic)", "partition": .array(partitions.map { "\($0.partition)" })]
    }
    return [
      "topic": .array(topics.map { "\($0)" }),
      "partition": .dictionary(
        Dictionary(
          uniqueKeysWithValues: topics.map { topic in
            (topic, .array(partitions.filter { $0.topic == topic }.map { "\($0.partition)" }))
          })),
    ]
  }
}
