import Foundation
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Protobuf messages against those that Google's library for Python wrote, and small ones by hand.
@Suite struct ProtobufExtractorTests {
  private typealias W = ProtobufWriting

  @Test func messagesReadAsGoogleWroteThem() throws {
    let path = Bundle.module.bundlePath + "/Fixtures/protobuf.json"
    let root = JSONReader(try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: path)))))
    var count = 0
    for item in try root.elements() {
      let schema = try ProtobufSchema(AvroExtractorTests.bytes(hex: try item.member("schema").string()))
      let paths = try item.member("paths").elements().map { try $0.string() }
      let extractor = try W.extractor(paths, schema, try item.member("message").string())
      for message in try item.member("messages").elements() {
        let bytes = AvroExtractorTests.bytes(hex: try message.member("bytes").string())
        let expected = try message.member("values").elements().map {
          String(decoding: CanonicalJSON.bytes(of: $0.value ?? .null), as: UTF8.self)
        }
        try bytes.withUnsafeBytes { bytes in
          try extractor.extract(bytes)
          for slot in paths.indices {
            // An array or a map that is not there has no elements.
            let shown = W.shown(extractor[slot], extractor)
            #expect(
              shown == expected[slot] || (expected[slot] == "null" && ["[]", "{}"].contains(shown)),
              "message \(count), \(paths[slot])")
          }
        }
        count += 1
      }
    }
    #expect(count == 250)
  }

  // MARK: Small messages

  /// A field `x` of a type, and how many bytes read.
  private static func read(
    _ type: Int64, _ hex: String, label: Int64 = 1, syntax: String = "proto3", path: String = "x", more: [UInt8] = [],
    limits: DecodeLimits = DecodeLimits()
  ) throws -> String {
    let inner = W.message("E", W.field("a", 1, 5), W.field("e", 2, 11, ".p.E"))
    let symbols = W.symbols("S", [("A", 0), ("B", 7), ("AGAIN", 7), ("L", -1)])
    let name = type == 14 ? ".p.S" : type == 11 ? ".p.E" : nil
    let schema = try W.schema(
      W.file(
        syntax: syntax,
        messages: [W.message("M", W.field("x", 1, type, name, label: label, more: more)), inner], enums: [symbols]))
    let extractor = try W.extractor([path], schema, "p.M", limits: limits)
    return W.read(extractor, AvroExtractorTests.bytes(hex: hex), 1)[0]
  }

  @Test(arguments: [
    (Int64(3), "", "0"), (3, "08ffffffffffffffffff01", "-1"), (3, "08ffffffffffffffffff02", "not_of_schema"),
    (3, "08ffffffffffffffffffff01", "not_of_schema"), (3, "0880", "truncated"), (3, "08", "truncated"),
    (3, "0801" + "0802", "2"), (5, "08ffffffff0f", "-1"), (5, "08808080801001", "not_of_schema"),
    (5, "088080808010", "0"),
    (13, "08ffffffff0f", "4294967295"), (17, "0801", "-1"), (18, "08ffffffffffffffffff01", "-9223372036854776000"),
    (4, "08ffffffffffffffffff01", "18446744073709552000"), (8, "0802", "true"), (8, "", "false"),
    (1, "09000000000000f83f", "1.5"), (1, "09000000000000f87f", "null"), (1, "09000000000000f07f", "null"),
    (1, "0900", "truncated"), (2, "0d0000c03f", "1.5"), (7, "0dffffffff", "4294967295"), (15, "0dffffffff", "-1"),
    (9, "0a0161", "\"a\""), (9, "", "\"\""), (9, "0a01ff", "bad_utf8"), (9, "0a0261", "truncated"),
    (9, "0affffffffffffffffff01", "truncated"), (12, "0a0161", "\"a\""), (12, "0a01ff", "[]"),
    (14, "0807", "\"B\""), (14, "08ffffffffffffffffff01", "\"L\""), (14, "0809", "9"), (14, "", "\"A\""),
    // Another wire type than the schema's, and bytes that are no field.
    (9, "0801", "not_of_schema"), (3, "0a0161", "not_of_schema"), (3, "00", "not_of_schema"),
    (3, "0f", "not_of_schema"), (3, "0e", "not_of_schema"), (3, "f8ffffffff01", "not_of_schema"),
    // Groups that the schema lacks.
    (3, "1308011408" + "05", "5"), (3, "130801", "truncated"), (3, "13080124", "not_of_schema"),
    (3, "14", "not_of_schema"),
    // A message in two parts is one message.
    (11, "0a0208070a041202" + "0809", "{\"a\":7,\"e\":{\"a\":9}}"), (11, "", "null"), (11, "0a00", "{\"a\":0}"),
    (11, "0a020a00", "not_of_schema"), (11, "0a0108", "truncated"),
  ]) func smallMessages(_ type: Int64, _ hex: String, _ expected: String) throws {
    #expect(try Self.read(type, hex) == expected)
  }

  @Test(arguments: [
    (Int64(17), "0a0302040608" + "08", "x", "[1,2,3,4]"), (17, "0a0302040608" + "08", "x[3]", "4"),
    (17, "0a0302040608" + "08", "x[4]", "null"), (17, "", "x", "[]"), (17, "0a00", "x", "[]"),
    (17, "0a0180", "x", "truncated"), (7, "0a0300000000", "x", "truncated"), (7, "0a0400000001", "x", "[16777216]"),
    (9, "0a01610a0162", "x", "[\"a\",\"b\"]"), (9, "0a01610a0162", "x[1]", "\"b\""), (9, "0801", "x", "not_of_schema"),
    (11, "0a0208070a020809", "x[1].a", "9"), (11, "0a0208070a020809", "x", "[{\"a\":7},{\"a\":9}]"),
    (11, "0a020807" + "0a0108", "x", "truncated"), (11, "0a020807" + "0a0108", "x[0].a", "7"),
  ]) func smallArrays(_ type: Int64, _ hex: String, _ path: String, _ expected: String) throws {
    #expect(try Self.read(type, hex, label: 3, path: path) == expected)
  }

  /// proto2 tells absence; only a default that is written down stands for it.
  @Test func whatIsAbsent() throws {
    #expect(try Self.read(3, "", syntax: "proto2") == "null")
    #expect(try Self.read(3, "", syntax: "") == "null")
    #expect(try Self.read(3, "", syntax: "proto2", more: W.text(7, "-9")) == "-9")
    #expect(try Self.read(1, "", syntax: "proto2", more: W.text(7, "nan")) == "null")
    #expect(try Self.read(4, "", syntax: "proto2", more: W.text(7, "18446744073709551615")) == "18446744073709552000")
    #expect(try Self.read(12, "", syntax: "proto2", more: W.text(7, "\\x41\\102\\n")) == "\"AB\\n\"")
    #expect(try Self.read(14, "", syntax: "proto2", more: W.text(7, "B")) == "\"B\"")
    // `optional` of proto3, and the features of editions.
    #expect(try Self.read(3, "", more: W.number(17, 1)) == "null")
    #expect(try Self.read(3, "", syntax: "editions") == "null")
    #expect(try Self.read(3, "", syntax: "editions", more: W.bytes(8, W.bytes(21, W.number(1, 2)))) == "0")
  }

  @Test func messagesWithinEachOtherHaveADepth() throws {
    var bytes: [UInt8] = []
    for _ in 0..<30_000 { bytes = W.bytes(2, bytes) }
    let limits = DecodeLimits(depth: 20)
    let message = W.bytes(1, bytes)
    let hex = message.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    #expect(try Self.read(11, hex, limits: limits) == "too_deep")
    #expect(try Self.read(11, hex, path: "x.e.e.a", limits: limits) == "0")
    #expect(try Self.read(3, String(repeating: "13", count: 5000)) == "too_deep")
    #expect(try Self.read(9, "0a0161", limits: DecodeLimits(messageBytes: 2)) == "too_large")
  }

  /// What is set last is there, and what was set before is gone with all its parts.
  @Test func oneOfSeveral() throws {
    func member(_ n: Int64) -> [UInt8] { W.number(9, n) }
    let schema = try W.schema(
      W.file(
        messages: [
          W.message(
            "M", W.field("a", 1, 5, more: member(0)), W.field("m", 2, 11, ".p.M", more: member(0)),
            W.field("s", 3, 9, more: member(0)), W.bytes(8, W.text(1, "one")))
        ]))
    let paths = ["a", "m.a", "m.m.a", "s"]
    let extractor = try W.extractor(paths, schema, "p.M")
    #expect(W.read(extractor, W.number(1, 0), 4) == ["0", "null", "null", "null"])
    let inner = W.bytes(2, W.bytes(2, W.number(1, 7)))
    #expect(W.read(extractor, W.number(1, 5) + inner, 4) == ["null", "null", "7", "null"])
    #expect(W.read(extractor, inner + W.number(1, 5), 4) == ["5", "null", "null", "null"])
    // Two parts make one message, but not where another member stood between them.
    #expect(W.read(extractor, inner + inner, 4) == ["null", "null", "7", "null"])
    #expect(W.read(extractor, inner + W.text(3, "x") + W.bytes(2, W.number(1, 4)), 4) == ["null", "4", "null", "null"])
    // A member that is not wanted ends the others too.
    let some = try W.extractor(["a"], schema, "p.M")
    #expect(W.read(some, W.number(1, 5) + W.text(3, "x"), 1) == ["null"])
  }

  @Test func timesAreTextAndWrappersTheirValues() throws {
    let schema = try W.schema(
      W.file(
        messages: [
          W.message(
            "M", W.field("at", 1, 11, ".google.protobuf.Timestamp"), W.field("w", 2, 11, ".google.protobuf.Int64Value"))
        ]))
    let extractor = try W.extractor(["at", "at.seconds", "w"], schema, "p.M")
    func time(_ seconds: Int64, _ nanos: Int64) -> [UInt8] { W.bytes(1, W.number(1, seconds) + W.number(2, nanos)) }
    #expect(W.read(extractor, [], 3) == ["null", "null", "null"])
    #expect(extractor[2].kind == .null)
    #expect(W.read(extractor, W.bytes(1, []) + W.bytes(2, []), 3) == ["\"1970-01-01T00:00:00Z\"", "0", "0"])
    #expect(W.read(extractor, time(-1, 5_000_000), 2)[0] == "\"1969-12-31T23:59:59.005Z\"")
    #expect(W.read(extractor, time(1, 1000), 2)[0] == "\"1970-01-01T00:00:01.000001Z\"")
    #expect(W.read(extractor, time(1, 1), 2)[0] == "\"1970-01-01T00:00:01.000000001Z\"")
    #expect(W.read(extractor, time(1, -1), 2) == ["[]", "1"])
    #expect(W.read(extractor, time(.max, 0), 2)[0] == "[]")
  }

  // MARK: A registry's messages

  @Test func whichMessageOfASchemaIsMeant() throws {
    let one = W.message("A", W.field("x", 1, 5))
    let inner = W.message("C", W.field("y", 1, 5), W.field("x", 2, 9))
    let schema = try W.schema(W.file(messages: [one, W.message("B", W.field("x", 4, 5), W.bytes(3, inner))]))
    let extractor = ProtobufExtractor(
      ExtractionPlan(
        fields: [try FieldPath("x")], schemas: .protobuf(ProtobufSchemas(framed: [7: schema]))), limits: DecodeLimits())
    func read(_ indexes: [UInt8], _ message: [UInt8], id: UInt8 = 7) -> String {
      W.read(extractor, [0, 0, 0, 0, id] + indexes + message, 1)[0]
    }
    for _ in 0..<2 {
      #expect(read([0], W.number(1, 5)) == "5")
      #expect(read([2, 0], W.number(1, 6)) == "6")
      #expect(read([2, 2], W.number(4, 8)) == "8")
      #expect(read([4, 2, 0], W.text(2, "z")) == "\"z\"")
    }
    for indexes in [[2, 4], [2, 1], [4, 0, 0], [1], [66] + Array(repeating: 0, count: 33)] as [[UInt8]] {
      #expect(read(indexes, []) == "not_of_schema", "\(indexes)")
    }
    #expect(read([0], [], id: 8) == "unknown_schema")
    #expect(read([], []) == "truncated" && W.read(extractor, [8, 1], 1) == ["no_schema_id"])
    // In a header, the indexes follow the id there.
    func inHeader(_ header: [UInt8], _ message: [UInt8]) -> String {
      let table = HeadersInMemory([("__value_schema_id", header)])
      return message.withUnsafeBytes { bytes in
        withExtendedLifetime(table) {
          do throws(DecodeFailure) {
            try extractor.extract(bytes, headers: table.ofRecord)
            return W.shown(extractor[0], extractor)
          } catch { return error.code }
        }
      }
    }
    #expect(inHeader([0, 0, 0, 0, 7, 2, 2], W.number(4, 9)) == "9")
    #expect(inHeader([0, 0, 0, 0, 7, 0], []) == "0")
    #expect(inHeader([0, 0, 0, 0, 7], []) == "truncated")
    #expect(inHeader([0, 0, 0, 0, 7, 0, 0], []) == "no_schema_id")
  }
}
