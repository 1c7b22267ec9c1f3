import ArgumentParser
import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayReplay

struct BacktestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backtest",
    abstract: "Run a monitor's alert policy over history, and over history with changes in it.",
    discussion: """
      Prints the alarms of each check and tier by week, incidents and retrains, and what other budgets and limits would have done. \
      The history is read twice, and once more for each --inject SPEC, which is SUBJECT:CHANGE@TIME, or SUBJECT:CHANGE@A..B for a change that \
      grows from A to B. A change is +0.5sd or -1sd (standard deviations of the baseline), sdx1.5 (the spread times 1.5), x1000 (another unit), \
      missing=30%, A<->B (two categories swapped), or of label flip=20%. What a change is found by fires with it and not without it.

      EXAMPLE
        leeway backtest monitors/fraud.yaml --predictions predictions.jsonl.gz --labels labels.jsonl.gz \
      --inject 'amount:+0.5sd@2026-03-01' --inject 'amount:missing=30%@2026-03-01T12:00:00Z' --wish '1 per week'
      """)

  @Argument(help: "The monitor file.") var monitor: String
  @Option(parsing: .upToNextOption, help: "Prediction files.") var predictions: [String]
  @Option(parsing: .upToNextOption, help: "Label files.") var labels: [String] = []
  @Option(help: "The baseline; the monitor's own unless given.") var baseline: String?
  @Option(help: "Events later than this time plus the monitor's skew are quarantined (RFC 3339).") var asOf: String?
  @Option(help: "A change, such as amount:+0.5sd@2026-03-01; up to 16, each in a run of its own.") var inject:
    [String] = []
  @Option(help: "A rate of alarms such as '1 per week', for a suggestion for each check and tier.") var wish: String?
  @Flag(help: "Print one JSON object.") var json = false
  @Option(help: "Write a page (HTML) there as well.") var report: String?
  @Option(help: "Threads that read predictions; one for each processor unless given. Results are the same.")
  var threads: Int?

  @Option(
    help: "The longest message that is read, as limits.message_bytes of the service, such as 16MiB; 1 MiB unless given."
  )
  var messageBytes: MessageBytes = .standard

  func validate() throws {
    _ = try asOfTime()
    _ = try wished()
    if let threads, !(1...64).contains(threads) { throw ValidationError("--threads \(threads) is none of 1 to 64") }
    if inject.count > Backtest.mostInjections {
      throw ValidationError("--inject was given \(inject.count) times; at most \(Backtest.mostInjections)")
    }
  }

  private func asOfTime() throws -> EventTime? {
    guard var text = asOf else { return nil }
    guard let time = text.withUTF8({ EventTime(rfc3339: UnsafeRawBufferPointer($0)) }) else {
      throw ValidationError("--as-of \(text) is not an RFC 3339 time; write for example 2026-03-01T00:00:00Z")
    }
    return time
  }

  private func wished() throws -> ShiftBudget? {
    guard let wish else { return nil }
    func wrong(_ problem: String) -> ValidationError { ValidationError("--wish '\(wish)': \(problem)") }
    let words = wish.split(separator: " ")
    guard words.count == 3, words[1] == "per" else {
      throw wrong("it takes how many alarms and per what, such as '1 per week'")
    }
    guard let alarms = Int(words[0]), alarms >= 1 else {
      throw wrong("\(words[0]) is no number of alarms; it takes 1 or more, as in '1 per week'")
    }
    guard let period = ShiftBudget.Period(rawValue: String(words[2])) else {
      throw wrong(
        "\(words[2]) is no unit; units are day, week, month, quarter and year."
          + Spelling.suggestion(for: String(words[2]), among: ["day", "week", "month", "quarter", "year"]))
    }
    let budget = ShiftBudget(.warning, alarms, per: period)
    guard budget.hours >= 1 else { throw wrong("that is more than one alarm an hour; ask for fewer") }
    return budget
  }

  func run() throws {
    let loaded = try Monitors.one(monitor).overFiles
    guard let path = baseline ?? loaded.baselinePath else {
      throw InputProblem("\(monitor): no baseline; add baseline: NAME.baseline.json or give --baseline FILE")
    }
    if !labels.isEmpty, loaded.labels == nil {
      throw InputProblem("\(monitor): --labels was given and the monitor has no labels section; add one")
    }
    guard !loaded.checks.isEmpty else {
      throw InputProblem("\(monitor): it has no checks, so there is no policy to test; add checks")
    }
    let fitted = try BaselineFile.read(path)
    var injections: [Injection] = []
    for text in inject {
      let injection = try InjectionSpec.read(text, loaded, fitted)
      if injection.isOfLabels, labels.isEmpty {
        throw InputProblem("--inject \(text) changes labels, and there are none; give --labels FILE")
      }
      injections.append(injection)
    }
    // A path that cannot be written is known before hours of work.
    let page = try report.map { try LineOutput(path: $0) }
    let bar = ProgressBar()
    let found: BacktestReport
    do {
      found = try Backtest(
        monitor: loaded, baseline: fitted, predictions: predictions, labels: labels, asOf: try asOfTime(),
        threads: threads, messageBytes: messageBytes.count, injections: injections, wish: try wished()
      ) { bar.show($0, $1, $2) }.run(isWholeProcess: true)
    } catch let error as BaselineMismatch {
      throw InputProblem("\(path): \(error.description)")
    }
    bar.finish()
    Console.write(json ? BacktestJSON(found).text : BacktestText(found).text, to: .output)
    if let page {
      try page.write(BacktestHTML(found).text)
      try page.flush()
    }
    let findings = ReplayFindings(found.summary, monitor: loaded, messageBytes: messageBytes.count)
    func warn(_ text: String) { Console.write("leeway: warning: \(text)\n", to: .error) }
    for warning in findings.warnings { warn(warning) }
    for (text, injection) in zip(inject, injections) {
      guard let from = found.from, let to = found.to else { continue }
      if injection.from >= to {
        warn("--inject \(text) begins when the history has ended, at \(to), so nothing can find it")
      } else if injection.from < from {
        warn(
          "--inject \(text) begins before the history, whose first window ends at \(from): all of it is changed, and "
            + "what it takes to find the change counts from before there was anything to judge")
      }
    }
    if let problem = findings.problem { throw InputProblem(problem) }
  }
}
