import ArgumentParser
import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayReplay
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

        --time names the column of each row's time (in the monitor's time_format, or RFC 3339). Checks on shift need it: \
        the fit then learns how hours vary, from 14 days on, and names what is no normal traffic, which --leave-out leaves \
        out by days of the monitor's time_zone.

        EXAMPLE
          leeway baseline fit monitors/fraud.yaml --from train.csv.gz --calibrate-on held-out.csv.gz
        """)

    @Argument(help: "The monitor file.") var monitor: String
    @Option(name: .customLong("from"), parsing: .upToNextOption, help: "Training files.") var files: [String]
    @Option(name: .customLong("calibrate-on"), parsing: .upToNextOption, help: "Labelled files that were held out.")
    var heldOut: [String] = []
    @Option(name: .customLong("time"), help: "The column of the rows' times, for checks on shift.") var time: String?
    @Option(
      name: .customLong("leave-out"), parsing: .upToNextOption,
      help: "Days that are no normal traffic: 2026-02-03, or 2026-02-03..2026-02-08.") var leaveOut: [String] = []
    @Option(help: "Where to write the baseline; the monitor's baseline path unless given.") var out: String?

    func run() throws {
      let loaded = try Monitors.one(monitor)
      guard let path = out ?? loaded.baselinePath else {
        throw InputProblem("\(monitor): no baseline path; add baseline: NAME.baseline.json or give --out FILE")
      }
      try BaselineFile.check(place: path, for: loaded.name)
      let bar = ProgressBar()
      let fit = BaselineFit(monitor: loaded, paths: files, heldOut: heldOut, dates: try dates()) {
        bar.show("fitting", $0, $1)
      }
      var outcome = try fit.run()
      bar.finish()
      try BaselineFile.write(&outcome.baseline, to: path)
      for remark in outcome.remarks { Console.write("leeway: \(remark)\n", to: .error) }
      Console.write("\(path): \(outcome.baseline.rows) rows, \(outcome.baseline.identity)\n", to: .output)
      Console.write(FitReport(outcome.baseline, hasLabels: loaded.labels != nil).text, to: .output)
    }

    private func dates() throws -> BaselineFit.Dates? {
      guard let time else {
        guard leaveOut.isEmpty else {
          throw ValidationError("--leave-out leaves out days of the rows' times; name their column with --time FIELD")
        }
        return nil
      }
      let days = try leaveOut.map { text in
        guard let days = BaselineFit.Dates.days(text) else {
          throw ValidationError("--leave-out \(text): it takes a day such as 2026-02-03, or 2026-02-03..2026-02-08")
        }
        return days
      }
      return BaselineFit.Dates(field: time, leftOut: days)
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
