import Foundation
import LeewayCore
import LeewayStatistics
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

@Suite struct ConfigurationTests {
  private func monitor(_ name: String, warning: String = "[log]", more: String = "") -> String {
    """
    monitor: \(name)
    task: binary
    predictions: {topic: p, fields: {id: id, time: at, score: s}}
    labels: {topic: l, fields: {id: id, time: at, value: y}, horizon: 1d}
    windows: [{size: 1h, every: 5m}]
    checks:
    - {name: drift, on: score, metric: psi, window: 1h, warning: 0.2}
    - {name: auc, on: performance, metric: auc, window: 1h, warning: 0.7}
    alerts: {warning: \(warning)}
    \(more)
    """
  }

  /// Loads the folder, whose path is left out of the messages.
  private func load(
    _ folder: TemporaryFolder, config: String? = nil, baseline: MonitorFile.BaselineNeed = .none
  ) -> (configuration: Configuration?, problems: [String]) {
    let configPath = config.map { folder.write("leeway.yaml", $0) }
    let monitors = "\(folder.path)/monitors"
    let (configuration, problems) = Configuration.load(
      configPath: configPath, monitorsDirectory: monitors, baseline: baseline, environment: [:], now: WallClock.now())
    return (configuration, problems.map { $0.description.replacing("\(folder.path)/", with: "") })
  }

  private func withFolder(_ files: [String: String], _ body: (TemporaryFolder) throws -> Void) throws {
    try TemporaryFolder.use { folder in
      try FileManager.default.createDirectory(atPath: "\(folder.path)/monitors", withIntermediateDirectories: true)
      for (name, text) in files { folder.write("monitors/\(name)", text) }
      try body(folder)
    }
  }

  @Test func monitorsComeInTheOrderOfTheirFiles() throws {
    try withFolder(["b.yaml": monitor("x"), "a.yaml": monitor("y"), "notes.txt": "[", ".hidden.yaml": "["]) { folder in
      let (configuration, problems) = load(folder, config: "kafka: {bootstrap: \"localhost:9092\"}")
      #expect(problems == [])
      #expect(configuration?.monitors.map(\.name) == ["y", "x"])
      #expect(configuration?.service?.kafka.bootstrap == "localhost:9092")
    }
  }

  /// 200 predictions a second, each waiting for a day and the lateness of 10 minutes.
  private func busy(_ name: String, rate: String = "200/s", labels: String = "") -> String {
    monitor(name).replacing("topic: p,", with: "topic: p, rate: \(rate),")
      .replacing("horizon: 1d", with: "horizon: 1d\(labels)")
  }

