import LeewayCore
import LeewayTestSupport

/// A made-up history of one monitor: logs with everything that happens to logs, and the events they were made of, so that
/// a test can work out by itself what must come of them.
struct World {
  struct Prediction {
    var id: String
    var time: EventTime
    /// JSON text of the output, canonical.
    var output: String
    var version: String?
    /// nil: missing. `-9999` is out of range, so invalid.
    var amount: Int?
    var country: String?
    var channel: String?
    var shop: String?
    var recordTime: EventTime?

    var event: PredictionEvent {
      PredictionEvent(
        id: "\"\(id)\"", time: time, version: version.map { "\"\($0)\"" }, output: output,
        amount: amount.map(String.init), country: country.map { "\"\($0)\"" }, channel: channel.map { "\"\($0)\"" },
        shop: shop.map { "\"\($0)\"" })
    }
  }

  struct Label {
    var id: String
    var time: EventTime
    /// Canonical JSON text; `null` retracts.
    var value: String
  }

  enum Entry<Event> {
    case event(Event)
    /// Logged as it is; nothing comes of it.
    case junk(LoggedMessage)
  }

  static let start = EventTime(milliseconds: 1_750_000_000_000).floor(to: .hours(1))
  static let horizon = TimeSpan.hours(1)
  static let lateness = TimeSpan.minutes(5)

  let task: ModelTask
  let seed: UInt64
  private(set) var predictions: [[Entry<Prediction>]]
  private(set) var labels: [[Entry<Label>]]

  init(_ task: ModelTask, seed: UInt64, perPartition: Int = 170) {
    self.task = task
    self.seed = seed
    predictions = []
    labels = []
    var random = SeededGenerator(seed: seed)
    var made: [Prediction] = []
    for partition in 0..<3 {
      predictions.append(Self.log(task, partition, perPartition, &made, &random))
    }
    var said = made.flatMap { Self.said(of: $0, task, &random) }
    said.sort { $0.time < $1.time }
    labels = [[], []]
    for label in said { labels[Int.random(in: 0..<2, using: &random)].append(.event(label)) }
    for partition in 0..<2 {
      // Out of order by less than the lateness.
      for i in labels[partition].indices.dropFirst() where Int.random(in: 0..<4, using: &random) == 0 {
        guard case .event(let a) = labels[partition][i], case .event(let b) = labels[partition][i - 1],
          a.time - b.time < .minutes(2)
        else { continue }
        labels[partition].swapAt(i, i - 1)
      }
      labels[partition].insert(.junk(LoggedMessage("{\"id\":7}")), at: labels[partition].count / 2)
      labels[partition].append(.event(Label(id: "nobody", time: Self.start + .hours(7), value: "null")))
    }
  }

  private static func log(
    _ task: ModelTask, _ partition: Int, _ count: Int, _ made: inout [Prediction], _ random: inout SeededGenerator
  ) -> [Entry<Prediction>] {
    func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    var entries: [Entry<Prediction>] = []
    for i in 0..<count {
      let place = TimeSpan.milliseconds(Int64(i) * 10_800_000 / Int64(count))
      var time = start + place - .milliseconds(Int64.random(in: 0..<120_000, using: &random))
      // Behind the lateness: dropped, whoever reads it.
      if chance(4), i > 40 { time = time - .minutes(Int64.random(in: 6...40, using: &random)) }
      let drifted = i > count / 2
      var prediction = Prediction(
        id: "p\(partition)-\(i)", time: time, output: output(task, drifted, &random),
        version: chance(5)
          ? nil : "v\(min(Int.random(in: 0...6, using: &random), Int.random(in: 0...6, using: &random)))",
        amount: chance(6) ? nil : chance(3) ? -9999 : Int.random(in: drifted ? 25...70 : 0...49, using: &random),
        country: chance(4)
          ? nil : ["DE", "DE", "FR", "US", "PL"][Int.random(in: 0..<(drifted ? 5 : 4), using: &random)],
        channel: chance(10) ? nil : ["web", "app", "fax"][Int.random(in: 0..<3, using: &random)],
        shop: chance(10) ? nil : "s\(Int.random(in: 0...6, using: &random))", recordTime: nil)
      if chance(2) {
        // From the future: quarantined, and no watermark moves.
        prediction.recordTime = prediction.time - .minutes(61)
      } else if chance(30) {
        prediction.recordTime = prediction.time - .minutes(60)
      }
      if chance(8), let other = made.randomElement(using: &random) {
        // The same id and version again, whole or in other words.
        let time = prediction.time
        prediction = other
        if chance(50) { prediction.time = time }
        if chance(40) { prediction.output = output(task, drifted, &random) }
        if chance(40) { prediction.shop = "s\(Int.random(in: 0...6, using: &random))" }
      }
      if chance(2) { prediction.output = "[1]" }
      made.append(prediction)
      entries.append(.event(prediction))
      if chance(2) {
        let junk = ["{", "not json", "[]", "{\"time\":\"soon\"}", ""][Int.random(in: 0..<5, using: &random)]
        entries.append(.junk(chance(20) ? LoggedMessage(key: [1], value: nil) : LoggedMessage(junk)))
      }
    }
    // Every partition reads on for an hour, so that all windows above close.
    entries.append(
      .event(
        Prediction(
          id: "end-\(partition)", time: start + .hours(4) + .minutes(10), output: output(task, true, &random),
          version: "v1", amount: 1)))
    return entries
  }

