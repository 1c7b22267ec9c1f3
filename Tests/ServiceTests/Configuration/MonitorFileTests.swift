import LeewayCore
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

@Suite struct MonitorFileTests {
  private func load(_ text: String, environment: [String: String] = [:]) -> (Monitor?, [String]) {
    let file = MonitorFile(
      path: "monitors/test.yaml", baseline: .none, environment: environment, content: Array(text.utf8))
    return (file.monitor, file.problems.map(\.description))
  }

  /// The least that is a monitor, with room for more.
  private func minimal(_ more: String = "", checks: String = "") -> String {
    """
    monitor: least
    task: binary
    predictions: {topic: p, fields: {time: at, score: s}}
    windows: [{size: 1h, every: 5m}]
    checks:
    - {name: drift, on: score, metric: psi, window: 1h, warning: 0.2\(checks)}
    alerts: {warning: [log]}
    \(more)
    """
  }

  @Test func whatClearsLateAndComesBack() throws {
    let text = """
      monitor: fraud
      task: binary
      predictions: {topic: p, fields: {id: id, time: at, score: score}}
      labels: {topic: l, fields: {id: id, time: at, value: v}, horizon: 1d}
      features: {amount: numeric}
      windows: [{size: 1h, every: 5m}]
      checks:
        - {name: a, on: score, metric: psi, window: 1h, warning: 0.2, critical: 0.4, clear: 0.15, clear_for: 3}
        - {name: b, on: performance, metric: auc, window: 1h, warning: {max_drop: 3%}, critical: 0.7, clear: {max_drop: 2%}}
        - {name: c, on: amount, metric: mean, window: 1h, warning: {below: 20, above: 70}, clear: {above: 60, below: 30}}
        - {name: d, on: traffic, metric: rows, window: 1h, warning: {below: 50%}, clear: {below: 80%}}
        - {name: e, on: errors, window: 1h, warning: 1, clear_for: 2}
        - {name: f, on: amount, metric: mean, window: 1h, warning: {above: 70}, slices: all}
      alerts:
        warning: [log]
        critical: [log]
        reopen: 6h
        flapping: {more_than: 4}
        repeat: 4h
      """
    let (file, problems) = load(text)
    #expect(problems == [])
    let monitor = try #require(file)
    #expect(
      monitor.checks.map(\.clears) == [
        [.above(.absolute(0.15))], [.maximumDrop(.relative(0.02))], [.above(.absolute(60)), .below(.absolute(30))],
        [.below(.relative(0.8))], [], [],
      ])
    #expect(monitor.checks.map(\.clearWindows) == [3, 1, 1, 1, 2, 1])
    #expect(monitor.incidents == IncidentPolicy(reopen: .hours(6), flapping: .init(moreThan: 4, within: .hours(24))))
    #expect(monitor.reminder == .hours(4))
  }

  @Test func theSpecifiedExampleParsesToTheExactMonitor() throws {
    let (monitor, problems) = load(
      """
      monitor: fraud                         # [a-z0-9-]{1,63}, unique
      task: binary                           # binary | multiclass | regression
      predictions:
        topic: serving.fraud.predictions
        format: json                         # json | avro | protobuf | kserve | seldon | sagemaker
        fields: {id: prediction_id, time: timestamp_ms, version: model_version, score: score}
        time_format: epoch_ms                # epoch_s | epoch_ms | epoch_us | rfc3339
      labels:
        topic: serving.fraud.labels
        fields: {id: prediction_id, time: labelled_at_ms, value: is_fraud}
        time_format: epoch_s
        horizon: 30d
        absent: 0
        positive: fraud
        min_coverage: 0.75
      threshold: 0.25
      features:
        amount: numeric
        age: {type: numeric, range: [0, 120]}
        country: categorical
        device: {type: categorical, field: context.device}     # a dotted path into nested objects
      segments: [channel, country, device]
      max_segments: 50
      max_categories: 200
      resolution: 512
      baseline: fraud.baseline.json          # relative to this file
      panes: 5m
      windows:
        - {size: 1h, every: 5m}
        - {size: 7d, every: 1h, name: week}
      lateness: 15m
      skew: 2h
      checks:
        - {name: input-drift,  on: features, except: [age], metric: psi, window: week, info: 0.1, warning: 0.2, critical: 0.3}
        - {name: score-drift,  on: score, metric: ks, window: 1h, warning: 0.1, for: 3, slices: each, significance: off}
        - {name: missing,      on: [amount, country], metric: missing_ratio, window: 1h, warning: 0.05, critical: 0.5}
        - {name: traffic,      on: traffic, metric: rows, window: 1h, warning: {below: 50%}, partial: true}
        - {name: auc,          on: performance, metric: auc, window: week, warning: {max_drop: 3%}, critical: 0.7, reference: first 30d}
        - {name: calibration,  on: performance, metric: ece, window: week, warning: 0.05, certain: false, min_positives: 5, min_negatives: 6}
        - {name: age,          on: age, metric: mean, window: 1h, warning: {below: 20, above: 70}, slices: [all, version=v2, country=DE]}
      alerts:
        info: [log]
        warning: [chat]
        critical: [chat, pager, retrain]
      retrain:
        cooldown: 12h
        max_per_week: 2
        deadline: 3h
        approval: required
        approvals: 2
        scorecard: {auc: {at_least: champion - 0.005}, brier: {at_most: champion}, latency_p99_ms: {at_most: 50}}
        promote: registry
        fall_back: rules
      """)
    #expect(problems == [])
    #expect(
      try monitor
        == Monitor(
          name: "fraud", task: .binary,
          predictions: PredictionStream(
            topic: "serving.fraud.predictions", id: [FieldPath("prediction_id")], time: FieldPath("timestamp_ms"),
            timeFormat: .epochMilliseconds, version: FieldPath("model_version"), output: FieldPath("score")),
          labels: LabelStream(
            topic: "serving.fraud.labels", id: [FieldPath("prediction_id")], time: FieldPath("labelled_at_ms"),
            timeFormat: .epochSeconds, value: FieldPath("is_fraud"), horizon: .days(30), absent: .number(0),
            positive: "fraud", minimumCoverage: 0.75),
          threshold: 0.25,
          features: [
            Feature(name: "amount", kind: .numeric, field: FieldPath("amount")),
            Feature(name: "age", kind: .numeric, field: FieldPath("age"), range: 0...120),
            Feature(name: "country", kind: .categorical, field: FieldPath("country")),
            Feature(name: "device", kind: .categorical, field: FieldPath("context.device")),
          ],
          segments: [
            Segment(name: "channel", field: FieldPath("channel")),
            Segment(name: "country", field: FieldPath("country")),
            Segment(name: "device", field: FieldPath("context.device")),
          ],
          maximumSegments: 50, resolution: 512, maximumCategories: 200, baselinePath: "monitors/fraud.baseline.json",
          pane: .minutes(5),
          windows: [
            WindowDefinition(name: "1h", size: .hours(1), every: .minutes(5)),
            WindowDefinition(name: "week", size: .days(7), every: .hours(1)),
          ],
          lateness: .minutes(15), skew: .hours(2),
          checks: [
            Check(
              name: "input-drift", on: .features(except: ["age"]), metric: .psi, window: "week",
              limits: [
                TierLimit(.info, .above(.absolute(0.1))), TierLimit(.warning, .above(.absolute(0.2))),
                TierLimit(.critical, .above(.absolute(0.3))),
              ]),
            Check(
              name: "score-drift", on: .output, metric: .ks, window: "1h",
              limits: [TierLimit(.warning, .above(.absolute(0.1)))], consecutive: 3, slices: .each, significance: nil),
            Check(
              name: "missing", on: .named(["amount", "country"]), metric: .missingRatio, window: "1h",
              limits: [TierLimit(.warning, .above(.absolute(0.05))), TierLimit(.critical, .above(.absolute(0.5)))]),
            Check(
              name: "traffic", on: .traffic, metric: .rows, window: "1h",
              limits: [TierLimit(.warning, .below(.relative(0.5)))], partial: true),
            Check(
              name: "auc", on: .performance, metric: .auc, window: "week",
              limits: [
                TierLimit(.warning, .maximumDrop(.relative(0.03))), TierLimit(.critical, .below(.absolute(0.7))),
              ],
              reference: .first(.days(30))),
            Check(
              name: "calibration", on: .performance, metric: .ece, window: "week",
              limits: [TierLimit(.warning, .above(.absolute(0.05)))], certain: false, minimumPositives: 5,
              minimumNegatives: 6),
            Check(
              name: "age", on: .named(["age"]), metric: .mean, window: "1h",
              limits: [TierLimit(.warning, .above(.absolute(70))), TierLimit(.warning, .below(.absolute(20)))],
              slices: .listed(["all", "version=v2", "country=DE"])),
          ],
          alerts: [.info: ["log"], .warning: ["chat"], .critical: ["chat", "pager", "retrain"]],
          retrain: RetrainPolicy(
            cooldown: .hours(12), maximumPerWeek: 2, deadline: .hours(3),
            scorecard: [
              .init(metric: "auc", atLeast: .champion(plus: -0.005)),
              .init(metric: "brier", atMost: .champion(plus: 0)),
              .init(metric: "latency_p99_ms", atMost: .value(50)),
            ], approvals: 2, promote: "registry", fallBack: "rules")))
  }

  @Test func whatIsNotSaidHasADefault() throws {
    let (monitor, problems) = load(minimal())
    #expect(problems == [])
    #expect(
      try monitor
        == Monitor(
          name: "least", task: .binary,
          predictions: PredictionStream(
            topic: "p", id: [], time: FieldPath("at"), timeFormat: .epochMilliseconds, output: FieldPath("s")),
          labels: nil, threshold: 0.5, features: [], segments: [], maximumSegments: 100, resolution: 1024,
          maximumCategories: 1000, baselinePath: nil, pane: .minutes(5),
          windows: [WindowDefinition(name: "1h", size: .hours(1), every: .minutes(5))], lateness: .minutes(10),
          skew: .hours(1),
          checks: [
            Check(
              name: "drift", on: .output, metric: .psi, window: "1h",
              limits: [TierLimit(.warning, .above(.absolute(0.2)))], consecutive: 1, slices: .all, significance: 0.01,
              minimumRows: 200, partial: false, certain: true, minimumPositives: 30, minimumNegatives: 30,
              reference: .baseline)
          ],
          alerts: [.warning: ["log"]], retrain: nil))
  }

  @Test func pathsOfManyRowsAreOfTheRowOrTheMessage() throws {
    let text = minimal(
      "features: {amount: {type: numeric, field: \"[0]\"}, device: {type: categorical, field: \"[2]\"}}\nsegments: [message.shop, amount]"
    )
    .replacing(
      "predictions: {topic: p, fields: {time: at, score: s}}",
      with: """
        predictions: {topic: p, rows: in.rows, fields: {id: "message.ids[]", time: message.at, score: "[1]"}}
        labels: {topic: l, rows: outcomes, horizon: 1d, fields: {id: id, time: message.at, value: y}}
        """)
    let (found, problems) = load(text)
    #expect(problems == [])
    let monitor = try #require(found)
    func row(_ path: String) throws -> FieldPath { try FieldPath(path, hasRows: true) }
    #expect(try monitor.predictions.rows == FieldPath("in.rows"))
    #expect(try monitor.predictions.id == [row("message.ids[]")])
    #expect(try monitor.predictions.time == row("message.at"))
    #expect(try monitor.predictions.output == row("[1]"))
    #expect(try monitor.features.map(\.field) == [row("[0]"), row("[2]")])
    #expect(try monitor.segments.map(\.field) == [row("message.shop"), row("[0]")])
    #expect(try monitor.labels?.rows == FieldPath("outcomes"))
    #expect(try monitor.labels?.time == row("message.at"))
    #expect(!monitor.predictions.hasIndexInID && monitor.predictions.idParts == 1)
  }

  @Test(arguments: ["kserve", "seldon", "sagemaker"])
  func formatsOfLaterSaySo(format: String) {
    let (monitor, problems) = load(minimal().replacing("topic: p,", with: "topic: p, format: \(format),"))
    #expect(monitor == nil)
    #expect(
      problems == [
        "monitors/test.yaml:3:33: predictions.format is \(format); format \(format) is not supported yet; use json, avro or protobuf"
      ])
  }

  @Test func anAliasIsTheValueAndAMergeKeepsItsOwnKeys() throws {
    let text = """
      monitor: aliases
      task: binary
      predictions: {topic: p, fields: {time: at, score: s}}
      windows: [&window {size: 1h, every: 5m}, {<<: *window, size: 2h}]
      checks:
      - &check {name: one, on: score, metric: psi, window: 1h, warning: 0.2}
      - {<<: *check, name: two, window: 2h}
      alerts: {warning: &all [log], critical: *all}
      """
    let (monitor, problems) = load(text)
    #expect(problems == [])
    let read = try #require(monitor)
    #expect(read.windows.map(\.size) == [.hours(1), .hours(2)])
    #expect(read.windows.map(\.every) == [.minutes(5), .minutes(5)])
    #expect(read.checks.map(\.name) == ["one", "two"])
    #expect(read.checks.map(\.window) == ["1h", "2h"])
    #expect(read.alerts == [.warning: ["log"], .critical: ["log"]])
  }

  @Test func placeholdersExpandInScalarsAndAreShownUnexpanded() throws {
    let (monitor, problems) = load(
      minimal("threshold: ${CUT}").replacing("topic: p,", with: "topic: \"${STAGE}.p\","),
      environment: ["CUT": "0.75", "STAGE": "test"])
    #expect(problems == [])
    #expect(monitor?.threshold == 0.75)
    #expect(monitor?.predictions.topic == "test.p")

    let (_, wrong) = load(minimal("threshold: ${CUT}"), environment: ["CUT": "hunter2"])
    #expect(wrong == ["monitors/test.yaml:8:12: threshold is ${CUT}; it takes 0 to 1"])
  }

  @Test func aPlaceholderIsNoYAML() throws {
    let (_, problems) = load(minimal("threshold: ${CUT}"), environment: ["CUT": "0.5\nskew: 1h"])
    #expect(problems == ["monitors/test.yaml:8:12: threshold is ${CUT}; it takes 0 to 1"])
  }

  @Test func percentagesAreTheNearestDoubleOfTheirShare() throws {
    for percent in ["3", "7", "29", "57", "0.1", "14.5"] {
      let (monitor, _) = load(
        minimal().replacing("on: score, metric: psi", with: "on: traffic, metric: rows")
          .replacing("warning: 0.2", with: "warning: {below: \(percent)%}"))
      let share = try #require(Double("\(percent)e-2"))
      #expect(monitor?.checks.first?.limits == [TierLimit(.warning, .below(.relative(share)))])
    }
  }

  @Test func everyMetricOfEveryTaskIsTaken() throws {
    for task in ModelTask.allCases {
      for metric in Metric.all where metric.applies(to: task) && metric != .shift {
        let output = task == .binary ? "score" : "prediction"
        if task == .multiclass, metric.numericOnly { continue }
        let isUnseenOfNumber = metric == .unseenRatio && task != .multiclass
        let on =
          switch metric.family {
          case .distance, .ratio, .level, .shift: isUnseenOfNumber ? "c" : output
          case .traffic: "traffic"
          case .performance, .estimate: "performance"
          case .detector: "errors"
          case .fairness: "fairness, segment: s, reference: a, favourable: 1"
          }
        // Changes are counted.
        let number = metric.family == .detector ? 1 : 0.5
        let (monitor, problems) = load(
          """
          monitor: any
          task: \(task.rawValue)
          predictions: {topic: p, fields: {id: id, time: at, \(output): s\(task == .multiclass ? ", probabilities: q" : "")}}
          labels: {topic: l, fields: {id: id, time: at, value: y}, horizon: 1d}
          features: {c: categorical}
          segments: [s]
          windows: [{size: 1h, every: 5m}]
          checks: [{name: any, on: \(on), metric: \(metric.name), window: 1h, warning: \(number)\(metric.place == nil ? "" : ", at: 10%")}]
          alerts: {warning: [log]}
          """)
        #expect(problems == [], "\(task) \(metric)")
        #expect(monitor?.checks.first?.metric == metric)
        #expect(monitor?.checks.first?.place == (metric.place == nil ? nil : 0.1))
        let limit: Limit =
          switch metric.direction {
          case .above: .above(.absolute(number))
          case .below: .below(.absolute(number))
          case .eitherSide: .beyond(.absolute(number))
          }
        #expect(monitor?.checks.first?.limits == [TierLimit(.warning, limit)])
      }
    }
  }

  @Test func labelsAreFoundInTopicsOfManyKinds() throws {
    func read(_ id: String, _ labels: String) -> (Monitor?, [String]) {
      load(
        """
        monitor: any
        task: binary
        predictions: {topic: p, fields: {id: \(id), time: at, score: s}}
        labels: {topic: l, fields: {id: \(id), time: at, value: y}, horizon: 1d\(labels)}
        windows: [{size: 1h, every: 5m}]
        checks: [{name: any, on: score, metric: psi, window: 1h, warning: 0.5}]
        alerts: {warning: [log]}
        """)
    }
    let (plain, none) = read("order", "")
    #expect(none == [])
    #expect(plain?.labels?.sample == 1)
    #expect(plain?.labels?.labelBefore == nil)
    let (first, unwise) = read("order", ", label_before: 3h")
    #expect(unwise == [])
    #expect(first?.labels?.labelBefore == .hours(3) && first?.labelLead == .hours(3))
    #expect(plain?.labels?.conditions == [])
    #expect(plain?.labels?.isShared == false)
    let (monitor, problems) = read(
      "[customer, order.number]", ", where: {kind: [chargeback, 2.0], model: fraud}, shared: true, sample: 0.1")
    #expect(problems == [])
    #expect(monitor?.predictions.id.map(\.description) == ["customer", "order.number"])
    #expect(monitor?.labels?.id == monitor?.predictions.id)
    #expect(monitor?.labels?.conditions.map(\.field.description) == ["kind", "model"])
    #expect(monitor?.labels?.conditions.map(\.values) == [["chargeback", "2"], ["fraud"]])
    #expect(monitor?.labels?.isShared == true)
    #expect(monitor?.labels?.sample == 0.1)
  }

  @Test func labelsTakeTheFormOfTheTask() throws {
    func absent(_ task: String, _ output: String, _ text: String) -> LabelValue? {
      load(
        """
        monitor: any
        task: \(task)
        predictions: {topic: p, fields: {id: id, time: at, \(output): s}, time_format: rfc3339}
        labels: {topic: l, fields: {id: id, time: at, value: y}, horizon: 1d, absent: \(text)}
        windows: [{size: 1h, every: 5m}]
        """
      ).0?.labels?.absent
    }
    #expect(absent("binary", "score", "0") == .number(0))
    #expect(absent("binary", "score", "true") == .number(1))
    #expect(absent("multiclass", "prediction", "other") == .category("other"))
    #expect(absent("regression", "prediction", "-1.5") == .number(-1.5))
  }
}
