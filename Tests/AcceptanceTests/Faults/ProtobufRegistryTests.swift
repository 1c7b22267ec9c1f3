import LeewaySource
import LeewayTestSupport
import Testing

/// Messages in Protobuf whose descriptors a registry has: away, back without what a schema refers to, complete, and gone.
@Suite(.serialized) struct ProtobufRegistryTests {
  private typealias W = ProtobufWriting

  /// `shop.Prediction`, after a message that is not sent.
  private static var first: [UInt8] {
    let prediction = W.message(
      "Prediction", W.field("id", 1, 9), W.field("at", 2, 3), W.field("model", 3, 9), W.field("amount", 4, 5),
      W.field("country", 5, 9), W.field("score", 6, 1))
    return W.file("shop", messages: [W.message("Unused"), prediction])
  }

  /// `shop.Outer.Prediction`: the same fields with other numbers and types, one of them of another schema.
  private static var second: [UInt8] {
    let prediction = W.message(
      "Prediction", W.field("score", 1, 11, "google.protobuf.DoubleValue"), W.field("added", 2, 9),
      W.field("country", 3, 0, "common.Country"), W.field("amount", 4, 1), W.field("at", 500, 18), W.field("id", 6, 9),
      W.field("model", 7, 9))
    return W.file("shop", messages: [W.message("Outer", W.bytes(3, prediction))])
  }

  private static var common: [UInt8] {
    let values = Shop.countries.enumerated().map { ($0.element, Int64($0.offset)) }
    return W.file("common", messages: [], enums: [W.symbols("Country", values)])
  }

  /// The shop's prediction; which message of its schema it is stands behind the schema's number.
  private static func prediction(_ i: Int, schema id: UInt8) -> Message {
    let country = Int64(Shop.countries.firstIndex(of: Shop.country(i)) ?? 0)
    let model = "v\(1 + i % 2)"
    let value: [[UInt8]] =
      id == 23
      ? [
        [4, 0, 0], W.bytes(1, Shop.score(i) == 0 ? [] : W.double(1, Shop.score(i))), W.text(2, "new"),
        country == 0 ? [] : W.number(3, country), W.double(4, Double(Shop.amount(i))),
        W.varint(500 << 3) + W.zigzag(Shop.time(i)), W.text(6, "p\(i)"), W.text(7, model),
      ]
      : [
        [2, 2], W.text(1, "p\(i)"), W.number(2, Shop.time(i)), W.text(3, model), W.number(4, Int64(Shop.amount(i))),
        W.text(5, Shop.country(i)), Shop.score(i) == 0 ? [] : W.double(6, Shop.score(i)),
      ]
    return Message(Shop.predictions, [0, 0, 0, 0, id] + value.flatMap { $0 }, at: Shop.time(i))
  }

  @Test func aPartitionWaitsForAllThatItsSchemasNeedAndTheLedgerKeepsIt() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    let registry = SchemaRegistryStandIn(isAway: true)
    registry.register(Self.first, at: "/schemas/ids/17")
    registry.register(Self.second, at: "/schemas/ids/23", references: ["common"])
    let server = try LoopbackReceiver { request, _ in registry.answer(request) }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    try Shop.configure(
      folder, "ledger:",
      "schema_registry: {urls: [\"\(server.url(""))\"], username: leeway, password: \"${PASSWORD}\", unknown_after: 1s}\nledger:"
    )
    try folder.write(
      Shop.monitor.replacing("topic: \(Shop.predictions)\n", with: "topic: \(Shop.predictions)\n  format: protobuf\n"),
      to: "monitors/shop.yaml")

    // The registry is away: the partition of predictions waits, that of labels goes on.
    try broker.produce((0..<100).map { Self.prediction($0, schema: $0 < 60 ? 17 : 23) })
    try broker.produce((0..<20).map { Message(Shop.labels, Shop.label($0), at: Shop.time($0) + 60_000) })
    let environment = ["PASSWORD": "hunter2"]
    let service = try RunningService(in: folder.url, environment: environment)
    defer { service.killIfRunning() }
    try service.awaitOffsets([Shop.labels: 20])
    try service.awaitSchemas("shop.predictions[0] waits at offset 0 for schema 17: GET \(server.url("")): status 503")
    #expect(try service.counts("leeway_events_total")["accepted"] == nil)

    // It is back without what the second schema refers to.
    registry.comeBack()
    try service.awaitOffsets([Shop.predictions: 60])
    try service.awaitSchemas(
      "shop.predictions[0] waits at offset 60 for schema 23: the schema registry does not have version 1 of the subject common, which the schema refers to"
    )
    try service.expectCount("leeway_events_total", "accepted", 60)

    // It has everything: each message is counted once.
    registry.register(Self.common, at: "/subjects/common/versions/1")
    try service.awaitOffsets([Shop.predictions: 100])
    try service.expectCount("leeway_events_total", "accepted", 100)
    try service.expectRows(100)
    try service.awaitSchemas("no partition waits for a schema")
    #expect(try service.sample("leeway_schema_requests_total{outcome=\"found\"}") == 2)

    // A number that it does not have, and a message that the schema does not have.
    var ghosts = (100..<103).map { Self.prediction($0, schema: 17) }
    for i in 0..<2 { ghosts[i].value?[4] = 99 }
    ghosts[2].value?[6] = 4
    try broker.produce(ghosts + (103..<120).map { Self.prediction($0, schema: 23) })
    try service.awaitOffsets([Shop.predictions: 120])
    try service.expectCount("leeway_events_total", "accepted", 117)
    try service.expectCount("leeway_events_rejected_total", "unknown_schema", 2)
    try service.expectCount("leeway_events_rejected_total", "not_of_schema", 1)
    service.stop()

    // The registry is gone: what it has said is in the ledger.
    server.stop()
    try broker.produce((120..<600).map { Self.prediction($0, schema: $0.isMultiple(of: 2) ? 17 : 23) })
    let again = try RunningService(in: folder.url, environment: environment)
    defer { again.killIfRunning() }
    try again.awaitOffsets([Shop.predictions: 600])
    try again.expectCount("leeway_events_total", "accepted", 480)
    try again.expectRows(597)
    var served: [String] = []
    _ = try eventually { () -> Bool? in
      served = Shop.closed(try again.results("type=drift&slice=all"))
      return served.count == 6 || !again.process.isRunning ? true : nil
    }
    again.stop()

    // The same predictions in JSON give the same lines.
    let rows = (0..<600).filter { !(100..<103).contains($0) }.map { Shop.prediction($0) }
    try folder.write(rows.joined(separator: "\n") + "\n", to: "predictions.jsonl")
    let replay = try LeewayProcess.run(
      ["replay", "monitors/shop.yaml", "--predictions", "predictions.jsonl"], in: folder.url)
    #expect(replay.code == 0, "\(replay.error)")
    #expect(served == Shop.closed(replay.output.split(separator: "\n").map(String.init)))
    #expect(served.count == 6, "\(served)")
  }
}
