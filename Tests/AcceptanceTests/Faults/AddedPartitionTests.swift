import Foundation
import LeewayCore
import LeewaySource
import Testing

/// Fault 6: partitions that come while the service runs are read from their beginning, and so is what is produced while
/// nobody reads, wherever reading began.
@Suite(.serialized) struct AddedPartitionTests {
  @Test(.enabled(if: NoidaBroker.isInstalled, "noida-db is not installed: run deploy/setup.sh test"))
  func partitionsAddedWhileRunningAreReadFromTheirBeginning() throws {
    let folder = try TemporaryFolder()
    let broker = try NoidaBroker(in: folder.url)
    try broker.admin.create(topic: Shop.predictions, partitions: 1)
    try broker.admin.create(topic: Shop.labels, partitions: 1)
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    // Where reading begins is said once, of the partitions that were there: later ones begin at their beginning.
    try Shop.configure(
      folder, "group: shop, properties: {",
      "group: shop, start: latest, properties: {topic.metadata.refresh.interval.ms: \"500\", ")
    func produce(_ range: Range<Int>, partition: Int32) throws {
      try Message.predictions(range, partition: partition, now: true).produce(to: broker.bootstrap)
    }
    try produce(0..<50, partition: 0)
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    try service.awaitPartitions([0: 50])
    try produce(50..<80, partition: 0)
    try service.awaitPartitions([0: 80])
    try service.expectCount("leeway_events_total", "accepted", 30)

    try broker.admin.grow(topic: Shop.predictions, partitions: 3)
    // Before the group has heard of them.
    try produce(80..<100, partition: 1)
    try produce(100..<110, partition: 2)
    try service.awaitPartitions([0: 80, 1: 20, 2: 10])
    try service.expectCount("leeway_events_total", "accepted", 60)
    try service.awaitReady()
    service.stop()
  }

  /// Once decided, where reading begins is in the ledger, also of a partition that was empty then.
  @Test func latestIsDecidedOnce() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    try broker.createTopic(Shop.predictions, partitions: 2)
    try broker.createTopic(Shop.labels, partitions: 1)
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    try Shop.configure(folder, "group: shop,", "group: shop, start: latest,")
    try broker.produce(Message.predictions(0..<40))
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    try service.awaitPartitions([0: 40, 1: 0])
    service.stop()
    // While nobody reads.
    try broker.produce(Message.predictions(40..<60) + Message.predictions(60..<75, partition: 1))
    let again = try RunningService(in: folder.url)
    defer { again.killIfRunning() }
    try again.awaitPartitions([0: 60, 1: 15])
    try again.expectCount("leeway_events_total", "accepted", 35)
    again.stop()
  }
}
