import Foundation
import Testing

/// Files of messages with many rows, for `leeway check --sample` and `leeway replay`.
@Suite struct RowsFileTests {
  let folder: TemporaryFolder

  /// The shop, whose rows are arrays of the two features.
  init() throws {
    folder = try TemporaryFolder()
    try Shop.prepare(in: folder)
    try folder.write(
      Shop.monitor.replacing(
        "fields: {id: id, time: at, version: model, score: score}",
        with:
          "rows: in\n  fields: {id: \"message.ids[]\", time: message.at, version: message.model, score: \"message.scores[]\"}"
      ).replacing("baseline: shop", with: "segments: [country, message.region]\nbaseline: shop"),
      to: "monitors/shop.yaml")
  }

  private static func message(_ rows: Range<Int>, bad: String = "") -> String {
    func list(_ text: (Int) -> String) -> String { "[\(rows.map(text).joined(separator: ","))]" }
    return "{\"in\":\(list { "[\(Shop.amount($0)),\"\(Shop.country($0))\"\($0 % 100 == 3 ? bad : "")]" }),"
      + "\"ids\":\(list { "\"p\($0)\"" }),\"at\":\(Shop.time(rows.lowerBound)),\"model\":\"v1\",\"region\":\"eu\","
      + "\"scores\":\(list { "\(Shop.score($0))" })}"
  }

  private func run(_ arguments: String) throws -> (code: Int32, output: String, error: String) {
    try LeewayProcess.run(arguments.split(separator: " ").map(String.init), in: folder.url)
  }

  @Test func everyFieldOfRowsThatAreArraysIsFound() throws {
    try folder.write([0..<100, 100..<300].map { Self.message($0) }.joined(separator: "\n"), to: "p.jsonl")
    let found = try run("check --sample p.jsonl monitors/shop.yaml")
    #expect(found.code == 0)
    #expect(found.error == "")
    #expect(
      found.output == """
        p.jsonl: 300 predictions

        FIELD                   PATH              FOUND  TYPES    EXAMPLE        REMARK
        id                      message.ids[]     all    text     "p0"
        time                    message.at        all    integer  1772323200000
        version                 message.model     all    text     "v1"
        score                   message.scores[]  all    number   0
        feature amount          amount            all    integer  10
        feature country         country           all    text     "DE"
        segment country         country           all    text     "DE"
        segment message.region  message.region    all    text     "eu"

        """)
  }

  @Test func replayFindsThemToo() throws {
    try folder.write(
      (0..<15).map { Self.message($0 * 100..<$0 * 100 + 100, bad: ",1") }.joined(separator: "\n"), to: "p.jsonl")
    let found = try run("replay monitors/shop.yaml --predictions p.jsonl")
    #expect(found.code == 0)
    #expect(!found.error.contains("no prediction has"), "\(found.error)")
    #expect(!found.error.contains("none of the first"), "\(found.error)")
    #expect(found.error.contains("; 15 rows and whole messages invalid, 0 quarantined; "), "\(found.error)")
    #expect(
      found.error.contains(
        "p.jsonl:1: bad_row: 1 of 100 rows are not counted: row 3: it has 3 elements and the monitor 2 features; send one for each\n"
      ), "\(found.error)")
    for slice in ["country=DE", "message.region=eu", "version=v1"] {
      #expect(found.output.contains("\"slice\":\"\(slice)\""), "\(slice)")
    }
  }

  @Test func aSampleSaysWhyRowsAreRefused() throws {
    try folder.write(Self.message(0..<100, bad: ",[1]"), to: "p.jsonl")
    let found = try run("check --sample p.jsonl monitors/shop.yaml")
    #expect(found.code == 0)
    #expect(
      found.output.hasPrefix(
        "p.jsonl: 99 predictions\n1 row refused, the first: p.jsonl:1: row 3: bad_row: it has 3 elements and the monitor 2 features; send one for each\n\n"
      ), "\(found.output)")
    try folder.write("{\"in\":[7,null]}\n", to: "p.jsonl")
    let none = try run("check --sample p.jsonl monitors/shop.yaml")
    #expect(none.code == 1)
    #expect(
      none.output
        == "p.jsonl: 0 predictions\n2 rows refused, the first: p.jsonl:1: row 0: bad_row: it is no object and no array; send one of them for each row\n"
    )
    #expect(none.error == "leeway: p.jsonl: no message could be read: no row is one; fix the producer, or rows\n")
    try folder.write("{\"in\":[]}\n", to: "p.jsonl")
    #expect(
      try run("check --sample p.jsonl monitors/shop.yaml").error
        == "leeway: p.jsonl: no message could be read: their arrays of rows are empty\n")
  }

  /// A value with a number beyond the range of Double has no tree.
  @Test func aValueWithoutATree() throws {
    try folder.write(Self.message(0..<1).replacing("[\(Shop.amount(0)),", with: "[[1e999],"), to: "p.jsonl")
    var found = try run("check --sample p.jsonl monitors/shop.yaml")
    #expect(found.output.contains("array    array "), "\(found.output)")
    try folder.write(Self.message(0..<1).replacing("[\(Shop.amount(0)),", with: "[1e999,"), to: "p.jsonl")
    found = try run("check --sample p.jsonl monitors/shop.yaml")
    #expect(found.output.contains("number   1e999 "), "\(found.output)")
  }

  @Test func messagesLongerThanAMebibyte() throws {
    let rows = 60_000..<69_999
    let long = Self.message(rows).dropLast() + ",\"more\":\"\(String(repeating: "x", count: 1 << 20))\"}"
    try folder.write(String(long), to: "p.jsonl")
    let none = try run("replay monitors/shop.yaml --predictions p.jsonl")
    #expect(none.code == 1)
    #expect(none.error.contains("leeway: 1 line was longer than 1 MiB and skipped\n"), "\(none.error)")
    #expect(
      none.error.hasSuffix(
        "leeway: no prediction was accepted: the files of --predictions have only lines longer than 1 MiB, which were skipped; raise --message-bytes, or send smaller messages\n"
      ), "\(none.error)")
    let sample = try run("check --sample p.jsonl monitors/shop.yaml")
    #expect(
      sample.error
        == "leeway: p.jsonl: no message could be read: all lines are longer than 1 MiB; raise --message-bytes, or send smaller messages\n"
    )
    let all = try run("replay monitors/shop.yaml --predictions p.jsonl --message-bytes 2MiB")
    #expect(all.code == 0)
    #expect(all.error.hasPrefix("leeway: 9999 predictions accepted, "), "\(all.error)")
    #expect(try run("check --sample p.jsonl monitors/shop.yaml --message-bytes 2MiB").code == 0)
    let wrong = try run("replay monitors/shop.yaml --predictions p.jsonl --message-bytes 2m")
    #expect(wrong.code == 2)
    #expect(wrong.error.contains("The value '2m' is invalid for '--message-bytes <message-bytes>'"), "\(wrong.error)")
  }
}
