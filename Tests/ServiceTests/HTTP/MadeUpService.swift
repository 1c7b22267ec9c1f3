import LeewayCore
import LeewayLedger
import LeewayTestSupport
import Logging

@testable import LeewayService
@testable import LeewayWeb

/// A service that never ran: a ledger with made-up content of two monitors, and a view of it. The same every time.
struct MadeUpService {
  static let noon = EventTime(milliseconds: 1_740_830_400_000)  // 2025-03-01T12:00:00Z
  static let hostile = "<img src=x onerror=\"document.title='owned'\">&amp;"

  let ledger: any Ledger
  var openResults: @Sendable (ResultQuery) throws -> [ResultRecord] = { _ in [] }
  var conditions = [
    ReadinessCondition(name: "configured", holds: true, detail: "2 monitors"),
    ReadinessCondition(name: "ledger", holds: true, detail: "sqlite"),
  ]
  var stalledParts: Set<ServicePart> = []
  var now = noon + .minutes(12)
  var reload: @Sendable (String) async -> Result<SetupChange, ReloadRefusal> = { _ in .success(SetupChange()) }
  var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  init(ledger: any Ledger) { self.ledger = ledger }

  /// With everything below in a ledger of its own.
  static func filled() throws -> MadeUpService {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    try service.fill()
    return service
  }

  static func metrics() -> ServiceMetrics {
    ServiceMetrics(
      version: "1.0.0", swift: "6.3", librdkafka: "2.0.2", startedAt: noon, residentMemory: { 123_456_768 })
  }

  func view() -> ServiceView {
    let monitors = Self.monitors
    let (conditions, stalledParts) = (conditions, stalledParts)
    let now = now
    return ServiceView(
      ledger: ledger, monitors: { monitors }, openResults: openResults,
      histogram: { Self.histogram($0, $1, $2, $3, $4) }, readiness: { conditions }, stalledParts: { stalledParts },
      metrics: Self.metrics(),
      verifyCallback: { retrain, token, now in
        guard token == "token-of-\(retrain)" else { return .wrong }
        return now < Self.noon + .hours(6) ? .valid : .expired
      }, reload: reload, audit: AuditLog(logger: logger, now: { now }), now: { now }, version: "1.0.0")
  }

  // MARK: Monitors

  private static func path(_ text: String) -> FieldPath {
    guard let path = try? FieldPath(text) else { preconditionFailure("\(text) is no field path") }
    return path
  }

  private static let windows = [
    WindowDefinition(name: "1h", size: .hours(1), every: .minutes(5)),
    WindowDefinition(name: "7d", size: .days(7), every: .hours(1)),
  ]

  static let fraud = Monitor(
    name: "fraud", task: .binary,
    predictions: PredictionStream(
      topic: "serving.fraud.predictions", id: [path("prediction_id")], time: path("timestamp_ms"),
      timeFormat: .epochMilliseconds,
      version: path("model_version"), output: path("score")),
    labels: LabelStream(
      topic: "serving.fraud.labels", id: [path("prediction_id")], time: path("labelled_at_ms"),
      timeFormat: .epochMilliseconds,
      value: path("is_fraud"), horizon: .hours(2)),
    features: [
      Feature(name: "amount", kind: .numeric, field: path("amount")),
      Feature(name: "age", kind: .numeric, field: path("age")),
      Feature(name: "country", kind: .categorical, field: path("country")),
    ],
    segments: [Segment(name: "channel", field: path("channel"))], pane: .minutes(5), windows: windows,
    lateness: .minutes(10), skew: .hours(1),
    checks: [
      Check(
        name: "input-drift", on: .features(except: ["age"]), metric: .psi, window: "1h",
        limits: [
          TierLimit(.info, .above(.absolute(0.1))), TierLimit(.warning, .above(.absolute(0.2))),
          TierLimit(.critical, .above(.absolute(0.3))),
        ]),
      Check(
        name: "missing", on: .named(["amount", "country"]), metric: .missingRatio, window: "1h",
        limits: [TierLimit(.warning, .above(.absolute(0.05))), TierLimit(.critical, .above(.absolute(0.5)))]),
      Check(
        name: "traffic", on: .traffic, metric: .rows, window: "1h",
        limits: [TierLimit(.warning, .below(.relative(0.5)))]),
      Check(
        name: "auc", on: .performance, metric: .auc, window: "1h",
        limits: [TierLimit(.warning, .maximumDrop(.relative(0.03))), TierLimit(.critical, .below(.absolute(0.7)))]),
      Check(
        name: "calibration", on: .performance, metric: .ece, window: "7d",
        limits: [TierLimit(.warning, .above(.absolute(0.05)))]),
    ],
    alerts: [.warning: ["chat"], .critical: ["chat", "pager", "retrain"]],
    retrain: RetrainPolicy(
      cooldown: .hours(24), maximumPerWeek: 3, deadline: .hours(6),
      scorecard: [.init(metric: "auc", atLeast: .value(0.8)), .init(metric: "latency_p99_ms", atMost: .value(50))]))

