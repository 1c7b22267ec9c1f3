package import LeewayCore

/// A system that runs trainings: how it is called to begin one, and how it is asked what became of it.
///
/// The trainer may answer on `callback_url` by itself; then nothing more is asked. Where it does not, the end of the run is the answer.
package protocol RetrainTarget: DeliveryFormat {
  /// Whether the same call again starts no second run.
  var isIdempotent: Bool { get }
  /// Whether a run is there now.
  func takes(_ answer: HTTPAnswer) -> Bool
  /// Whether the same call again would be answered in the same way.
  func refuses(_ answer: HTTPAnswer) -> Bool
  /// What the run is called there; nil where it cannot be asked about.
  func run(of retrain: String, after answer: HTTPAnswer) -> String?
  func question(about run: String) -> HTTPRequest
  /// What an answer to the question says; nil where it is none.
  func state(in answer: JSONReader) throws(JSONFailure) -> RunState
  /// What is asked for a token before each request; nil: nothing.
  var login: HTTPRequest? { get }
  /// The header that the answer to `login` gives every other request.
  func authorization(from answer: JSONReader) throws(JSONFailure) -> HTTPHeader
}

/// How far a run is.
package enum RunState: Sendable, Equatable {
  /// Also what this release does not know.
  case running
  case succeeded
  /// With its state in the words of its system.
  case failed(String)
}

extension RetrainTarget {
  package var leavesStanding: Bool { true }
  package func takes(_ answer: HTTPAnswer) -> Bool { (200..<300).contains(answer.status) }
  package func refuses(_ answer: HTTPAnswer) -> Bool { false }
  package var login: HTTPRequest? { nil }
  package func authorization(from answer: JSONReader) throws(JSONFailure) -> HTTPHeader {
    throw answer.failure("was not asked for")
  }

  /// The states by their names; others are running.
  func state(_ name: String, succeeded: String, failed: [String]) -> RunState {
    name == succeeded ? .succeeded : failed.contains(name) ? .failed(name) : .running
  }

  /// The answer's JSON; nil where it is none, or was cut.
  func json(_ answer: HTTPAnswer) -> JSONReader? {
    answer.isCut ? nil : (try? JSONValue(parsing: answer.bodyPrefix)).map { JSONReader($0) }
  }
}

extension ReceiverKey {
  /// A name that becomes part of a path or of a name there: `{monitor}` stands for the monitor's.
  func segment(in values: [String: String], standard: String? = nil) throws(Receiver.Invalid) -> String {
    let text = values[name] ?? standard ?? ""
    let plain = text.replacing("{monitor}", with: "m")
    let isPlain = plain.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "-_.~".utf8.contains(byte)
    }
    guard isPlain, !plain.isEmpty, plain.utf8.count <= 200, plain != ".", plain != ".." else {
      throw Receiver.Invalid(
        key: name,
        problem: "takes letters, digits, hyphens, underscores and dots; {monitor} stands for the monitor's name")
    }
    return text
  }

  /// The address without slashes at its end.
  static func base(in values: [String: String], standard: String = "") throws(Receiver.Invalid) -> String {
    var base = try url(in: values, standard: standard)[...]
    while base.hasSuffix("/") { base = base.dropLast() }
    guard !base.contains(where: { "?#".contains($0) }) else {
      throw Receiver.Invalid(key: "url", problem: "has a query; give the address without it")
    }
    return String(base)
  }

  static let targetToken = ReceiverKey(
    name: "token", help: "bearer token", example: "token: \"${NAME}\"", isSecret: true)
}

extension [HTTPHeader] {
  static func bearer(_ token: String?) -> [HTTPHeader] {
    token.map { [HTTPHeader("Authorization", "Bearer \($0)")] } ?? []
  }
}

extension HTTPRequest {
  /// A question about a run.
  static func get(_ url: String, _ headers: [HTTPHeader]) -> HTTPRequest {
    var request = HTTPRequest(url: url, headers: [HTTPHeader("Accept", "application/json")] + headers, body: [])
    request.method = .get
    return request
  }
}
