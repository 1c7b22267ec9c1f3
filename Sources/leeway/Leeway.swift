import ArgumentParser
import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayService

@main
struct Leeway: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leeway",
    abstract: "Drift and performance monitoring of models in production, from Kafka to a decision.",
    discussion: """
      Exit codes: 0 good, 1 the input or configuration is wrong, 2 usage, 3 the environment failed (broker, database, disk).

      EXAMPLE
        leeway demo --for 60s
      """,
    version: ServiceVersion.text,
    subcommands: [
      DemoCommand.self, Run.self, Check.self, KeysCommand.self, BaselineCommand.self, ReplayCommand.self,
      BacktestCommand.self, AlertsCommand.self, IncidentsCommand.self, SilencesCommand.self, RetrainsCommand.self,
      LedgerCommand.self, TokenCommand.self,
    ])

  static func main() async {
    // A closed pipe is an error to report, not a signal to die of.
    signal(SIGPIPE, SIG_IGN)
    let arguments = Array(CommandLine.arguments.dropFirst())
    // For a word that it does not know after help, the parser shows the help of everything.
    if arguments.first == "help", let wrong = WrongWords.first(arguments) {
      ExitStatus.usage.exit(saying: WrongWords.message(wrong.sentence, wrong.command))
    }
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      ExitStatus(error).exit(error)
    }
  }
}

/// What the shell is told.
enum ExitStatus {
  case good
  /// The reader has closed the pipe, which is for the reader to decide: good, and nothing to say.
  case readerGone
  case wrongInput
  case usage
  case environment

  init(_ error: any Error) {
    switch error {
    case is EnvironmentProblem, is LedgerError: self = .environment
    // A ledger that holds what was never written to it.
    case is CellBlockDamaged, is JoinStateDamaged: self = .environment
    case is LineOutput.ReaderGone: self = .readerGone
    case is ExitCode: self = .wrongInput
    case is InputProblem: self = .wrongInput
    default:
      // What the parser throws: help and version are good, the rest is usage.
      let code = Leeway.exitCode(for: error)
      self = code == .success ? .good : code == .validationFailure ? .usage : .wrongInput
    }
  }

  private var code: Int32 {
    switch self {
    case .good, .readerGone: 0
    case .wrongInput: 1
    case .usage: 2
    case .environment: 3
    }
  }

  func exit(saying text: String) -> Never {
    if !text.isEmpty { Console.write(text + "\n", to: .error) }
    Foundation.exit(code)
  }

  func exit(_ error: any Error) -> Never {
    switch self {
    case .usage:
      if let wrong = WrongWords.first(Array(CommandLine.arguments.dropFirst())) {
        exit(saying: WrongWords.message(wrong.sentence, wrong.command))
      }
      exit(saying: Leeway.fullMessage(for: error))
    case .good:
      let text = Leeway.fullMessage(for: error)
      if !text.isEmpty { Console.write(text + "\n", to: .output) }
    case .readerGone: break
    case .wrongInput, .environment:
      // Problems that were printed already end with a bare exit code.
      if !(error is ExitCode) { Console.write("leeway: \(error)\n", to: .error) }
    }
    Foundation.exit(code)
  }
}
