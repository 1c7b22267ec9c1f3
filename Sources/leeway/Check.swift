import ArgumentParser
import Foundation
import LeewayCore
import LeewayService

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a configuration: every mistake at once, as FILE:LINE:COLUMN and the fix.",
    discussion: """
      Exit code 0 if there is no error, 1 if there is one; warnings alone are fine. What is good is followed by an \
      estimate of the memory that leeway run takes at most, in megabytes: in all, then each monitor's own and the rest; \
      and by which Prometheus series each monitor exports, and which limits.max_series leaves out.

      EXAMPLE
        leeway check --monitors monitors
      """)

  @Option(help: "The service's configuration; leeway.yaml if that exists.") var config: String?
  @Option(help: "The folder of monitor files.") var monitors = "monitors"

  func run() throws {
    let path = config ?? (FileManager.default.fileExists(atPath: "leeway.yaml") ? "leeway.yaml" : nil)
    let (configuration, problems) = Configuration.load(
      configPath: path, monitorsDirectory: monitors, baseline: .required,
      environment: ProcessInfo.processInfo.environment)
    Monitors.report(problems)
    guard let configuration else {
      let errors = problems.count { $0.severity == .error }
      Console.write("leeway: \(errors) \(errors == 1 ? "error" : "errors")\n", to: .error)
      throw ExitCode(1)
    }
    let count = configuration.monitors.count
    Console.write("\(count) \(count == 1 ? "monitor is" : "monitors are") good\n", to: .output)
    let memory = MemoryEstimate(service: configuration.service, plans: configuration.plans)
    Console.write(memory.text + "\n", to: .output)
    let limit = (configuration.service?.limits ?? ServiceConfiguration.Limits()).maximumSeries
    for plan in configuration.plans {
      Console.write("monitor \(plan.monitor.name): series: \(SeriesPlan(plan, limit: limit).text)\n", to: .output)
    }
  }
}
