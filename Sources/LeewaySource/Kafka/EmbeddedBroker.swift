internal import CRdKafka

/// librdkafka's mock cluster: a Kafka on loopback inside this process, for the demo and for tests. It keeps about 5 MB
/// or 100,000 record sets of a partition, in memory, and any process of this machine can connect.
package final class EmbeddedBroker: Sendable {
  /// - Parameter brokers: 1 to 3; their ids count from 1.
  package init(brokers: Int = 1, log: KafkaLogReceiver? = nil) throws(KafkaError) {}

  /// `host:port` of every broker, separated by commas.
  package var bootstrap: String { "" }
  package func createTopic(_ name: String, partitions: Int) throws(KafkaError) {}
  /// Cuts connections and takes no new ones; `broker` nil: all of them.
  package func takeDown(broker: Int? = nil) throws(KafkaError) {}
  package func bringUp(broker: Int? = nil) throws(KafkaError) {}
  package func setRoundTrip(milliseconds: Int, broker: Int? = nil) throws(KafkaError) {}
  package func moveLeader(of partition: TopicPartition, to broker: Int) throws(KafkaError) {}
  package func moveCoordinator(ofGroup group: String, to broker: Int) throws(KafkaError) {}
  /// The next requests of that kind are answered with these codes, one each.
  ///
  /// - Parameter apiKey: Kafka's number of the request: 0 produce, 1 fetch, 3 metadata, 8 commit, 11 join, 12 heartbeat.
  package func failNextRequests(apiKey: Int16, codes: [Int32]) {}
  /// Ends the brokers; further calls throw.
  package func close() {}
}
