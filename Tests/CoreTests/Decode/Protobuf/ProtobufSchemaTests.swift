import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Descriptors, good and bad.
@Suite struct ProtobufSchemaTests {
  private typealias W = ProtobufWriting

  @Test func typesAreFoundFromTheMessageOutwards() throws {
    // As a registry writes them: names without a dot before them, and no type.
    let inner = W.message("Inner", W.field("a", 1, 5))
    let schema = try W.schema(
      W.file(
        "a.b",
        messages: [
          W.message(
            "M", W.field("one", 1, 0, "Inner"), W.field("two", 2, 0, "b.Other"), W.field("three", 3, 0, "E"),
            W.field("at", 4, 0, "google.protobuf.Timestamp"), W.bytes(3, inner)),
          W.message("Other", W.field("a", 1, 9)),
        ], enums: [W.symbols("E", [("X", 0)])]))
    let extractor = try W.extractor(["one.a", "two.a", "three", "at"], schema, "a.b.M")
    let message = W.bytes(1, W.number(1, 3)) + W.bytes(2, W.text(1, "t")) + W.bytes(4, [])
    #expect(W.read(extractor, message, 4) == ["3", "\"t\"", "\"X\"", "\"1970-01-01T00:00:00Z\""])
  }

  /// A registry puts the entries of maps behind all other messages, under names of its own.
  @Test func aMapAsARegistryWritesIt() throws {
    let entry = W.message(
      "user_tagsEntry", W.field("key", 1, 9), W.field("value", 2, 0, "Inner"), W.bytes(7, W.number(7, 1)))
    let schema = try W.schema(
      W.file(
        "a", syntax: "2023",
        messages: [
          W.message(
            "M", W.field("user_tags", 1, 0, "user_tagsEntry", label: 3), W.field("x", 2, 5), W.bytes(3, entry)),
          W.message("Inner", W.field("a", 1, 5)),
        ]))
    let extractor = try W.extractor(["user_tags.k.a", "user_tags.n.a", "x"], schema, "a.M")
    let pair = W.text(1, "k") + W.bytes(2, W.number(1, 3))
    // Fields of editions tell absence.
    #expect(W.read(extractor, W.bytes(1, pair), 3) == ["3", "null", "null"])
    #expect(W.read(extractor, W.bytes(1, pair) + W.bytes(1, W.text(1, "k")), 3) == ["null", "null", "null"])
  }

  /// Messages that are written as groups are passed over, whoever says so.
  @Test func groupsByTheFeaturesOfEditions() throws {
    func features(_ field: UInt64, _ encoding: Int64) -> [UInt8] { W.bytes(8, W.bytes(field, W.number(5, encoding))) }
    let own = W.message("M", W.field("m", 1, 11, ".p.M"), W.field("n", 2, 11, ".p.M", more: features(21, 1)))
    let all = try W.schema(W.file(syntax: "editions", messages: [own]) + features(50, 2))
    #expect(all.messages[0].fields.map(\.name) == ["n"])
    let one = try W.schema(
      W.file(syntax: "editions", messages: [W.message("M", W.field("m", 1, 11, ".p.M", more: features(21, 2)))]))
    #expect(one.messages[0].fields.isEmpty)
    let group = W.varint(1 << 3 | 3) + W.number(2, 5) + W.varint(1 << 3 | 4)
    let extractor = try W.extractor(["n"], all, "p.M")
    #expect(W.read(extractor, group + W.bytes(2, group), 1) == ["{}"])
  }

  /// Only what is wanted must be known: a registry leaves Google's own files out.
  @Test func typesOfGoogleThatAreNotThere() throws {
    let schema = try W.schema(
      W.file(
        messages: [
          W.message(
            "M", W.field("day", 1, 14, ".google.type.DayOfWeek"), W.field("price", 2, 11, ".google.type.Money"),
            W.field("any", 3, 11, ".google.protobuf.Any"), W.field("nothing", 4, 0, "google.protobuf.NullValue"),
            W.field("x", 5, 5))
        ]))
    let extractor = try W.extractor(["day", "any.type_url", "nothing", "x"], schema, "p.M")
    let message = W.number(1, 3) + W.bytes(2, W.text(1, "EUR")) + W.bytes(3, W.text(1, "t")) + W.number(5, 9)
    #expect(W.read(extractor, message, 4) == ["3", "\"t\"", "\"NULL_VALUE\"", "9"])
  }

  @Test func aFieldHasItsNameInJSONToo() throws {
    let schema = try W.schema(
      W.file(
        messages: [
          W.message(
            "M", W.field("user_id", 1, 5), W.field("userId", 2, 5), W.field("shop_id", 3, 5),
            W.field("other", 4, 5, more: W.text(10, "named")))
        ]))
    let paths = ["user_id", "userId", "shopId", "shop_id", "named", "other"]
    let extractor = try W.extractor(paths, schema, "p.M")
    let message = W.number(1, 1) + W.number(2, 2) + W.number(3, 3) + W.number(4, 4)
    #expect(W.read(extractor, message, 6) == ["1", "2", "3", "3", "4", "4"])
  }

