import Foundation
import LeewayLocks
import LeewaySource
import LeewayTestSupport
import Testing

/// A registry that has the schemas: away, back, ignorant and gone, with nothing lost and nothing counted twice.
@Suite(.serialized) struct SchemaRegistryTests {
  private static let first = """
    {"type":"record","name":"P","fields":[{"name":"id","type":"string"},{"name":"at","type":"long"},
     {"name":"model","type":"string"},{"name":"amount","type":"int"},{"name":"country","type":"string"},
     {"name":"score","type":"double"}]}
    """
  /// The same fields in another order and of other types, and one more.
  private static let second = """
    {"type":"record","name":"P","fields":[{"name":"score","type":["null","double"]},{"name":"added","type":"string"},
     {"name":"country","type":{"type":"enum","name":"C","symbols":["DE","FR","IT","PL"]}},
     {"name":"amount","type":"double"},{"name":"at","type":"long"},{"name":"id","type":"string"},
     {"name":"model","type":"string"}]}
    """

  private static func long(_ value: Int64) -> [UInt8] {
    var rest = UInt64(bitPattern: value << 1 ^ value >> 63)
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
  private static func text(_ text: String) -> [UInt8] { long(Int64(text.utf8.count)) + Array(text.utf8) }
  private static func double(_ x: Double) -> [UInt8] { withUnsafeBytes(of: x.bitPattern.littleEndian) { Array($0) } }

  /// The shop's prediction in Avro.
  private static func prediction(_ i: Int, schema id: UInt8) -> Message {
    let header: [UInt8] = [0, 0, 0, 0, id]
    let parts: [[UInt8]] =
      id == 23
      ? [
        long(1), double(Shop.score(i)), text("new"),
        long(Int64(Shop.countries.firstIndex(of: Shop.country(i)) ?? 0)), double(Double(Shop.amount(i))),
        long(Shop.time(i)), text("p\(i)"), text("v\(1 + i % 2)"),
      ]
      : [
        text("p\(i)"), long(Shop.time(i)), text("v\(1 + i % 2)"), long(Int64(Shop.amount(i))),
        text(Shop.country(i)), double(Shop.score(i)),
      ]
    return Message(Shop.predictions, header + parts.flatMap { $0 }, at: Shop.time(i))
  }

  private let environment = ["PASSWORD": "hunter2"]

  private func prepare(
    _ folder: TemporaryFolder, _ broker: EmbeddedBroker, _ urls: String, more: String = ""
  ) throws {
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    try Shop.configure(
      folder, "ledger:",
      "schema_registry: {urls: [\(urls)], username: leeway, password: \"${PASSWORD}\"\(more)}\nledger:")
    try folder.write(
      Shop.monitor.replacing("topic: \(Shop.predictions)\n", with: "topic: \(Shop.predictions)\n  format: avro\n"),
      to: "monitors/shop.yaml")
  }

  @Test func aRegistryThatIsAwayHoldsThePartitionAndTheLedgerKeepsWhatItSaid() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    let registry = SchemaRegistryStandIn([17: Self.first, 23: Self.second], isAway: true)
    let server = try LoopbackReceiver { request, _ in registry.answer(request) }
    try prepare(folder, broker, "\"http://127.0.0.1:1\", \"\(server.url(""))\"", more: ", unknown_after: 1s")

    // The registry is away: the partition of predictions waits, that of labels goes on, and all of that is said.
    try broker.produce((0..<100).map { Self.prediction($0, schema: $0 < 60 ? 17 : 23) })
    try broker.produce((0..<20).map { Message(Shop.labels, Shop.label($0), at: Shop.time($0) + 60_000) })
    let service = try RunningService(in: folder.url, environment: environment)
    defer { service.killIfRunning() }
    try service.awaitOffsets([Shop.labels: 20])
    let why = "GET http://127.0.0.1:1: nothing accepts connections there; GET \(server.url("")): status 503"
    try service.awaitSchemas("shop.predictions[0] waits at offset 0 for schema 17: \(why)")
    try service.expectSample("leeway_schema_held_partitions", 1)
    #expect(try service.counts("leeway_events_total")["accepted"] == nil)
    #expect(service.process.standardError.contains("schema 17 is not known yet, and its messages wait: \(why)"))

    // It is back: every message is counted once, through both schemas.
    registry.comeBack()
    try service.awaitOffsets([Shop.predictions: 100])
    try service.expectCount("leeway_events_total", "accepted", 100)
    try service.expectRows(100)
    try service.awaitSchemas("no partition waits for a schema")
    try service.expectSample("leeway_schema_held_partitions", 0)
    #expect(try service.sample("leeway_schema_requests_total{outcome=\"found\"}") == 2)
    #expect(try service.sample("leeway_schema_requests_total{outcome=\"failed\"}") >= 1)

    // A number that it does not have is asked for, then rejected for all.
    var ghosts = (100..<103).map { Self.prediction($0, schema: 17) }
    for i in ghosts.indices { ghosts[i].value?[4] = 99 }
    try broker.produce(ghosts + (103..<120).map { Self.prediction($0, schema: 23) })
    try service.awaitOffsets([Shop.predictions: 120])
    try service.expectCount("leeway_events_total", "accepted", 117)
    try service.expectCount("leeway_events_rejected_total", "unknown_schema", 3)
    try service.expectRows(117)
    #expect(try service.sample("leeway_schema_requests_total{outcome=\"unknown\"}") == 2)
    service.stop()
    #expect(!service.process.standardError.contains("hunter2"))

    // The registry is gone for good: what it has said is in the ledger.
    let asked = server.requests.count
    server.stop()
    try broker.produce(
      (120..<600).map { Self.prediction($0, schema: $0.isMultiple(of: 2) ? 17 : 23) } + [ghosts[0]])
    let again = try RunningService(in: folder.url, environment: environment)
    defer { again.killIfRunning() }
    try again.awaitOffsets([Shop.predictions: 601])
    try again.expectCount("leeway_events_total", "accepted", 480)
    try again.expectCount("leeway_events_rejected_total", "unknown_schema", 1)
    try again.expectRows(597)
    try again.awaitSchemas("no partition waits for a schema")
    // Two hours are closed.
    var served: [String] = []
    _ = try eventually { () -> Bool? in
      served = Shop.closed(try again.results("type=drift&slice=all"))
      return served.count == 6 || !again.process.isRunning ? true : nil
    }
    again.stop()
    #expect(server.requests.count == asked)

    // The same predictions in JSON give the same lines.
    let rows = (0..<600).filter { !(100..<103).contains($0) }.map { Shop.prediction($0) }
    try folder.write(rows.joined(separator: "\n") + "\n", to: "predictions.jsonl")
    let replay = try LeewayProcess.run(
      ["replay", "monitors/shop.yaml", "--predictions", "predictions.jsonl"], in: folder.url)
    #expect(replay.code == 0, "\(replay.error)")
    #expect(served == Shop.closed(replay.output.split(separator: "\n").map(String.init)))
    #expect(served.count == 6, "\(served)")
  }

