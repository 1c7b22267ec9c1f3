import Foundation
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Avro records against those that fastavro wrote, and against the same rows in JSON.
@Suite struct AvroExtractorTests {
  static func schema(_ text: String) throws -> AvroSchema { try AvroSchema(Array(text.utf8)) }

  static func bytes(hex text: String) -> [UInt8] {
    var digits = Array(text.utf8)[...]
    var bytes: [UInt8] = []
    while digits.count >= 2 {
      bytes.append(UInt8(String(decoding: digits.prefix(2), as: UTF8.self), radix: 16) ?? 0)
      digits = digits.dropFirst(2)
    }
    return bytes
  }

  /// A value as canonical JSON.
  static func shown(_ value: FieldValue, _ extractor: AvroExtractor) -> String {
    extractor.tree(of: value).map { String(decoding: CanonicalJSON.bytes(of: $0), as: UTF8.self) } ?? "null"
  }

  /// The same, a decimal as text with its digits where that is expected.
  private static func shown(_ value: FieldValue, _ extractor: AvroExtractor, like expected: String) -> String {
    guard value.kind == .double, expected.hasPrefix("\"") else { return shown(value, extractor) }
    return "\"\(extractor.numberText(of: value).map { String(decoding: $0, as: UTF8.self) } ?? "")\""
  }

  // MARK: fastavro

