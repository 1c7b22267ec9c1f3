import LeewayTestSupport
import Testing

@testable import LeewayCore

/// The same rows in Protobuf and in JSON, on their way to panes.
@Suite struct ProtobufRowsTests {
  private typealias W = ProtobufWriting

  /// `p.Row`, and `p.Batch` of many.
  static var descriptors: [UInt8] {
    let optional = W.number(17, 1)
    let row = W.message(
      "Row", W.field("id", 1, 9), W.field("time", 2, 3), W.field("version", 3, 9, more: W.number(9, 1) + optional),
      W.field("output", 4, 1, more: W.number(9, 2) + optional),
      W.field("amount", 5, 11, ".google.protobuf.DoubleValue"), W.field("country", 6, 14, ".p.Country"),
      W.field("web", 7, 9, more: W.number(9, 0)), W.field("channel", 8, 8, more: W.number(9, 0)),
      W.field("shop", 70, 18, more: W.number(9, 3) + optional), W.field("unused", 9, 11, ".p.Row"),
      W.field("tags", 10, 5, label: 3), W.bytes(8, W.text(1, "how")), W.bytes(8, W.text(1, "_version")),
      W.bytes(8, W.text(1, "_output")), W.bytes(8, W.text(1, "_shop")))
    let batch = W.message("Batch", W.field("rows", 3, 11, ".p.Row", label: 3), W.field("note", 1, 9))
    return W.set(
      W.file(messages: [row, batch], enums: [W.symbols("Country", [("DE", 0), ("FR", 1), ("XX", 9)])]))
  }

  struct Row {
    var json: String
    var protobuf: [UInt8]
  }

  static func random(_ i: Int, _ random: inout SeededGenerator) -> Row {
    let time = Scene.minute(Int64(i / 40)).milliseconds + Int64(i)
    var json = "{\"id\":\"p\(i)\",\"time\":\(time)"
    var fields = [W.text(1, "p\(i)"), W.number(2, time)]
    if Bool.random(using: &random) { fields.append(W.bytes(9, W.text(1, "other"))) }
    if Bool.random(using: &random) { fields.append(W.bytes(10, [1, 2, 3])) }
    // What the schema lacks.
    if Int.random(in: 0..<4, using: &random) == 0 { fields.append(W.text(500, "more")) }
    if Bool.random(using: &random) {
      let version = "v\(Int.random(in: 0..<3, using: &random))"
      json += ",\"version\":\"\(version)\""
      fields.append(W.text(3, version))
    }
    let output = Double.random(in: -0.2...1.2, using: &random)
    json += ",\"output\":\(output)"
    fields.append(W.double(4, output))
    switch Int.random(in: 0..<6, using: &random) {
    case 0: json += ",\"amount\":null"
    case 1:
      json += ",\"amount\":0"
      fields.append(W.bytes(5, []))
    default:
      let amount = Double.random(in: -1100...1100, using: &random)
      json += ",\"amount\":\(amount)"
      fields.append(W.bytes(5, W.double(1, amount)))
    }
    let country = Int.random(in: 0..<3, using: &random)
    json += ",\"country\":\"\(["DE", "FR", "XX"][country])\""
    // A default is not written.
    if country > 0 { fields.append(W.number(6, [0, 1, 9][country])) }
    if Bool.random(using: &random) {
      fields.append(W.text(7, "web"))
    } else {
      json += ",\"channel\":true"
      fields.append(W.number(8, 1))
    }
    if Bool.random(using: &random) {
      let shop = Int64.random(in: -3...3, using: &random)
      json += ",\"shop\":\(shop)"
      fields.append(W.varint(70 << 3) + W.zigzag(shop))
    }
    // In any order.
    return Row(json: json + "}", protobuf: fields.shuffled(using: &random).flatMap { $0 })
  }

