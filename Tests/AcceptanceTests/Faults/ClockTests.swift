import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// The real service on a machine whose clock is set, to both sides, by libfaketime: what it reads is committed, judged and
/// told all the same. Only wall time is changed; nobody can set the clock that measures intervals.
@Suite struct ClockTests {
  @Test func clockThatIsSetHoldsUpNothing() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    // Two minutes of a receiver that is away are no reason to give up, whatever the clock says of how long it was.
    let isBack = FileFlag(folder.url.appendingPathComponent("back"))
    let receiver = try LoopbackReceiver { _, _ in .answer(status: isBack.isSet ? 200 : 503) }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    try folder.write(Shop.monitor.replacing("[log]", with: "[hook]"), to: "monitors/shop.yaml")
    let configuration = try String(contentsOf: folder.url.appendingPathComponent("leeway.yaml"), encoding: .utf8)
    try folder.write(
      configuration + "receivers:\n  hook: {type: webhook, url: \"\(receiver.url("/hook"))\"}\n", to: "leeway.yaml")
    let clock = try WrongClock(in: folder)
    try clock.set("+400d")
    let service = try RunningService(in: folder.url, environment: clock.environment)
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    // The process does see the clock that is set: its first line is of next year.
    let line = service.process.standardError.prefix(10)
    let said = try #require(ISO8601DateFormatter().date(from: "\(line)T00:00:00Z"), "\(line)")
    #expect(said.timeIntervalSinceNow > 390 * 86_400)
    try clock.set("+0")

    var sent = 0
    func produceAndAwait(_ count: Int) throws {
      try broker.produce(
        (sent..<sent + count).map {
          Message(Shop.predictions, Shop.prediction($0, amount: "1000"), at: Shop.time($0))
        })
      sent += count
      try service.awaitOffsets([Shop.predictions: sent])
    }
    // An incident opens, and its receiver is away.
    try produceAndAwait(600)
    let tried = try eventually { receiver.requests.count >= 2 ? true : nil }
    #expect(tried == true, "\(service.process.standardError)")
    for offset in ["-60s", "-1d", "+2d", "+0", "-400d", "+2d"] {
      try clock.set(offset)
      try produceAndAwait(60)
      // Judged, too: the page is of a moment ago.
      #expect(service.get("/readyz") != nil, "\(offset): \(service.process.standardError)")
    }
    // A clock that comes back owes nobody anything for days.
    try clock.set("-1d")
    try isBack.set()
    let delivered = try eventually { () -> Bool? in
      try service.metrics()["leeway_outbox_rows{receiver=\"hook\",state=\"owed\"}"] == 0 ? true : nil
    }
    #expect(delivered == true, "\(service.process.standardError)")
    #expect(try service.metrics()["leeway_outbox_rows{receiver=\"hook\",state=\"dead\"}"] == 0)
    try service.expectRows(sent)
    // Not ended as an operator does it: librdkafka waits for moments of the wall clock, in calls of glibc that libfaketime
    // does not reach, and so may close only when the two days are over.
    service.process.killAtOnce()
  }

  /// Set by a test and looked at by a receiver.
  private struct FileFlag: Sendable {
    let file: URL

    init(_ file: URL) { self.file = file }
    var isSet: Bool { FileManager.default.fileExists(atPath: file.path) }
    func set() throws { try Data().write(to: file) }
  }
}
