import Foundation
import LeewayTestSupport
import Testing

/// Commands in the documents do what they say: each `sh` block is run, in the order of its page, and every command that prose names
/// exists. A block that cannot run says so behind its language, with the reason: `sh untested: …`.
@Suite struct DocumentTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private struct Block {
    let page: String
    let line: Int
    /// All that follows the three backticks.
    let language: String
    let text: String
  }

  private static let pages: [String] = {
    let docs = (try? FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent("docs").path)) ?? []
    return ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
      + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
  }()

  private static func lines(_ page: String) throws -> [String] {
    try String(contentsOf: root.appendingPathComponent(page), encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// Blocks with a language, and the prose around all blocks.
  private static func parts(_ page: String) throws -> (blocks: [Block], prose: String) {
    var blocks: [Block] = []
    var prose: [String] = []
    var open: (line: Int, language: String, text: [String])?
    for (number, line) in try lines(page).enumerated() {
      if line.hasPrefix("```") {
        if let block = open {
          blocks.append(
            Block(
              page: page, line: block.line, language: block.language, text: block.text.joined(separator: "\n") + "\n"))
          open = nil
        } else {
          open = (number + 1, String(line.dropFirst(3)), [])
        }
      } else if open != nil {
        open?.text.append(line)
      } else {
        prose.append(line)
      }
    }
    return (blocks, prose.joined(separator: "\n"))
  }

  private static let commands: [(page: String, blocks: [Block])] = pages.compactMap { page in
    let blocks = ((try? parts(page).blocks) ?? []).filter { $0.language.hasPrefix("sh") }
    return blocks.isEmpty ? nil : (page, blocks)
  }

  @Test(arguments: commands.map(\.page)) func everyBlockRunsOrSaysWhyNot(page: String) throws {
    let blocks = Self.commands.first { $0.page == page }?.blocks ?? []
    let folder = try TemporaryFolder()
    try Self.writeFiles(to: folder)
    for block in blocks where block.language != "sh" {
      let reason = block.language.split(separator: ":", maxSplits: 1).last.map(String.init) ?? ""
      #expect(block.language.hasPrefix("sh untested: ") && reason.count > 10, "\(page):\(block.line): say why")
    }
    for block in blocks where block.language == "sh" {
      let run = try Self.run(block.text, in: folder)
      #expect(run.code == 0, "\(page):\(block.line): \(run.output)")
    }
  }

  @Test func someBlocksRun() {
    let running = Self.commands.filter { $0.blocks.contains { $0.language == "sh" } }.map(\.page)
    #expect(running.contains("README.md") && running.contains("docs/alarms.md"))
  }

  /// `leeway baseline fit …` in prose: the command and its options are there.
  @Test func everyCommandAndTargetThatProseNamesExists() throws {
    let makefile = try String(contentsOf: Self.root.appendingPathComponent("Makefile"), encoding: .utf8)
    let targets = Set(makefile.matches(of: /(?m)^([a-z-]+)(?: [a-z-]+)*:/).map { String($0.1) })
    var helps: [String: String] = [:]
    var problems: [String] = []
    var found = 0
    for page in Self.pages {
      let parts = try Self.parts(page)
      // What is not here yet has no commands yet.
      let prose = parts.prose.split(separator: "\n## Not here yet").first ?? ""
      let inline = prose.matches(of: /`((?:leeway|make) [^`]+)`/).map { String($0.1) }
      let blocks = parts.blocks.filter { $0.language.hasPrefix("sh") }
        .flatMap { $0.text.split(separator: "\n").map(String.init) }
      for text in inline + blocks {
        let words = text.split(whereSeparator: \.isWhitespace).prefix { $0 != "#" }.map(String.init)
        guard let program = words.first, words.count > 1 else { continue }
        found += 1
        if program == "make" {
          let isTarget = targets.contains(words[1]) || words[1].contains("=")
          if !isTarget { problems.append("\(page): \(text): the Makefile has no such target") }
          continue
        }
        guard program == "leeway" else { continue }
        let path = words.dropFirst().prefix { $0.wholeMatch(of: /[a-z]+,?/) != nil }
          .map { $0.trimmingCharacters(in: [","]) }
        // As far as the words are commands: behind them come values.
        for depth in 1...max(1, path.count) {
          let command = path.prefix(depth).joined(separator: " ")
          if helps[command] == nil {
            let help = try LeewayProcess.run(["help"] + path.prefix(depth), in: FileManager.default.temporaryDirectory)
            helps[command] = help.code == 0 ? help.output : ""
          }
          if helps[command] == "", depth == 1 { problems.append("\(page): \(text): there is no such command") }
          if helps[command] == "" { break }
        }
        let known = (1...max(1, path.count)).map { path.prefix($0).joined(separator: " ") }
          .compactMap { helps[$0] }.joined()
        for option in words.filter({ $0.hasPrefix("--") && $0 != "--help" }) {
          let name = option.prefix { $0 != "=" && $0 != "," }
          if !known.contains(name) { problems.append("\(page): \(text): there is no option \(name)") }
        }
      }
    }
    #expect(problems == [])
    #expect(found > 40)
  }

  // MARK: What the commands find

  /// The README's monitor, data for it as the README says, and the example configuration.
  private static func writeFiles(to folder: TemporaryFolder) throws {
    let yaml = try parts("README.md").blocks.filter { $0.language == "yaml" && $0.text.hasPrefix("monitor: fraud") }
    let monitor = try #require(yaml.first).text
    try folder.write(monitor, to: "fraud.yaml")
    try writeTraining(to: folder)
    try writeLogs(to: folder)
    try FileManager.default.createDirectory(
      at: folder.url.appendingPathComponent("monitors"), withIntermediateDirectories: true)
    try folder.write(monitor, to: "monitors/fraud.yaml")
    try FileManager.default.copyItem(
      at: root.appendingPathComponent("deploy/leeway.example.yaml"),
      to: folder.url.appendingPathComponent("leeway.yaml"))
    let prepared = try run(
      """
      gzip training.csv predictions.jsonl labels.jsonl
      leeway baseline fit monitors/fraud.yaml --from training.csv.gz --time timestamp
      """, in: folder)
    try #require(prepared.code == 0, "\(prepared.output)")
  }

  private static let begin: Int64 = 1_770_000_000_000
  private static let countries = ["DE", "FR", "PL"]
  private static let devices = ["ios", "android", "web"]

  /// The n-th payment: its amount, age, country, device, score, and whether it was a fraud.
  private static func payment(_ random: inout SeededGenerator) -> [String] {
    let score = Double(Int.random(in: 1..<100, using: &random)) / 100
    return [
      "\(Int.random(in: 5...400, using: &random))", "\(Int.random(in: 18...90, using: &random))",
      countries.randomElement(using: &random) ?? "", devices.randomElement(using: &random) ?? "", "\(score)",
      Double.random(in: 0..<1, using: &random) < score ? "1" : "0",
    ]
  }

  /// 15 days with 52 payments an hour.
  private static func writeTraining(to folder: TemporaryFolder) throws {
    var random = SeededGenerator(seed: 5)
    var lines = ["timestamp,amount,age,country,device,score,is_fraud"]
    let (hour, rows) = (Int64(3_600_000), Int64(52))
    for i in 0..<15 * 24 * rows {
      let time = begin - 15 * 24 * hour + i * hour / rows
      lines.append("\(time),\(payment(&random).joined(separator: ","))")
    }
    try folder.write(lines.joined(separator: "\n") + "\n", to: "training.csv")
  }

  /// Two hours of payments a week later, and their labels a day after each.
  private static func writeLogs(to folder: TemporaryFolder) throws {
    var random = SeededGenerator(seed: 6)
    var predictions = ""
    var labels = ""
    for i in 0..<400 as Range<Int64> {
      let time = begin + 7 * 86_400_000 + i * 18_000
      let p = payment(&random)
      predictions +=
        #"{"prediction_id":"p\#(i)","timestamp_ms":\#(time),"model_version":"v1","amount":\#(p[0]),"age":\#(p[1]),"#
        + #""country":"\#(p[2])","context":{"device":"\#(p[3])"},"score":\#(p[4])}"# + "\n"
      labels += #"{"prediction_id":"p\#(i)","labelled_at_ms":\#(time + 86_400_000),"is_fraud":\#(p[5])}"# + "\n"
    }
    try folder.write(predictions, to: "predictions.jsonl")
    try folder.write(labels, to: "labels.jsonl")
  }

  private static func run(_ script: String, in folder: TemporaryFolder) throws -> (code: Int32, output: String) {
    let log = folder.url.appendingPathComponent("log-\(UUID().uuidString)")
    try Data().write(to: log)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-euc", script]
    process.currentDirectoryURL = folder.url
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    process.environment = ProcessInfo.processInfo.environment.merging([
      "PATH": "\(LeewayProcess.executable.deletingLastPathComponent().path):\(path)",
      // What the example configuration asks for.
      "SLACK_URL": "http://127.0.0.1/slack", "PAGER_URL": "http://127.0.0.1/pager", "HOOK_SECRET": "secret",
    ]) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: log)
    process.standardError = process.standardOutput
    try process.runBound()
    process.waitUntilExit()
    return (process.terminationStatus, String((try? String(contentsOf: log, encoding: .utf8))?.suffix(2000) ?? ""))
  }
}