  private static func output(_ task: ModelTask, _ drifted: Bool, _ random: inout SeededGenerator) -> String {
    switch task {
    case .binary: (Double(Int.random(in: drifted ? 6..<20 : 1..<20, using: &random)) / 20).description
    case .multiclass: "\"\((SampleMonitor.classes + ["emu"])[Int.random(in: 0..<4, using: &random)])\""
    case .regression: ["0", "1", "0.5", "12.25", "-3"][Int.random(in: 0..<5, using: &random)]
    }
  }

  private static func said(of prediction: Prediction, _ task: ModelTask, _ random: inout SeededGenerator) -> [Label] {
    func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    func value() -> String {
      switch task {
      case .binary: chance(50) ? "0" : "1"
      case .multiclass: "\"\(SampleMonitor.classes[Int.random(in: 0..<3, using: &random)])\""
      case .regression: ["0", "2", "2.5", "-7"][Int.random(in: 0..<4, using: &random)]
      }
    }
    guard chance(85) else { return [] }
    // Before the prediction, within its horizon, at it, beyond it.
    var time = prediction.time + .milliseconds(Int64.random(in: -300_000...4_200_000, using: &random))
    if chance(5) { time = prediction.time + horizon }
    var out = [Label(id: prediction.id, time: time, value: value())]
    while chance(25) {
      var next = out[out.count - 1]
      if chance(60) { next.time = next.time + .milliseconds(Int64.random(in: 0...900_000, using: &random)) }
      if chance(70) { next.value = chance(25) ? "null" : value() }
      out.append(next)
    }
    return out
  }

  var logs: [MessageLog] {
    [
      MessageLog(
        topic: "predictions", role: .predictions,
        partitions: predictions.map { entries in
          entries.map {
            switch $0 {
            case .event(let prediction): prediction.event.message(recordTime: prediction.recordTime)
            case .junk(let message): message
            }
          }
        }),
      MessageLog(
        topic: "labels", role: .labels,
        partitions: labels.map { entries in
          entries.map {
            switch $0 {
            case .event(let label):
              // Some retractions come as tombstones keyed by the id.
              label.value == "null" && label.time.milliseconds % 2 == 0
                ? LoggedMessage(key: Array(label.id.utf8), value: nil, recordTime: label.time)
                : LabelEvent(id: "\"\(label.id)\"", time: label.time, value: label.value).message()
            case .junk(let message): message
            }
          }
        }),
    ]
  }

  /// Checks of every family, low enough to fire.
  static func checks(_ task: ModelTask) -> [Check] {
    func above(_ tier: Tier, _ x: Double) -> TierLimit { TierLimit(tier, .above(.absolute(x))) }
    var checks = [
      Check(
        name: "drift", on: .features(except: []), metric: .psi, window: "1h",
        limits: [above(.info, 0.1), above(.warning, 0.3), above(.critical, 0.8)], consecutive: 2, minimumRows: 50),
      Check(
        name: "slices", on: .named(["amount"]), metric: .ks, window: "15m", limits: [above(.warning, 0.2)],
        slices: .each, minimumRows: 10),
      Check(
        name: "missing", on: .features(except: []), metric: .missingRatio, window: "15m", limits: [above(.info, 0.01)]),
      Check(
        name: "traffic", on: .traffic, metric: .rows, window: "15m",
        limits: [TierLimit(.warning, .below(.relative(0.9)))]),
    ]
    let metric: Metric = task == .regression ? .mae : .accuracy
    checks.append(
      Check(
        name: "quality", on: .performance, metric: metric, window: "15m",
        limits: [
          TierLimit(.warning, task == .regression ? .above(.absolute(0.5)) : .below(.absolute(0.6))),
          TierLimit(.critical, task == .regression ? .above(.absolute(1.5)) : .below(.absolute(0.5))),
        ], consecutive: 2, minimumRows: 10, certain: false, minimumPositives: 1, minimumNegatives: 1))
    return checks
  }

  func plan() throws -> MonitorPlan {
    try SampleMonitor.plan(try SampleMonitor.monitor(task, checks: Self.checks(task)))
  }
}
