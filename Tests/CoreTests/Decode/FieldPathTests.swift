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

  @Test(arguments: [
    ("embedding[3]", [FieldPath.Step.key("embedding"), .index(3)], "embedding[3]"),
    ("a.b[0][12].c", [.key("a"), .key("b"), .index(0), .index(12), .key("c")], "a.b[0][12].c"),
    ("\"a[3]\"", [.key("a[3]")], "a[3]"), ("\"a.b\"[9999]", [.key("a.b"), .index(9999)], "a.b[9999]"),
    ("a]", [.key("a]")], "a]"),
  ]) func elementsOfArraysHaveAnIndex(_ text: String, _ steps: [FieldPath.Step], _ column: String) throws {
    let path = try FieldPath(text)
    #expect(path.steps == steps)
    #expect(path.root == .whole)
    #expect(path.description == text)
    #expect(path.columnName == column)
  }

  @Test(arguments: [
    ("amount", FieldPath.Root.row, [FieldPath.Step.key("amount")]), ("[3]", .row, [.index(3)]),
    ("[0].x", .row, [.index(0), .key("x")]), ("message.sent", .message, [.key("sent")]),
    ("message.ids[]", .message, [.key("ids"), .each]), ("message", .row, [.key("message")]),
    ("\"message\".role", .row, [.key("message"), .key("role")]),
    ("message.out[].score", .message, [.key("out"), .each, .key("score")]),
    ("message.shape[1]", .message, [.key("shape"), .index(1)]),
  ]) func pathsOfManyRowsAreOfTheRowOrOfTheMessage(
    _ text: String, _ root: FieldPath.Root, _ steps: [FieldPath.Step]
  ) throws {
    let path = try FieldPath(text, hasRows: true)
    #expect(path.root == root)
    #expect(path.steps == steps)
    #expect(path.description == text)
    #expect(path.isOfRow == (root == .row || steps.contains(.each)))
    #expect(try FieldPath(path.description, hasRows: true) == path)
    #expect(path.inTable.root == .whole && path.inTable.steps == steps.filter { $0 != .each })
  }

  @Test(arguments: [
    ("a[", false, "has a bracket that is not closed; write embedding[3], or the key in quotes"),
    ("a[x]", false, "has brackets without an index of 0 to 9999; write embedding[3], or the key in quotes"),
    ("a[10000]", false, "has brackets without an index of 0 to 9999; write embedding[3], or the key in quotes"),
    ("a[-1]", false, "has brackets without an index of 0 to 9999; write embedding[3], or the key in quotes"),
    ("a[1]b", false, "has text behind a bracket; put a dot there"),
    ("[1]", false, "has an empty key; put one dot between keys and none at the ends"),
    (
      "ids[]", true,
      "has [] for the element of each row; that is for one array of the message beside its rows, as message.ids[]"
    ),
    (
      "message.a[].b[]", true,
      "has [] for the element of each row; that is for one array of the message beside its rows, as message.ids[]"
    ),
    (
      "ids[]", false,
      "has [] for the element of each row, and a message is one row; add rows: ARRAY beside fields, or write an index, as [0]"
    ),
  ]) func refusesBrackets(_ text: String, _ hasRows: Bool, _ problem: String) {
    let failure = #expect(throws: FieldPathFailure.self) { try FieldPath(text, hasRows: hasRows) }
    #expect(failure?.problem == problem)
  }

  @Test func aKeyIsTakenAsItIs() throws {
    for key in ["a[3]", "Sepal.Length", "a..b", ".", "\"", "größe. x"] {
      let path = try FieldPath(key: key)
      #expect(path.keys == [key])
      let extractor = JSONExtractor(fields: [path])
      try Array("{\(JSONText.quoted(key)):5,\"a\":{\"b\":6}}".utf8).withUnsafeBytes { _ = try extractor.extract($0) }
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
