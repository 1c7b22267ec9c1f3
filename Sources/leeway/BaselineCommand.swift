import ArgumentParser
import Foundation
import LeewayCore
import LeewayService

struct BaselineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "baseline", abstract: "Fit a training profile, or show one.",
    discussion: """
      EXAMPLE
        leeway baseline fit monitors/fraud.yaml --from train.csv.gz
      """,
    subcommands: [Fit.self, Show.self])

  struct Fit: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fit a monitor's baseline to training files (CSV or JSON Lines, plain or .gz).",
      discussion: """
        Columns are found by feature name, then by field path; the label's column is labels.fields.value. Memory does not \
        grow with rows. Files of --calibrate-on hold rows that the model was not trained on, with its output and the \
        label: the model's own performance, and what is estimated where labels have not come, then rest on them.

        EXAMPLE
          leeway baseline fit monitors/fraud.yaml --from train.csv.gz --calibrate-on held-out.csv.gz
        """)

    @Argument(help: "The monitor file.") var monitor: String
    @Option(name: .customLong("from"), parsing: .upToNextOption, help: "Training files.") var files: [String]
    @Option(name: .customLong("calibrate-on"), parsing: .upToNextOption, help: "Labelled files that were held out.")
    var heldOut: [String] = []
    @Option(help: "Where to write the baseline; the monitor's baseline path unless given.") var out: String?

    func run() throws {
      let loaded = try Monitors.one(monitor)
      guard let path = out ?? loaded.baselinePath else {
        throw InputProblem("\(monitor): no baseline path; add baseline: NAME.baseline.json or give --out FILE")
      }
      try BaselineFile.check(place: path, for: loaded.name)
      let bar = ProgressBar()
      let fit = BaselineFit(monitor: loaded, paths: files, heldOut: heldOut) { bar.show("fitting", $0, $1) }
      var outcome = try fit.run()
      bar.finish()
      try BaselineFile.write(&outcome.baseline, to: path)
      for remark in outcome.remarks { Console.write("leeway: \(remark)\n", to: .error) }
      Console.write("\(path): \(outcome.baseline.rows) rows, \(outcome.baseline.identity)\n", to: .output)
      Console.write(FitReport(outcome.baseline, hasLabels: loaded.labels != nil).text, to: .output)
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a baseline readably.",
      discussion: """
        EXAMPLE
          leeway baseline show fraud.baseline.json
        """)

    @Argument(help: "The baseline file.") var file: String

    func run() throws { Console.write(BaselineSummary(try BaselineFile.read(file)).text, to: .output) }
  }
}

/// Loading monitors as every command does.
enum Monitors {
  /// One monitor file; its problems are printed.
  static func one(_ path: String) throws -> Monitor {
    let (monitor, problems) = MonitorFile.load(path, environment: ProcessInfo.processInfo.environment)
    report(problems)
    guard let monitor else { throw ExitCode(1) }
    return monitor
  }

  static func report(_ problems: [ConfigurationProblem]) {
    for problem in problems { Console.write("\(problem)\n", to: .error) }
  }
}
