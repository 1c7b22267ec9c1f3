import ArgumentParser
import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayReplay
import LeewayService

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Run the pipeline over files, in event time, without a broker.",
    discussion: """
      Reads JSON Lines (plain or .gz) and prints results as JSON Lines. Exit code 1 also where no prediction was accepted \
      or none of the labels matched; what was read is printed all the same.

      EXAMPLE
        leeway replay monitors/fraud.yaml --predictions predictions.jsonl.gz --labels labels.jsonl.gz
      """)

  @Argument(help: "The monitor file.") var monitor: String
  @Option(parsing: .upToNextOption, help: "Prediction files.") var predictions: [String]
  @Option(parsing: .upToNextOption, help: "Label files.") var labels: [String] = []
  @Option(help: "The baseline; the monitor's own unless given.") var baseline: String?
  @Option(help: "Events later than this time plus the monitor's skew are quarantined (RFC 3339).") var asOf: String?
  @Option(
    help: "What came from outside where the service ran: the lines of /api/v1/inputs?monitor=NAME (JSON Lines).")
  var inputs: String?
  @Option(help: "Where to write results; standard output unless given.") var out: String?
  @Option(help: "Threads that read predictions; one for each processor unless given. Results are the same.")
  var threads: Int?

  @Option(
    help: "The longest message that is read, as limits.message_bytes of the service, such as 16MiB; 1 MiB unless given."
  )
  var messageBytes: MessageBytes = .standard

  func validate() throws {
    _ = try asOfTime()
    if let threads, !(1...64).contains(threads) { throw ValidationError("--threads \(threads) is none of 1 to 64") }
  }

  private func asOfTime() throws -> EventTime? {
    guard var text = asOf else { return nil }
    guard let time = text.withUTF8({ EventTime(rfc3339: UnsafeRawBufferPointer($0)) }) else {
      throw ValidationError("--as-of \(text) is not an RFC 3339 time; write for example 2026-03-01T00:00:00Z")
    }
    return time
  }

  func run() throws {
    let loaded = try Monitors.one(monitor).overFiles
    guard let path = baseline ?? loaded.baselinePath else {
      throw InputProblem("\(monitor): no baseline; add baseline: NAME.baseline.json or give --baseline FILE")
    }
    if !labels.isEmpty, loaded.labels == nil {
      throw InputProblem("\(monitor): --labels was given and the monitor has no labels section; add one")
    }
    let plan: MonitorPlan
    do { plan = try MonitorPlan(monitor: loaded, baseline: BaselineFile.read(path)) } catch let error
      as BaselineMismatch
    {
      throw InputProblem("\(path): \(error.description)")
    }
    let recorded = try inputs.map { try InputsFile.read($0, monitor: loaded.name) } ?? []
    let bar = ProgressBar()
    let output = try LineOutput(path: out)
    let replay = Replay(
      plan: plan, predictions: predictions, labels: labels, asOf: try asOfTime(), inputs: recorded, threads: threads,
      messageBytes: messageBytes.count
    ) { bar.show($0, $1, $2) }
    let summary = try replay.run(isWholeProcess: true) { try output.write($0) }
    try output.flush()
    bar.finish()
    Console.write(sentence(summary, loaded), to: .error)
    let findings = ReplayFindings(summary, monitor: loaded, messageBytes: messageBytes.count)
    for warning in findings.warnings { Console.write("leeway: warning: \(warning)\n", to: .error) }
    if let problem = findings.problem { throw InputProblem(problem) }
  }

  private func sentence(_ summary: Replay.Summary, _ monitor: Monitor) -> String {
    let labelTopic = monitor.labels?.topic
    let hasRows = monitor.predictions.rows != nil || monitor.labels?.rows != nil
    let invalid = hasRows ? "rows and whole messages" : "messages"
    let e = summary.events
    let j = summary.joins
    var text =
      "leeway: \(e.accepted) predictions accepted, \(e.late) late, \(j.duplicates) duplicate, \(e.unjoinable) unjoinable; "
      + "\(e.labels) labels, \(j.matched) matched, \(j.corrected) corrected, \(j.repeated) repeated, \(j.retracted) retracted, "
      + "\(j.expired) beyond the horizon; \(e.invalid) \(invalid) invalid, \(e.quarantined) quarantined; "
      + "\(summary.lines) lines\nleeway: \(summary.verdicts.sentence)\n"
    if summary.unusedInputs > 0 {
      text +=
        "leeway: \(summary.unusedInputs) of the inputs came after more verdicts than these files give; "
        + "replay all messages since the service's log began\n"
    }
    let tooLong = summary.tooLongPredictions + summary.tooLongLabels
    if tooLong > 0 {
      let lines = tooLong == 1 ? "1 line was" : "\(tooLong) lines were"
      text += "leeway: \(lines) longer than \(ByteCount.shown(messageBytes.count)) and skipped\n"
    }
    // Some of both kinds of files.
    let ofLabels = summary.quarantined.filter { $0.topic == labelTopic }
    let ofPredictions = summary.quarantined.filter { $0.topic != labelTopic }.prefix(max(3, 5 - ofLabels.count))
    let shown = ofPredictions + ofLabels.prefix(5 - ofPredictions.count)
    // And one for each other reason.
    var codes = Set(shown.map { "\($0.topic == labelTopic) \($0.code)" })
    let others = summary.quarantined.filter { codes.insert("\($0.topic == labelTopic) \($0.code)").inserted }
    for record in shown + others {
      let files = record.topic == labelTopic ? labels : predictions
      // A file is a partition, and a line's number its offset.
      let file = files.indices.contains(Int(record.partition)) ? files[Int(record.partition)] : record.topic
      text += "leeway: \(file):\(record.offset): \(record.code): \(record.reason)\n"
    }
    return text
  }
}
