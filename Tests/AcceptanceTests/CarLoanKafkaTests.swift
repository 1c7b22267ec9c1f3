import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// The same messages through Kafka and `leeway run` give what `leeway replay` gives.
@Suite struct CarLoanKafkaTests {
  @Test func kafkaEqualsReplay() async throws {
    let folder = try TemporaryFolder()
    try CarLoan.prepare(in: folder.url)
    try CarLoan.moveMonitor(in: folder.url)
    let files = try CarLoan.replay(in: folder.url)

    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for (topic, partitions) in CarLoan.partitions { try broker.createTopic(topic, partitions: Int(partitions)) }
    try broker.produce(CarLoan.messages())
    try folder.write(
      """
      kafka: {bootstrap: "\(broker.bootstrap)", group: leeway-test, threads: 2}
      ledger: sqlite:leeway.db
      http: {listen: "127.0.0.1:0"}
      """, to: "leeway.yaml")
    let service = try RunningService(in: folder.url)

    let done = try eventually { () -> Bool? in
      guard let metrics = service.get("/metrics") else { return service.process.isRunning ? nil : false }
      let lag = metrics.split(separator: "\n").filter { $0.hasPrefix("leeway_consumer_lag{") }
      let caughtUp = lag.count == 16 && lag.allSatisfy { $0.hasSuffix(" 0") }
      return caughtUp && metrics.contains("leeway_events_total{monitor=\"car-loan\",outcome=\"accepted\"} 50000\n")
        ? true : nil
    }
    try #require(done == true, "\(service.process.standardError)")
    // What was committed last has still to be judged.
    var differences = ["nothing was judged"]
    _ = try eventually { () -> Bool? in
      let asked = ContinuousClock.now
      let lines = try service.results()
      guard lines.count > 18_648 else {
        // As long again as the answer took, so that asking does not keep the service from judging.
        usleep(UInt32((ContinuousClock.now - asked) / .microseconds(1)))
        return nil
      }
      differences = try CarLoan.differences(CarLoan.objects(lines), files)
      return differences.isEmpty ? true : nil
    }
    #expect(differences.isEmpty, "\(differences.prefix(20))\n\(service.process.standardError)")
    service.stop()
  }
}
