/// What `/api/v1/openapi.json` answers (OpenAPI 3.1): the files of the folder `OpenAPI` in one. Each of them is an object
/// of its own, so that editors and linters read it. Tests hold the document against the routes and the lists of values
/// that there are; it has nothing to be filled in.
package enum OpenAPIDocument {
  package static let json = object([
    members("document"),
    "\"paths\": " + object(["monitors", "decisions", "service"].map { members("paths/" + $0) }),
    "\"components\": "
      + object([
        members("components"),
        "\"schemas\": "
          + object(["monitors", "results", "decisions", "notifications"].map { members("schemas/" + $0) }),
      ]),
  ])

  private static func object(_ members: [String]) -> String { "{\n" + members.joined(separator: ",\n") + "\n}\n" }

  /// What stands between the outer braces of a file.
  private static func members(_ name: String) -> String {
    guard let file = WebFile.all.first(where: { $0.path == "OpenAPI/\(name).json" }),
      let first = file.bytes.firstIndex(of: UInt8(ascii: "{")), let last = file.bytes.lastIndex(of: UInt8(ascii: "}"))
    else { preconditionFailure("OpenAPI/\(name).json is not embedded") }
    let inner = String(decoding: file.bytes[(first + 1)..<last], as: UTF8.self)
    return String(inner.drop { $0.isNewline }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
