import LeewayTestSupport
import Testing

@testable import LeewayCore

/// The same rows in Avro and in JSON, on their way to panes.
@Suite struct AvroRowsTests {
  private static let row =
    "{\"type\":\"record\",\"name\":\"Row\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"time\",\"type\":\"long\"},"
    + "{\"name\":\"unused\",\"type\":{\"type\":\"map\",\"values\":[\"null\",\"string\"]}},"
    + "{\"name\":\"version\",\"type\":[\"null\",\"string\"]},{\"name\":\"output\",\"type\":\"double\"},"
    + "{\"name\":\"amount\",\"type\":[\"null\",\"double\",\"string\"]},"
    + "{\"name\":\"country\",\"type\":{\"type\":\"enum\",\"name\":\"Country\",\"symbols\":[\"DE\",\"FR\",\"XX\"]}},"
    + "{\"name\":\"channel\",\"type\":[\"string\",\"boolean\"]},{\"name\":\"shop\",\"type\":[\"null\",\"int\"]}]}"

  static var schema: String { row }
  static var manySchema: String {
    "{\"type\":\"record\",\"name\":\"Batch\",\"fields\":[{\"name\":\"rows\",\"type\":{\"type\":\"array\",\"items\":\(row)}}]}"
  }

  struct Row {
    var json: String
    var avro: [UInt8]
  }

  static func long(_ value: Int64) -> [UInt8] {
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

  static func random(_ i: Int, _ random: inout SeededGenerator) -> Row {
    let time = Scene.minute(Int64(i / 40)).milliseconds + Int64(i)
    var json = "{\"id\":\"p\(i)\",\"time\":\(time)"
    var avro = text("p\(i)") + long(time)
    for key in ["a", "bc"] where Bool.random(using: &random) { avro += [2] + text(key) + [0] }
    avro += [0]
    if Bool.random(using: &random) {
      let version = "v\(Int.random(in: 0..<3, using: &random))"
      json += ",\"version\":\"\(version)\""
      avro += [2] + text(version)
    } else {
      avro += [0]
    }
    let output = Double.random(in: -0.2...1.2, using: &random)
    json += ",\"output\":\(output)"
    avro += double(output)
    switch Int.random(in: 0..<6, using: &random) {
    case 0: avro += [0]
    case 1:
      json += ",\"amount\":\"much\""
      avro += [4] + text("much")
    default:
      let amount = Double.random(in: -1100...1100, using: &random)
      json += ",\"amount\":\(amount)"
      avro += [2] + double(amount)
    }
    let country = Int.random(in: 0..<3, using: &random)
    json += ",\"country\":\"\(["DE", "FR", "XX"][country])\""
    avro += long(Int64(country))
    if Bool.random(using: &random) {
      json += ",\"channel\":\"web\""
      avro += [0] + text("web")
    } else {
      json += ",\"channel\":true"
      avro += [2, 1]
    }
    if Bool.random(using: &random) {
      let shop = Int64.random(in: -3...3, using: &random)
      json += ",\"shop\":\(shop)"
      avro += [2] + long(shop)
    } else {
      json += ",\"shop\":null"
      avro += [0]
    }
    return Row(json: json + "}", avro: avro)
  }

  static func outcome(_ monitor: Monitor, _ messages: [[UInt8]], knowing schemas: KnownSchemas? = nil) throws -> (
    events: EventCounts?, panes: [String], joins: [String: JoinCounts]
  ) {
    let plan = try SampleMonitor.plan(monitor)
    let logs = [
      MessageLog(
        topic: "predictions", role: .predictions,
        partitions: [messages.map { LoggedMessage(value: $0, recordTime: nil) }])
    ]
    let ledger = InMemoryLedger()
    try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs)
    let instance = try SimulatedInstance("a", plans: [plan], logs: logs, ledger: ledger)
    try instance.claimAll()
    if let schemas {
      instance.intake.know(schemas)
      // A reload takes over what is known.
      instance.intake.replace(plans: [(plan, .distantPast)], limits: IntakeLimits())
    }
    instance.readAll()
    let report = try instance.flush()
    var panes: [String] = []
    try ledger.read { reader in
      try reader.panes(
        .drift, monitor: "m", generation: plan.generation, in: .distantPast..<EventTime.distantFuture
      ) { panes.append("\($0) \($1) \($2)") }
    }
    return (report.events["m"], panes, report.joins)
  }

  @Test(arguments: [false, true]) func theSameRowsAreTheSamePanes(_ hasRows: Bool) throws {
    let seed = Mutation.seed(0x2045_3000)
    var random = SeededGenerator(seed: seed)
    let rows = (0..<1000).map { Self.random($0, &random) }
    var json = try SampleMonitor.monitor(.binary)
    if hasRows { try SampleMonitor.takeRows("rows", &json) }
    var avro = json
    avro.predictions.schemas = .avro(
      AvroSchemas(framed: [5: try AvroExtractorTests.schema(hasRows ? Self.manySchema : Self.schema)]))
    let header: [UInt8] = [0, 0, 0, 0, 5]
    var texts: [[UInt8]] = []
    var records: [[UInt8]] = []
    if hasRows {
      var rest = rows[...]
      while !rest.isEmpty {
        let some = rest.prefix(Int.random(in: 1...90, using: &random))
        rest = rest.dropFirst(some.count)
        texts.append(Array("{\"rows\":[\(some.map(\.json).joined(separator: ","))]}".utf8))
        // In blocks, with and without their size.
        let cut = some.startIndex + Int.random(in: 0...some.count, using: &random)
        var record = header
        for part in [some[..<cut], some[cut...]] where !part.isEmpty {
          let bytes = part.flatMap(\.avro)
          record +=
            Bool.random(using: &random)
            ? Self.long(Int64(part.count)) + bytes
            : Self.long(-Int64(part.count)) + Self.long(Int64(bytes.count)) + bytes
        }
        records.append(record + [0])
      }
    } else {
      texts = rows.map { Array($0.json.utf8) }
      records = rows.map { header + $0.avro }
    }
    let one = try Self.outcome(json, texts)
    let two = try Self.outcome(avro, records)
    #expect(one.events == two.events, "seed \(seed)")
    #expect(one.events?.accepted == 1000, "seed \(seed)")
    #expect(one.panes == two.panes && one.joins == two.joins, "seed \(seed)")
    #expect(one.panes.count > 5)
  }

