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