  /// Two paths are one array beside the rows in the first schema, and two in the second.
  @Test func arraysBesideRowsUnderTwoNames() throws {
    func schema(_ more: [UInt8]) throws -> ProtobufSchema {
      let row = W.message("Row", W.field("x", 1, 5))
      let ids = W.field("user_ids", 2, 5, label: 3)
      return try W.schema(
        W.file(messages: [W.message("Batch", W.field("rows", 1, 11, ".p.Row", label: 3), ids, more), row]))
    }
    let schemas = ProtobufSchemas(framed: [1: try schema([]), 2: try schema(W.field("userIds", 3, 5, label: 3))])
    let extractor = ProtobufExtractor(
      ExtractionPlan(
        fields: try ["x", "message.user_ids[]", "message.userIds[]"].map { try FieldPath($0, hasRows: true) },
        rows: try FieldPath("rows"), schemas: .protobuf(schemas)), limits: DecodeLimits())
    func read(_ id: UInt8, _ message: [UInt8]) throws -> [[String]] {
      try ([0, 0, 0, 0, id, 0] + message).withUnsafeBytes { bytes in
        try (0..<(try extractor.extract(bytes, headers: nil))).map { _ in
          try extractor.nextRow()
          return (0..<3).map { W.shown(extractor[$0], extractor) }
        }
      }
    }
    let rows = W.bytes(1, W.number(1, 7)) + W.bytes(1, []) + W.bytes(2, [1, 2])
    for _ in 0..<2 {
      #expect(try read(1, rows) == [["7", "1", "1"], ["0", "2", "2"]])
      #expect(try read(2, rows + W.bytes(3, [3, 4])) == [["7", "1", "3"], ["0", "2", "4"]])
    }
  }

  @Test func bytesThatAreNoSchema() {
    func problem(_ bytes: [UInt8]) -> String {
      do throws(ProtobufSchemaFailure) {
        _ = try ProtobufSchema(bytes)
        return ""
      } catch { return error.problem }
    }
    #expect(problem(Array("syntax = \"proto3\";".utf8)).hasPrefix("is no FileDescriptorSet"))
    #expect(problem([]).hasPrefix("has no file in it"))
    #expect(problem([0x0A, 0xFF]).hasPrefix("is no FileDescriptorSet"))
    func one(_ parts: [UInt8]..., syntax: String = "proto3") -> [UInt8] {
      W.set(W.file(syntax: syntax, messages: [W.message("M", parts.flatMap { $0 })]))
    }
    #expect(
      problem(one(W.field("x", 1, 11, ".p.None")))
        == "names the type .p.None at p.M.x, which it does not define; make it with protoc --include_imports")
    #expect(problem(one(W.field("x", 1, 5), W.field("y", 1, 5))) == "gives the fields x and y of p.M one number")
    #expect(problem(one(W.field("x", 0, 5))).hasPrefix("has the field p.M.x without a name, number or label"))
    #expect(problem(one(syntax: "proto9")).hasPrefix("has a file in the syntax proto9"))
    #expect(problem(W.set(W.file(messages: [W.message("M"), W.message("M")]))) == "defines p.M twice")
    #expect(problem(Array(repeating: 0, count: 1 << 20 + 1)).hasPrefix("has 1048577 bytes"))
    // Names are looked for from every message outwards, and a wrapper that wraps itself has no end.
    #expect(problem(one(W.field(String(repeating: "a", count: 513), 1, 5))) == "has a name of more than 512 bytes")
    let long = W.message(String(repeating: "M", count: 300))
    #expect(
      problem(W.set(W.file(String(repeating: "p", count: 300), messages: [long])))
        == "has a name of more than 512 bytes")
    for type in [W.field("value", 1, 11, ".google.protobuf.Int64Value"), W.field("value", 1, 5), []] {
      #expect(
        problem(W.set(W.file("google.protobuf", messages: [W.message("Int64Value", type)])))
          == "defines google.protobuf.Int64Value, which is a name of Google's, without its field value; give it another name"
      )
    }
    var nested = W.message("M")
    for _ in 0..<70 { nested = W.message("M", W.bytes(3, nested)) }
    #expect(problem(W.set(W.file(messages: [nested]))) == "has more than 64 messages within each other")
  }

  /// A descriptor is a file of the user's, or what anybody registered.
  @Test func descriptorMutations() throws {
    let seed = Mutation.seed(0x2046_1000)
    var random = SeededGenerator(seed: seed)
    let good = ProtobufRowsTests.descriptors
    var read = 0
    for _ in 0..<Mutation.rounds(3000) {
      var bytes = good
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        Mutation.damage(&bytes, with: ["\u{0}", "\u{8}", "\u{b}", "p.Row", "\u{7f}"], using: &random)
      }
      guard let schema = try? ProtobufSchema(bytes), let message = schema.messageNames.first else { continue }
      read += 1
      let extractor = try W.extractor(["id", "time", "amount", "rows[0].id", "tags", "unused.a"], schema, message)
      _ = W.read(extractor, ProtobufRowsTests.random(3, &random).protobuf, 6)
    }
    #expect(read > 20)
  }
}
