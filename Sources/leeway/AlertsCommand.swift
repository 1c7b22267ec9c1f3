import ArgumentParser
import Foundation
import LeewayConfiguration
import LeewayService

struct AlertsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alerts", abstract: "Try receivers.", subcommands: [Test.self])

  struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send a receiver a message that is marked as a test, and show the answer.",
      discussion: """
        The message is of an incident of the monitor leeway-test. PagerDuty and Alertmanager hear of its end at once, so that \
        nothing stays open. Exit code 1 if the configuration is wrong or the receiver refuses the message for good, 3 if it \
        cannot be reached or may take it later.

        EXAMPLE
          leeway alerts test log --config leeway.yaml
        """)

    @Argument(help: "The receiver's name, as under receivers in the configuration.") var receiver: String
    @Option(help: "The service's configuration.") var config = "leeway.yaml"

    func run() throws {
      let (configuration, problems) = ServiceConfiguration.load(
        config, environment: ProcessInfo.processInfo.environment)
      Monitors.report(problems)
      guard let configuration else { throw ExitCode(1) }
      for line in try AlertTest(receiver, configuration: configuration).run() {
        Console.write(line + "\n", to: .output)
      }
    }
  }
}
