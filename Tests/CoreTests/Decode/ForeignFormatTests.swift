import Testing

@testable import LeewayCore

/// Messages of another format than JSON are named as what they are.
@Suite struct ForeignFormatTests {
  private func reject(_ bytes: [UInt8]) throws -> String {
    let extractor = JSONExtractor(fields: [try FieldPath("a")])
    do {
      try bytes.withUnsafeBytes { _ = try extractor.extract($0) }
      return "accepted"
    } catch let failure as DecodeFailure { return "\(failure.code): \(failure.reason)" }
  }

  @Test func bytesOfASchemaRegistry() throws {
    #expect(
      try reject([0, 0, 0, 1, 2, 12, 65, 66])
        == "avro: the message has the header of a schema registry (schema 258) and is not JSON; if it is Avro or Protobuf, set format: avro or format: protobuf"
    )
    #expect(
      try reject([0, 0, 0, 0, 7] + Array(#"{"a":1}"#.utf8))
        == "registry_json: the message has the header of a schema registry (schema 7) before its JSON; produce JSON without it"
    )
    // Too short for an id and a value.
    #expect(try reject([0, 0, 0, 0, 7]).hasPrefix("not_json: "))
  }

  @Test func otherFormats() throws {
    #expect(
      try reject(Array("Obj".utf8) + [1, 4, 20])
        == "avro: this is an Avro file and not JSON; write its records as JSON, one a line")
    #expect(
      try reject([0xC3, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        == "avro: the message is Avro (single object encoding) and not JSON; produce JSON")
    #expect(
      try reject([0x1F, 0x8B, 8, 0])
        == "gzip: the message is compressed with gzip and not JSON; let Kafka compress it, or name a file .gz")
    #expect(
      try reject(Array("PAR1".utf8) + [21, 0])
        == "parquet: this is a Parquet file and not JSON; write its rows as JSON, one a line")
    let utf16 = "utf16: the text is UTF-16; write it as UTF-8"
    for text in [#"{"a":1}"#, "\u{FEFF}{}"] {
      #expect(try reject(text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }) == utf16)
      #expect(try reject(text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }) == utf16)
    }
    // The second line of a file that was split at the first byte of a line's end.
    #expect(try reject([0, 0x7B, 0, 0x22, 0]) == utf16)
    #expect(try reject(Array(#"{"a":1}"#.utf8)) == "accepted")
    #expect(try reject(Array("Object".utf8)).hasPrefix("not_json: "))
  }
}
