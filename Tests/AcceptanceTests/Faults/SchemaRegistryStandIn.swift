import Foundation
import LeewayLocks
import LeewayTestSupport
import Testing

/// A schema registry on loopback: what it has, and whether it is there.
final class SchemaRegistryStandIn: Sendable {
  private struct State {
    var isAway: Bool
    /// By path, without and with `format=serialized`.
    var answers: [String: (plain: String, serialized: String)] = [:]
  }

  private let state: Mutex<State>

  /// - Parameter schemas: in Avro, by their ids.
  init(_ schemas: [Int: String] = [:], isAway: Bool = false) {
    state = Mutex(State(isAway: isAway))
    for (id, schema) in schemas { register(schema, as: id) }
  }

  func comeBack() { state.withLock { $0.isAway = false } }

  func register(_ schema: String, as id: Int) {
    let body = Self.body(["schema": schema])
    state.withLock { $0.answers["/schemas/ids/\(id)"] = (body, body) }
  }

  /// A schema in Protobuf, which is text unless it is asked for otherwise, as Confluent's registry has it.
  ///
  /// - Parameter references: subjects of which the first version is referred to.
  func register(_ descriptor: [UInt8], at path: String, references: [String] = []) {
    let list = references.map { ["name": "\($0).proto", "subject": $0, "version": 1] as [String: Any] }
    let plain = Self.body(["schemaType": "PROTOBUF", "schema": "syntax = \"proto3\";", "references": list])
    let serialized = Self.body([
      "schemaType": "PROTOBUF", "schema": Data(descriptor).base64EncodedString(), "references": list,
    ])
    state.withLock { $0.answers[path] = (plain, serialized) }
  }

  private static func body(_ object: [String: Any]) -> String {
    (try? JSONSerialization.data(withJSONObject: object)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  func answer(_ request: LoopbackReceiver.Request) -> LoopbackReceiver.Behaviour {
    let (path, query) = (
      request.path.prefix { $0 != "?" }, request.path.drop { $0 != "?" }
    )
    let (isAway, found) = state.withLock { ($0.isAway, $0.answers[String(path)]) }
    if isAway { return .answer(status: 503) }
    guard request.header("Authorization") == "Basic \(Data("leeway:hunter2".utf8).base64EncodedString())" else {
      return .answer(status: 401)
    }
    if let found { return .answer(status: 200, body: query.contains("serialized") ? found.serialized : found.plain) }
    let code = path.hasPrefix("/subjects/") ? 40401 : 40403
    return .answer(status: 404, body: "{\"error_code\":\(code),\"message\":\"not found\"}")
  }
}

extension RunningService {
  /// What `/readyz` says of schemas, whether it holds or not.
  private var schemas: String? {
    guard let text = try? Curl.ask(base + "/readyz").output,
      let answer = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
      let conditions = answer["conditions"] as? [[String: Any]]
    else { return nil }
    return conditions.first { $0["name"] as? String == "schemas_known" }?["detail"] as? String
  }

  func awaitSchemas(_ wanted: String) throws {
    var found: String?
    _ = try eventually { () -> Bool? in
      found = schemas
      return found == wanted || !process.isRunning ? true : nil
    }
    #expect(found == wanted, "\(process.standardError)")
  }
}

extension Shop {
  /// The lines of drift of the two hours that 600 predictions close, in slice `all`.
  static func closed(_ lines: [String]) -> [String] {
    lines.filter {
      $0.hasPrefix("{\"type\":\"drift\"") && $0.contains("\"slice\":\"all\"")
        && ($0.contains("\"end\":\"2026-03-01T01:00:00.000Z\"") || $0.contains("\"end\":\"2026-03-01T02:00:00.000Z\""))
    }.sorted()
  }
}