  @Test func recordsReadAsFastavroWroteThem() throws {
    let path = Bundle.module.bundlePath + "/Fixtures/avro.json"
    let root = JSONReader(try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: path)))))
    var count = 0
    for item in try root.elements() {
      let schema = try Self.schema(try item.member("schema").string())
      let paths = try item.member("paths").elements().map { try FieldPath(try $0.string()) }
      let extractor = AvroExtractor(
        ExtractionPlan(fields: paths, schemas: .avro(AvroSchemas(plain: schema))), limits: DecodeLimits())
      for message in try item.member("messages").elements() {
        let bytes = Self.bytes(hex: try message.member("bytes").string())
        let expected = try message.member("values").elements().map {
          String(decoding: CanonicalJSON.bytes(of: $0.value ?? .null), as: UTF8.self)
        }
        try bytes.withUnsafeBytes { bytes in
          try extractor.extract(bytes)
          for slot in paths.indices {
            #expect(
              Self.shown(extractor[slot], extractor, like: expected[slot]) == expected[slot],
              "message \(count), \(paths[slot])")
          }
        }
        count += 1
      }
    }
    #expect(count == 150)
  }

  // MARK: Small records

  private static func read(
    _ type: String, _ bytes: [UInt8], paths: [String] = ["x"], limits: DecodeLimits = DecodeLimits()
  ) throws -> [String] {
    let schema = try Self.schema("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":\(type)}]}")
    let fields = try paths.map { try FieldPath($0) }
    let extractor = AvroExtractor(
      ExtractionPlan(fields: fields, schemas: .avro(AvroSchemas(plain: schema))), limits: limits)
    return bytes.withUnsafeBytes { bytes in
      do throws(DecodeFailure) {
        try extractor.extract(bytes)
        return fields.indices.map { "\(extractor[$0].kind) \(shown(extractor[$0], extractor))" }
      } catch { return [error.code] }
    }
  }

  @Test(arguments: [
    // Canonical JSON has doubles.
    ("\"long\"", "ffffffffffffffffff01", "int64 -9223372036854776000"),
    ("\"long\"", "ffffffffffffffffff02", "not_of_schema"), ("\"long\"", "ffffffffffffffffffff01", "not_of_schema"),
    ("\"long\"", "80", "truncated"), ("\"long\"", "", "truncated"), ("\"long\"", "0200", "not_of_schema"),
    ("\"boolean\"", "02", "not_of_schema"), ("\"double\"", "000000000000f87f", "null null"),
    ("\"double\"", "000000000000f07f", "overflow null"), ("\"float\"", "0000c03f", "double 1.5"),
    ("\"string\"", "02ff", "bad_utf8"), ("\"string\"", "01", "truncated"), ("\"string\"", "0661", "truncated"),
    ("\"bytes\"", "02ff", "array []"), ("\"bytes\"", "0261", "string \"a\""),
    ("[\"null\",\"string\"]", "04", "not_of_schema"), ("[\"null\",\"string\"]", "01", "not_of_schema"),
    ("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", "02", "not_of_schema"),
    ("{\"type\":\"array\",\"items\":\"int\"}", "0302040600", "array [2,3]"),
    ("{\"type\":\"array\",\"items\":\"int\"}", "020202040600", "truncated"),
    ("{\"type\":\"array\",\"items\":\"null\"}", "feffffffffffffffff0100", "not_of_schema"),
    ("{\"type\":\"array\",\"items\":\"null\"}", "01", "truncated"),
    (
      "{\"type\":\"fixed\",\"name\":\"U\",\"size\":16,\"logicalType\":\"uuid\"}", "00112233445566778899aabbccddeeff",
      "string \"00112233-4455-6677-8899-aabbccddeeff\""
    ),
    ("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}", "02ff", "double -0.01"),
    ("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4}", "047fff", "double 32767"),
    ("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}", "00", "array []"),
    // What is no decimal is ignored.
    ("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":2,\"scale\":4}", "0261", "string \"a\""),
    ("{\"type\":\"string\",\"logicalType\":\"color\"}", "0261", "string \"a\""),
  ]) func smallRecords(_ type: String, _ hex: String, _ expected: String) throws {
    #expect(try Self.read(type, Self.bytes(hex: hex)) == [expected])
  }

  /// Elements without bytes, within each other, end at the message's limit.
  @Test func elementsWithoutBytesAreCounted() throws {
    let limits = DecodeLimits(messageBytes: 1000)
    let type = "{\"type\":\"array\",\"items\":\"null\"}"
    func long(_ value: Int) -> [UInt8] {
      var rest = UInt64(value) << 1
      var bytes: [UInt8] = []
      while rest >= 0x80 {
        bytes.append(UInt8(rest & 0x7F) | 0x80)
        rest >>= 7
      }
      return bytes + [UInt8(rest)]
    }
    #expect(try Self.read(type, long(1000) + [0], paths: ["x[999]"], limits: limits) == ["null null"])
    #expect(try Self.read(type, long(1001) + [0], limits: limits) == ["not_of_schema"])
    #expect(try Self.read(type, long(600) + long(600) + [0], limits: limits) == ["not_of_schema"])
    #expect(try Self.read(type, Array(repeating: 1, count: 1001), limits: limits) == ["too_large"])
  }

  @Test func aRecordWithinItselfHasADepth() throws {
    let text =
      "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"next\",\"type\":[\"null\",\"R\"]},{\"name\":\"x\",\"type\":\"int\"}]}"
    let extractor = AvroExtractor(
      ExtractionPlan(fields: [try FieldPath("next.next.x")], schemas: .avro(AvroSchemas(plain: try Self.schema(text)))),
      limits: DecodeLimits(depth: 20))
    func code(_ depth: Int) -> String {
      let bytes = Array(repeating: UInt8(2), count: depth) + [0] + Array(repeating: UInt8(8), count: depth + 1)
      return bytes.withUnsafeBytes { bytes in
        do throws(DecodeFailure) {
          try extractor.extract(bytes)
          return Self.shown(extractor[0], extractor)
        } catch { return error.code }
      }
    }
    #expect(code(1) == "null" && code(2) == "4" && code(9) == "4")
    #expect(code(10) == "too_deep" && code(100_000) == "too_deep")
  }

  // MARK: Schemas in front

  @Test func fieldsAreFoundByNameInEachWritersSchema() throws {
    let old =
      "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"b\",\"type\":\"string\"}]}"
    let new =
      "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"b\",\"type\":\"string\"},{\"name\":\"c\",\"type\":\"double\"},{\"name\":\"a\",\"type\":[\"null\",\"long\"]}]}"
    let schemas = MessageSchemas.avro(AvroSchemas(framed: [7: try Self.schema(old), 300: try Self.schema(new)]))
    let extractor = AvroExtractor(
      ExtractionPlan(fields: try ["a", "b", "c"].map { try FieldPath($0) }, schemas: schemas), limits: DecodeLimits())
    func read(_ hex: String) -> [String] {
      Self.bytes(hex: hex).withUnsafeBytes { bytes in
        do throws(DecodeFailure) {
          try extractor.extract(bytes)
          return (0..<3).map { Self.shown(extractor[$0], extractor) }
        } catch { return ["\(error.code): \(error.reason)"] }
      }
    }
    #expect(read("00000000070a0261") == ["5", "\"a\"", "null"])
    #expect(read("000000012c0262000000000000f83f020c") == ["6", "\"b\"", "1.5"])
    #expect(read("00000000070a0261") == ["5", "\"a\"", "null"])
    #expect(
      read("00000000080a0261") == [
        "unknown_schema: the message is of schema 8, which is not among the monitor's schemas; add its file there"
      ])
    #expect(
      read("7b7d") == [
        "no_schema_id: the message begins with the byte 123 and not with its schema's id, and has none in the header __value_schema_id; write schema: FILE where messages have no such id"
      ])
    #expect(
      read("00000000070a026100") == [
        "not_of_schema: the message has 1 bytes behind its record; it was written with another schema than the monitor's"
      ])
    #expect(
      read("0000000007") == [
        "truncated: the message ends within its record; check the schema, and the producer's size limits"
      ])
  }

  @Test(arguments: [
    ("{", "is not JSON"), ("\"string\"", "is no record at its root"),
    ("{\"type\":\"record\",\"name\":\"R\"}", "has no fields"),
    ("{\"type\":\"record\",\"fields\":[]}", "has no name"),
    ("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":\"S\"}]}", "names the type S at x"),
    (
      "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":{\"type\":\"record\",\"name\":\"R\",\"fields\":[]}}]}",
      "defines R twice"
    ),
    ("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":7}]}", "has no type at x"),
  ]) func textsThatAreNoSchema(_ text: String, _ problem: String) {
    let failure = #expect(throws: AvroSchemaFailure.self) { try Self.schema(text) }
    #expect(failure?.problem.hasPrefix(problem) == true, "\(failure?.problem ?? "")")
  }
}
