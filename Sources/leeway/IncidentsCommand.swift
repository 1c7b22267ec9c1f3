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
    subcommands: [List.self, Show.self, Ack.self, Assign.self, Comment.self, Silence.self, Accept.self, Resolve.self])

  private static func path(_ id: String) throws -> String {
    try ServerOptions.path("incidents", id, what: "an incident")
  }

  private static func post(_ word: String, _ id: String, _ members: [(String, String?)], _ server: ServerOptions) throws
  {
    try server.post(try path(id) + "/\(word)", members, IncidentText.queued)
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
    @OptionGroup var server: ServerOptions

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
    @OptionGroup var server: ServerOptions

    func run() throws { try server.get(try IncidentsCommand.path(incident), IncidentText.show) }
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
    @OptionGroup var server: ServerOptions

    func run() throws { try IncidentsCommand.post("ack", incident, [("note", note)], server) }
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
    @OptionGroup var server: ServerOptions

    func run() throws { try IncidentsCommand.post("assign", incident, [("to", to), ("note", note)], server) }
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
    @OptionGroup var server: ServerOptions

    func run() throws { try IncidentsCommand.post("comment", incident, [("note", note)], server) }
  }

  struct Accept: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say that what has shifted is normal now.",
      discussion: """
        Checks on shift judge the next hour by the mean of the hours since that moment, with a wider tolerance, and learn it again \
        once it is 28 days old. Nothing else is learned, and other subjects stay as they are. --undo takes it back, also after the \
        incident's end.

        EXAMPLE
          leeway incidents accept fraud-9f2c41d0a7be --since 2026-03-01T10:00:00Z --note 'new price list' --token-file token
        """)

    @Argument(help: "The incident's id.") var incident: String
    @Option(
      help: "The first hour of the new normal, such as 2026-03-01T10:00:00Z; without it since each shift began.")
    var since: String?
    @Option(help: "What there is to say, at most 1000 bytes.") var note: String?
    @Flag(help: "What was accepted in the incident is normal no more.") var undo = false
    @OptionGroup var server: ServerOptions

    func validate() throws {
      if undo, since != nil { throw ValidationError("--since has no meaning beside --undo; leave one of them out") }
      if let since, EventTime(rfc3339: since) == nil {
        throw ValidationError("'\(since)' is no time; give one such as 2026-03-01T10:00:00Z")
      }
    }

    func run() throws {
      try server.post(
        try IncidentsCommand.path(incident) + "/accept", [("since", since), ("note", note)],
        flags: undo ? ["undo"] : [], IncidentText.queued)
    }
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
    @OptionGroup var server: ServerOptions

    fileprivate static let reasons = PersonAct.Reason.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")

    // Here and not in run, so that the usage shown is this command's.
    func validate() throws {
      guard PersonAct.Reason(rawValue: reason) != nil else {
        throw ValidationError("'\(reason)' is no reason; it is one of \(Self.reasons)")
      }
    }

    func run() throws {
      try IncidentsCommand.post("resolve", incident, [("reason", reason), ("note", note)], server)
    }
  }
}
