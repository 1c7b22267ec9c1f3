import ArgumentParser
import LeewayConfiguration
import LeewayCore
import LeewayService

struct RetrainsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retrains",
    abstract: "See retrains of a running service, and decide about the models that come of them.",
    discussion: """
      Deciding takes a token with the role approver and without the role trainer.

      EXAMPLE
        leeway retrains list --state candidate --server http://127.0.0.1:8080
      """,
    subcommands: [List.self, Show.self, Approve.self, Reject.self])

  private static func path(_ id: String) throws -> String { try ServerOptions.path("retrains", id, what: "a retrain") }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List retrains, the newest first.",
      discussion: """
        EXAMPLE
          leeway retrains list --state candidate --monitor fraud
        """)

    @Option(help: "Only those in this state: \(List.states).") var state: String?
    @Option(help: "Only of this monitor.") var monitor: String?
    @Option(help: "At most this many, up to 1000.") var limit = 100
    @OptionGroup var server: ServerOptions

    fileprivate static let states = RetrainState.allCases.map(\.rawValue).joined(separator: ", ")

    func validate() throws {
      guard let state, RetrainState(rawValue: state) == nil else { return }
      throw ValidationError("'\(state)' is no state of a retrain; it is one of \(Self.states)")
    }

    func run() throws {
      var path = "/api/v1/retrains?limit=\(limit)"
      if let state { path += "&state=\(state)" }
      if let monitor {
        guard NameRule.isName(monitor) else {
          throw InputProblem("\(monitor) is no name of a monitor; it takes \(NameRule.text)")
        }
        path += "&monitor=\(monitor)"
      }
      try server.get(path, RetrainText.list)
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a retrain: its deadline, the trainer's answer beside the scorecard, who decided.",
      discussion: """
        EXAMPLE
          leeway retrains show rt-9f2c41d0a7be3c55
        """)

    @Argument(help: "The retrain's id.") var retrain: String
    @OptionGroup var server: ServerOptions

    func run() throws { try server.get(try RetrainsCommand.path(retrain), RetrainText.show) }
  }

  struct Approve: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Approve of a candidate: its model may go into production.",
      discussion: """
        EXAMPLE
          leeway retrains approve rt-9f2c41d0a7be3c55 --reason 'better in every segment' --token-file token
        """)

    @Argument(help: "The retrain's id.") var retrain: String
    @Option(help: "Why, at most 1000 bytes.") var reason: String?
    @OptionGroup var server: ServerOptions

    func run() throws {
      try server.post(try RetrainsCommand.path(retrain) + "/approve", [("reason", reason)], RetrainText.decided)
    }
  }

  struct Reject: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Refuse a candidate: its model does not go into production.",
      discussion: """
        EXAMPLE
          leeway retrains reject rt-9f2c41d0a7be3c55 --reason 'worse for new customers' --token-file token
        """)

    @Argument(help: "The retrain's id.") var retrain: String
    @Option(help: "Why, at most 1000 bytes.") var reason: String
    @OptionGroup var server: ServerOptions

    func run() throws {
      try server.post(try RetrainsCommand.path(retrain) + "/reject", [("reason", reason)], RetrainText.decided)
    }
  }
}