  static let prices = Monitor(
    name: "prices", task: .regression,
    predictions: PredictionStream(
      topic: "serving.prices", id: [], time: path("at"), timeFormat: .rfc3339, output: path("prediction")),
    features: [Feature(name: "rooms", kind: .numeric, field: path("rooms"))], pane: .minutes(5),
    windows: [WindowDefinition(name: "1h", size: .hours(1), every: .minutes(5))], lateness: .minutes(10),
    skew: .hours(1),
    checks: [
      Check(
        name: "price-drift", on: .output, metric: .ks, window: "1h",
        limits: [TierLimit(.warning, .above(.absolute(0.1)))])
    ])

  static let monitors = [
    MonitorView(
      monitor: fraud,
      generation: GenerationRecord(
        monitor: "fraud", generation: "8f2c61d09ab34e57", startsAt: noon - .days(30), baseline: "sha256:5c1f"),
      baseline: "sha256:5c1f0e6a7d", baselineRows: 250_000, watermark: noon + .minutes(11),
      labelWatermark: noon - .minutes(3),
      progress: EvaluationProgress(closedThrough: noon, maturedThrough: noon - .hours(2), firstPane: noon - .days(30)),
      versions: ["v1", "v2"],
      partitions: [
        PartitionRecord(
          key: PartitionKey(monitor: "fraud", topic: "serving.fraud.predictions", partition: 0), role: .predictions,
          epoch: 3, owner: "writer-1", nextOffset: 120_034, watermark: noon + .minutes(11))
      ]),
    MonitorView(monitor: prices, baseline: "sha256:aa00", baselineRows: 12_000),
  ]

  // MARK: Lines

  /// A number in [0, 1) that depends on its place alone.
  static func noise(_ place: Int, _ salt: Int) -> Double {
    Double(Digest64.mix(UInt64(truncatingIfNeeded: place &* 7919 &+ salt)) >> 11) / 0x1p53
  }

