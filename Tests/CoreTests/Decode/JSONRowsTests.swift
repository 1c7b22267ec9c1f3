import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Messages of many rows, and elements of arrays.
@Suite struct JSONRowsTests {
  /// Every row as its slots' canonical JSON, `-` for what is absent; or what was wrong.
  private static func rows(_ text: String, _ paths: [String], order: [Int] = []) throws -> [[String]] {
    let plan = ExtractionPlan(
      fields: try paths.map { try FieldPath($0, hasRows: true) }, rows: try FieldPath("in.rows"), order: order)
    return rows(text, JSONExtractor(plan, limits: DecodeLimits()), paths.count)
  }

  private static func rows(_ text: String, _ extractor: JSONExtractor, _ slots: Int) -> [[String]] {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBytes { bytes in
      do throws(DecodeFailure) {
        return (0..<(try extractor.extract(bytes))).map { _ in
          do throws(MessageRejection) {
            try extractor.nextRow()
            return (0..<slots).map { slot in
              extractor.tree(of: extractor[slot]).map { String(decoding: CanonicalJSON.bytes(of: $0), as: UTF8.self) }
                ?? "-"
            }
          } catch { return ["\(error.code): \(error.reason)"] }
        }
      } catch { return [[error.code]] }
    }
  }

  @Test func aRowIsAnObjectAndTheMessageIsBesideIt() throws {
    let text = #"""
      {"ids":["a","b"],"at":7,"in":{"rows":[{"x":1,"o":{"y":[5,6]}},{"o":{"y":[8]},"x":"2","at":9}]},
      "out":[{"score":0.5},{"score":0.25}]}
      """#
    let paths = ["x", "o.y[1]", "message.ids[]", "message.at", "message.out[].score", "at", "o"]
    #expect(
      try Self.rows(text, paths) == [
        ["1", "6", #""a""#, "7", "0.5", "-", #"{"y":[5,6]}"#],
        [#""2""#, "-", #""b""#, "7", "0.25", "9", #"{"y":[8]}"#],
      ])
  }

  @Test func aRowMayBeAnArrayInTheFeaturesOrder() throws {
    let text = #"{"in":{"rows":[[1,"x",null],[2,"y",[3]],[1,2],[1,2,3,4],{"b":9},7,null,"x"]}}"#
    let paths = ["id", "a", "b", "c", "[1]"]
    let wrong = { (count: Int) in
      ["bad_row: it has \(count) elements and the monitor 3 features; send one for each"]
    }
    let none = ["bad_row: it is no object and no array; send one of them for each row"]
    #expect(
      try Self.rows(text, paths, order: [1, 2, 3]) == [
        ["-", "1", #""x""#, "null", #""x""#], ["-", "2", #""y""#, "[3]", #""y""#], wrong(2), wrong(4),
        ["-", "-", "9", "-", "-"], none, none, none,
      ])
    // What has the field of a feature is found with it, the first one where two have the same.
    let twice = #"{"in":{"rows":[[1,2,3],{"a":4,"b":5}]}}"#
    #expect(
      try Self.rows(twice, ["b", "a", "b", "b", "a"], order: [1, 2, 3]) == [
        ["2", "1", "2", "3", "1"], ["5", "4", "5", "5", "4"],
      ])
    // What is of the message is no element.
    let beside = #"{"m":7,"in":{"rows":[[1,2],{"a":4}]}}"#
    #expect(
      try Self.rows(beside, ["a", "message.m", "b"], order: [0, 2]) == [["1", "7", "2"], ["4", "7", "-"]])
    // Without an order paths say where everything is, and rows may be longer.
    #expect(try Self.rows(text, ["[0]", "[3]"])[3] == ["1", "4"])
  }

  @Test(arguments: [
    (#"{"in":{"rows":{}}}"#, "no_rows"), (#"{"in":7}"#, "no_rows"), ("{}", "no_rows"),
    (#"{"in":{"rows":[{},{}]},"ids":[1]}"#, "unequal_rows"), (#"{"in":{"rows":[]},"ids":[1]}"#, "unequal_rows"),
    // Of duplicate keys the last counts.
    (#"{"in":{"rows":[{}]},"in":7}"#, "no_rows"), (#"{"in":{"rows":[{}]}"#, "truncated"),
    (#"{"in":{"rows":[{},]}}"#, "not_json"), ("[1]", "not_an_object"),
  ]) func messagesWithoutRowsAreRefused(_ text: String, _ code: String) throws {
    #expect(try Self.rows(text, ["x", "message.ids[]"]) == [[code]])
  }

  @Test func whatIsBesideMayBeMissing() throws {
    for ids in ["", #","ids":null"#, #","ids":"a""#] {
      #expect(try Self.rows("{\"in\":{\"rows\":[{\"x\":1}]}\(ids)}", ["x", "message.ids[]"]) == [["1", "-"]])
    }
    #expect(try Self.rows(#"{"in":{"rows":[]}}"#, ["x"]) == [])
  }

  @Test func moreThanTenThousandRowsAreRefused() throws {
    func text(_ count: Int) -> String {
      "{\"in\":{\"rows\":[\(Array(repeating: "{\"x\":1}", count: count).joined(separator: ","))]}}"
    }
    #expect(try Self.rows(text(10_000), ["x"]).count == 10_000)
    #expect(try Self.rows(text(10_001), ["x"]) == [["too_many_rows"]])
    #expect(
      DecodeFailure.tooManyRows(10_001, limit: 10_000).reason
        == "the message has 10001 rows and the limit is 10000; send smaller messages")
  }

  /// A row shows nothing of the rows and messages before it, and random rows read as when each is a message.
  @Test func rowsReadAsMessagesDo() throws {
    let seed = Mutation.seed(0x2045_0000)
    var random = SeededGenerator(seed: seed)
    let names = ["x", "o.y", "o.z[2]", "list", "s"]
    let plan = ExtractionPlan(
      fields: try names.map { try FieldPath($0, hasRows: true) }, rows: try FieldPath("in.rows"))
    let rowed = JSONExtractor(plan, limits: DecodeLimits())
    let single = JSONExtractor(fields: try names.map { try FieldPath($0) })
    func value() -> String {
      ["1", "-2.5e3", "null", "true", "\"t\\u00e9\"", "[1,[2],3]", "{\"y\":4}", "1e400"]
        .randomElement(using: &random) ?? "0"
    }
    func row() -> String {
      var members: [String] = []
      for key in ["x", "o", "list", "s", "other", "x"] where Bool.random(using: &random) {
        members.append(
          key == "o" ? "\"o\":{\"y\":\(value()),\"z\":[\(value()),\(value()),\(value())]}" : "\"\(key)\":\(value())")
      }
      return "{" + members.joined(separator: ",") + "}"
    }
    for round in 0..<Mutation.rounds(2000) {
      let rows = (0..<Int.random(in: 0...5, using: &random)).map { _ in row() }
      let found = Self.rows("{\"in\":{\"rows\":[\(rows.joined(separator: ","))]}}", rowed, names.count)
      let expected = rows.map { row in
        Array(row.utf8).withUnsafeBytes { bytes -> [String] in
          guard (try? single.extract(bytes)) != nil else { return ["refused"] }
          return names.indices.map { slot in
            single.tree(of: single[slot]).map { String(decoding: CanonicalJSON.bytes(of: $0), as: UTF8.self) } ?? "-"
          }
        }
      }
      #expect(found == expected, "seed \(seed), round \(round): \(rows)")
    }
  }
}
