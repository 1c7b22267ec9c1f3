import LeewayTestSupport
import Testing

/// What librdkafka cannot recover from ends the process: whoever supervises it starts it again, or is told.
@Suite struct FatalClientErrorTests {
  @Test func aFencedMemberEndsWithOneClearLine() throws {
    let folder = try TemporaryFolder()
    let broker = try BrokerProcess()
    for topic in [Shop.predictions, Shop.labels] { try broker.order("topic \(topic) 1") }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    try Shop.configure(folder, "properties: {", "properties: {group.instance.id: one, ")
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    try Message.predictions(0..<50).produce(to: broker.bootstrap)
    try service.awaitOffsets([Shop.predictions: 50])

    // 82: another member has taken the same group.instance.id.
    try broker.order("fail 12 82")
    _ = try eventually { service.process.isRunning ? nil : true }
    try #require(!service.process.isRunning, "\(service.process.standardError)")
    #expect(service.process.wait() == 3)
    let problems = service.process.standardError.split(separator: "\n").filter { $0.hasPrefix("leeway: ") }
    #expect(problems.count == 1, "\(service.process.standardError)")
    let problem = problems.first ?? ""
    #expect(problem.hasPrefix("leeway: Kafka client failed for good: "), "\(problem)")
    #expect(problem.contains("FENCED_INSTANCE_ID"), "\(problem)")
    #expect(service.process.standardError.hasSuffix("\(problem)\n"))

    // What was committed stands, and the next start goes on from there.
    let next = try RunningService(in: folder.url)
    defer { next.killIfRunning() }
    try Message.predictions(50..<60).produce(to: broker.bootstrap)
    try next.awaitOffsets([Shop.predictions: 60])
    try next.expectCounts("leeway_events_total", ["accepted": 10])
    next.stop()
  }
}
