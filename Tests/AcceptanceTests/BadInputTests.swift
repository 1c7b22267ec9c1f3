import Foundation
import LeewaySource
import Testing

/// Wrong files and wrong words on the command line: an exit code, and a line that names place, value and fix.
@Suite struct BadInputTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try Shop.prepare(in: folder)
  }

  private func run(_ arguments: String) throws -> (code: Int32, output: String, error: String) {
    try LeewayProcess.run(arguments.split(separator: " ").map(String.init), in: folder.url)
  }

  /// Runs a command that must fail with exactly this on standard error, and nothing on standard output.
  private func expect(
    _ arguments: String, code: Int32, _ error: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try run(arguments)
    #expect(found.code == code, sourceLocation: sourceLocation)
    #expect(found.error == error + "\n", sourceLocation: sourceLocation)
    #expect(found.output.isEmpty, sourceLocation: sourceLocation)
  }

  // MARK: Configuration

  private let mistaken = """
    monitor: Shop
    task: binry
    predictions:
      topic: "a b"
      fields: {id: id, time: at, score: score}
      time_format: epoch
    features:
      amount: numberic
    baseline: none.json
    panes: 5m
    windows:
      - {size: 1h, every: 7m}
    lateness: 5
    cheks: []

    """

  private func mistakes(_ path: String) -> String {
    """
    \(path):1:1: warning: the monitor has no checks, so nothing ever fires; add one under checks:, as {name: input-drift, on: features, metric: psi, window: 7d, warning: 0.2}
    \(path):1:10: monitor is Shop; a monitor's name is 1 to 63 small letters, digits and hyphens
    \(path):2:7: task is binry; it takes binary, multiclass or regression. Did you mean binary?
    \(path):4:10: predictions.topic is a b; Kafka's topic names are 1 to 249 letters, digits, dots, underscores and hyphens, and not . or ..
    \(path):6:16: predictions.time_format is epoch; it takes epoch_s, epoch_ms, epoch_us, epoch_ns or rfc3339. Did you mean epoch_s?
    \(path):8:11: features.amount is numberic; it takes numeric or categorical. Did you mean numeric?
    \(path):12:23: windows[0].every is 7m; it must be a multiple of panes, 5m. Did you mean 5m or 10m?
    \(path):13:11: lateness is 5; it takes a number with its unit, such as 5s, 5m, 5h or 5d
    \(path):14:1: cheks is not a key that can be set. Did you mean checks?
    """
  }

  /// Every command that reads a monitor says all that is wrong with it.
  @Test(arguments: [
    "baseline fit bad.yaml --from train.csv", "replay bad.yaml --predictions train.csv",
  ]) func everyMistakeOfAMonitorAtOnce(arguments: String) throws {
    try folder.write(mistaken, to: "bad.yaml")
    try expect(arguments, code: 1, mistakes("bad.yaml"))
  }

  /// Both files' mistakes in one go, librdkafka's properties included.
  @Test(arguments: ["check", "run"]) func everyMistakeOfEveryFileAtOnce(command: String) throws {
    try folder.write(mistaken, to: "monitors/bad.yaml")
    try folder.write(
      """
      kafka: {bootstrap: "localhost", properties: {fetch.min.byte: 1, auto.offset.reset: earliest}}
      ledger: postgres://user:sec/ret@host/db
      htp: {listen: "127.0.0.1:80"}

      """, to: "bad.yaml")
    let service = """
      bad.yaml:1:20: kafka.bootstrap is localhost; it takes HOST:PORT, several separated by commas
      bad.yaml:1:62: kafka.properties.fetch.min.byte: No such configuration property: "fetch.min.byte". Did you mean fetch.min.bytes?
      bad.yaml:1:84: kafka.properties.auto.offset.reset: auto.offset.reset is always error here: an offset that is gone is reported, never skipped; remove it
      bad.yaml:2:9: ledger is no PostgreSQL address; it takes postgres://USER:PASSWORD@HOST:5432/DATABASE, with % codes for special characters
      bad.yaml:3:1: htp is not a key that can be set. Did you mean http?

      """
    let baseline = """
      monitors/bad.yaml:9:11: baseline is none.json; there is no such file yet. Make it with: leeway baseline fit monitors/bad.yaml --from FILE --out monitors/none.json

      """
    var monitor = mistakes("monitors/bad.yaml")
    monitor.insert(contentsOf: baseline, at: try #require(monitor.range(of: "monitors/bad.yaml:12")).lowerBound)
    try expect(
      "\(command) --config bad.yaml", code: 1, service + monitor + (command == "check" ? "\nleeway: 14 errors" : ""))
  }

  @Test func missingConfiguration() throws {
    try expect("run --config no.yaml", code: 1, "no.yaml: the file does not exist; check the path")
    try expect("run --monitors no", code: 1, "no: the folder of monitors does not exist; check the path")
    try expect(
      "check --monitors no", code: 1, "no: the folder of monitors does not exist; check the path\nleeway: 1 error")
    try expect("replay no.yaml --predictions x", code: 1, "no.yaml: the file does not exist; check the path")
  }

  /// Of several monitors one is worked on.
  @Test func oneMonitorFileIsEnough() throws {
    let found = try run("check --monitors monitors/shop.yaml")
    #expect(found.code == 0 && found.output.hasPrefix("1 monitor is good\n"), "\(found)")
    try expect(
      "check --monitors train.csv", code: 1,
      "train.csv: --monitors names a file that does not end in .yaml; name a folder of monitors, or one monitor file\nleeway: 1 error"
    )
  }

  /// Whoever copies a ledger at night has no secrets of receivers, and a mistake elsewhere is no hindrance.
  @Test func theLedgerNeedsNoSecretsOfOthers() throws {
    let others = "kafka: {bootstrap: \"${NO_BROKER}\"}\nreceivers: {chat: {slack: \"${NO_URL}\"}}\nlimits: {what: 1}\n"
    try folder.write(others + "ledger: sqlite:train.csv\n", to: "a.yaml")
    let found = try run("ledger verify --config a.yaml")
    #expect(found.code == 3)
    #expect(found.error.hasPrefix("leeway: opening the ledger train.csv: "), "\(found.error)")
    try folder.write(others + "ledger: \"sqlite:${NO_FILE}\"\n", to: "a.yaml")
    try expect(
      "ledger verify --config a.yaml", code: 1,
      "a.yaml:4:9: ledger needs the environment variable of ${NO_FILE}, which is not set; set NO_FILE")
  }

  // MARK: Baselines

  @Test func unusableBaselines() throws {
    let path = folder.url.appendingPathComponent("monitors/shop.baseline.json")
    let good = try String(contentsOf: path, encoding: .utf8)
    func show(_ text: String, _ problem: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
      try folder.write(text, to: "b.json")
      try expect("baseline show b.json", code: 1, "leeway: b.json: \(problem)", sourceLocation: sourceLocation)
    }
    try show(
      good.replacing(/"version":[1-4]/, with: "\"version\":5", maxReplacements: 1),
      "version: 5 was written by a newer leeway and this one reads up to 4; upgrade leeway or fit the baseline again")
    try show(String(good.prefix(500)), "the document ends in the middle of its JSON; write it again, whole")
    try show("", "the document is empty; it must hold JSON")
    try show("{\"format\":\"other\"}", "format: not a baseline of leeway; make one with leeway baseline fit")
    try folder.write(good.replacing("\"rows\":400", with: "\"rows\":401", maxReplacements: 1), to: "b.json")
    let changed = try run("baseline show b.json")
    #expect(changed.code == 1)
    let text =
      /leeway: b.json: the content has been changed: its digest is sha256:[0-9a-f]{64}, the file says sha256:[0-9a-f]{64}; fit it again with leeway baseline fit\n/
    #expect(changed.error.wholeMatch(of: text) != nil, "\(changed.error)")
    // Whoever needs a baseline says the same.
    try expect(
      "replay monitors/shop.yaml --predictions train.csv --baseline b.json", code: 1, String(changed.error.dropLast()))
    try expect(
      "baseline show no.json", code: 1,
      "leeway: no.json: the baseline does not exist; check the path, or make it with leeway baseline fit")
    try FileManager.default.removeItem(at: path)
    try expect(
      "run", code: 1,
      "monitors/shop.yaml:16:11: baseline is shop.baseline.json; there is no such file yet. Make it with: leeway baseline fit monitors/shop.yaml --from FILE --out monitors/shop.baseline.json"
    )
  }

  @Test func aBaselineOfAnotherMonitor() throws {
    try folder.write(
      Shop.monitor.replacing("  country: categorical\n", with: "  city: categorical\n"), to: "monitors/shop.yaml")
    let found = try run("replay monitors/shop.yaml --predictions train.csv")
    #expect(found.code == 1)
    #expect(
      found.error
        == "leeway: monitors/shop.baseline.json: the baseline does not fit monitor shop: it has no feature city. Fit it again: leeway baseline fit\n"
    )
  }

  /// The same features, and another model: its distributions say nothing of this one.
  @Test func aBaselineOfAnotherMonitorWithTheSameFeatures() throws {
    try folder.write(Shop.monitor.replacing("monitor: shop", with: "monitor: store"), to: "monitors/shop.yaml")
    let found = try run("replay monitors/shop.yaml --predictions train.csv")
    #expect(found.code == 1)
    #expect(
      found.error
        == "leeway: monitors/shop.baseline.json: the baseline does not fit monitor store: it was fitted for monitor shop. Fit it again: leeway baseline fit\n"
    )
    try expect(
      "check", code: 1,
      "monitors/shop.yaml:16:11: baseline is shop.baseline.json; it does not fit: it was fitted for monitor shop. Write baseline: store.baseline.json and make that file with: leeway baseline fit monitors/shop.yaml --from FILE --out monitors/store.baseline.json\nleeway: 1 error"
    )
    // The baseline may be in use by the monitor that it was made for.
    let before = try Data(contentsOf: folder.url.appendingPathComponent("monitors/shop.baseline.json"))
    try expect(
      "baseline fit monitors/shop.yaml --from train.csv", code: 1,
      "leeway: monitors/shop.baseline.json: holds the baseline of monitor shop, and this one is store; give --out another file, or remove that one first"
    )
    #expect(try Data(contentsOf: folder.url.appendingPathComponent("monitors/shop.baseline.json")) == before)
    #expect(try run("baseline fit monitors/shop.yaml --from train.csv --out monitors/store.baseline.json").code == 0)
  }

  // MARK: Training files

  @Test func unusableTrainingFiles() throws {
    func fit(
      _ name: String, _ content: [UInt8], _ problem: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      try Data(content).write(to: folder.url.appendingPathComponent(name))
      try expect(
        "baseline fit monitors/shop.yaml --out out.json --from \(name)", code: 1, "leeway: \(name)\(problem)",
        sourceLocation: sourceLocation)
      #expect(!FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("out.json").path))
    }
    let csv = "amount,country,score\n1,DE,0.5\n2,FR,0.25\n"
    try fit(
      "t.csv", Array("amount,score,x\n1,2,3\n".utf8),
      ":1: no column for feature country: looked for country; the file has amount, score, x")
    try fit(
      "t.csv", Array("amount,country\n1,DE\n".utf8),
      ":1: no column for the model's output: looked for score; the file has amount, country")
    try fit("t.csv", Array((csv + "3,IT\n").utf8), ":4: the row has 2 fields, the header 3")
    try fit("t.csv", Array((csv + "3,IT,0.5,9\n").utf8), ":4: the row has 4 fields, the header 3")
    try fit("t.csv", Array((csv + "3,\"IT,0.5\n").utf8), ":4: the quote that opens here is never closed")
    try fit(
      "t.csv", Array("amount,country,score,amount\n".utf8), ":1: columns 1 and 4 are both named 'amount'; rename one")
    try fit("t.csv", [], ":1: is empty; the first line must name the columns")
    try fit("t.csv", Array("amount,country,score\n".utf8), ": no rows; a baseline needs at least one")
    try fit("t.jsonl", [], ": no rows; a baseline needs at least one")
    try fit(
      "t.csv", Array("amount,country,score\nmany,DE,0.5\n".utf8),
      ":2: amount is many, which is no number; no row has a number there, so check the column, and the type in the monitor"
    )
    try fit(
      "t.jsonl", Array("{\"amount\":1,\"score\":0.5}\n".utf8), ": no row has feature country: looked for country")
    try fit(
      "t.jsonl", Array("{\"amount\":1,\"country\":\"DE\",\"score\":0.5}\n{\"amount\":NaN}\n".utf8),
      ":2: the message is not JSON; NaN, Infinity, comments and trailing commas are not JSON either")
    try fit("t.txt", Array(csv.utf8), ": cannot tell its format; name it .csv, .jsonl, .csv.gz or .jsonl.gz")
    let packed = [UInt8](try Data(contentsOf: CarLoan.folder.appendingPathComponent("train.csv.gz")))
    try folder.write(
      Shop.monitor.replacing("amount: numeric", with: "amount: {type: numeric, field: car_value}")
        .replacing("country: categorical", with: "country: {type: categorical, field: salary_range}"),
      to: "monitors/shop.yaml")
    try fit(
      "t.csv.gz", Array(packed[..<100_000]), ": byte 100000: the gzip data breaks off here; is the file complete?")
    // The trailer's checksum.
    try fit(
      "t.csv.gz", packed.dropLast(8) + [UInt8](repeating: 0, count: 8),
      ": byte \(packed.count - 4): the gzip data is damaged here: incorrect data check")
  }

  @Test func missingAndUnreadableInputs() throws {
    let missing = "leeway: no.jsonl: there is no such file; check its name and its folder"
    try expect("baseline fit monitors/shop.yaml --from no.jsonl", code: 1, missing)
    try expect("replay monitors/shop.yaml --predictions no.jsonl", code: 1, missing)
    try folder.write(Shop.prediction(0), to: "p.jsonl")
    try expect("replay monitors/shop.yaml --predictions p.jsonl --labels no.jsonl", code: 1, missing)
    try expect(
      "replay monitors/shop.yaml --predictions monitors", code: 1,
      "leeway: monitors: is a folder; name a file, or several, as FOLDER/*.gz")
    try expect(
      "baseline fit monitors/shop.yaml --from monitors", code: 1,
      "leeway: monitors: is a folder; name a file, or several, as FOLDER/*.gz")
    try expect(
      "replay monitors/shop.yaml --predictions p.jsonl --out monitors", code: 1,
      "leeway: monitors: is a folder; name the file to write results to")
    let packed = try Data(contentsOf: CarLoan.folder.appendingPathComponent("labels.jsonl.gz"))
    try packed[..<5000].write(to: folder.url.appendingPathComponent("cut.jsonl.gz"))
    try expect(
      "replay monitors/shop.yaml --predictions p.jsonl --labels cut.jsonl.gz", code: 1,
      "leeway: cut.jsonl.gz: byte 5000: the gzip data breaks off here; is the file complete?")
  }

  // MARK: Command line

  @Test(arguments: [
    (
      "replay monitors/shop.yaml --predictions p.jsonl --fast",
      "leeway replay has no option --fast; it has --predictions, "
    ),
    (
      "run --confg x",
      "leeway run has no option --confg; it has --config, --monitors, --log-level. Did you mean --config?"
    ),
    ("run --config=x --nope=3", "leeway run has no option --nope; it has --config, "),
    // The parser itself speaks of --from here, which is left out because of the slip.
    (
      "baseline fit monitors/shop.yaml --form x",
      "leeway baseline fit has no option --form; it has --from, --calibrate-on, --time, --leave-out, --out. Did you mean --from?"
    ),
    (
      "chek",
      "leeway has no command chek; it has demo, run, check, keys, baseline, replay, backtest, alerts, incidents, silences, retrains, ledger, token. Did you mean check?\nUsage: leeway <subcommand>\n  See 'leeway --help'"
    ),
    ("ledger verfy", "leeway ledger has no command verfy; it has verify, backup, restore. Did you mean verify?"),
    ("help ledger verfy", "leeway ledger has no command verfy; it has verify, backup, restore. Did you mean verify?"),
    ("ledger --config x verify", "--config goes behind the command, as leeway ledger verify --config\n"),
    ("replay monitors/shop.yaml", "Missing expected argument '--predictions <predictions> ...'"),
    ("baseline fit monitors/shop.yaml", "Missing expected argument '--from <from> ...'"),
    ("baseline show", "Missing expected argument '<file>'"),
    (
      "check monitors",
      "monitors goes with --sample FILE or --explain; the folder of monitors, or one monitor, is --monitors PATH"
    ),
    ("run --log-level loud", "--log-level loud is unknown; known are debug, info, notice, warning and error"),
    (
      "replay monitors/shop.yaml --predictions p.jsonl --as-of tomorrow",
      "--as-of tomorrow is not an RFC 3339 time; write for example 2026-03-01T00:00:00Z"
    ),
    (
      "replay monitors/shop.yaml --predictions p.jsonl --as-of 2026-02-30T00:00:00Z",
      "--as-of 2026-02-30T00:00:00Z is not an RFC 3339 time; write for example 2026-03-01T00:00:00Z"
    ),
    ("levitate", "leeway has no command levitate; it has demo, "),
    ("run now", "Unexpected argument 'now'"),
  ]) func wrongUsage(arguments: String, problem: String) throws {
    let found = try run(arguments)
    #expect(found.code == 2)
    #expect(found.error.hasPrefix("Error: \(problem)"), "\(found.error)")
    #expect(found.error.contains("\nUsage: leeway "))
    #expect(found.output.isEmpty)
  }

  @Test(arguments: [
    "", "demo", "run", "check", "baseline", "baseline fit", "baseline show", "replay", "backtest",
  ]) func helpEndsWithAnExample(command: String) throws {
    let found = try run(command + " --help")
    #expect(found.code == 0)
    #expect(found.error.isEmpty)
    let example = try #require(found.output.firstMatch(of: /\nEXAMPLE\n  leeway ([a-z]+)/), "\(found.output)")
    let name = command.split(separator: " ").first.map(String.init)
    #expect(name == nil || name == String(example.1))
  }
}
