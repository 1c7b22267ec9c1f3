import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// SIGTERM ends the service within its grace period, and nothing is lost or read again by it.
@Suite struct ShutdownTests {
  private let folder: TemporaryFolder
  private let broker: EmbeddedBroker

  init() throws {
    folder = try TemporaryFolder()
    broker = try EmbeddedBroker()
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
  }

  private func predictions(_ range: Range<Int>) -> [Message] {
    range.map { Message(Shop.predictions, Shop.prediction($0), at: Shop.time($0)) }
  }

  @Test func underLoadItCommitsWhatItReadAndReadsNothingAgain() throws {
    let first = try RunningService(in: folder.url)
    defer { if first.process.isRunning { first.process.killAtOnce() } }
    // Messages keep coming until the process has ended, so that it ends in the middle of them.
    var sent = 0
    var isTerminated = false
    let ended = try eventually { () -> Bool? in
      if sent < 20_000 {
        try broker.produce(predictions(sent..<sent + 500))
        sent += 500
      }
      if !isTerminated, (try? first.counts("leeway_events_total"))?["accepted"] ?? 0 >= 1000 {
        first.process.terminate()
        isTerminated = true
      }
      return first.process.isRunning ? nil : true
    }
    try #require(ended == true, "\(first.process.standardError)")
    #expect(first.process.wait() == 0, "\(first.process.standardError)")
    try broker.produce(predictions(sent..<sent + 1000))
    sent += 1000

    let said = try #require(
      first.process.standardError.firstMatch(of: /of this run the ledger holds ([0-9]+) accepted\n/),
      "\(first.process.standardError)")
    let before = try #require(Int(said.1))
    #expect(before >= 1000 && before < sent)

    let second = try RunningService(in: folder.url)
    defer { if second.process.isRunning { second.process.killAtOnce() } }
    try second.awaitOffsets([Shop.predictions: sent])
    // Both lives together have taken every message once.
    try second.expectCounts("leeway_events_total", ["accepted": sent - before])
    try second.expectRows(sent)
    second.stop()
  }

  /// The broker takes a minute for every answer, so that leaving the group takes as long as it may.
  private func startBesideASlowBroker(shutdownTime time: String) throws -> RunningService {
    let url = folder.url.appendingPathComponent("leeway.yaml")
    let text = try String(contentsOf: url, encoding: .utf8)
    try folder.write(text.replacing("shutdown_time: 10m", with: "shutdown_time: \(time)"), to: "leeway.yaml")
    let service = try RunningService(in: folder.url)
    try broker.produce(predictions(0..<100))
    try service.awaitOffsets([Shop.predictions: 100])
    try broker.setRoundTrip(milliseconds: 60_000)
    return service
  }

  @Test func aSecondSignalEndsItAtOnce() throws {
    let service = try startBesideASlowBroker(shutdownTime: "10m")
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    service.process.terminate()
    let heard = try eventually {
      service.process.standardError.contains(
        "SIGTERM: ending after the last commit, within 10m; a second one ends it at once") ? true : nil
    }
    try #require(heard == true, "\(service.process.standardError)")
    service.process.interrupt()
    #expect(service.process.wait() == 128 + SIGINT)
    #expect(
      service.process.standardError.hasSuffix(
        "leeway: a second signal, SIGINT, ends it at once; what was not committed is read again at the next start\n"))
  }

  @Test func theGracePeriodIsKept() throws {
    let service = try startBesideASlowBroker(shutdownTime: "1s")
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    service.process.terminate()
    #expect(service.process.wait() == 3)
    #expect(
      service.process.standardError.hasSuffix(
        "leeway: the grace period of 1s is over; what was not committed is read again at the next start\n"))
  }
}
