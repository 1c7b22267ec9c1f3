import Foundation
import LeewayCore
import LeewayTestSupport
import Testing

/// The schemas of `docs/schema`.
enum Schemas {
  static func named(_ name: String) throws -> JSONSchema {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try JSONSchema(Array(Data(contentsOf: root.appendingPathComponent("docs/schema/\(name).schema.json"))))
  }

  /// That what a webhook got is as its schema says.
  static func expectMessage(_ body: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var seen: Set<String> = []
    let problems = try named("webhook").problems(JSONValue(parsing: Array(body.utf8)), seen: &seen)
    #expect(problems == [], "\(body)", sourceLocation: sourceLocation)
  }
}