  static func drift(_ window: WindowDefinition, end: EventTime, slice: String, subject: String) -> ResultRecord {
    let step = Int(truncatingIfNeeded: end.milliseconds / 300_000)
    let salt = subject.utf8.reduce(slice.utf8.count) { $0 &* 31 &+ Int($1) }
    let age = Double((noon - end).milliseconds) / 3_600_000
    let isMoving = subject == "country" && slice != "version=v1"
    let psi = isMoving ? max(0.02, 0.34 - 0.12 * age) + 0.01 * noise(step, salt) : 0.01 + 0.02 * noise(step, salt)
    let rows = slice == "all" ? 5123 + step % 97 : 1200 + step % 41
    var w = JSONWriter()
    w.beginObject()
    w.member("type", "drift")
    w.member("monitor", "fraud")
    w.member("window", window.name)
    w.member("start", end - window.size)
    w.member("end", end)
    w.member("slice", slice)
    w.member("subject", subject)
    w.member("baseline", "sha256:5c1f0e6a7d")
    w.member("rows", rows)
    w.member("missing", rows / 400)
    w.member("invalid", 0)
    w.member("unseen", subject == "country" ? 14 : 0)
    w.member("complete", true)
    w.member("final", true)
    w.key("metrics")
    w.beginObject()
    w.member("psi", psi)
    w.member("psi_noise", 0.002)
    if subject != "country" { w.member("ks", psi / 3) }
    w.member("jensen_shannon", psi / 2)
    w.member("missing_ratio", 0.0025)
    w.member("invalid_ratio", 0.0)
    w.member("unseen_ratio", subject == "country" ? 0.003 : 0)
    w.key("mean")
    if subject == "country" { w.null() } else { w.number(50 + noise(step, salt)) }
    w.endObject()
    w.endObject()
    return ResultRecord(
      monitor: "fraud", generation: "8f2c61d09ab34e57", type: .drift, window: window.name,
      size: window.size.milliseconds,
      end: end, slice: slice, subject: subject, line: w.text)
  }

  static func performance(_ window: WindowDefinition, end: EventTime, slice: String) -> ResultRecord {
    let step = Int(truncatingIfNeeded: end.milliseconds / 300_000)
    let isMature = end <= noon - .hours(2)
    let labelled = isMature ? 4890 : 2110
    var w = JSONWriter()
    w.beginObject()
    w.member("type", "performance")
    w.member("monitor", "fraud")
    w.member("window", window.name)
    w.member("start", end - window.size)
    w.member("end", end)
    w.member("slice", slice)
    w.member("predictions", 5100)
    w.member("labelled", labelled)
    w.member("coverage", Double(labelled) / 5100)
    w.member("final", isMature)
    w.key("metrics")
    w.beginObject()
    w.member("auc", 0.83 + 0.02 * noise(step, slice.utf8.count))
    w.member("brier", 0.104)
    w.member("log_loss", 0.31)
    w.member("ece", 0.02 + 0.02 * noise(step, 5))
    w.endObject()
    w.key("reliability")
    w.beginArray()
    for (index, count) in [2100, 800, 420, 250, 160, 120, 90, 70, 50, 30].enumerated() {
      let score = 0.05 + 0.1 * Double(index)
      w.beginArray()
      w.number(count)
      w.number(score)
      w.number(min(1, score * 1.12))
      w.endArray()
    }
    w.endArray()
    w.endObject()
    return ResultRecord(
      monitor: "fraud", generation: "8f2c61d09ab34e57", type: .performance, window: window.name,
      size: window.size.milliseconds, end: end, slice: slice, subject: "", line: w.text)
  }

  static func verdict(_ check: String, _ window: WindowDefinition, end: EventTime, subject: String, _ tier: Tier)
    -> ResultRecord
  {
    var w = JSONWriter()
    w.beginObject()
    w.member("type", "verdict")
    w.member("monitor", "fraud")
    w.member("check", check)
    w.member("window", window.name)
    w.member("end", end)
    w.member("slice", "all")
    w.member("subject", subject)
    w.member("metric", "psi")
    w.member("value", 0.1)
    w.member("tier", tier.name)
    w.endObject()
    return ResultRecord(
      monitor: "fraud", generation: "8f2c61d09ab34e57", type: .verdict, window: window.name,
      size: window.size.milliseconds, end: end, slice: "all", subject: subject, check: check, metric: "psi",
      line: w.text,
      rawTier: tier, value: 0.1)
  }

