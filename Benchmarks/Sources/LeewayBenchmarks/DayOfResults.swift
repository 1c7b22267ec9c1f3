import LeewayCore
import LeewayLedger
import LeewayTestSupport

/// A day of result lines of one monitor as the service judges them: 20 features and the score, ten slices, windows of an hour
/// every 5 minutes and of seven days every hour, a check of drift and one of AUC. It can be written again for any other day.
struct DayOfResults {
  private static let firstDay = EventTime(milliseconds: Traffic.start).floor(to: .days(7))
  /// The template's own; the window of seven days needs those before.
  private static let day: Int64 = 7

  /// With a horizon of 30 days; the lines are of one with an hour, which say the same of another time.
  let plan: MonitorPlan
  private var lines: [(record: ResultRecord, isOfLabels: Bool, dates: [(place: Int, day: Int64)])] = []

  var count: Int { lines.count }

  init() throws {
    plan = try Self.plan(horizon: .days(30))
    let judged = try Self.plan(horizon: .hours(1))
    let records = try Self.judge(judged)
    guard Set(records.map(\.type)) == [.drift, .performance, .verdict] else {
      throw BenchmarkFailure("a day has no line of some type")
    }
    let dates = (-8...1).map { (bytes: Array(Self.date(Self.day + $0).utf8), day: Int64($0)) }
    for record in records {
      let bytes = Array(record.line.utf8)
      var found: [(place: Int, day: Int64)] = []
      for place in bytes.indices.dropLast(10) where bytes[place] == UInt8(ascii: "2") {
        if let date = dates.first(where: { bytes[place..<place + 10].elementsEqual($0.bytes) }) {
          found.append((place, date.day))
        }
      }
      var record = record
      record.generation = plan.generation
      lines.append((record, record.type == .performance, found))
    }
  }

  private static func plan(horizon: TimeSpan) throws -> MonitorPlan {
    try Traffic().plan(
      segments: 2,
      labels: LabelStream(
        topic: "labels", id: [try FieldPath("prediction_id")], time: try FieldPath("labelled_at_ms"),
        timeFormat: .epochMilliseconds, value: try FieldPath("is_fraud"), horizon: horizon),
      windows: [
        WindowDefinition(name: "1h", size: .hours(1), every: .minutes(5)),
        WindowDefinition(name: "7d", size: .days(7), every: .hours(1)),
      ],
      checks: [
        Check(
          name: "drift", on: .features(except: []), metric: .psi, window: "1h",
          limits: [TierLimit(.warning, .above(.absolute(0.2)))]),
        Check(
          name: "auc", on: .performance, metric: .auc, window: "7d",
          limits: [TierLimit(.critical, .below(.absolute(0.1)))]),
      ], slices: true)
  }

  /// The first ten characters of a time on this day after the first.
  static func date(_ day: Int64) -> String {
    var json = JSONWriter()
    json.time(firstDay + .days(day))
    return String(json.text.dropFirst().prefix(10))
  }

  static func time(_ day: Int64) -> EventTime { firstDay + .days(day) }

  // MARK: Judging

  private static func judge(_ plan: MonitorPlan) throws -> [ResultRecord] {
    let monitor = plan.monitor.name
    let ledger = try SQLiteLedger.temporary()
    let lease = try ledger.write { tx in
      try tx.put(
        generation: GenerationRecord(
          monitor: monitor, generation: plan.generation, startsAt: .distantPast, baseline: plan.baseline.identity))
      try tx.register(writer: "bench", instance: InstanceIdentity(host: "bench", process: 1))
      return try tx.acquire(lease: "evaluation", holder: "bench", lasting: .days(1))
    }
    guard let lease else { throw BenchmarkFailure("the lease is held") }
    try fill(ledger, plan)
    var progress = EvaluationProgress(
      closedThrough: time(day), finalThrough: time(day), maturedThrough: time(day))
    progress.firstPane = time(0)
    try ledger.write { try $0.put(progress: progress, monitor: monitor, generation: plan.generation) }
    let reached = time(day + 1) + .hours(2)
    var isComplete = false
    while !isComplete {
      isComplete = try Evaluator(plan: plan).evaluate(
        ledger, lease: EvaluationLease(name: "evaluation", epoch: lease), now: reached,
        watermarks: Watermarks(predictions: reached, labels: reached)
      ).isComplete
    }
    return try ledger.read {
      try $0.results(ResultQuery(from: time(day) + .milliseconds(1), to: time(day + 1) + .milliseconds(1), limit: .max))
    }
  }

  /// Panes of eight hours' worth of different events: of the last day all, of those before one an hour.
  private static func fill(_ ledger: SQLiteLedger, _ plan: MonitorPlan) throws {
    let kinds = try (0..<16 as Range<UInt64>).map { seed in
      var bench = try BenchmarkIntake(plan: plan)
      let events = Traffic().events(400, seed: seed)
      bench.take(events)
      try bench.label(events.count)
      _ = try bench.intake.flush(to: bench.ledger)
      return try [PaneKind.drift, .performance].map { kind in (kind, try bench.merged(kind)) }
    }
    var random = SeededGenerator(seed: 4)
    for start in stride(from: 0, to: (day + 1) * 1440, by: 60) {
      try ledger.write { tx in
        for minutes in stride(from: start, to: start + (start < day * 1440 ? 5 : 60), by: 5) {
          let pane = time(0) + .minutes(minutes)
          for (kind, blocks) in kinds[Int.random(in: 0..<kinds.count, using: &random)] {
            try tx.put(
              kind, monitor: plan.monitor.name, generation: kind == .drift ? plan.generation : plan.pairs,
              writer: "bench", blocks: blocks.map { (PaneKey(pane: pane, slice: $0.slice), $0.block.encoded()) })
          }
        }
      }
    }
  }

  // MARK: Another day

  /// The lines of the day that is so many after the first, under another name if one is given.
  func records(_ day: Int64, monitor: String? = nil) -> [ResultRecord] {
    let texts = (-8...1).map { Array(Self.date(day + $0).utf8) }
    let moved = TimeSpan.days(day - Self.day)
    return lines.map { line in
      var record = line.record
      record.end = record.end + moved
      if let monitor { record.monitor = monitor }
      var bytes = Array(record.line.utf8)
      for date in line.dates {
        bytes.replaceSubrange(date.place..<date.place + 10, with: texts[Int(date.day + 8)])
      }
      record.line = String(decoding: bytes, as: UTF8.self)
      if line.isOfLabels { record.generation = plan.pairs }
      return record
    }
  }
}
