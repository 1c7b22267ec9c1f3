internal import CRdKafka
package import LeewayCore
internal import LeewayLocks

/// librdkafka's mock cluster: a Kafka on loopback inside this process, for the demo and for tests. It keeps about 5 MB
/// or 100,000 record sets of a partition, in memory, and any process of this machine can connect.
package final class EmbeddedBroker: Sendable {
  /// `host:port` of every broker, separated by commas.
  package let bootstrap: String
  /// nil once closed. The lock keeps a call from meeting a cluster that another thread is closing.
  private let cluster: Mutex<MockCluster?>

  /// - Parameters:
  ///   - brokers: 1 to 3; their ids count from 1.
  ///   - log: called on librdkafka's threads; without it librdkafka's log is dropped.
  package init(brokers: Int = 1, log: KafkaLogReceiver? = nil) throws(KafkaError) {
    precondition((1...3).contains(brokers))
    let mock = try MockCluster(brokers: Int32(brokers), log: log)
    bootstrap = mock.bootstrap
    cluster = Mutex(mock)
  }

  /// - Parameter partitions: at least 1.
  package func createTopic(_ name: String, partitions: Int) throws(KafkaError) {
    try call { rd_kafka_mock_topic_create($0, name, Int32(clamping: partitions), 1) }
  }

  /// Cuts connections and takes no new ones.
  ///
  /// - Parameter broker: nil means all of them.
  package func takeDown(broker: Int? = nil) throws(KafkaError) {
    try call { rd_kafka_mock_broker_set_down($0, Self.id(broker)) }
  }

  /// Takes connections again.
  package func bringUp(broker: Int? = nil) throws(KafkaError) {
    try call { rd_kafka_mock_broker_set_up($0, Self.id(broker)) }
  }

  /// Delays every answer.
  package func setRoundTrip(milliseconds: Int, broker: Int? = nil) throws(KafkaError) {
    try call { rd_kafka_mock_broker_set_rtt($0, Self.id(broker), Int32(clamping: milliseconds)) }
  }

  package func moveLeader(of partition: TopicPartition, to broker: Int) throws(KafkaError) {
    try call { rd_kafka_mock_partition_set_leader($0, partition.topic, partition.partition, Self.id(broker)) }
  }

  package func moveCoordinator(ofGroup group: String, to broker: Int) throws(KafkaError) {
    try call { rd_kafka_mock_coordinator_set($0, "group", group, Self.id(broker)) }
  }

  /// The next requests of that kind are answered with these codes, one each.
  ///
  /// - Parameters:
  ///   - apiKey: Kafka's number of the request: 0 produce, 1 fetch, 2 list offsets, 3 metadata, 8 commit, 11 join,
  ///     12 heartbeat.
  ///   - codes: Kafka's error codes; -195 cuts the connection.
  package func failNextRequests(apiKey: Int16, codes: [Int32]) throws(KafkaError) {
    let errors = codes.map { rd_kafka_resp_err_t(rawValue: $0) }
    try call {
      rd_kafka_mock_push_request_errors_array($0, apiKey, errors.count, errors)
      return RD_KAFKA_RESP_ERR_NO_ERROR
    }
  }

  /// Answers questions about the topic with this code; 0 ends that. A topic that was not created comes into being when a client
  /// asks for it, whatever the client wants: code 3 makes it unknown.
  package func failTopic(_ name: String, code: Int32) throws(KafkaError) {
    try call {
      rd_kafka_mock_topic_set_error($0, name, rd_kafka_resp_err_t(rawValue: code))
      return RD_KAFKA_RESP_ERR_NO_ERROR
    }
  }

  /// Drops what `failNextRequests` has left of that kind.
  package func clearFailures(apiKey: Int16) throws(KafkaError) {
    try call {
      rd_kafka_mock_clear_request_errors($0, apiKey)
      return RD_KAFKA_RESP_ERR_NO_ERROR
    }
  }

  /// Ends the brokers; further calls throw.
  package func close() {
    cluster.withLock { $0 = nil }
  }

  private static func id(_ broker: Int?) -> Int32 { Int32(clamping: broker ?? -1) }

  private func call(_ body: @Sendable (OpaquePointer) -> rd_kafka_resp_err_t) throws(KafkaError) {
    let code = cluster.withLock { $0.map { body($0.pointer) } ?? RD_KAFKA_RESP_ERR__DESTROY }
    try KafkaError.check(code)
  }
}

/// An `rd_kafka_mock_cluster_t`, and the producer handle in which it lives. Its brokers run on a librdkafka thread of
/// their own; calls hand an order to that thread and wait.
///
/// Unchecked Sendable: nothing in it changes, and only `EmbeddedBroker` holds it and calls it, under its lock.
private final class MockCluster: @unchecked Sendable {
  let pointer: OpaquePointer
  private let handle: OpaquePointer
  private let callbacks: KafkaCallbacks

  init(brokers: Int32, log: KafkaLogReceiver?) throws(KafkaError) {
    callbacks = KafkaCallbacks(log: log)
    let configuration = KafkaConfiguration()
    configuration.withPointer(callbacks.registerLog)
    let handle = try configuration.makeHandle(RD_KAFKA_PRODUCER, Redaction())
    guard let pointer = rd_kafka_mock_cluster_new(handle, brokers) else {
      rd_kafka_destroy(handle)
      throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, "the embedded broker doesn't start: no free port on loopback?")
    }
    self.handle = handle
    self.pointer = pointer
  }

  deinit {
    rd_kafka_mock_cluster_destroy(pointer)
    rd_kafka_destroy(handle)
  }

  var bootstrap: String { rd_kafka_mock_cluster_bootstraps(pointer).map { String(cString: $0) } ?? "" }
}