  static func transition(_ incident: String, at: EventTime, _ name: String, _ tier: Tier, sequence: Int64)
    -> ResultRecord
  {
    var w = JSONWriter()
    w.beginObject()
    w.member("type", "incident")
    w.member("monitor", "fraud")
    w.member("incident", incident)
    w.member("at", at)
    w.member("transition", name)
    w.member("tier", tier.name)
    w.member("checks", ["input-drift"])
    w.member("subjects", ["country"])
    w.endObject()
    return ResultRecord(
      monitor: "fraud", generation: "8f2c61d09ab34e57", type: .incident, window: "", size: 0, end: at, slice: "",
      subject: incident, sequence: sequence, line: w.text)
  }

  static let slices = ["all", "version=v1", "version=v2", "channel=web", "channel=" + hostile]
  static let subjects = ["amount", "age", "country", "score"]

  static func lines() -> [ResultRecord] {
    var lines: [ResultRecord] = []
    for (window, steps) in zip(windows, [36, 12]) {
      for step in 0..<steps {
        let end = noon - window.every * Int64(step)
        for slice in slices {
          for subject in subjects { lines.append(drift(window, end: end, slice: slice, subject: subject)) }
          lines.append(performance(window, end: end, slice: slice))
        }
      }
    }
    lines.append(verdict("input-drift", windows[0], end: noon, subject: "country", .critical))
    lines.append(verdict("input-drift", windows[0], end: noon, subject: "amount", .ok))
    lines.append(verdict("missing", windows[0], end: noon, subject: "amount", .warning))
    lines.append(verdict("traffic", windows[0], end: noon, subject: "", .ok))
    lines.append(verdict("auc", windows[0], end: noon - .hours(2), subject: "", .ok))
    lines.append(verdict("calibration", windows[1], end: noon - .hours(2), subject: "", .insufficientData))
    lines.append(transition("fraud-1a2b3c", at: noon - .minutes(20), "opened", .warning, sequence: 0))
    lines.append(transition("fraud-1a2b3c", at: noon - .minutes(10), "escalated", .critical, sequence: 1))
    lines.append(transition("fraud-1a2b3c", at: noon - .minutes(10), "retraining", .critical, sequence: 2))
    return lines
  }

  // MARK: Decisions

  private func fill() throws {
    try ledger.write { writer in
      try writer.put(results: Self.lines())
      for incident in Self.incidents { try writer.put(incident: incident) }
      for retrain in Self.retrains { try writer.put(retrain: retrain) }
      try writer.enqueue(Self.deliveries)
      for receiver in ["chat", "pager"] {
        for var row in try writer.leaseDeliveries(
          receiver: receiver, due: Self.noon, lasting: .minutes(1), limit: 10)
        {
          row.attempts = receiver == "chat" ? 1 : 6
          row.state = receiver == "chat" ? .delivered : .owed
          row.firstAttemptAt = Self.noon - .minutes(9)
          row.nextAttemptAt = Self.noon + .minutes(16)
          row.lastError = receiver == "chat" ? "" : "HTTP 503 after 2.1 s; will be tried again"
          _ = try writer.settle(delivery: row)
        }
      }
      try writer.quarantine(
        [
          QuarantineRecord(
            monitor: "fraud", topic: "serving.fraud.predictions", partition: 0, offset: 119_900, code: "not_json",
            reason: "is not JSON", sample: Array("{\"score\": <b>1</b>".utf8) + [0xFF])
        ], keep: 100)
    }
  }

