import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Messages whose schemas come from a registry while the topic is read.
@Suite struct KnownSchemasTests {
  private static func schema(_ fields: [(name: String, type: String)]) throws -> AvroSchema {
    let list = fields.map { "{\"name\":\"\($0.name)\",\"type\":\($0.type)}" }.joined(separator: ",")
    return try AvroExtractorTests.schema("{\"type\":\"record\",\"name\":\"R\",\"fields\":[\(list)]}")
  }

  private static let long = "\"long\""
  private static let text = "\"string\""

  private static func extractor(_ names: [String]) throws -> AvroExtractor {
    AvroExtractor(
      ExtractionPlan(fields: try names.map { try FieldPath($0) }, schemas: .avro(.registry)), limits: DecodeLimits())
  }

  private static func read(_ extractor: AvroExtractor, _ hex: String, _ slots: Int = 1) -> [String] {
    AvroExtractorTests.bytes(hex: hex).withUnsafeBytes { bytes in
      do throws(DecodeFailure) {
        try extractor.extract(bytes)
        return (0..<slots).map { AvroExtractorTests.shown(extractor[$0], extractor) }
      } catch { return ["\(error.code): \(error.reason)"] }
    }
  }

  @Test func schemasAreLearntInTheMiddleAndFieldsFoundByNameInEach() throws {
    let extractor = try Self.extractor(["a", "b"])
    var known = KnownSchemas()
    #expect(
      Self.read(extractor, "00000000070a0261", 2) == [
        "unknown_schema: the message is of schema 7, which the schema registry does not have; register schemas before messages of them are written"
      ])
    known.learn(.schema(try Self.schema([("a", Self.long), ("b", Self.text)])), of: 7)
    extractor.know(known)
    #expect(Self.read(extractor, "00000000070a0261", 2) == ["5", "\"a\""])
    known.learn(
      .schema(try Self.schema([("b", Self.text), ("c", "\"double\""), ("a", "[\"null\",\"long\"]")])), of: 300)
    known.learn(.refused(.unusableSchema(8, "is JSON and not AVRO or PROTOBUF")), of: 8)
    known.learn(.refused(.unregisteredSchema(9)), of: 9)
    extractor.know(known)
    #expect(Self.read(extractor, "000000012c0262000000000000f83f020c", 2) == ["6", "\"b\""])
    #expect(Self.read(extractor, "00000000070a0261", 2) == ["5", "\"a\""])
    #expect(
      Self.read(extractor, "0000000008", 2) == [
        "unusable_schema: the message is of schema 8 of the registry, which is JSON and not AVRO or PROTOBUF"
      ])
    #expect(
      Self.read(extractor, "0000000009", 2) == [
        "unknown_schema: the message is of schema 9, which the schema registry does not have; register schemas before messages of them are written"
      ])
    #expect(Self.read(extractor, "00000000")[0].hasPrefix("no_schema_id: "))
    #expect(Self.read(extractor, "01000000070a0261")[0].hasPrefix("no_schema_id: "))
    #expect(Self.read(extractor, "000000012c0262000000000000f83f020c", 2) == ["6", "\"b\""])
  }

  @Test func whatANumberMeansNeverChanges() throws {
    var known = KnownSchemas()
    known.learn(.refused(.unregisteredSchema(7)), of: 7)
    known.learn(.schema(try Self.schema([("a", Self.long)])), of: 7)
    #expect(known[7] == .refused(.unregisteredSchema(7)))
    #expect(known.count == 1)
  }

  /// Memory has an end: beyond the limit all are forgotten, and are learnt again as they are met.
  @Test func moreSchemasThanTheLimitAreForgottenAndLearntAgain() throws {
    let extractor = try Self.extractor(["a"])
    var known = KnownSchemas()
    for id in 1...UInt32(AvroSchemas.maximum) {
      known.learn(.schema(try Self.schema([("a", Self.long)])), of: .number(id))
    }
    extractor.know(known)
    #expect(Self.read(extractor, "00000000010a") == ["5"])
    #expect(Self.read(extractor, "00000003e80c") == ["6"])
    known.learn(.schema(try Self.schema([("x", Self.text), ("a", Self.long)])), of: 5000)
    #expect(known.count == 1)
    extractor.know(known)
    #expect(
      Self.read(extractor, "00000013880262060e") == [
        "not_of_schema: the message has 1 bytes behind its record; it was written with another schema than the monitor's"
      ])
    #expect(Self.read(extractor, "0000001388026206") == ["3"])
    #expect(Self.read(extractor, "00000000010a")[0].hasPrefix("unknown_schema: "))
    known.learn(.schema(try Self.schema([("a", Self.long)])), of: 1)
    extractor.know(known)
    #expect(Self.read(extractor, "00000000010a") == ["5"])
  }

  @Test(arguments: [
    (SchemaRecord.Content.unknown, "unknown_schema"), (.unusable("is JSON and not AVRO"), "unusable_schema"),
    (.avro(Array("[".utf8)), "unusable_schema"), (.avro([]), "unusable_schema"), (.avro([0xFF]), "unusable_schema"),
  ]) func whatTheLedgerHasIsReadOrRefused(_ content: SchemaRecord.Content, _ code: String) {
    let entry = KnownSchemas.Entry(SchemaRecord(registry: "r", id: 3, content: content))
    guard case .refused(let failure) = entry else {
      Issue.record("\(content) was taken")
      return
    }
    #expect(failure.code == code)
  }

  @Test func whatCannotBeReadSaysWhy() {
    let text = Array("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":\"S\"}]}".utf8)
    let entry = KnownSchemas.Entry(SchemaRecord(registry: "r", id: 3, content: .avro(text)))
    guard case .refused(let failure) = entry else {
      Issue.record("it was taken")
      return
    }
    #expect(
      failure.reason
        == "the message is of schema 3 of the registry, which names the type S at x, which it does not define")
  }

  /// Anybody may register a schema; one that would fill memory is refused, and the next is read.
  @Test func aSchemaThatRepeatsItselfIsNoEndOfTheProcess() throws {
    let extractor = try Self.extractor(["a.a.a.a.a.a.a.a", "a.b", "b"])
    let many = Array(repeating: "{\"name\":\"a\",\"type\":[\"null\",\"R\"]}", count: 900).joined(separator: ",")
    let branches = Array(repeating: "\"R\"", count: 900).joined(separator: ",")
    let texts = [
      "{\"type\":\"record\",\"name\":\"R\",\"fields\":[\(many)]}",
      "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":[\(branches)]}]}",
    ]
    var known = KnownSchemas()
    for (i, text) in texts.enumerated() {
      known.learn(.schema(try AvroExtractorTests.schema(text)), of: .number(UInt32(i + 1)))
    }
    known.learn(.schema(try Self.schema([("b", Self.long)])), of: 3)
    extractor.know(known)
    for id in 1...2 {
      #expect(
        Self.read(extractor, "000000000\(id)00") == [
          "unusable_schema: the message is of schema \(id) of the registry, which repeats types within each other so often that a plan to read it has more than 100000 parts"
        ])
    }
    #expect(Self.read(extractor, "000000000306", 3) == ["null", "null", "3"])
    // A schema as large as any may be is read.
    let wide = (0..<9998).map { ("f\($0)", Self.long) } + [("b", Self.long)]
    known.learn(.schema(try Self.schema(wide)), of: 4)
    extractor.know(known)
    #expect(
      Self.read(extractor, "0000000004" + String(repeating: "00", count: 9998) + "0a", 3) == ["null", "null", "5"])
  }

  /// Whatever the bytes are, a message is read or refused by a known word.
  @Test func damagedMessagesAreReadOrRefused() throws {
    let extractor = try Self.extractor(["a", "b"])
    var known = KnownSchemas()
    known.learn(.schema(try Self.schema([("a", Self.long), ("b", Self.text)])), of: 7)
    known.learn(
      .schema(try Self.schema([("b", "{\"type\":\"array\",\"items\":\"string\"}"), ("a", Self.long)])), of: 8)
    extractor.know(known)
    let codes: Set<String> = [
      "truncated", "not_of_schema", "no_schema_id", "unknown_schema", "bad_utf8", "too_large", "too_deep",
    ]
    var random = SeededGenerator(seed: 7)
    for round in 0..<20_000 {
      var bytes: [UInt8] = [0, 0, 0, 0, UInt8.random(in: 6...9, using: &random)]
      for _ in 0..<Int.random(in: 0..<12, using: &random) { bytes.append(.random(in: 0...255, using: &random)) }
      if round.isMultiple(of: 5) { bytes[Int.random(in: 0..<5, using: &random)] = .random(in: 0...255, using: &random) }
      bytes.removeLast(min(bytes.count, Int.random(in: 0..<3, using: &random)))
      bytes.withUnsafeBytes { bytes in
        do throws(DecodeFailure) { try extractor.extract(bytes) } catch {
          #expect(codes.contains(error.code), "round \(round): \(error.code)")
        }
      }
    }
  }
}
