import ArgumentParser
import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayService

struct IncidentsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "incidents", abstract: "See incidents of a running service, and act on them.",
    discussion: """
      Acting takes an operator's token. What is asked for is queued and takes part when the service judges the monitor next.

      EXAMPLE
        leeway incidents list --open --server http://127.0.0.1:8080
      """,
    subcommands: [List.self, Show.self, Ack.self, Assign.self, Comment.self, Resolve.self])

  struct Server: ParsableArguments {
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

    func post(_ word: String, _ id: String, _ members: [(String, String?)]) throws {
      var body = JSONWriter()
      body.beginObject()
      for case (let name, let value?) in members {
        body.key(name)
        body.string(value)
      }
      body.endObject()
      try print(try client().post(try Self.path(id) + "/\(word)", body.text), IncidentText.queued)
    }

    /// Ids are made of a monitor's name and a hash.
    static func path(_ id: String) throws -> String {
      guard !id.isEmpty, id.utf8.count <= 200,
        id.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) })
      else {
        throw InputProblem("\(id) is no id of an incident; see leeway incidents list")
      }
      return "/api/v1/incidents/\(id)"
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

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List incidents, the newest first.",
      discussion: """
        EXAMPLE
          leeway incidents list --open --monitor fraud
        """)

    @Flag(help: "Only those that are not resolved.") var open = false
    @Option(help: "Only of this monitor.") var monitor: String?
    @Option(help: "At most this many, up to 1000.") var limit = 100
    @OptionGroup var server: Server

    func run() throws {
      var path = "/api/v1/incidents?limit=\(limit)"
      if open { path += "&open=true" }
      if let monitor {
        guard NameRule.isName(monitor) else {
          throw InputProblem("\(monitor) is no name of a monitor; it takes \(NameRule.text)")
        }
        path += "&monitor=\(monitor)"
      }
      try server.get(path, IncidentText.list)
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show an incident: what fires, what happened, what people did.",
      discussion: """
        EXAMPLE
          leeway incidents show fraud-9f2c41d0a7be
        """)

    @Argument(help: "The incident's id.") var incident: String
    @OptionGroup var server: Server

    func run() throws { try server.get(try Server.path(incident), IncidentText.show) }
  }

  struct Ack: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say that you have seen an incident; those who heard of it hear that.",
      discussion: """
        EXAMPLE
          leeway incidents ack fraud-9f2c41d0a7be --note 'looking at the feed' --token-file token
        """)

    @Argument(help: "The incident's id.") var incident: String
    @Option(help: "What there is to say, at most 1000 bytes.") var note: String?
    @OptionGroup var server: Server

    func run() throws { try server.post("ack", incident, [("note", note)]) }
  }

  struct Assign: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say who shall see to an incident.",
      discussion: """
        EXAMPLE
          leeway incidents assign fraud-9f2c41d0a7be --to bob --token-file token
        """)

    @Argument(help: "The incident's id.") var incident: String
    @Option(help: "Who, at most 200 bytes.") var to: String
    @Option(help: "What there is to say, at most 1000 bytes.") var note: String?
    @OptionGroup var server: Server

    func run() throws { try server.post("assign", incident, [("to", to), ("note", note)]) }
  }

  struct Comment: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write something about an incident, also after its end.",
      discussion: """
        EXAMPLE
          leeway incidents comment fraud-9f2c41d0a7be --note 'the promotion began today' --token-file token
        """)

    @Argument(help: "The incident's id.") var incident: String
    @Option(help: "At most 1000 bytes.") var note: String
    @OptionGroup var server: Server

    func run() throws { try server.post("comment", incident, [("note", note)]) }
  }

  struct Resolve: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End an incident by hand.",
      discussion: """
        What fires then is muted until it has been ok once, is worse than it was, or 7 days of event time have passed.

        EXAMPLE
          leeway incidents resolve fraud-9f2c41d0a7be --reason 'expected change' --token-file token
        """)

    @Argument(help: "The incident's id.") var incident: String
    @Option(help: "One of: \(Resolve.reasons).") var reason: String
    @Option(help: "What there is to say, at most 1000 bytes.") var note: String?
    @OptionGroup var server: Server

    fileprivate static let reasons = PersonAct.Reason.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")

    func run() throws {
      guard PersonAct.Reason(rawValue: reason) != nil else {
        throw ValidationError("'\(reason)' is no reason; it is one of \(Self.reasons)")
      }
      try server.post("resolve", incident, [("reason", reason), ("note", note)])
    }
  }
}