  @Test func whatWouldWaitForLabelsMustFitTheLedger() throws {
    let kafka = "kafka: {bootstrap: \"localhost:9092\"}\n"
    try withFolder(["a.yaml": busy("x")]) { folder in
      #expect(load(folder, config: kafka).problems == [])
      let (configuration, problems) = load(folder, config: kafka + "limits: {waiting_rows: 1000000}")
      #expect(configuration == nil)
      #expect(
        problems == [
          "monitors/a.yaml:3:31: predictions.rate is 200/s, so 17400000 predictions wait for labels at a time "
            + "(horizon 1d), more than limits.waiting_rows, 1000000 in leeway.yaml; set labels.sample: 0.05, shorten "
            + "labels.horizon, or raise the limit"
        ])
    }
    // The sample that it proposes fits, and a larger one does not.
    try withFolder(["a.yaml": busy("x", labels: ", sample: 0.05")]) { folder in
      #expect(load(folder, config: kafka + "limits: {waiting_rows: 1000000}").problems == [])
    }
    try withFolder(["a.yaml": busy("x", labels: ", sample: 0.06")]) { folder in
      #expect(
        load(folder, config: kafka + "limits: {waiting_rows: 1000000}").problems == [
          "monitors/a.yaml:3:31: predictions.rate is 200/s, so 1044000 predictions wait for labels at a time "
            + "(horizon 1d, sample 0.06), more than limits.waiting_rows, 1000000 in leeway.yaml; set labels.sample: "
            + "0.05, shorten labels.horizon, or raise the limit"
        ])
    }
    // Without a file of limits the usual one holds.
    try withFolder(["a.yaml": busy("x", rate: "1000000/s")]) { folder in
      #expect(
        load(folder).problems == [
          "monitors/a.yaml:3:31: predictions.rate is 1000000/s, so 87000000000 predictions wait for labels at a time "
            + "(horizon 1d), more than limits.waiting_rows, 50000000; set labels.sample: 0.0005, shorten "
            + "labels.horizon, or raise the limit"
        ])
    }
  }

  @Test func ratesBeyondReasonHaveAMessageToo() throws {
    try withFolder(["a.yaml": busy("x", rate: "1000000000/s").replacing("horizon: 1d", with: "horizon: 730d")]) {
      folder in
      let problems = load(folder, config: "kafka: {bootstrap: \"localhost:9092\"}\nlimits: {waiting_rows: 1000}")
        .problems
      #expect(
        problems.count == 1 && problems.first?.contains("set labels.sample: 1e-14, shorten") == true, "\(problems)")
    }
  }

  @Test func monitorsShareTheLedger() throws {
    try withFolder(["a.yaml": busy("x", rate: "720000/h"), "b.yaml": busy("y", rate: "100/s"), "c.yaml": monitor("z")])
    {
      folder in
      let kafka = "kafka: {bootstrap: \"localhost:9092\"}\n"
      #expect(load(folder, config: kafka + "limits: {waiting_rows: 26100000}").problems == [])
      #expect(
        load(folder, config: kafka + "limits: {waiting_rows: 26000000}").problems == [
          "monitors/a.yaml:3:31: predictions.rate is 720000/h, so 17400000 predictions wait for labels at a time "
            + "(horizon 1d), and with those of other monitors 26100000, more than limits.waiting_rows, 26000000 in "
            + "leeway.yaml; sample labels, or raise it"
        ])
    }
  }

  @Test func withoutAConfigurationFileMonitorsAloneAreChecked() throws {
    try withFolder(["a.yaml": monitor("x", warning: "[anybody]")]) { folder in
      let (configuration, problems) = load(folder)
      #expect(problems == [])
      #expect(configuration?.service == nil)
      #expect(configuration?.monitors.count == 1)
    }
  }

  @Test func problemsOfAllFilesComeAtOnceInOrder() throws {
    try withFolder([
      "a.yaml": monitor("same"), "b.yaml": monitor("same"), "c.yaml": monitor("C"), "d.yml": monitor("d"),
    ]) { folder in
      let (configuration, problems) = load(folder, config: "kafka: {bootstrap: here}")
      #expect(configuration == nil)
      #expect(
        problems == [
          "leeway.yaml:1:20: kafka.bootstrap is here; it takes HOST:PORT, several separated by commas",
          "monitors/b.yaml:1:10: monitor is same, the name of the monitor in monitors/a.yaml too; rename one",
          "monitors/c.yaml:1:10: monitor is C; a monitor's name is 1 to 63 small letters, digits and hyphens",
          "monitors/d.yml: warning: is not read, since monitor files end in .yaml; rename it",
        ])
    }
  }

  @Test func alertsNameReceiversThatThereAre() throws {
    try withFolder(["a.yaml": monitor("a", warning: "[log, chatt, pager]")]) { folder in
      let (_, problems) = load(
        folder,
        config: "kafka: {bootstrap: \"b:1\"}\nreceivers: {chat: {type: slack, url: \"http://a\"}}")
      #expect(
        problems == [
          "monitors/a.yaml:9:25: alerts.warning[1] is chatt, which is no receiver in leeway.yaml; it has log, chat. Did you mean chat?",
          "monitors/a.yaml:9:32: alerts.warning[2] is pager, which is no receiver in leeway.yaml; it has log, chat.",
        ])
    }
  }

  @Test func modelsAreChangedByReceiversThatCan() throws {
    let more = "retrain: {cooldown: 1h, promote: chat, fall_back: rule}"
    try withFolder(["a.yaml": monitor("a", warning: "[retrain, registry]", more: more)]) { folder in
      let (_, problems) = load(
        folder,
        config: """
          kafka: {bootstrap: "b:1"}
          http: {public_url: "http://localhost:8080"}
          receivers:
            chat: {type: slack, url: "http://a"}
            registry: {type: mlflow, url: "http://a"}
            retrain: {type: webhook, url: "http://a"}
            rules: {type: webhook, url: "http://a"}
          """)
      #expect(
        problems == [
          "monitors/a.yaml:9:29: alerts.warning[1] is registry, of type mlflow, which takes no messages; name it under retrain.promote",
          "monitors/a.yaml:10:34: retrain.promote is chat, of type slack, which only tells people; it takes one of type log, webhook, template or mlflow",
          "monitors/a.yaml:10:51: retrain.fall_back is rule, which is no receiver in leeway.yaml; it has log, chat, registry, retrain, rules. Did you mean rules?",
        ])
    }
    try withFolder(["a.yaml": monitor("a", warning: "[retrain]", more: "retrain: {fall_back: registry}")]) { folder in
      let (_, problems) = load(
        folder,
        config: """
          kafka: {bootstrap: "b:1"}
          http: {public_url: "http://localhost:8080"}
          receivers:
            chat: {type: slack, url: "http://a", fallback: registry}
            registry: {type: mlflow, url: "http://a"}
            retrain: {type: webhook, url: "http://a"}
          """)
      #expect(
        problems == [
          "leeway.yaml:4:50: receivers.chat.fallback is registry; the receiver registry, of type mlflow, takes no messages; name another one",
          "monitors/a.yaml:10:22: retrain.fall_back is registry, of type mlflow, which only puts models in force; it takes one of type log, webhook or template",
        ])
    }
  }

  @Test func aRetrainNeedsAPublicAddress() throws {
    let config = "kafka: {bootstrap: \"b:1\"}\nreceivers: {retrain: {type: webhook, url: \"http://a\"}}\n"
    try withFolder(["a.yaml": monitor("a", warning: "[retrain]", more: "retrain: {cooldown: 1h}")]) { folder in
      #expect(
        load(folder, config: config).problems == [
          "monitors/a.yaml:9:20: alerts.warning[0] is retrain, and the trainer can't answer without a public address; set http.public_url in leeway.yaml"
        ])
      #expect(load(folder, config: config + "http: {public_url: \"http://localhost:8080\"}").problems == [])
      #expect(
        load(folder, config: "kafka: {bootstrap: \"b:1\"}").problems == [
          "monitors/a.yaml:9:20: alerts.warning[0] is retrain, which is no receiver in leeway.yaml; it has log."
        ])
    }
  }

  @Test func foldersAndFilesThatAreNotThereAreNamed() throws {
    try TemporaryFolder.use { folder in
      let (configuration, problems) = Configuration.load(
        configPath: "\(folder.path)/leeway.yaml", monitorsDirectory: "\(folder.path)/monitors", environment: [:],
        now: WallClock.now())
      #expect(configuration == nil)
      #expect(
        problems.map(\.description) == [
          "\(folder.path)/leeway.yaml: the file does not exist; check the path",
          "\(folder.path)/monitors: the folder of monitors does not exist; check the path",
        ])
    }
    try withFolder([:]) { folder in
      #expect(
        load(folder).problems == ["monitors: the folder has no monitors; add a file that ends in .yaml"])
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/monitors/a.yaml", withIntermediateDirectories: true)
      #expect(load(folder).problems == ["monitors/a.yaml: the file is a folder; name a file"])
    }
  }

  // MARK: - Baselines

  private func baselineFile(
    rows: Int, task: ModelTask = .binary, performance: PerformanceBaseline? = nil, missing: Int64 = 0,
    slices: [String: PerformanceBaseline] = [:]
  ) -> [UInt8] {
    let values = (0..<rows).map { (Double($0) + 0.5) / Double(rows) }.dropFirst(Int(missing))
    let binning = NumericBinning.fit(sorted: Array(values))
    let origin = values.isEmpty ? 0.5 : values[(values.startIndex + values.endIndex) / 2]
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count))).squareRoot()
    let isNumber = task == .regression
    let fixedPoint =
      isNumber ? FixedPoint(origin: origin, standardDeviation: deviation) : FixedPoint(origin: origin, exponent: 32)
    var counts = [Int64](repeating: 0, count: binning.cellCount)
    var sums = [Int128](repeating: 0, count: binning.knots.count + 1)
    var squares = Int192.zero
    for value in values {
      let (cell, u) = (binning.cell(of: value), fixedPoint.quantise(value) ?? 0)
      counts[cell] += 1
      if cell % 2 == 0 { sums[cell / 2] += Int128(u) }
      squares += Int192(squareOf: u)
    }
    var baseline = Baseline(
      monitor: "a", task: task, rows: Int64(rows),
      subjects: [
        SubjectBaseline(
          name: "score",
          domain: .numeric(NumericDomain(binning: binning, fixedPoint: fixedPoint)),
          cells: SubjectCells(counts: counts, sums: sums, squares: squares, missing: missing),
          mean: isNumber ? mean : nil, standardDeviation: isNumber ? deviation : nil)
      ])
    baseline.performance = performance
    // All rows are of each slice.
    baseline.slices = slices.sorted { $0.key < $1.key }.map { name, performance in
      SliceBaseline(
        slice: name, rows: Int64(rows), subjects: [baseline.subjects[0].cells], performance: performance)
    }
    return baseline.encoded()
  }

  @Test func aBaselineThatIsNotThereIsAnErrorThatSaysHowToMakeIt() throws {
    try withFolder(["a.yaml": monitor("a"), "b.yaml": monitor("b", more: "baseline: b.json")]) { folder in
      let (configuration, problems) = load(folder, baseline: .required)
      #expect(configuration == nil)
      #expect(
        problems == [
          "monitors/a.yaml:1:1: baseline is missing; add baseline: FILE and make the file with: leeway baseline fit monitors/a.yaml --from FILE --out FILE",
          "monitors/b.yaml:10:11: baseline is b.json; there is no such file yet. Make it with: leeway baseline fit monitors/b.yaml --from FILE --out monitors/b.json",
        ])
      #expect(load(folder).configuration?.monitors.map(\.baselinePath) == [nil, "\(folder.path)/monitors/b.json"])
    }
  }

  @Test func aBaselineMustBeReadable() throws {
    try withFolder(["a.yaml": monitor("a", more: "baseline: a.json"), "a.json": "{}"]) { folder in
      let (configuration, problems) = load(folder, baseline: .required)
      #expect(configuration == nil)
      try #require(problems.count == 1)
      #expect(problems[0].hasPrefix("monitors/a.yaml:10:11: baseline is a.json; the file can't be used: "))
      #expect(
        problems[0].hasSuffix(
          " Make it again with: leeway baseline fit monitors/a.yaml --from FILE --out monitors/a.json"))
    }
  }

  @Test func aBaselineMustFitTheMonitor() throws {
    try withFolder(["a.yaml": monitor("a", more: "baseline: a.json")]) { folder in
      folder.write("monitors/a.json", baselineFile(rows: 100_000, task: .regression))
      #expect(
        load(folder, baseline: .required).problems == [
          "monitors/a.yaml:10:11: baseline is a.json; it does not fit: it was fitted for a regression model, the monitor says binary. Fit it again with: leeway baseline fit monitors/a.yaml --from FILE --out monitors/a.json"
        ])
    }
  }

  /// It may come yet, so that it is no error; mistyped it would hold nothing back, without a word.
  @Test func aNameInMaintenanceThatNothingHasIsRemarkedOn() throws {
    func windows(_ matchers: String) -> String {
      "kafka: {bootstrap: \"localhost:9092\"}\nmaintenance:\n  - {name: n, daily: \"02:00-04:00\", matchers: {\(matchers)}}\n"
    }
    try withFolder(["abc.yaml": monitor("abcdef")]) { folder in
      func problems(_ matchers: String) -> [String] {
        load(folder, config: windows(matchers)).problems.filter { $0.contains("maintenance") }
          .map { $0.replacing("leeway.yaml:3:", with: "") }
      }
      #expect(problems("monitor: abcdef") == [])
      #expect(problems("monitor: abc*, subject: [score, performance, errors], slice: all") == [])
      #expect(
        problems("monitor: abcdfe") == [
          "57: warning: maintenance[0].matchers.monitor is abcdfe, which is the name of no monitor here. Did you mean abcdef?"
        ])
      // Nothing more is known where there is no such monitor.
      #expect(problems("monitor: [abcdfe], check: nothing").count == 1)
      #expect(
        problems("subject: scoer") == [
          "57: warning: maintenance[0].matchers.subject is scoer, which is the name of no subject of monitor abcdef here. Did you mean score?"
        ])
      #expect(problems("check: zz*").first?.contains("which matches no check of monitor abcdef here; there ") == true)
      #expect(problems("slice: nosuch=DE").count == 1)
      #expect(problems("slice: \"*DE\"") == [])
      let (configuration, _) = load(folder, config: windows("monitor: nothing"))
      #expect(configuration != nil)
    }
  }

  @Test func aTierBelowTheNoiseIsUnwise() throws {
    let text = monitor("a", more: "baseline: a.json").replacing("warning: 0.2}", with: "warning: 0.05}")
    try withFolder(["a.yaml": text]) { folder in
      folder.write("monitors/a.json", baselineFile(rows: 100_000))
      let (configuration, problems) = load(folder, baseline: .required)
      // 2 · 9 · (1/100000 + 1/m) ≤ 0.05 from m = 361.3 on.
      #expect(
        problems == [
          "monitors/a.yaml:7:62: warning: checks[0].warning is 0.05, under twice psi's noise at min_rows 200; windows need 362 rows for it to fire; raise it or min_rows"
        ])
      #expect(configuration?.plans.map(\.monitor.name) == ["a"])

      folder.write("monitors/a.json", baselineFile(rows: 300))
      #expect(
        load(folder, baseline: .required).problems == [
          "monitors/a.yaml:7:62: warning: checks[0].warning is 0.05, under twice psi's noise at min_rows 200; the baseline of 300 rows is too small for it to ever fire; raise it or fit on more rows"
        ])
    }
  }

  /// A value that chance gives is no sign that all is well.
  @Test func whatClearsOnlyBelowTheNoiseIsUnwise() throws {
    for (clear, isUnwise) in [("0.045", true), ("0.046", false)] {
      let text = monitor("a", more: "baseline: a.json").replacing(
        "warning: 0.2}", with: "warning: 0.2, clear: \(clear)}")
      try withFolder(["a.yaml": text]) { folder in
        folder.write("monitors/a.json", baselineFile(rows: 100_000))
        // 9 · (1/100000 + 1/200) = 0.04509.
        #expect(
          load(folder, baseline: .required).problems
            == (isUnwise
              ? [
                "monitors/a.yaml:7:74: warning: checks[0].clear is 0.045, under psi's noise at min_rows 200, so windows of so few rows seldom clear; raise it or min_rows"
              ] : []))
      }
    }
  }

  /// Limits that twice the noise at 200 rows beside 100,000 is above, with the rows that they need: m from threshold = 2 · noise,
  /// by the formulas of the documents, worked out by hand.
  @Test(arguments: [
    ("jensen_shannon", "0.1", "654"), ("hellinger", "0.1", "453"), ("total_variation", "0.1", "577"),
    ("ks", "0.1", "303"),
    ("l_infinity", "0.1", "217"),
  ])
  func everyDistanceHasItsNoise(metric: String, limit: String, rows: String) throws {
    let text = monitor("a", more: "baseline: a.json").replacing(
      "metric: psi, window: 1h, warning: 0.2}", with: "metric: \(metric), window: 1h, warning: \(limit)}")
    try withFolder(["a.yaml": text]) { folder in
      folder.write("monitors/a.json", baselineFile(rows: 100_000))
      let problems = load(folder, baseline: .required).problems
      #expect(problems.count == 1)
      #expect(
        problems.first?.hasSuffix(
          "checks[0].warning is \(limit), under twice \(metric)'s noise at min_rows 200; windows need \(rows) rows for it to fire; raise it or min_rows"
        ) == true, "\(problems)")
    }
  }

  @Test func aChangeFromNothingIsUnwise() throws {
    let text = monitor("a", more: "baseline: a.json").replacing("warning: 0.7}", with: "warning: {max_drop: 3%}}")
    try withFolder(["a.yaml": text]) { folder in
      folder.write("monitors/a.json", baselineFile(rows: 100_000))
      #expect(
        load(folder, baseline: .required).problems == [
          "monitors/a.yaml:8:77: warning: checks[1].warning.max_drop never fires, since the baseline has no labelled rows that give auc a value to change from; give a number, or fit on files with labels"
        ])
      let empty = PerformanceBaseline(labelled: 10, inSample: true, metrics: ["brier": 0.1])
      folder.write("monitors/a.json", baselineFile(rows: 100_000, performance: empty))
      #expect(
        load(folder, baseline: .required).problems == [
          "monitors/a.yaml:8:77: warning: checks[1].warning.max_drop never fires, since auc has no value on the baseline's labelled rows; give a number, or fit on other files"
        ])
      let performance = PerformanceBaseline(labelled: 100_000, inSample: true, metrics: ["auc": 0.8])
      folder.write("monitors/a.json", baselineFile(rows: 100_000, performance: performance))
      #expect(load(folder, baseline: .required).problems == [])
    }
  }

  /// Pressure was missing in 11 % of training, and a limit of 5 % made 16 incidents in three months.
  @Test func aLimitThatTheBaselineItselfIsBeyondIsUnwise() throws {
    let text = monitor("a", more: "baseline: a.json").replacing(
      "metric: psi, window: 1h, warning: 0.2}", with: "metric: missing_ratio, window: 1h, warning: 0.05}")
    try withFolder(["a.yaml": text]) { folder in
      let poor = PerformanceBaseline(labelled: 100_000, inSample: true, metrics: ["auc": 0.6541])
      folder.write("monitors/a.json", baselineFile(rows: 100_000, performance: poor, missing: 11_000))
      let (configuration, problems) = load(folder, baseline: .required)
      #expect(
        problems == [
          "monitors/a.yaml:7:72: warning: checks[0].warning is 0.05, and the baseline itself is beyond it: missing_ratio of score 0.11; it fires without any change. Give another limit, or max_rise: for a change from the baseline",
          "monitors/a.yaml:8:66: warning: checks[1].warning is 0.7, and the baseline itself is beyond it: its own auc is 0.6541; it fires without any change. Give another limit, or max_drop: for a change from the baseline",
        ])
      #expect(configuration?.plans.map(\.monitor.name) == ["a"])
      folder.write("monitors/a.json", baselineFile(rows: 100_000, missing: 5000))
      #expect(load(folder, baseline: .required).problems == [])
    }
  }

  /// The model is worse for one carrier than the limit, though not for all.
  @Test(arguments: [
    ("each", ["auc in origin=EWR 0.66", "auc in origin=LGA 0.69"]), ("[origin=LGA]", ["auc in origin=LGA 0.69"]),
    ("[origin=JFK]", []),
  ])
  func aLimitThatASliceOfTheBaselineIsBeyondIsUnwise(_ slices: String, _ named: [String]) throws {
    let text = monitor("a", more: "baseline: a.json\nsegments: [origin]").replacing(
      "window: 1h, warning: 0.7}", with: "window: 1h, warning: 0.7, slices: \(slices)}")
    try withFolder(["a.yaml": text]) { folder in
      func own(_ auc: Double) -> PerformanceBaseline {
        PerformanceBaseline(labelled: 100_000, inSample: true, metrics: ["auc": auc])
      }
      folder.write(
        "monitors/a.json",
        baselineFile(
          rows: 100_000, performance: own(0.75),
          slices: ["origin=EWR": own(0.66), "origin=JFK": own(0.74), "origin=LGA": own(0.69)]))
      let beyond = load(folder, baseline: .required).problems.filter { $0.contains("beyond it") }
      #expect(
        beyond
          == (named.isEmpty
            ? []
            : [
              "monitors/a.yaml:8:66: warning: checks[1].warning is 0.7, and the baseline itself is beyond it: \(named.joined(separator: ", ")); it fires without any change. Give another limit, or max_drop: for a change from the baseline"
            ]))
    }
  }

  /// A percentage of a ratio that is 0 in training is no limit; of the first days of production it may be one.
  @Test func aPercentageOfNothingIsRefused() throws {
    let text = monitor("a", more: "baseline: a.json").replacing(
      "metric: psi, window: 1h, warning: 0.2}", with: "metric: missing_ratio, window: 1h, warning: {max_rise: 50%}}")
    try withFolder(["a.yaml": text]) { folder in
      folder.write("monitors/a.json", baselineFile(rows: 100_000))
      #expect(
        load(folder, baseline: .required).problems == [
          "monitors/a.yaml:7:83: checks[0].warning.max_rise is 50% of the baseline's own missing_ratio, and that is 0 for score; write a difference such as 0.01, or add reference: first 30d"
        ])
      folder.write("monitors/a.json", baselineFile(rows: 100_000, missing: 5000))
      #expect(load(folder, baseline: .required).problems == [])
      folder.write("monitors/a.json", baselineFile(rows: 100_000))
      folder.write(
        "monitors/a.yaml", text.replacing("{max_rise: 50%}}", with: "{max_rise: 50%}, reference: first 30d}"))
      #expect(load(folder, baseline: .required).problems == [])
      folder.write("monitors/a.yaml", text.replacing("{max_rise: 50%}", with: "{max_rise: 0.01}"))
      #expect(load(folder, baseline: .required).problems == [])
    }
  }

  @Test func aFileOfTokensMustBeRight() throws {
    try withFolder(["a.yaml": monitor("a")]) { folder in
      let config = "kafka: {bootstrap: \"localhost:9092\"}\nhttp: {tokens_file: tokens}"
      #expect(
        load(folder, config: config).problems == [
          "leeway.yaml:2:21: http.tokens_file: tokens: the file of tokens does not exist; check the path"
        ])
      folder.write("tokens", "viewer:short\n")
      #expect(
        load(folder, config: config).problems == [
          "leeway.yaml:2:21: http.tokens_file: tokens:1: the token is shorter than 16 bytes; make a longer one"
        ])
      // The old form is read, and others may read the file.
      folder.write("tokens", "viewer:0123456789abcdef\n")
      #expect(chmod("\(folder.path)/tokens", 0o644) == 0)
      #expect(
        load(folder, config: config).problems == [
          "leeway.yaml:2:21: warning: http.tokens_file: tokens: other users of this machine may read or write it (mode 644); run chmod 600 tokens",
          "leeway.yaml:2:21: warning: http.tokens_file: tokens:1: the line holds the token itself; make a new one with leeway token new NAME ROLE, whose line holds its hash",
        ])
      folder.write("tokens", AccessTokens.line(name: "a", roles: [.viewer], token: AccessTokens.newToken()) + "\n")
      #expect(chmod("\(folder.path)/tokens", 0o600) == 0)
      #expect(load(folder, config: config).problems == [])
    }
  }

  /// A candidate would wait until its deadline.
  @Test func approvalNeedsPeopleWhoCanApprove() throws {
    let retrain = "retrain: {cooldown: 24h, max_per_week: 3, deadline: 6h, approval: required, approvals: 2}"
    let config = """
      kafka: {bootstrap: "localhost:9092"}
      http: {listen: "127.0.0.1:8080", public_url: "http://localhost:8080"}
      receivers: {retrain: {type: webhook, url: "http://localhost/retrain", secret: 0123456789abcdef}}

      """
    let withTokens = config.replacing("http: {", with: "http: {tokens_file: tokens, ")
    try withFolder(["a.yaml": monitor("a", warning: "[log, retrain]", more: retrain)]) { folder in
      func problems(_ config: String) -> [String] {
        load(folder, config: config).problems.filter { $0.contains("approval") }
      }
      let start = "monitors/a.yaml:10:67: warning: retrain.approval is required by 2 people, and "
      #expect(
        problems(config) == [
          start
            + "no one can approve without http.tokens_file in leeway.yaml; set it to a file made by leeway token new NAME approver"
        ])
      func tokens(_ holders: [(String, [Role])]) {
        folder.write(
          "tokens",
          holders.map { AccessTokens.line(name: $0.0, roles: $0.1, token: AccessTokens.newToken()) + "\n" }.joined())
        #expect(chmod("\(folder.path)/tokens", 0o600) == 0)
      }
      // One who trains too may not, and an operator is no approver.
      tokens([("ann", [.approver]), ("ben", [.approver, .trainer]), ("cleo", [.operator])])
      #expect(
        problems(withTokens) == [
          start
            + "1 of http.tokens_file in leeway.yaml can, who have the role approver and not trainer; add one by leeway token new NAME approver"
        ])
      tokens([("ann", [.approver]), ("ben", [.operator, .approver])])
      #expect(problems(withTokens) == [])
    }
  }

  // MARK: - Examples

  @Test func theExamplesAreRight() {
    let (configuration, problems) = Configuration.load(
      configPath: RepositoryFile.path("deploy/leeway.example.yaml"), monitorsDirectory: RepositoryFile.path("monitors"),
      baseline: .none,
      environment: ["SLACK_URL": "http://a", "PAGER_URL": "http://b", "HOOK_SECRET": "c"], now: WallClock.now())
    #expect(problems.map(\.description) == [])
    #expect(
      configuration?.monitors.map(\.name) == [
        "delivery-time", "fraud-avro", "fraud-protobuf", "fraud", "product-category",
      ])
    // It shows the defaults, so it must not say something else.
    #expect(configuration?.service?.limits == ServiceConfiguration.Limits())
  }
}
