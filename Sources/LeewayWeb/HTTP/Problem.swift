import HTTPTypes
import Hummingbird
import LeewayCore

/// A refusal as RFC 9457 has it: what was asked, what is wrong with it, and the fix.
struct Problem: Error, Sendable, Equatable {
  /// Short and stable; the document's `type` is `urn:leeway:problem:` and this.
  enum Kind: String, Sendable {
    case unknownParameter = "unknown-parameter"
    case repeatedParameter = "repeated-parameter"
    case badParameter = "bad-parameter"
    case badBody = "bad-body"
    case bodyTooLarge = "body-too-large"
    case uriTooLong = "uri-too-long"
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    case unauthorized
    case forbidden
    case conflict
    case badConfiguration = "bad-configuration"
    case busy
    case notNow = "not-now"
    case ledgerFailed = "ledger-failed"
    case failed

    var status: HTTPResponse.Status {
      switch self {
      case .unknownParameter, .repeatedParameter, .badParameter, .badBody: .badRequest
      case .bodyTooLarge: .contentTooLarge
      case .uriTooLong: .uriTooLong
      case .notFound: .notFound
      case .methodNotAllowed: .methodNotAllowed
      case .unauthorized: .unauthorized
      case .forbidden: .forbidden
      case .conflict: .conflict
      case .badConfiguration: .unprocessableContent
      case .busy, .notNow, .ledgerFailed: .serviceUnavailable
      case .failed: .internalServerError
      }
    }

    var title: String {
      switch self {
      case .unknownParameter: "Unknown parameter"
      case .repeatedParameter: "Repeated parameter"
      case .badParameter: "Bad parameter"
      case .badBody: "Bad body"
      case .bodyTooLarge: "Body too large"
      case .uriTooLong: "URI too long"
      case .notFound: "Not found"
      case .methodNotAllowed: "Method not allowed"
      case .unauthorized: "Token needed"
      case .forbidden: "Not allowed"
      case .conflict: "Already settled"
      case .badConfiguration: "The configuration was not loaded"
      case .busy: "Too many requests at once"
      case .notNow: "Not now"
      case .ledgerFailed: "The ledger failed"
      case .failed: "The service failed"
      }
    }
  }

  var kind: Kind
  /// One sentence, or two: what is wrong, and where.
  var detail: String
  /// The name of a query parameter, or the path of a body's member.
  var parameter: String?
  /// As it was given, cut to 200 characters.
  var value: String?
  /// What to do instead.
  var fix: String?
  /// Everything that is wrong, where one detail cannot hold it.
  var errors: [String] = []
  var headers: HTTPFields = [:]

  init(
    _ kind: Kind, _ detail: String, parameter: String? = nil, value: String? = nil, fix: String? = nil,
    errors: [String] = [], headers: HTTPFields = [:]
  ) {
    self.kind = kind
    self.detail = detail
    self.parameter = parameter
    self.value = value.map { String($0.prefix(200)) }
    self.fix = fix
    self.errors = errors
    self.headers = headers
  }

  static let mediaType = "application/problem+json"

  /// The document, `instance` being the request's path.
  func document(instance: String) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("type", "urn:leeway:problem:" + kind.rawValue)
    json.member("title", kind.title)
    json.member("status", kind.status.code)
    json.member("detail", detail)
    json.member("instance", String(instance.prefix(200)))
    if let parameter { json.member("parameter", parameter) }
    if let value { json.member("value", value) }
    if let fix { json.member("fix", fix) }
    if !errors.isEmpty { json.member("errors", errors) }
    json.endObject()
    return json.bytes
  }

  func response(instance: String) -> Response {
    var headers = headers
    headers[.contentType] = Self.mediaType
    headers[.cacheControl] = "no-store"
    return Response(
      status: kind.status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: document(instance: instance))))
  }
}

extension Problem {
  static func notFound(_ what: String, _ name: String, fix: String) -> Problem {
    Problem(.notFound, "There is no \(what) named \"\(name.prefix(200))\".", value: name, fix: fix)
  }

  static let forgottenPath = Problem(
    .notFound, "There is nothing at this path.", fix: "See /api/v1/openapi.json for what there is.")
}
