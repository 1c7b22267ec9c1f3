import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct JSONTextTests {
  @Test func writesText() {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("a")
    writer.number(0.0)
    writer.key("b")
    writer.beginArray()
    writer.number(1)
    writer.number(Int64.min)
    writer.number(2.5)
    writer.number(1e-12)
    writer.number(Double.nan)
    writer.number(-Double.infinity)
    writer.number(nil as Double?)
    writer.beginObject()
    writer.endObject()
    writer.beginArray()
    writer.endArray()
    writer.bool(true)
    writer.null()
    writer.raw(Array("{\"raw\":1}".utf8))
    writer.time(EventTime(milliseconds: 0))
    writer.endArray()
    writer.key("quote \" and \\")
    writer.string("line\nbreak\u{1}\u{1f}\u{7f} é😀/")
    writer.endObject()
    writer.endLine()
    writer.beginArray()
    writer.endArray()
    #expect(
      writer.text
        == #"{"a":0.0,"b":[1,-9223372036854775808,2.5,1e-12,null,null,null,{},[],true,null,{"raw":1},"#
        + #""1970-01-01T00:00:00.000Z"],"quote \" and \\":"line\nbreak\u0001\u001f"# + "\u{7f} é😀/\"}\n[]")
    writer.removeAll()
    writer.bool(false)
    #expect(writer.text == "false")
  }

  @Test func whatIsWrittenReadsBack() throws {
    let seed: UInt64 = 0x3e3
    var random = SeededGenerator(seed: seed)
    for round in 0..<400 {
      let tree = Self.tree(depth: 5, using: &random)
      var writer = JSONWriter()
      writer.value(tree)
      #expect(try JSONValue(parsing: writer.bytes) == tree, "seed \(seed), round \(round): \(writer.text)")
      let canonical = CanonicalJSON.bytes(of: tree)
      #expect(
        CanonicalJSON.bytes(of: try JSONValue(parsing: canonical)) == canonical, "seed \(seed), round \(round)")
    }
  }

  @Test func readsWholeDocuments() throws {
    func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }
    #expect(try parse("7") == .integer(7))
    #expect(try parse(" \"x\" ") == .string("x"))
    #expect(try parse("[]") == .array([]))
    #expect(try parse("[1,2.0,18446744073709551615]") == .array([.integer(1), .number(2), .number(0x1p64)]))
    #expect(
      try parse("{\"b\":1,\"a\":{},\"b\":2}")
        == .object([.init("a", .object([])), .init("b", .integer(2))]))
    #expect(throws: JSONFailure.self) { try parse("{\"a\":[1e999]}") }
    // Swift's strings are equal however their accents are made up; JSON's keys are not.
    let accents = try parse(#"{"\u00e9":1,"e\u0301":2}"#)
    #expect(
      CanonicalJSON.text(of: accents).unicodeScalars.elementsEqual("{\"e\u{301}\":2,\"\u{e9}\":1}".unicodeScalars))
    let reader = JSONReader(accents)
    #expect(try reader.member("\u{e9}").integer() == 1)
    #expect(try reader.member("e\u{301}").integer() == 2)
  }

  @Test func refusedDocumentsSayWhy() {
    func problem(_ text: String, bytes: Int = 100, depth: Int = 4) -> String? {
      do throws(JSONFailure) {
        _ = try JSONValue(parsing: Array(text.utf8), maximumBytes: bytes, maximumDepth: depth)
        return nil
      } catch {
        return error.description
      }
    }
    #expect(problem("") == "the document is empty; it must hold JSON")
    #expect(problem("{\"a\":") == "the document ends in the middle of its JSON; write it again, whole")
    #expect(problem("{\"a\":NaN}") == "the document is not JSON")
    #expect(problem("[[[[[1]]]]]") == "the document nests arrays and objects deeper than 4 levels")
    #expect(problem("[1234567890]", bytes: 11) == "the document has 12 bytes and the limit is 11")
    #expect(problem("[1e999]") == "the document holds a number beyond ±1.8e308; write a smaller number or null")
    #expect(problem("[[[[1]]]]") == nil)
  }

  @Test func readersNameThePlaceOfAnError() throws {
    let root = JSONReader(
      try JSONValue(
        parsing: Array(
          #"{"features":{"amount":{"knots":[1,2.5,3,"x"],"counts":[1,2.5],"name":"a","flag":true,"none":null}},"list":[{"k":[]}]}"#
            .utf8)))
    let amount = try root.member("features").member("amount")
    #expect(try amount.member("knots").elements().prefix(3).map { try $0.double() } == [1, 2.5, 3])
    #expect(try amount.member("name").string() == "a")
    #expect(try amount.member("flag").bool())
    #expect(try amount.member("none").optional { r throws(JSONFailure) in try r.double() } == nil)
    #expect(try amount.member("absent").optional { r throws(JSONFailure) in try r.double() } == nil)
    #expect(try amount.members().map(\.key) == ["knots", "counts", "name", "flag", "none"])

    func problem(_ read: () throws(JSONFailure) -> Void) -> String? {
      do throws(JSONFailure) {
        try read()
        return nil
      } catch {
        return error.description
      }
    }
    func same(_ problem: String?, _ expected: String, at location: SourceLocation = #_sourceLocation) {
      #expect(problem == expected, sourceLocation: location)
    }
    same(
      problem { () throws(JSONFailure) in _ = try amount.member("knots").doubles() },
      "features.amount.knots[3]: expected a number, found \"x\"")
    same(
      problem { () throws(JSONFailure) in _ = try amount.member("counts").integers() },
      "features.amount.counts[1]: expected an integer, found 2.5")
    same(
      problem { () throws(JSONFailure) in _ = try amount.member("count").integer() },
      "features.amount.count: expected an integer, found nothing")
    same(
      problem { () throws(JSONFailure) in _ = try root.member("list").elements()[0].member("k").string() },
      "list[0].k: expected a string, found an empty array")
    same(
      problem { () throws(JSONFailure) in _ = try root.member("list").members() },
      "list: expected an object, found an array")
    same(
      problem { () throws(JSONFailure) in _ = try root.elements() }, "document: expected an array, found an object")
    same(
      problem { () throws(JSONFailure) in try amount.allowOnly(["knots", "counts", "name", "flag"]) },
      "features.amount.none: unknown key; known are counts, flag, knots, name")
    same(
      problem { () throws(JSONFailure) in _ = try JSONReader(.integer(11)).integer(in: 0...10) },
      "document: expected an integer from 0 to 10, found 11")
  }

  private static func tree(depth: Int, using random: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .integer(Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random))
    case 3:
      let number = Double(bitPattern: random.next())
      return .number(number.isFinite ? number : 0.5)
    case 4, 5:
      let scalars = (0..<Int.random(in: 0..<12, using: &random)).map { _ in
        Unicode.Scalar(UInt32.random(in: 0..<0x3000, using: &random)) ?? "?"
      }
      return .string(String(String.UnicodeScalarView(scalars)))
    case 6, 7:
      return .array((0..<Int.random(in: 0..<6, using: &random)).map { _ in tree(depth: depth - 1, using: &random) })
    default:
      return .object(
        (0..<Int.random(in: 0..<6, using: &random)).map {
          .init("k\($0)\u{e9}\"", tree(depth: depth - 1, using: &random))
        })
    }
  }
}
