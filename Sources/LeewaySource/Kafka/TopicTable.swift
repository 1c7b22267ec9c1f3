internal import CRdKafka
internal import LeewayCore

/// The topics a consumer reads, by a small number, and which of their partitions it holds.
///
/// Keeps a handle of every topic: librdkafka frees topics it no longer needs and may give another topic the same
/// address, so an address identifies a topic only while it is held here.
struct TopicTable: ~Copyable {
  /// The ids that can be held, far more than a topic has: a broker must not choose how much memory we take.
  static let partitions: ClosedRange<Int32> = 0...999_999

  private(set) var names: [String] = []
  private var handles: [OpaquePointer] = []
  /// By topic, then partition.
  private var held: [[Bool]] = []

  deinit {
    for handle in handles { rd_kafka_topic_destroy(handle) }
  }

  /// The topic's number, which stays its own.
  mutating func intern(_ name: String, of consumer: OpaquePointer) throws(KafkaError) -> Int {
    if let index = names.firstIndex(of: name) { return index }
    guard let handle = rd_kafka_topic_new(consumer, name, nil) else {
      throw KafkaError(rd_kafka_last_error(), "topic \(name) can't be used")
    }
    names.append(name)
    handles.append(handle)
    held.append([])
    return names.count - 1
  }

  /// nil for a topic that was never interned, whose partitions can't be held.
  func index(of handle: OpaquePointer) -> Int? { handles.firstIndex(of: handle) }

  func holds(_ topic: Int, _ partition: Int32) -> Bool {
    let index = Int(partition)
    return index >= 0 && index < held[topic].count && held[topic][index]
  }

  /// - Parameter partition: of an interned topic, with an id within `partitions`.
  mutating func hold(_ partition: TopicPartition) {
    guard let topic = names.firstIndex(of: partition.topic) else { return }
    let missing = Int(partition.partition) + 1 - held[topic].count
    if missing > 0 { held[topic].append(contentsOf: repeatElement(false, count: missing)) }
    held[topic][Int(partition.partition)] = true
  }

  mutating func release(_ partition: TopicPartition) {
    guard let topic = names.firstIndex(of: partition.topic), holds(topic, partition.partition) else { return }
    held[topic][Int(partition.partition)] = false
  }

  mutating func releaseAll() {
    for topic in held.indices { held[topic] = [] }
  }
}