  /// A registry's schemas are learnt while the topic is read; nothing else is different.
  @Test func rowsThroughARegistryAreTheSamePanes() throws {
    let seed = Mutation.seed(0x2045_5000)
    var random = SeededGenerator(seed: seed)
    let rows = (0..<1000).map { Self.random($0, &random) }
    let json = try SampleMonitor.monitor(.binary)
    var avro = json
    avro.predictions.schemas = .avro(.registry)
    // The same fields under two numbers, and a number that the registry does not have.
    var known = KnownSchemas()
    for id in [5, 70_000] as [UInt32] {
      known.learn(.schema(try AvroExtractorTests.schema(Self.schema)), of: .number(id))
    }
    known.learn(.refused(.unregisteredSchema(6)), of: 6)
    var records: [[UInt8]] = []
    for row in rows {
      records.append((Bool.random(using: &random) ? [0, 0, 0, 0, 5] : [0, 0, 1, 0x11, 0x70]) + row.avro)
      if records.count.isMultiple(of: 100) { records.append([0, 0, 0, 0, 6] + row.avro) }
    }
    let unknown = records.count - 1000
    let one = try Self.outcome(json, rows.map { Array($0.json.utf8) })
    let two = try Self.outcome(avro, records, knowing: known)
    #expect(one.panes == two.panes && one.joins == two.joins, "seed \(seed)")
    #expect(one.panes.count > 5)
    #expect(two.events?.accepted == 1000 && two.events?.rejected["unknown_schema"] == Int64(unknown), "seed \(seed)")
    #expect(unknown == 10)
  }

  /// A partition that waits for a schema is not at its end, whatever was claimed before.
  @Test func aClaimToIdlenessIsWithdrawn() throws {
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(.binary))
    let logs = [MessageLog(topic: "predictions", role: .predictions, partitions: [[]])]
    let ledger = InMemoryLedger()
    try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs)
    let instance = try SimulatedInstance("a", plans: [plan], logs: logs, ledger: ledger)
    try instance.claimAll()
    let place = TopicPartition("predictions", 0)
    func isIdle() throws -> Bool {
      _ = try instance.flush()
      return try ledger.read { try $0.partitions(of: "m") }.first?.idleUntil != nil
    }
    #expect(try !isIdle())
    instance.intake.endIdleness(place)
    #expect(!instance.intake.hasChanges)
    instance.intake.claimIdle(place, lasting: .minutes(2), at: .zero)
    #expect(try isIdle())
    instance.intake.endIdleness(place)
    #expect(instance.intake.hasChanges)
    #expect(try !isIdle())
  }

  /// Whatever is left of a message is counted once, row by row or as a whole, and ends nothing.
  @Test(arguments: [false, true]) func damageMutations(_ hasRows: Bool) throws {
    let seed = Mutation.seed(0x2045_4000)
    var random = SeededGenerator(seed: seed)
    var monitor = try SampleMonitor.monitor(.binary)
    if hasRows { try SampleMonitor.takeRows("rows", &monitor) }
    let schemas = MessageSchemas.avro(
      AvroSchemas(plain: try AvroExtractorTests.schema(hasRows ? Self.manySchema : Self.schema)))
    monitor.predictions.schemas = schemas
    // Text that is not UTF-8 is a fault only where it is wanted.
    let stream = monitor.predictions
    let fields =
      stream.id + [stream.time, stream.output] + [stream.version].compactMap { $0 } + monitor.features.map(\.field)
      + monitor.segments.map(\.field)
    let extractor = AvroExtractor(
      ExtractionPlan(fields: fields, rows: stream.rows, schemas: schemas), limits: DecodeLimits())
    let pieces = ["\u{0}", "\u{1}", "\u{2}", "\u{7f}", "\u{80}", "é", "\u{4}DE", "\u{7ff}"]
    var (taken, refused) = (0, 0)
    for round in 0..<max(1, Mutation.rounds(6000) / 300) {
      let messages = (0..<50).map { i -> [UInt8] in
        let rows = (0..<(hasRows ? Int.random(in: 0...4, using: &random) : 1)).map {
          Self.random(i * 5 + $0, &random).avro
        }
        var bytes = rows.flatMap { $0 }
        if hasRows { bytes = (rows.isEmpty ? [] : Self.long(Int64(rows.count))) + bytes + [0] }
        for _ in 0..<Int.random(in: 0...3, using: &random) { Mutation.damage(&bytes, with: pieces, using: &random) }
        return bytes
      }
      var expected = 0
      for message in messages {
        let count = message.withUnsafeBytes { try? extractor.extract($0) }
        expected += count ?? 1
      }
      let events = try #require(try Self.outcome(monitor, messages).events)
      let all = events.accepted + events.late + events.invalid + events.quarantined
      #expect(all == Int64(expected), "seed \(seed), round \(round): \(events)")
      taken += Int(events.accepted)
      refused += Int(events.invalid)
    }
    #expect(taken > 50 && refused > 50, "\(taken) taken, \(refused) refused: damage that never or always shows")
  }
}
