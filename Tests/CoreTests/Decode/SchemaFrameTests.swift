import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Where the serializers of a schema registry say which schema a message is of.
@Suite struct SchemaFrameTests {
  private static let name = "__value_schema_id"
  private static let guid = SchemaID.guid(high: 0x83ea_c45f_d224_4be7, low: 0x9667_7243_33ec_318d)

  private static func frame(_ hex: String, _ headers: [(String, [UInt8]?)] = []) -> SchemaFrame? {
    let table = HeadersInMemory(headers)
    return AvroExtractorTests.bytes(hex: hex).withUnsafeBytes { bytes in
      withExtendedLifetime(table) { SchemaFrame(bytes, headers: table.ofRecord) }
    }
  }

  private static func bytes(_ hex: String) -> [UInt8] { AvroExtractorTests.bytes(hex: hex) }

  /// The vectors that Confluent's serializers for Python write for `{a: -3, ...}`.
  @Test func aNumberOrAGUIDStandsBeforeTheRecord() {
    #expect(Self.frame("00000000050200") == SchemaFrame.of(5, length: 5))
    #expect(Self.frame("00ffffffff") == SchemaFrame.of(.number(.max), length: 5))
    #expect(Self.frame("0183eac45fd2244be79667724333ec318d050000") == SchemaFrame.of(Self.guid, length: 17))
    for hex in ["", "00", "00000000", "0183eac45fd2244be79667724333ec31", "0200000005", "7b7d7b7d7b7d"] {
      #expect(Self.frame(hex) == nil, "\(hex)")
    }
  }

  @Test func aHeaderSaysItForAValueThatIsTheRecord() {
    let guid = Self.bytes("0183eac45fd2244be79667724333ec318d")
    #expect(Self.frame("050000", [(Self.name, guid)]) == SchemaFrame.of(Self.guid, length: 0))
    #expect(Self.frame("", [(Self.name, [0, 0, 0, 0, 9])]) == SchemaFrame.of(9, length: 0))
    // The last of the name, whatever the value begins with.
    let two = [(Self.name, [0, 0, 0, 0, 9] as [UInt8]?), ("other", [1]), (Self.name, [0, 0, 0, 1, 0])]
    #expect(Self.frame("0000000005", two) == SchemaFrame.of(256, length: 0))
    // One that says nothing is no reason to guess.
    for header in [[], [7], [0, 0, 0, 9], [0, 0, 0, 0, 9, 9], guid + [0]] as [[UInt8]] {
      #expect(Self.frame("0000000005", [(Self.name, header)]) == nil, "\(header)")
    }
    // A null is none.
    #expect(Self.frame("0000000005", [(Self.name, nil)]) == SchemaFrame.of(5, length: 5))
    #expect(Self.frame("0000000005", [("__key_schema_id", guid)]) == SchemaFrame.of(5, length: 5))
  }

  @Test func idsHaveOneText() {
    var random = SeededGenerator(seed: 5)
    let ids =
      [0, 5, .number(.max), Self.guid, .guid(high: 0, low: 0), .guid(high: 0, low: .max), .guid(high: .max, low: 1)]
      + (0..<200).map { _ in
        SchemaID.guid(high: .random(in: 0 ... .max, using: &random), low: .random(in: 0 ... .max, using: &random))
      }
    for id in ids { #expect(SchemaID(id.description) == id) }
    #expect(Self.guid.description == "83eac45f-d224-4be7-9667-724333ec318d")
    #expect(SchemaID.guid(high: 0, low: 255).description == "00000000-0000-0000-0000-0000000000ff")
    for text in [
      "", "-1", "+1", "01", "4294967296", "83eac45fd2244be79667724333ec318d", "83EAC45F-d224-4be7-9667-724333ec318d",
      "83eac45f-d224-4be7-9667-724333ec318", "83eac45f-d224-4be7-9667-724333ec318dx",
      "g3eac45f-d224-4be7-9667-724333ec318d",
    ] {
      #expect(SchemaID(text) == nil, "\(text)")
    }
    #expect(
      [Self.guid, 7, .guid(high: 1, low: 9), 2, .guid(high: 1, low: 8)].sorted() == [
        2, 7, .guid(high: 1, low: 8), .guid(high: 1, low: 9), Self.guid,
      ])
  }

  /// The same record by prefix, by GUID and by header.
  @Test func recordsAreReadWhereverTheirSchemaIsSaid() throws {
    let extractor = AvroExtractor(
      ExtractionPlan(fields: [try FieldPath("a")], schemas: .avro(.registry)), limits: DecodeLimits())
    let schema = try AvroExtractorTests.schema(
      "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"long\"},{\"name\":\"b\",\"type\":[\"null\",\"double\"]},{\"name\":\"s\",\"type\":\"string\"}]}"
    )
    var known = KnownSchemas()
    for id in [5, Self.guid] { known.learn(.schema(schema), of: id) }
    extractor.know(known)
    func read(_ hex: String, _ headers: [(String, [UInt8]?)] = []) -> String {
      let table = HeadersInMemory(headers)
      return AvroExtractorTests.bytes(hex: hex).withUnsafeBytes { bytes in
        do throws(DecodeFailure) {
          _ = try withExtendedLifetime(table) { () throws(DecodeFailure) in
            try extractor.extract(bytes, headers: table.ofRecord)
          }
          return AvroExtractorTests.shown(extractor[0], extractor)
        } catch { return error.code }
      }
    }
    #expect(read("00000000050502000000000000f83f0668c3a9") == "-3")
    #expect(read("0183eac45fd2244be79667724333ec318d050000") == "-3")
    #expect(read("050000", [(Self.name, Self.bytes("0183eac45fd2244be79667724333ec318d"))]) == "-3")
    #expect(read("050000", [(Self.name, [0, 0, 0, 0, 5])]) == "-3")
    #expect(read("050000", [(Self.name, [0, 0, 0, 0, 6])]) == "unknown_schema")
    #expect(read("050000", [(Self.name, [9])]) == "no_schema_id")
    #expect(read("050000") == "no_schema_id")
  }
}

extension SchemaFrame {
  fileprivate static func of(_ id: SchemaID, length: Int) -> SchemaFrame {
    var frame = [0, 0, 0, 0, 0].withUnsafeBytes { SchemaFrame($0, headers: nil) }
    frame?.id = id
    frame?.length = length
    return frame ?? { preconditionFailure("five zero bytes are a frame") }()
  }
}