  static let incidents = [
    IncidentRecord(
      id: "fraud-1a2b3c", monitor: "fraud", group: .drift, state: .retraining, tier: .critical,
      openedAt: noon - .minutes(20), changedAt: noon - .minutes(10), checks: ["input-drift"],
      subjects: ["country", hostile],
      evidence: """
        [{"check":"input-drift","subject":"country","slice":"all","metric":"psi","value":0.347,"threshold":0.3,\
        "p_value":3e-12,"q_value":9e-12,"window":"1h","end":"2025-03-01T12:00:00.000Z","rows":5123,"tier":"critical"},\
        {"check":"input-drift","subject":"amount","slice":"\(hostile.replacingQuotes)","metric":"psi","value":0.21,\
        "threshold":0.2,"q_value":0.0004,"window":"1h","end":"2025-03-01T12:00:00.000Z","rows":1200,"tier":"warning"}]
        """,
      retrain: #"{"state":"requested","retrain":"rt-77","at":"2025-03-01T11:50:00.000Z"}"#),
    IncidentRecord(
      id: "fraud-9d8e7f", monitor: "fraud", group: .dataQuality, state: .acknowledged, tier: .warning,
      openedAt: noon - .hours(2), changedAt: noon - .hours(1), checks: ["missing"], subjects: ["amount"],
      evidence: """
        [{"check":"missing","subject":"amount","slice":"all","metric":"missing_ratio","value":0.061,"threshold":0.05,\
        "q_value":0.002,"window":"1h","end":"2025-03-01T12:00:00.000Z","rows":5123,"tier":"warning"}]
        """,
      people: #"{"acknowledged_by":"alice","assigned_to":null,"resolved_by":null,"reason":null}"#),
    IncidentRecord(
      id: "fraud-0a0a0a", monitor: "fraud", group: .performanceFinal, state: .resolved, tier: .warning,
      openedAt: noon - .days(3), changedAt: noon - .days(2), resolvedAt: noon - .days(2), checks: ["auc"], subjects: [],
      evidence: "not JSON"),
  ]

  static let retrains = [
    RetrainRecord(
      id: "rt-77", monitor: "fraud", incident: "fraud-1a2b3c", state: .requested, requestedAt: noon - .minutes(10),
      deadline: noon + .hours(6), requestedWall: noon + .minutes(2))
  ]

  static let deliveries = ["chat", "pager"].map { receiver in
    OutboxRecord(
      key: "fraud-1a2b3c:opened:\(receiver)", monitor: "fraud", incident: "fraud-1a2b3c", receiver: receiver,
      sequence: 0,
      body: "{\"callback_token\":\"secret-token\"}", createdAt: noon - .minutes(10), nextAttemptAt: noon - .minutes(10))
  }

  static func histogram(_ monitor: String, _ window: String, _ slice: String, _ subject: String, _ end: EventTime?)
    -> SubjectHistogram?
  {
    guard monitor == "fraud", (slices + hostileSlices).contains(slice), end ?? noon <= noon else { return nil }
    var bins: [SubjectHistogram.Bin] = []
    if subject == "country" {
      for (name, baseline, window) in [
        ("DE", 0.41, 0.22), ("FR", 0.2, 0.19), ("IT", 0.13, 0.09), (hostile, 0.02, 0.31), ("__other__", 0.23, 0.17),
        ("__unseen__", 0, 0.01), ("__missing__", 0.01, 0.01),
      ] { bins.append(.init(label: name, baseline: baseline, window: window)) }
      if hostileSlices.contains(slice) {
        bins += HostileNames.all.map { .init(label: $0, baseline: 0.1, window: 0.2) }
      }
    } else {
      let cuts = [4.99, 9.5, 14, 21.3, 30, 42, 60, 99.9, 210]
      for index in 0...cuts.count {
        let lower = index > 0 ? cuts[index - 1] : nil
        let upper = index < cuts.count ? cuts[index] : nil
        bins.append(
          .init(
            label: "(\(lower.map(ShortestText.of) ?? "−∞"), \(upper.map(ShortestText.of) ?? "∞")]", lower: lower,
            upper: upper,
            baseline: 0.099, window: 0.06 + 0.0078 * Double(index)))
      }
      bins.append(.init(label: "__missing__", baseline: 0.01, window: 0.012))
    }
    return SubjectHistogram(
      monitor: monitor, window: window, slice: slice, subject: subject, start: noon - .hours(1), end: noon,
      against: .all, baselineRows: 250_000, windowRows: 5123, bins: bins)
  }
}

extension String {
  fileprivate var replacingQuotes: String { String(map { $0 == "\"" ? "'" : $0 }) }
}