  /// With one thread, and two partitions of which one waits, also through a reload.
  @Test func aPartitionThatWaitsIsHeldThroughAReloadAndTheOtherGoesOn() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    try broker.createTopic(Shop.predictions, partitions: 2)
    try broker.createTopic(Shop.labels, partitions: 1)
    let registry = SchemaRegistryStandIn([23: Self.second])
    let server = try LoopbackReceiver { request, _ in registry.answer(request) }
    try prepare(folder, broker, "\"\(server.url(""))\"")
    try Shop.configure(folder, "threads: 2", "threads: 1")

    func messages(_ range: Range<Int>, _ partition: Int32, _ id: (Int) -> UInt8) -> [Message] {
      range.map { i in
        var message = Self.prediction(i, schema: id(i))
        message.partition = partition
        return message
      }
    }
    try broker.produce(messages(0..<50, 0) { _ in 23 })
    // What comes first is known, and the one that is not comes in the middle.
    try broker.produce(messages(50..<90, 1) { $0 == 60 || $0 > 80 ? 17 : 23 })
    let service = try RunningService(in: folder.url, environment: environment)
    defer { service.killIfRunning() }
    try service.awaitPartitions([0: 50, 1: 10])
    let wait =
      "shop.predictions[1] waits at offset 10 for schema 17: the schema registry does not have it; it is asked for 10m"
    try service.awaitSchemas(wait)
    try service.expectCount("leeway_events_total", "accepted", 60)

    kill(service.process.identifier, SIGHUP)
    let reloaded = try eventually {
      service.process.standardError.contains("SIGHUP: the configuration was loaded again") ? true : nil
    }
    #expect(reloaded == true)
    try service.awaitSchemas(wait)
    try broker.produce(messages(90..<120, 0) { _ in 23 } + messages(120..<130, 1) { _ in 23 })
    try service.awaitPartitions([0: 80, 1: 10])
    try service.expectCount("leeway_events_total", "accepted", 90)

    registry.register(Self.first, as: 17)
    try service.awaitPartitions([0: 80, 1: 50])
    try service.expectCount("leeway_events_total", "accepted", 130)
    try service.expectRows(130)
    try service.awaitSchemas("no partition waits for a schema")
    try service.expectSample("leeway_schema_held_partitions", 0)
    try service.awaitReady()
    service.stop()
  }
}
