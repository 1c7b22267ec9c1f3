import Foundation
import Testing

/// However many threads read the predictions, `leeway replay` prints the same bytes.
@Suite struct ReplayThreadsTests {
  /// Two files of predictions, out of order and behind the lateness, with more versions and countries than have slices,
  /// ids that repeat or are missing, and lines that are no predictions.
  private struct Logs {
    var files: [[String]] = []
    var labels: [String] = []
    var late = 0

    init() {
      for file in 0..<2 {
        var lines: [String] = []
        var watermark = Int64.min
        for i in file * 5000..<file * 5000 + 5000 {
          // One in eleven is behind, half of them by more than the lateness.
          let time = Shop.time(i) - (i % 11 == 3 ? Int64(i % 22) * 30_000 : Int64(i % 3) * 1000)
          if watermark != Int64.min, time < watermark - 300_000 { late += 1 }
          watermark = max(watermark, time)
          let id = i % 17 == 5 ? "\"p\(i - 1)\"" : i % 101 == 7 ? "null" : nil
          lines.append(
            Shop.prediction(
              i, id: id, at: "\(time)", country: "\"C\(i * i % 151)\"", score: i % 97 == 9 ? "\"none\"" : nil,
              model: "\"v\(i * 7 % 131)\""))
          if i % 499 == 250 { lines.append(i % 2 == 0 ? "{\"id\":" : "{\"at\":\"soon\"}") }
          if i % 4 == 0 { labels.append(Shop.label(i)) }
          if i % 40 == 0 { labels.append(Shop.label(i, at: "\(Shop.time(i) + 120_000)", bought: "1")) }
        }
        files.append(lines)
      }
    }
  }

  @Test func theOutputDoesNotDependOnThem() throws {
    let folder = try TemporaryFolder()
    try Shop.prepare(in: folder)
    try folder.write(
      Shop.monitor.replacingOccurrences(of: "panes: 5m", with: "segments: [country]\npanes: 5m"),
      to: "monitors/shop.yaml")
    let fit = try LeewayProcess.run(["baseline", "fit", "monitors/shop.yaml", "--from", "train.csv"], in: folder.url)
    try #require(fit.code == 0, "\(fit.error)")
    let logs = Logs()
    for (i, lines) in logs.files.enumerated() {
      try folder.write(lines.joined(separator: "\n"), to: "predictions-\(i).jsonl")
    }
    try folder.write(logs.labels.joined(separator: "\n"), to: "labels.jsonl")

    var first: (output: String, error: String)?
    for threads in [1, 2, 4] {
      let replay = try LeewayProcess.run(
        ["replay", "monitors/shop.yaml", "--threads", "\(threads)", "--predictions"]
          + logs.files.indices.map { "predictions-\($0).jsonl" } + ["--labels", "labels.jsonl"], in: folder.url)
      try #require(replay.code == 0, "\(replay.error)")
      if let first {
        #expect(replay.output == first.output, "\(threads) threads")
        #expect(replay.error == first.error, "\(threads) threads")
      } else {
        first = (replay.output, replay.error)
        #expect(
          logs.late > 50 && replay.error.contains("\(10_000 - logs.late) predictions accepted, \(logs.late) late,"))
        #expect(replay.error.contains("predictions-0.jsonl:252: ") && !replay.output.isEmpty)
        #expect(replay.output.contains("\"slice\":\"version=__other__\""))
      }
    }
  }

  @Test func aFileThatBreaksOffEndsAllThreads() throws {
    let folder = try TemporaryFolder()
    try Shop.prepare(in: folder)
    try folder.write((0..<3000).map { Shop.prediction($0) }.joined(separator: "\n"), to: "whole.jsonl")
    let pack = Process()
    pack.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    pack.arguments = ["gzip", "-k", folder.url.appendingPathComponent("whole.jsonl").path]
    try pack.run()
    pack.waitUntilExit()
    let packed = try Data(contentsOf: folder.url.appendingPathComponent("whole.jsonl.gz"))
    try packed.prefix(packed.count - 2000).write(to: folder.url.appendingPathComponent("cut.jsonl.gz"))
    let replay = try LeewayProcess.run(
      ["replay", "monitors/shop.yaml", "--threads", "4", "--predictions", "cut.jsonl.gz"], in: folder.url)
    #expect(replay.code == 1, "\(replay.error)")
    #expect(replay.error.contains("cut.jsonl.gz"))
  }

  @Test func aNumberOfThreadsThatMakesNoSenseIsRefused() throws {
    let folder = try TemporaryFolder()
    let replay = try LeewayProcess.run(
      ["replay", "monitors/shop.yaml", "--threads", "0", "--predictions", "p.jsonl"], in: folder.url)
    #expect(replay.code == 2)
    #expect(replay.error.contains("--threads 0 is none of 1 to 64"))
  }

  /// What is on disk meanwhile goes with the process.
  @Test func anInterruptedReplayLeavesNothing() throws {
    let folder = try TemporaryFolder()
    try Shop.prepare(in: folder)
    let fit = try LeewayProcess.run(["baseline", "fit", "monitors/shop.yaml", "--from", "train.csv"], in: folder.url)
    try #require(fit.code == 0, "\(fit.error)")
    let pipe = folder.url.appendingPathComponent("predictions.pipe").path
    let scratch = folder.url.appendingPathComponent("scratch")
    try #require(mkfifo(pipe, 0o600) == 0)
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: false)
    let replay = try LeewayProcess(
      ["replay", "monitors/shop.yaml", "--predictions", "predictions.pipe"], in: folder.url,
      environment: ["TMPDIR": scratch.path])
    // It can be opened once it is read, so the ledger is there.
    var writer: Int32 = -1
    while writer < 0, replay.isRunning {
      writer = open(pipe, O_WRONLY | O_NONBLOCK)
      if writer < 0 { usleep(5000) }
    }
    try #require(writer >= 0, "\(replay.standardError)")
    defer { close(writer) }
    let files = try FileManager.default.subpathsOfDirectory(atPath: scratch.path)
    #expect(files.contains { $0.hasSuffix("/ledger.db") }, "\(files)")
    replay.interrupt()
    // What the shell calls 130: ended by the signal.
    #expect(replay.wait() == SIGINT)
    #expect(try FileManager.default.subpathsOfDirectory(atPath: scratch.path) == [])
  }
}