  private static func schemas(_ message: String) throws -> MessageSchemas {
    .protobuf(try #require(ProtobufSchemas(plain: try ProtobufSchema(descriptors), message: message)))
  }

  @Test(arguments: [false, true]) func theSameRowsAreTheSamePanes(_ hasRows: Bool) throws {
    let seed = Mutation.seed(0x2046_3000)
    var random = SeededGenerator(seed: seed)
    let rows = (0..<1000).map { Self.random($0, &random) }
    var json = try SampleMonitor.monitor(.binary)
    if hasRows { try SampleMonitor.takeRows("rows", &json) }
    var protobuf = json
    protobuf.predictions.schemas = try Self.schemas(hasRows ? "p.Batch" : "p.Row")
    var (texts, messages): ([[UInt8]], [[UInt8]]) = ([], [])
    if hasRows {
      var rest = rows[...]
      while !rest.isEmpty {
        let some = rest.prefix(Int.random(in: 1...90, using: &random))
        rest = rest.dropFirst(some.count)
        texts.append(Array("{\"rows\":[\(some.map(\.json).joined(separator: ","))]}".utf8))
        // Another field may stand between the rows.
        messages.append(
          some.flatMap {
            W.bytes(3, $0.protobuf) + (Int.random(in: 0..<5, using: &random) == 0 ? W.text(1, "note") : [])
          })
      }
    } else {
      texts = rows.map { Array($0.json.utf8) }
      messages = rows.map(\.protobuf)
    }
    let one = try AvroRowsTests.outcome(json, texts)
    let two = try AvroRowsTests.outcome(protobuf, messages)
    #expect(one.events == two.events, "seed \(seed)")
    #expect(one.events?.accepted == 1000, "seed \(seed)")
    #expect(one.panes == two.panes && one.joins == two.joins, "seed \(seed)")
    #expect(one.panes.count > 5)
  }

  /// A registry's schemas are learnt while the topic is read; nothing else is different.
  @Test func rowsThroughARegistryAreTheSamePanes() throws {
    let seed = Mutation.seed(0x2046_5000)
    var random = SeededGenerator(seed: seed)
    let rows = (0..<1000).map { Self.random($0, &random) }
    let json = try SampleMonitor.monitor(.binary)
    var protobuf = json
    protobuf.predictions.schemas = .protobuf(.registry)
    var known = KnownSchemas()
    for id in [5, 70_000] as [UInt32] {
      let record = SchemaRecord(registry: "r", id: .number(id), content: .protobuf(Self.descriptors))
      known.learn(KnownSchemas.Entry(record), of: .number(id))
    }
    known.learn(.refused(.unregisteredSchema(6)), of: 6)
    known.learn(.schema(try AvroExtractorTests.schema(AvroRowsTests.schema)), of: 7)
    var records: [[UInt8]] = []
    for row in rows {
      records.append((Bool.random(using: &random) ? [0, 0, 0, 0, 5, 0] : [0, 0, 1, 0x11, 0x70, 2, 0]) + row.protobuf)
      if records.count.isMultiple(of: 100) {
        records.append([0, 0, 0, 0, 6, 0] + row.protobuf)
        records.append([0, 0, 0, 0, 7, 0] + row.protobuf)
      }
    }
    let one = try AvroRowsTests.outcome(json, rows.map { Array($0.json.utf8) })
    let two = try AvroRowsTests.outcome(protobuf, records, knowing: known)
    #expect(one.panes == two.panes && one.joins == two.joins, "seed \(seed)")
    #expect(one.panes.count > 5 && two.events?.accepted == 1000, "seed \(seed)")
    let rejected = two.events?.rejected ?? [:]
    #expect(rejected["unknown_schema"] ?? 0 > 5 && rejected["unknown_schema"] == rejected["unusable_schema"])
  }

  /// Whatever is left of a message is counted once, row by row or as a whole, with a known word, and ends nothing.
  @Test(arguments: [false, true]) func damageMutations(_ hasRows: Bool) throws {
    let seed = Mutation.seed(0x2046_4000)
    var random = SeededGenerator(seed: seed)
    var monitor = try SampleMonitor.monitor(.binary)
    if hasRows { try SampleMonitor.takeRows("rows", &monitor) }
    monitor.predictions.schemas = try Self.schemas(hasRows ? "p.Batch" : "p.Row")
    let stream = monitor.predictions
    let fields =
      stream.id + [stream.time, stream.output] + [stream.version].compactMap { $0 } + monitor.features.map(\.field)
      + monitor.segments.map(\.field)
    let extractor = ProtobufExtractor(
      ExtractionPlan(fields: fields, rows: stream.rows, schemas: stream.schemas), limits: DecodeLimits())
    // The same with whole messages, arrays and elements wanted.
    let whole = ProtobufExtractor(
      ExtractionPlan(
        fields: try
          (hasRows ? ["rows", "rows[1].unused", "note", "rows[0].tags"] : ["unused", "tags", "unused.id", "tags[1]"])
          .map { try FieldPath($0) }, schemas: stream.schemas), limits: DecodeLimits())
    let codes: Set<String> = ["truncated", "not_of_schema", "bad_utf8", "too_deep", "no_rows"]
    let pieces = [
      "\u{0}", "\u{1}", "\u{2}", "\u{7f}", "\u{80}", "é", "\u{12}\u{2}DE", "\u{1b}", "J\u{1}", "R\u{2}\u{1}\u{2}",
    ]
    var (taken, refused) = (0, 0)
    for round in 0..<max(1, Mutation.rounds(6000) / 300) {
      let messages = (0..<50).map { i -> [UInt8] in
        var bytes = (0..<(hasRows ? Int.random(in: 0...4, using: &random) : 1)).flatMap {
          let row = Self.random(i * 5 + $0, &random).protobuf
          return hasRows ? W.bytes(3, row) : row
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) { Mutation.damage(&bytes, with: pieces, using: &random) }
        return bytes
      }
      var expected = 0
      for message in messages {
        message.withUnsafeBytes { bytes in
          do throws(DecodeFailure) { expected += try extractor.extract(bytes) } catch {
            expected += 1
            #expect(codes.contains(error.code), "seed \(seed), round \(round): \(error.code)")
          }
          do throws(DecodeFailure) {
            try whole.extract(bytes)
            for slot in 0..<4 { _ = whole.tree(of: whole[slot]) }
          } catch { #expect(codes.contains(error.code), "seed \(seed), round \(round): \(error.code)") }
        }
      }
      let events = try #require(try AvroRowsTests.outcome(monitor, messages).events)
      let all = events.accepted + events.late + events.invalid + events.quarantined
      #expect(all == Int64(expected), "seed \(seed), round \(round): \(events)")
      taken += Int(events.accepted)
      refused += Int(events.invalid)
    }
    #expect(taken > 50 && refused > 50, "\(taken) taken, \(refused) refused: damage that never or always shows")
  }
}
