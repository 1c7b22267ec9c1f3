import Foundation
import LeewaySource
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
      kafka: {bootstrap: "\(broker.bootstrap)", group: leeway-test}
      ledger: sqlite:leeway.db
      http: {listen: "127.0.0.1:0"}
      """, to: "leeway.yaml")
    let service = try LeewayProcess(["run"], in: folder.url)
    defer { if service.isRunning { service.killAtOnce() } }
    let base = try #require(
      try eventually {
        service.standardError.firstMatch(of: /on (http:\/\/[0-9.:]+)\//).map { String($0.1) }
      }, "\(service.standardError)")

    let done = try eventually { () -> Bool? in
      guard service.isRunning, let metrics = get("\(base)/metrics") else { return service.isRunning ? nil : false }
      let lag = metrics.split(separator: "\n").filter { $0.hasPrefix("leeway_consumer_lag{") }
      let caughtUp = lag.count == 16 && lag.allSatisfy { $0.hasSuffix(" 0") }
      return caughtUp && metrics.contains("leeway_events_total{monitor=\"car-loan\",outcome=\"accepted\"} 50000\n")
        ? true : nil
    }
    try #require(done == true, "\(service.standardError)")
    // What was committed last has still to be judged.
    var differences = ["nothing was judged"]
    _ = try eventually { () -> Bool? in
      let asked = ContinuousClock.now
      let lines = get("\(base)/api/v1/results?open=true", accept: "application/x-ndjson")?.split(separator: "\n")
      guard let lines, lines.count > 18_648 else {
        // As long again as the answer took, so that asking does not keep the service from judging.
        usleep(UInt32((ContinuousClock.now - asked) / .microseconds(1)))
        return service.isRunning ? nil : false
      }
      differences = try CarLoan.differences(CarLoan.objects(lines.map(String.init)), files)
      return differences.isEmpty ? true : nil
    }
    #expect(differences.isEmpty, "\(differences.prefix(20))\n\(service.standardError)")

    service.terminate()
    #expect(service.wait() == 0, "\(service.standardError)")
  }

  private func get(_ address: String, accept: String = "*/*") -> String? {
    let curl = Process()
    curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
    curl.arguments = ["-sS", "-f", "-m", "600", "-H", "Accept: \(accept)", address]
    let pipe = Pipe()
    curl.standardOutput = pipe
    curl.standardError = FileHandle.nullDevice
    guard (try? curl.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    curl.waitUntilExit()
    return curl.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }
}
