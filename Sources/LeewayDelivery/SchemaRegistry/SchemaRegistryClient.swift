import Foundation
package import LeewayCore

/// What became of one question for a schema.
package enum SchemaAnswer: Sendable, Equatable {
  /// What it is, or why it can never be read. Neither changes.
  case found(SchemaRecord.Content)
  /// The registry does not have the id now.
  case unknown
  /// No answer that says anything about the schema, and why.
  case away(String)

  /// A label of metrics.
  package var outcome: String {
    switch self {
    case .found(.avro), .found(.protobuf): "found"
    case .found: "unusable"
    case .unknown: "unknown"
    case .away: "failed"
    }
  }
}

/// Asks a schema registry that speaks as Confluent's does for schemas by their id. Belongs to one thread, as its
/// ``HTTPRequestSender`` does, and blocks it.
package final class SchemaRegistryClient {
  /// The largest answer that is read: a schema as JSON text within JSON.
  package static let maximumAnswerBytes = 4 << 20
  private static let accepted =
    "application/vnd.schemaregistry.v1+json, application/vnd.schemaregistry+json, application/json"

  private static let guids = "/schemas/guids/"
  static let subjects = "/subjects/"

  private let server: SchemaRegistryServer
  private let sender: HTTPRequestSender
  private let limits: RequestLimits
  /// Which address answered last: others may be down for long.
  private var preferred = 0

  /// - Parameters:
  ///   - version: Leeway's own.
  ///   - abort: ends the question under way.
  /// - Throws: `HTTPFailure` where curl cannot be started.
  package init(
    _ server: SchemaRegistryServer, version: String, abort: AbortFlag,
    limits: RequestLimits = RequestLimits(answerBytes: SchemaRegistryClient.maximumAnswerBytes)
  ) throws(HTTPFailure) {
    self.server = server
    self.limits = limits
    sender = try HTTPRequestSender(version: version, abort: abort, trust: server.tls)
  }

  /// Asks the addresses in turn until one says something of the schema.
  package func schema(_ id: SchemaID) -> SchemaAnswer {
    var failures: [String] = []
    for turn in server.urls.indices {
      let place = (preferred + turn) % server.urls.count
      switch ask(server.urls[place], id) {
      case .away(let why): failures.append(why)
      case let answer:
        preferred = place
        return answer
      }
    }
    return .away(failures.joined(separator: "; "))
  }

  private func ask(_ url: String, _ id: SchemaID) -> SchemaAnswer {
    let path =
      switch id {
      case .number: "/schemas/ids/\(id)"
      case .guid: "\(Self.guids)\(id)"
      }
    let first = ask(url, path: path)
    switch first {
    case .schema(let text, .avro, let references):
      guard !references.isEmpty else { return .found(.avro(text)) }
      return resolved(url, path)
    case .schema(_, .protobuf, _): return protobuf(url, path)
    case .other(let answer): return answer
    }
  }

  /// With the types of its references written out in it, where the registry does that.
  private func resolved(_ url: String, _ path: String) -> SchemaAnswer {
    switch ask(url, path: "\(path)?format=resolved") {
    case .schema(let text, .avro, _):
      do throws(AvroSchemaFailure) { _ = try AvroSchema(text) } catch {
        return .found(
          .unusable(
            "has references to other schemas, and the registry does not write them out (format=resolved); register it as one schema"
          ))
      }
      return .found(.avro(text))
    case .schema: return .away("the schema registry says another type of the same schema")
    case .other(let answer): return answer
    }
  }

  enum Kind { case avro, protobuf }

  /// What a schema refers to: a version of a subject.
  struct Reference: Hashable {
    var subject: String
    var version: Int64
  }

  enum Reply {
    case schema([UInt8], Kind, references: [Reference])
    case other(SchemaAnswer)
  }

  func ask(_ url: String, path: String) -> Reply {
    let request = HTTPRequest(method: .get, url: url + path, headers: headers, body: [], limits: limits)
    switch sender.send(request) {
    case .failure(let failure): return .other(.away(failure.text))
    case .success(let answer):
      let hint =
        path.hasPrefix(Self.guids)
        ? "the registry may be too old to know GUIDs; or check the path in schema_registry.urls"
        : "check the path in schema_registry.urls"
      // An answer about a reference may say that its subject or version is not there.
      let codes: ClosedRange<Int64> = path.hasPrefix(Self.subjects) ? 40401...40403 : 40403...40403
      return read(answer, from: URLOrigin(url).map { "\($0)" } ?? "the registry", codes, hint)
    }
  }

  private var headers: [HTTPHeader] {
    let accept = HTTPHeader("Accept", Self.accepted)
    switch server.credentials {
    case .none: return [accept]
    case .basic(let username, let password):
      return [
        accept, HTTPHeader("Authorization", "Basic \(Data("\(username):\(password)".utf8).base64EncodedString())"),
      ]
    case .bearer(let token): return [accept, HTTPHeader("Authorization", "Bearer \(token)")]
    }
  }

  /// - Parameters:
  ///   - codes: of errors that say that what is asked for is not there.
  ///   - hint: what to do about an address that is not there.
  private func read(
    _ answer: HTTPAnswer, from origin: String, _ codes: ClosedRange<Int64>, _ hint: String
  ) -> Reply {
    switch answer.status {
    case 200: return readSchema(answer, from: origin)
    case 404:
      // A wrong path, a proxy or another server says 404 too; only the registry's own word is about the schema.
      guard let code = Self.integer("error_code", in: answer), codes.contains(code) else {
        return .other(
          .away(
            "GET \(origin): status 404 without error code \(codes.count == 1 ? "40403" : "40401 to 40403"); \(hint)"))
      }
      return .other(.unknown)
    case 401, 403:
      return .other(
        .away(
          "GET \(origin): status \(answer.status); check username and password, token, or certificate of schema_registry"
        ))
    case let status: return .other(.away("GET \(origin): status \(status)"))
    }
  }

  private func readSchema(_ answer: HTTPAnswer, from origin: String) -> Reply {
    guard !answer.isCut else {
      return .other(.found(.unusable("has more than \(limits.answerBytes) bytes")))
    }
    guard case .object(let members)? = try? JSONValue(parsing: answer.bodyPrefix) else {
      return .other(.away("GET \(origin): the answer is no JSON object; check schema_registry.urls"))
    }
    func member(_ key: String) -> JSONValue? { members.last { $0.key.utf8.elementsEqual(key.utf8) }?.value }
    let kind: Kind
    // Without a type it is Avro.
    switch member("schemaType") {
    case nil, .null, .string("AVRO"): kind = .avro
    case .string("PROTOBUF"): kind = .protobuf
    case .string(let type): return .other(.found(.unusable("is \(type.onOneLine(limit: 40)) and not AVRO or PROTOBUF")))
    default: return .other(.away("GET \(origin): the answer's schemaType is no text"))
    }
    guard case .string(let text)? = member("schema") else {
      return .other(.away("GET \(origin): the answer has no schema; check schema_registry.urls"))
    }
    guard text.utf8.count <= AvroSchema.maximumBytes else {
      return .other(
        .found(.unusable("has \(text.utf8.count) bytes; a schema takes at most \(AvroSchema.maximumBytes)")))
    }
    var references: [Reference] = []
    if case .array(let list)? = member("references") {
      for reference in list {
        guard case .object(let members) = reference else { continue }
        var (subject, version): (String?, Int64?) = (nil, nil)
        for member in members {
          if case .string(let text) = member.value, member.key == "subject" { subject = text }
          if case .integer(let number) = member.value, member.key == "version" { version = number }
        }
        guard let subject, let version else {
          return .other(.away("GET \(origin): a reference in the answer has no subject and version"))
        }
        references.append(Reference(subject: subject, version: version))
      }
    }
    return .schema(Array(text.utf8), kind, references: references)
  }

  private static func integer(_ key: String, in answer: HTTPAnswer) -> Int64? {
    guard !answer.isCut, case .object(let members)? = try? JSONValue(parsing: answer.bodyPrefix),
      case .integer(let number)? = members.last(where: { $0.key.utf8.elementsEqual(key.utf8) })?.value
    else { return nil }
    return number
  }
}
