import Foundation
import LeewaySource
import Testing

/// What the machine, the disk and the network do to a good configuration: exit code 3, and a line that says what to do.
@Suite struct BadEnvironmentTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func configure(
    bootstrap: String = "127.0.0.1:1", ledger: String = "leeway.db", http: String = "{listen: \"127.0.0.1:0\"}"
  ) throws {
    try folder.write(
      """
      kafka: {bootstrap: "\(bootstrap)"}
      ledger: sqlite:\(ledger)
      http: \(http)

      """, to: "leeway.yaml")
  }

  /// Runs the service, which must end with this as its last line.
  private func expectRun(
    code: Int32 = 3, _ problem: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try LeewayProcess.run(["run"], in: folder.url)
    #expect(found.code == code, sourceLocation: sourceLocation)
    #expect(found.error.split(separator: "\n").last ?? "" == "leeway: \(problem)", sourceLocation: sourceLocation)
  }

  @Test func unusableLedgers() throws {
    try Shop.prepare(in: folder)
    let real = URL(
      fileURLWithPath: try #require(
        realpath(folder.url.path, nil).map { pointer in
          defer { free(pointer) }
          return String(cString: pointer)
        })
    ).path
    try configure(ledger: "monitors")
    try expectRun("opening the ledger monitors: it is a folder; name a file in it")
    try configure(ledger: "train.csv")
    try expectRun(
      "opening tables in the ledger \(real)/train.csv: the file is not an SQLite database (SQLite 26: file is not a database); name another file, or restore it from a backup"
    )
    try configure(ledger: "no/leeway.db")
    try expectRun("opening the ledger no/leeway.db: there is no folder no; make it, or name another path")
    #expect(try String(contentsOf: folder.url.appendingPathComponent("train.csv"), encoding: .utf8) == Shop.training)
  }

  @Test func unusableTokens() throws {
    try Shop.prepare(in: folder)
    try configure(http: "{listen: \"127.0.0.1:0\", tokens_file: no}")
    try expectMistakes(["no: the file of tokens does not exist; check the path"])
    try configure(http: "{listen: \"127.0.0.1:0\", tokens_file: monitors}")
    try expectMistakes(["monitors: the file of tokens is a folder; name a file"])
    try folder.write("viewer:short\nking:0123456789abcdef\n", to: "tokens")
    try configure(http: "{listen: \"127.0.0.1:0\", tokens_file: tokens}")
    try expectMistakes([
      "tokens:1: the token is shorter than 16 bytes; make a longer one",
      "tokens:2: expected NAME:ROLE:sha256:HASH; make the line with leeway token new NAME ROLE",
    ])
  }

  /// What `check` calls good must start, so both say the same of tokens.
  private func expectMistakes(_ problems: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let lines = problems.map { "leeway.yaml:3:44: http.tokens_file: \($0)\n" }.joined()
    let run = try LeewayProcess.run(["run"], in: folder.url)
    #expect(run.code == 1, sourceLocation: sourceLocation)
    #expect(run.error == lines, sourceLocation: sourceLocation)
    let check = try LeewayProcess.run(["check"], in: folder.url)
    #expect(check.code == 1, sourceLocation: sourceLocation)
    let count = problems.count
    #expect(
      check.error == lines + "leeway: \(count) \(count == 1 ? "error" : "errors")\n", sourceLocation: sourceLocation)
  }

  /// A ledger that could not be opened is found before the service is started.
  @Test func checkFindsALedgerWithoutAFolder() throws {
    try Shop.prepare(in: folder)
    try configure(ledger: "no/leeway.db")
    var found = try LeewayProcess.run(["check"], in: folder.url)
    // Where it runs there may be one.
    #expect(found.code == 0)
    #expect(
      found.error
        == "leeway.yaml:2:9: warning: ledger is no/leeway.db, and there is no folder no on this machine; make it where leeway runs\n"
    )
    try configure(ledger: "monitors")
    found = try LeewayProcess.run(["check"], in: folder.url)
    #expect(found.code == 1)
    #expect(found.error == "leeway.yaml:2:9: ledger is the folder monitors; name a file in it\nleeway: 1 error\n")
  }

  /// Without a configuration nothing can be said of what only it knows, and that is said.
  @Test func checkWithoutAConfigurationSaysSo() throws {
    try Shop.prepare(in: folder)
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("leeway.yaml"))
    let found = try LeewayProcess.run(["check"], in: folder.url)
    #expect(found.code == 0)
    #expect(
      found.output.hasPrefix(
        "1 monitor is good\nreceivers, broker and ledger were not checked: there is no leeway.yaml here; name one with --config\n"
      ))
    #expect(
      found.output.split(separator: "\n").last ?? ""
        == "monitor shop: series: 264 of at most 5,000: all 88, 2 versions 128, their p-values, bounds and chi-squared 48; left out: nothing"
    )
  }

  @Test func checkFindsReceiversThatThereAreNot() throws {
    try Shop.prepare(in: folder)
    try folder.write(Shop.monitor.replacing("warning: [log]", with: "warning: [log, chat]"), to: "monitors/shop.yaml")
    try configure()
    let line = "monitors/shop.yaml:25:18: alerts.warning[1] is chat, which is no receiver in leeway.yaml; it has log.\n"
    for (command, end) in [("run", ""), ("check", "leeway: 1 error\n")] {
      let found = try LeewayProcess.run([command], in: folder.url)
      #expect(found.code == 1)
      #expect(found.error == line + end)
    }
  }

  @Test func unwritableOutputs() throws {
    try Shop.prepare(in: folder)
    try folder.write((0..<300).map { Shop.prediction($0) }.joined(separator: "\n"), to: "p.jsonl")
    func expect(_ arguments: String, _ error: String, code: Int32 = 3) throws {
      let found = try LeewayProcess.run(arguments.split(separator: " ").map(String.init), in: folder.url)
      #expect(found.code == code)
      #expect(found.error == "leeway: \(error)\n")
    }
    let replay = "replay monitors/shop.yaml --predictions p.jsonl --out"
    try expect("\(replay) no/x", "no/x: the results cannot be written: No such file or directory")
    try expect("\(replay) monitors", "monitors: is a folder; name the file to write results to", code: 1)
    try expect("\(replay) /dev/full", "/dev/full: the results cannot be written: No space left on device")
    let fit = "baseline fit monitors/shop.yaml --from train.csv --out"
    try expect("\(fit) no/x", "no/x: the baseline cannot be written: No such file or directory")
    try expect("\(fit) monitors", "monitors: is a folder; name the file to write the baseline to", code: 1)
    try expect("\(fit) /dev/full", "/dev/full: the baseline cannot be written: No space left on device")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.url.path).allSatisfy { !$0.hasSuffix(".partial") })
  }

  /// `head` closes the pipe after its first line; that is for nobody to complain of.
  @Test func aReaderThatHasEnough() throws {
    try Shop.prepare(in: folder)
    try folder.write((0..<6000).map { Shop.prediction($0) }.joined(separator: "\n"), to: "p.jsonl")
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/bash")
    shell.arguments = [
      "-c", "set -o pipefail; \"$0\" replay monitors/shop.yaml --predictions p.jsonl | head -n 1",
      LeewayProcess.executable.path,
    ]
    shell.currentDirectoryURL = folder.url
    let (output, error) = (Pipe(), Pipe())
    shell.standardOutput = output
    shell.standardError = error
    try shell.run()
    let line = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let trace = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0)
    #expect(line.hasPrefix("{\"type\":\"") && line.hasSuffix("}\n"))
    #expect(trace == "")
  }

  @Test func portAndLedgerThatAnotherOneHolds() throws {
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    try Shop.prepare(in: folder)
    try configure(bootstrap: broker.bootstrap)
    let first = try RunningService(in: folder.url)

    let second = try LeewayProcess.run(["run"], in: folder.url)
    #expect(second.code == 3)
    let held =
      /leeway: opening the ledger .*\/leeway.db: process ([0-9]+) on .*? has it open; stop that one, or use PostgreSQL for several instances\n/
    #expect(try #require(second.error.wholeMatch(of: held), "\(second.error)").1 == "\(first.process.identifier)")

    let address = String(first.base.dropFirst("http://".count))
    try configure(ledger: "other.db", http: "{listen: \"\(address)\"}")
    try expectRun("http.listen \(address): another process listens there; stop it or choose another port")
    #expect(first.process.isRunning, "\(first.process.standardError)")
  }

  /// A service waits 30 s for its broker, alive and not ready, and gives up.
  @Test func aBrokerThatIsNotThere() throws {
    try Shop.prepare(in: folder)
    try configure()
    let service = try RunningService(in: folder.url)
    let isAlive = service.get("/healthz") != nil
    let isReady = service.get("/readyz") != nil
    // Unless it has given up before it was asked.
    #expect(isAlive || !service.process.isRunning)
    #expect(!isReady)
    #expect(service.process.wait() == 3)
    let lines = service.process.standardError.split(separator: "\n")
    #expect(
      lines.last
        == "leeway: Kafka at 127.0.0.1:1 does not answer: Local: Broker transport failure (_TRANSPORT); check kafka.bootstrap and the network"
    )
  }
}
