import ArgumentParser
import LeewayService

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the service.",
    discussion: """
      EXAMPLE
        leeway run --config leeway.yaml --monitors monitors
      """)

  @Option(help: "The service's configuration.") var config = "leeway.yaml"
  @Option(help: "The folder of monitor files.") var monitors = "monitors"

  func run() async throws { throw InputProblem("not built yet") }
}

struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Demo.")
  func run() async throws { throw InputProblem("not built yet") }
}
