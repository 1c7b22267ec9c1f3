import LeewayConfiguration
package import LeewayCore
import LeewayDelivery

/// A running service, asked over HTTP by the command line.
package struct ServiceClient {
  /// Where it listens unless it is configured otherwise.
  package static let usualServer = "http://127.0.0.1:8080"
  /// Bytes of an answer: a thousand incidents with all their evidence.
  private static let longestAnswer = 64 << 20

  private let server: String
  private let token: String?
  private let sender: HTTPRequestSender

  /// - Parameters:
  ///   - server: its address, such as `https://leeway.example.com`; a path in it is kept.
  ///   - token: a bearer token; nil where reading is open.
  /// - Throws: `InputProblem` if the address is none.
  package init(server: String, token: String?) throws {
    var server = server
    while server.hasSuffix("/") { server.removeLast() }
    guard HTTPRequest(url: server, headers: [], body: []).isSendable, !server.contains(where: { "?#@".contains($0) })
    else {
      throw InputProblem("\(server): is no address of a server; write for example --server \(Self.usualServer)")
    }
    self.server = server
    self.token = token
    do { sender = try HTTPRequestSender(version: ServiceVersion.text, abort: AbortFlag()) } catch {
      throw EnvironmentProblem(error.description)
    }
  }

  /// The token of a file, or of the environment.
  ///
  /// - Throws: `InputProblem` if the file cannot be read, or either holds what is no token.
  package static func token(file: String?, environment: [String: String]) throws -> String? {
    let (place, text): (String, String)
    if let file {
      do throws(TextFile.Failure) {
        (place, text) = (file, String(decoding: try TextFile.bytes(at: file, limit: 1 << 16), as: UTF8.self))
      } catch {
        throw InputProblem("\(file): the token's file \(error.problem)")
      }
    } else if let found = environment["LEEWAY_TOKEN"] {
      (place, text) = ("LEEWAY_TOKEN", found)
    } else {
      return nil
    }
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == 1, let token = words.first, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw InputProblem(
        "\(place): holds no token; put the word there that leeway token new has printed, and nothing else")
    }
    return String(token)
  }

  /// - Throws: `InputProblem` where the service refuses; `EnvironmentProblem` where it cannot be reached, or fails.
  package func get(_ path: String) throws -> JSONValue { try ask(.get, path, []) }

  /// - Parameter body: JSON.
  /// - Throws: as `get`.
  package func post(_ path: String, _ body: String) throws -> JSONValue { try ask(.post, path, Array(body.utf8)) }

  private func ask(_ method: HTTPRequest.Method, _ path: String, _ body: [UInt8]) throws -> JSONValue {
    var headers = [HTTPHeader("Accept", "application/json")]
    if !body.isEmpty { headers.append(HTTPHeader("Content-Type", "application/json")) }
    if let token { headers.append(HTTPHeader("Authorization", "Bearer \(token)")) }
    let request = HTTPRequest(
      method: method, url: server + path, headers: headers, body: body,
      limits: RequestLimits(total: 60_000, stall: 60_000, answerBytes: Self.longestAnswer))
    let answer: HTTPAnswer
    switch sender.send(request) {
    case .success(let found): answer = found
    case .failure(let failure):
      throw EnvironmentProblem("\(failure); is leeway running, and is --server its address?")
    }
    let root = answer.isCut ? nil : try? JSONValue(parsing: answer.bodyPrefix, maximumBytes: Self.longestAnswer)
    if (200..<300).contains(answer.status), let root { return root }
    let document = root.map(JSONReader.init)
    func text(_ name: String) -> String? { try? document?.member(name).text() }
    guard let detail = text("detail"), text("type")?.hasPrefix("urn:leeway:problem:") == true else {
      throw EnvironmentProblem(
        "\(server)\(path): answered \(answer.status), and not as leeway does; is --server its address?")
    }
    let said = "\(server): \(detail)" + (text("fix").map { " \(Self.spoken($0))" } ?? "")
    if answer.status >= 500 { throw EnvironmentProblem(said) }
    let hint =
      answer.status == 401 && token == nil ? " Give it with --token-file FILE, or in the variable LEEWAY_TOKEN." : ""
    throw InputProblem(said + hint)
  }

  /// A fix with commands in place of the addresses that they ask.
  static func spoken(_ fix: String) -> String {
    var fix = fix.replacing("/api/v1/incidents?open=true", with: "leeway incidents list --open")
    for things in ["incidents", "silences", "retrains"] {
      for state in ["active", "candidate"] {
        fix = fix.replacing("/api/v1/\(things)?state=\(state)", with: "leeway \(things) list --state \(state)")
      }
      fix = fix.replacing("/api/v1/\(things) ", with: "leeway \(things) list ")
    }
    return fix
  }
}
