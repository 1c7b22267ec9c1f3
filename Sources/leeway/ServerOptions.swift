import ArgumentParser
import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayService

/// How a command reaches a running service, and how its answer is shown.
struct ServerOptions: ParsableArguments {
  @Option(help: "The service's address.") var server = ServiceClient.usualServer
  @Option(help: "A file that holds a token and nothing else; without it, the variable LEEWAY_TOKEN.")
  var tokenFile: String?
  @Flag(help: "Print the service's answer as JSON.") var json = false

  private func client() throws -> ServiceClient {
    try ServiceClient(
      server: server,
      token: try ServiceClient.token(file: tokenFile, environment: ProcessInfo.processInfo.environment))
  }

  func get(_ path: String, _ text: (JSONValue) throws -> String) throws {
    try print(try client().get(path), text)
  }

  /// - Parameter flags: members that are true.
  func post(
    _ path: String, _ members: [(String, String?)], flags: [String] = [], _ text: (JSONValue) throws -> String
  ) throws {
    var body = JSONWriter()
    body.beginObject()
    for case (let name, let value?) in members {
      body.key(name)
      body.string(value)
    }
    for name in flags {
      body.key(name)
      body.bool(true)
    }
    body.endObject()
    try post(path, body: body.text, text)
  }

  func post(_ path: String, body: String, _ text: (JSONValue) throws -> String) throws {
    try print(try client().post(path, body), text)
  }

  /// An answer that is not shown as it is.
  func ask(_ path: String) throws -> JSONValue { try client().get(path) }

  /// The path of one thing. Ids are made of small letters, digits and hyphens.
  static func path(_ things: String, _ id: String, what: String) throws -> String {
    guard !id.isEmpty, id.utf8.count <= 200,
      id.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) })
    else {
      throw InputProblem("\(id) is no id of \(what); see leeway \(things) list")
    }
    return "/api/v1/\(things)/\(id)"
  }

  private func print(_ answer: JSONValue, _ text: (JSONValue) throws -> String) throws {
    if json {
      Console.write(CanonicalJSON.text(of: answer) + "\n", to: .output)
      return
    }
    do { Console.write(try text(answer), to: .output) } catch let failure as JSONFailure {
      throw EnvironmentProblem("\(server): in the answer, \(failure); is it of the same version as this program?")
    }
  }
}
