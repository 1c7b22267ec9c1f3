import ArgumentParser
import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayReplay
import LeewayService
import LeewayWeb

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a configuration: every mistake at once, as FILE:LINE:COLUMN and the fix.",
    discussion: """
      Exit code 0 if there is no error, 1 if there is one; warnings are fine. What is good is followed by an \
      estimate of the memory that leeway run takes at most, in megabytes: in all, then each monitor's own and the rest; \
      and by which Prometheus series each monitor exports, and which limits.max_series leaves out.

      With --sample the fields that one monitor names are looked for in real messages (JSON Lines, plain or .gz): how \
      often each is found, with which types, an example, and names like it. Exit code 1 if a field that is needed is in \
      none of them.

      With --explain it says of each check of one monitor and each of its tiers: the smallest change found with a chance of 80 % within \
      an hour, a day, 7 days and 21 days, how many false alarms to expect, and what it waits for. It needs the baseline.

      EXAMPLE
        leeway check --monitors monitors
        leeway check --sample predictions.jsonl --labels labels.jsonl monitors/fraud.yaml
        leeway check --explain monitors/fraud.yaml
      """)

  @Option(help: "A file of predictions to look for a monitor's fields in.") var sample: String?
  @Option(help: "A file of labels, for the same.") var labels: String?
  @Option(help: "The longest message that is read of these, such as 16MiB; 1 MiB unless given.")
  var messageBytes: MessageBytes = .standard
  @Flag(help: "Say what one monitor's checks find, and how often they are wrong.") var explain = false
  @Flag(help: "With --explain: one JSON object.") var json = false
  @Argument(help: "The monitor file that goes with --sample, --labels or --explain.") var monitor: String?

  @Option(help: "The service's configuration; leeway.yaml if that exists.") var config: String?
  @Option(help: "The folder of monitor files, or one of them.") var monitors = "monitors"

  func validate() throws {
    if explain, sample != nil || labels != nil {
      throw ValidationError("--explain and --sample are two questions; ask one")
    }
    if explain, monitor == nil {
      throw ValidationError("--explain needs a monitor file: leeway check --explain MONITOR.yaml")
    }
    if json, !explain { throw ValidationError("--json goes with --explain") }
    if explain { return }
    if let monitor, sample == nil, labels == nil {
      throw ValidationError(
        "\(monitor) goes with --sample FILE or --explain; the folder of monitors, or one monitor, is --monitors PATH")
    }
    if monitor == nil, sample != nil || labels != nil {
      throw ValidationError("--sample and --labels need a monitor file: leeway check --sample FILE MONITOR.yaml")
    }
  }

  /// Looks for the fields of one monitor.
  private func checkSamples(_ path: String) throws {
    let loaded = try Monitors.one(path)
    if labels != nil, loaded.labels == nil {
      throw InputProblem("\(path): --labels was given and the monitor has no labels section; add one")
    }
    var problems: [String] = []
    for (file, stream) in [(sample, MessageSample.Stream.predictions), (labels, .labels)] {
      guard let file else { continue }
      let found = try MessageSample(file, of: loaded, as: stream, messageBytes: messageBytes.count)
      Console.write((stream == .labels && sample != nil ? "\n" : "") + found.text, to: .output)
      if let problem = found.problem { problems.append(problem) }
    }
    for problem in problems { Console.write("leeway: \(problem)\n", to: .error) }
    if !problems.isEmpty { throw ExitCode(1) }
  }

  /// Says what the checks of one monitor find.
  private func explainChecks(_ path: String) throws {
    let loaded = try Monitors.one(path)
    guard let baseline = loaded.baselinePath else {
      throw InputProblem("\(path): no baseline; add baseline: NAME.baseline.json and fit it with leeway baseline fit")
    }
    let plan: MonitorPlan
    do { plan = try MonitorPlan(monitor: loaded, baseline: BaselineFile.read(baseline)) } catch let error
      as BaselineMismatch
    {
      throw InputProblem("\(baseline): \(error.description)")
    }
    let now = WallClock.now()
    Console.write(json ? ExplanationJSON(plan, now: now).text : ExplanationText(plan, now: now).text, to: .output)
  }

  func run() throws {
    if let monitor { return explain ? try explainChecks(monitor) : try checkSamples(monitor) }
    let path = config ?? (FileManager.default.fileExists(atPath: "leeway.yaml") ? "leeway.yaml" : nil)
    let (configuration, problems) = Configuration.load(
      configPath: path, monitorsDirectory: monitors, baseline: .required,
      environment: ProcessInfo.processInfo.environment, now: WallClock.now(), looksAtLedger: true)
    Monitors.report(problems)
    guard let configuration else {
      let errors = problems.count { $0.severity == .error }
      Console.write("leeway: \(errors) \(errors == 1 ? "error" : "errors")\n", to: .error)
      throw ExitCode(1)
    }
    let count = configuration.monitors.count
    Console.write("\(count) \(count == 1 ? "monitor is" : "monitors are") good\n", to: .output)
    if path == nil {
      Console.write(
        "receivers, broker and ledger were not checked: there is no leeway.yaml here; name one with --config\n",
        to: .output)
    }
    let memory = MemoryEstimate(service: configuration.service, plans: configuration.plans)
    Console.write(memory.text + "\n", to: .output)
    let disk = DiskEstimate(limits: configuration.service?.limits, plans: configuration.plans)
    Console.write(disk.text + "\n", to: .output)
    for window in configuration.service?.maintenance ?? [] {
      let next = window.next(after: WallClock.now()).map { "next from \($0.lowerBound) to \($0.upperBound)" }
      Console.write("\(window.title): \(next ?? "never again")\n", to: .output)
    }
    let limit = (configuration.service?.limits ?? ServiceConfiguration.Limits()).maximumSeries
    for plan in configuration.plans {
      for line in ShiftSummary(plan).lines { Console.write(line + "\n", to: .output) }
      Console.write("monitor \(plan.monitor.name): series: \(SeriesPlan(plan, limit: limit).text)\n", to: .output)
    }
  }
}
