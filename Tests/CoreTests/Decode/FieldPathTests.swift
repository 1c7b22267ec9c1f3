import Testing

@testable import LeewayCore

@Suite struct FieldPathTests {
  @Test(arguments: [("amount", 1), ("context.device", 2), ("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p", 16), ("größe. x", 2)])
  func readsPaths(_ text: String, _ count: Int) throws {
    let path = try FieldPath(text)
    #expect(path.keys.count == count)
    #expect(path.description == text)
  }

  @Test(arguments: [
    ("context.\"device.type\"", ["context", "device.type"]), ("\"Sepal.Length\"", ["Sepal.Length"]),
    ("\"a\".b", ["a", "b"]), ("\"say \\\"hi\\\"\".x", ["say \"hi\"", "x"]), ("\"back\\\\slash.\"", ["back\\slash."]),
    ("back\\slash", ["back\\slash"]), ("a\"b.c", ["a\"b", "c"]),
  ]) func stepsMayBeQuoted(_ text: String, _ keys: [String]) throws {
    let path = try FieldPath(text)
    #expect(path.keys == keys)
    // The text that reads back the same.
    #expect(try FieldPath(path.description) == path, "\(path)")
    #expect(path.columnName == keys.joined(separator: "."))
  }

  @Test func aKeyIsTakenAsItIs() throws {
    for key in ["Sepal.Length", "a..b", ".", "\"", "größe. x"] {
      let path = try FieldPath(key: key)
      #expect(path.keys == [key])
      let extractor = JSONExtractor(fields: [path])
      try Array("{\(JSONText.quoted(key)):5,\"a\":{\"b\":6}}".utf8).withUnsafeBytes { try extractor.extract($0) }
      #expect(extractor[0].int64 == 5, "\(key)")
    }
    #expect(throws: FieldPathFailure.self) { try FieldPath(key: "") }
  }

  @Test(arguments: [
    ("\"a", "has a quote that is not closed; write \" behind the key, and \\\" for a quote within it"),
    ("\"a\"b", "has text behind a closing quote; put a dot there"),
    ("\"\".a", "has an empty key; put one dot between keys and none at the ends"),
  ]) func refusesOpenQuotes(_ text: String, _ problem: String) {
    let failure = #expect(throws: FieldPathFailure.self) { try FieldPath(text) }
    #expect(failure?.problem == problem)
  }

  @Test(arguments: [
    ("", "field path \"\" is empty; name a field, as amount or context.device"),
    (".", "field path \".\" has an empty key; put one dot between keys and none at the ends"),
    ("a..b", "field path \"a..b\" has an empty key; put one dot between keys and none at the ends"),
    ("a.", "field path \"a.\" has an empty key; put one dot between keys and none at the ends"),
    (
      "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q",
      "field path \"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q\" has 17 keys; a path takes at most 16"
    ),
  ])
  func refusesPaths(_ text: String, _ message: String) {
    let failure = #expect(throws: FieldPathFailure.self) { try FieldPath(text) }
    #expect(failure?.description == message)
  }

  @Test func refusesLongPaths() {
    let failure = #expect(throws: FieldPathFailure.self) { try FieldPath(String(repeating: "é", count: 513)) }
    #expect(failure?.problem == "has 1026 bytes; a path takes at most 1024")
  }
}

private enum JSONText {
  static func quoted(_ text: String) -> String {
    var w = JSONWriter()
    w.string(text)
    return w.text
  }
}
