package import LeewayCore

/// What one seed makes: logs with everything that happens to logs, in the phases in which they are written, and the events
/// that they were made of, so that a test can work out by itself what must come of them. Small, so that thousands can run.
package struct SimulatedWorld: Sendable {
  package struct Prediction: Sendable {
    package var id: String
    package var time: EventTime
    /// JSON text of the output, canonical.
    package var output: String
    package var version: String
    /// nil: missing. −9999 is out of range, so invalid.
    package var amount: Int?
    package var recordTime: EventTime?

    package var event: PredictionEvent {
      PredictionEvent(
        id: "\"\(id)\"", time: time, version: "\"\(version)\"", output: output, amount: amount.map(String.init),
        country: nil)
    }
  }

  package struct Label: Sendable {
    package var id: String
    package var time: EventTime
    /// Canonical JSON text; `null` retracts.
    package var value: String
  }

  package enum Event: Sendable {
    case prediction(Prediction)
    case label(Label)
    /// Logged as it is; nothing comes of it.
    case junk
  }

  package struct Entry: Sendable {
    package var event: Event
    package var message: LoggedMessage
  }

  /// One partition's log; `ends[phase]` is its length after that phase, 0 before it exists.
  package struct Partition: Sendable {
    package var place: TopicPartition
    package var role: StreamRole
    package var entries: [Entry] = []
    package var ends: [Int] = []
    /// The phase in which the partition is made.
    package var since: Int
    /// Ends with a message far ahead of all others, so that in the end it holds no watermark back.
    package var hasSentinel: Bool
    /// Is idle in the end; else it holds the watermark where its messages end.
    package var endsIdle: Bool

    package func end(_ phase: Int) -> Int { phase < ends.count ? ends[phase] : entries.count }
  }

  package let seed: UInt64
  package let task: ModelTask
  package let phases: Int
  package let instances: Int
  package private(set) var partitions: [Partition] = []
  /// What the monitor becomes, one after another.
  package let plans: [MonitorPlan]
  /// Waiting rows are reclaimed, so no label is older than its prediction.
  package let reclaims: Bool
  /// The monitor compares its first two versions, which score the same ids.
  package let compares: Bool
  /// The monitor judges performance before the horizon, too, and a few ids have up to 300 labels.
  package let isStaged: Bool
  /// Some checks are measured from the first minutes of production.
  package let refers: Bool
  /// Partitions are called idle that speak again: windows close early and are revised.
  package let idlesEarly: Bool

  package static let start = EventTime(milliseconds: 1_750_000_000_000).floor(to: .hours(1))
  package static let phase = TimeSpan.minutes(30)
  package static let horizon = TimeSpan.minutes(15)
  package static let early = TimeSpan.minutes(6)
  package static let lateness = TimeSpan.minutes(3)

  package init(seed: UInt64) {
    self.seed = seed
    var random = SeededGenerator(seed: seed)
    func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    let task: ModelTask = chance(70) ? .binary : .regression
    self.task = task
    phases = [1, 1, 2, 2, 2, 3][Int.random(in: 0..<6, using: &random)]
    instances = [1, 2, 2, 3, 3, 4][Int.random(in: 0..<6, using: &random)]
    reclaims = chance(50)
    idlesEarly = chance(15)
    // A binary pair block is large, so few have one; those of regression are in every such world.
    compares = task == .regression || seed % 32 == 5
    // By the seed, so that other worlds stay as they are.
    isStaged = seed / 2 % 3 == 0
    refers = seed / 2 % 4 == 1 || seed / 2 % 3 == 0
    let kinds = SimulatedMonitor.plans(task, compares: compares, isStaged: isStaged, refers: refers)
    let hasTwo = phases > 1 && chance(35)
    plans = !hasTwo ? [kinds.first] : seed / 8 % 2 == 0 ? [kinds.first, kinds.other] : [kinds.less, kinds.first]
    let logs = Int.random(in: 1...3, using: &random)
    for i in 0..<logs {
      partitions.append(
        Partition(
          place: TopicPartition("predictions", Int32(i)), role: .predictions,
          since: i == 0 || chance(65) ? 0 : Int.random(in: 0..<phases, using: &random),
          hasSentinel: chance(80), endsIdle: i > 0))
    }
    for i in 0..<Int.random(in: 1...2, using: &random) {
      partitions.append(
        Partition(
          place: TopicPartition("labels", Int32(i)), role: .labels, since: 0, hasSentinel: chance(i == 0 ? 50 : 75),
          endsIdle: i > 0))
    }
    var made: [Prediction] = []
    for phase in 0..<phases {
      for i in 0..<logs { write(phase, i, &made, &random) }
    }
    writeLabels(made, logs, &random)
    let far = Self.start + Self.phase * Int64(phases) + .minutes(90)
    for i in partitions.indices where partitions[i].hasSentinel {
      partitions[i].endsIdle = false
      let event: Event =
        partitions[i].role == .predictions
        ? .prediction(Prediction(id: "end-\(i)", time: far, output: "0.5", version: "v1", amount: 5))
        : .label(Label(id: "nobody", time: far + .hours(1), value: "null"))
      partitions[i].append(event)
      partitions[i].ends[phases - 1] = partitions[i].entries.count
    }
  }

  private mutating func write(
    _ phase: Int, _ i: Int, _ made: inout [Prediction], _ random: inout SeededGenerator
  ) {
    func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    defer { partitions[i].ends.append(partitions[i].entries.count) }
    guard phase >= partitions[i].since else { return }
    let count = Int.random(in: 3...14, using: &random)
    let drifted = chance(50)
    for n in 0..<count {
      let place = TimeSpan.milliseconds(Self.phase.milliseconds * Int64(n) / Int64(count))
      let jitter = TimeSpan.milliseconds(Int64.random(in: -120_000..<120_000, using: &random))
      var time = Self.start + Self.phase * Int64(phase) + place + jitter
      if chance(5), n > 3 { time = time - .minutes(Int64.random(in: 4...30, using: &random)) }
      var prediction = Prediction(
        id: "p\(i)-\(partitions[i].entries.count)", time: time, output: output(drifted, &random),
        version: "v\(min(Int.random(in: 1...4, using: &random), Int.random(in: 1...3, using: &random)))",
        amount: chance(8) ? nil : chance(4) ? -9999 : Int.random(in: drifted ? 5...11 : 0...9, using: &random),
        recordTime: nil)
      if chance(3) {
        prediction.recordTime = time - .minutes(61)
      } else if chance(30) {
        prediction.recordTime = time - .minutes(60)
      }
      let near = made.filter { abs(($0.time - time).milliseconds) < TimeSpan.minutes(10).milliseconds }
      if n > 0, chance(12), let other = near.randomElement(using: &random) {
        // The same id and version again, whole or in other words.
        prediction = other
        prediction.recordTime = nil
        if chance(50) { prediction.time = time }
        if chance(40) { prediction.output = output(drifted, &random) }
        // By what is drawn already, so that other worlds stay as they are.
        if compares, prediction.time.milliseconds % 5 < 3 {
          prediction.version = prediction.version == "v1" ? "v2" : "v1"
        }
        if chance(30) { prediction.amount = 3 }
      }
      if chance(3) { prediction.output = "[1]" }
      made.append(prediction)
      partitions[i].append(.prediction(prediction))
      if chance(3) { partitions[i].append(.junk) }
    }
  }

  private func output(_ drifted: Bool, _ random: inout SeededGenerator) -> String {
    switch task {
    case .regression: ["0", "1", "0.5", "12.25", "-3"][Int.random(in: 0..<5, using: &random)]
    default: (Double(Int.random(in: drifted ? 4...9 : 1...9, using: &random)) / 10).description
    }
  }

  private mutating func writeLabels(_ made: [Prediction], _ first: Int, _ random: inout SeededGenerator) {
    func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    func value() -> String {
      task == .binary ? (chance(50) ? "0" : "1") : ["0", "2", "2.5", "-7"][Int.random(in: 0..<4, using: &random)]
    }
    var said: [(label: Label, order: EventTime)] = []
    func say(_ label: Label) {
      // Out of order by less than the lateness.
      said.append((label, label.time + .milliseconds(Int64.random(in: -60_000...60_000, using: &random))))
    }
    for prediction in made where chance(80) {
      let earliest: Int64 = reclaims ? 0 : -240_000
      var label = Label(
        id: prediction.id,
        time: prediction.time + .milliseconds(Int64.random(in: earliest...1_200_000, using: &random)),
        value: value())
      if chance(5) { label.time = prediction.time + Self.horizon }
      say(label)
      while chance(30) {
        if chance(60) { label.time = label.time + .milliseconds(Int64.random(in: 0...480_000, using: &random)) }
        if chance(70) { label.value = chance(30) ? "null" : value() }
        say(label)
      }
    }
    if isStaged { for label in manyLabels(made, &random) { say(label) } }
    said.sort { $0.order < $1.order }
    let logs = first..<partitions.count
    var next = 0
    for phase in 0..<phases {
      let end = Self.start + Self.phase * Int64(phase + 1)
      while next < said.count, said[next].order < end || phase == phases - 1 {
        let i = Int.random(in: logs, using: &random)
        partitions[i].append(.label(said[next].label))
        if chance(2) { partitions[i].append(.junk) }
        next += 1
      }
      for i in logs { partitions[i].ends.append(partitions[i].entries.count) }
    }
  }

  /// A few ids with hundreds of labels, before the early limit, between the limits and past the horizon: some have more than
  /// may count at one of the two, some at none.
  private func manyLabels(_ made: [Prediction], _ random: inout SeededGenerator) -> [Label] {
    var labels: [Label] = []
    for _ in 0..<[0, 1, 2][Int.random(in: 0..<3, using: &random)] {
      guard let prediction = made.randomElement(using: &random) else { return [] }
      let parts: [ClosedRange<Int64>] = [0...360_000, 360_001...900_000, 900_001...1_200_000]
      let main = Int.random(in: 0..<3, using: &random)
      for _ in 0..<[20, 256, 257, 300][Int.random(in: 0..<4, using: &random)] {
        let part = Int.random(in: 0..<10, using: &random) == 0 ? Int.random(in: 0..<3, using: &random) : main
        let values = task == .binary ? ["0", "1", "null"] : ["0", "2", "2.5", "-7", "null"]
        labels.append(
          Label(
            id: prediction.id, time: prediction.time + .milliseconds(Int64.random(in: parts[part], using: &random)),
            value: values[Int.random(in: 0..<values.count, using: &random)]))
      }
    }
    return labels
  }

  /// Finds what the monitor was, by the text that its plan was given for a file.
  package var reader: Generations.Reader {
    { [plans] _, _, files in
      let text = try files()?.monitor
      return plans.first { $0.source == text }
    }
  }

  package var logs: [MessageLog] {
    [("predictions", StreamRole.predictions), ("labels", .labels)].map { topic, role in
      MessageLog(
        topic: topic, role: role,
        partitions: partitions.filter { $0.role == role }.map { $0.entries.map(\.message) })
    }
  }
}

extension SimulatedWorld.Partition {
  fileprivate mutating func append(_ event: SimulatedWorld.Event) {
    let message: LoggedMessage
    switch event {
    case .prediction(let prediction): message = prediction.event.message(recordTime: prediction.recordTime)
    case .label(let label):
      // Some retractions come as tombstones keyed by the id.
      message =
        label.value == "null" && label.time.milliseconds % 2 == 0
        ? LoggedMessage(key: Array(label.id.utf8), value: nil, recordTime: label.time)
        : LabelEvent(id: "\"\(label.id)\"", time: label.time, value: label.value).message()
    case .junk:
      let junk = ["{", "not json", "[]", "{\"time\":\"soon\"}", ""]
      message =
        entries.count % 6 == 5 ? LoggedMessage(key: nil, value: nil) : LoggedMessage(junk[entries.count % junk.count])
    }
    entries.append(SimulatedWorld.Entry(event: event, message: message))
  }
}

/// The monitors of simulated worlds: one feature, versions beyond the cap, checks of every family that fire easily. Made
/// once, since baselines cost more than a run.
package enum SimulatedMonitor {
  /// What a world's monitor is at first and becomes.
  package struct Plans: Sendable {
    package var first: MonitorPlan
    /// With other pairs: of another baseline, or, where checks are measured from the first minutes, of another threshold or of
    /// a baseline with the same cells and other estimates.
    package var other: MonitorPlan
    /// With a narrower range of its feature, and no stage early: what comes of it has the same pairs.
    package var less: MonitorPlan
  }

  private struct Kind: Hashable {
    var task: ModelTask
    var compares: Bool
    var isStaged: Bool
    var refers: Bool
  }

  private enum Variant: Hashable {
    case first, otherBaseline, otherThreshold, otherExpectation, less
  }

  private static let all: [Kind: Plans] = {
    var all: [Kind: Plans] = [:]
    for (task, compares) in [(ModelTask.binary, false), (.binary, true), (.regression, true)] {
      for (isStaged, refers) in [(false, false), (false, true), (true, false), (true, true)] {
        let kind = Kind(task: task, compares: compares, isStaged: isStaged, refers: refers)
        // With the cells as before, what has been learnt goes on.
        let other: Variant = refers ? isStaged ? .otherExpectation : .otherThreshold : .otherBaseline
        do {
          all[kind] = Plans(
            first: try plan(kind, .first), other: try plan(kind, other), less: try plan(kind, .less))
        } catch { preconditionFailure("\(error)") }
      }
    }
    return all
  }()

  /// - Parameters:
  ///   - compares: whether a binary monitor compares its first two versions; one of regression does.
  ///   - isStaged: whether performance is judged early, too. In regression predictions without a label are 0 then.
  ///   - refers: whether some checks are measured from the first minutes of production.
  package static func plans(_ task: ModelTask, compares: Bool, isStaged: Bool, refers: Bool) -> Plans {
    let kind = Kind(task: task, compares: task == .regression || compares, isStaged: isStaged, refers: refers)
    guard let plans = all[kind] else { preconditionFailure("there is no monitor of \(kind)") }
    return plans
  }

  package static let receivers: Set<String> = ["chat", "pager", "retrain"]

  private static func plan(_ kind: Kind, _ variant: Variant) throws -> MonitorPlan {
    let (task, compares, isStaged) = (kind.task, kind.compares, kind.isStaged)
    func above(_ tier: Tier, _ x: Double) -> TierLimit { TierLimit(tier, .above(.absolute(x))) }
    var monitor = try SampleMonitor.monitor(
      task,
      checks: [
        Check(
          name: "drift", on: .features(except: []), metric: .psi, window: "20m",
          limits: [above(.info, 0.5), above(.warning, 1.5), above(.critical, 4)], consecutive: 2, slices: .each,
          significance: nil, minimumRows: 3),
        Check(
          name: "slices", on: .output, metric: .psi, window: "10m", limits: [above(.info, 1), above(.warning, 6)],
          slices: .each, significance: nil, minimumRows: 2, partial: true),
        Check(
          name: "level", on: .output, metric: .mean, window: "10m", limits: [above(.warning, 0.6)], slices: .each,
          minimumRows: 2, partial: true),
        Check(
          name: "missing", on: .features(except: []), metric: .missingRatio, window: "10m",
          limits: [above(.info, 0.1), TierLimit(.warning, .maximumRise(.absolute(0.2)))], slices: .each,
          significance: nil),
        Check(
          name: "traffic", on: .traffic, metric: .rows, window: "20m",
          limits: [TierLimit(.warning, .below(.relative(0.5)))]),
        Check(
          name: "quality", on: .performance, metric: task == .regression ? .mae : .accuracy, window: "10m",
          limits: [TierLimit(.critical, task == .regression ? .above(.absolute(1.5)) : .below(.absolute(0.6)))],
          minimumRows: 2, certain: false, minimumPositives: 1, minimumNegatives: 1),
        Check(
          name: "concept", on: .errors, metric: .adwin, window: "20m", limits: [above(.critical, 1)], minimumRows: 2),
        // Alarms after a few errors already.
        Check(
          name: "concept-of-v1", on: .errors, metric: task == .regression ? .pageHinkley : .hddmW, window: "10m",
          limits: [above(.warning, 1)], slices: .listed(["version=v1", "all"]), minimumRows: 1, partial: true),
      ])
    if compares {
      let isError = task == .regression
      monitor.comparison = VersionComparison(champion: "v1", challenger: "v2")
      monitor.checks += [
        Check(
          name: "versions", on: .comparison, metric: isError ? .mae : .accuracy, window: "20m",
          limits: [
            TierLimit(.warning, isError ? .maximumRise(.absolute(0.2)) : .maximumDrop(.absolute(0.1)))
          ], minimumRows: 2, certain: false, minimumPositives: 0, minimumNegatives: 0),
        Check(
          name: "apart", on: .comparison, metric: .psi, window: "10m", limits: [above(.info, 6)], significance: nil,
          minimumRows: 2),
      ]
    }
    if kind.refers {
      monitor.checks += [
        Check(
          name: "away", on: .features(except: []), metric: .psi, window: "10m",
          limits: [above(.info, 3), above(.warning, 8)], slices: .each, significance: nil, minimumRows: 2,
          partial: true,
          reference: .first(.minutes(20))),
        Check(
          name: "far", on: .output, metric: .ks, window: "20m", limits: [above(.info, 0.3), above(.warning, 0.9)],
          consecutive: 2, significance: nil, minimumRows: 2, partial: true, reference: .first(.minutes(30))),
        Check(
          name: "gaps", on: .features(except: []), metric: .missingRatio, window: "10m",
          limits: [TierLimit(.info, .maximumRise(.relative(0.5))), TierLimit(.warning, .maximumRise(.absolute(0.1)))],
          slices: .each, significance: nil, minimumRows: 2, partial: true, reference: .first(.minutes(20))),
      ]
    }
    monitor.threshold = variant == .otherThreshold ? 0.6 : 0.5
    monitor.features.removeLast()
    monitor.segments = []
    monitor.maximumSegments = 1
    monitor.lateness = SimulatedWorld.lateness
    monitor.labels?.horizon = SimulatedWorld.horizon
    if isStaged {
      monitor.labels?.early = SimulatedWorld.early
      monitor.labels?.minimumCoverage = 0.2
      if task == .regression { monitor.labels?.absent = .number(0) }
      monitor.checks += [
        // Each stage has its own first minutes to fall from, and its own windows before.
        Check(
          name: "fall", on: .performance, metric: task == .regression ? .mae : .accuracy, window: "10m",
          limits: [
            TierLimit(.warning, task == .regression ? .maximumRise(.absolute(0.2)) : .maximumDrop(.absolute(0.05)))
          ], consecutive: 2, minimumRows: 2, certain: false, minimumPositives: 0, minimumNegatives: 0,
          reference: .first(.minutes(20))),
        Check(
          name: "in-the-end", on: .performance, metric: .coverage, window: "20m",
          limits: [TierLimit(.info, .below(.absolute(0.7)))], slices: .each, minimumRows: 1, partial: true,
          stages: [.final]),
      ]
    }
    monitor.windows = [
      WindowDefinition(name: "10m", size: .minutes(10), every: .minutes(10)),
      WindowDefinition(name: "20m", size: .minutes(20), every: .minutes(10)),
    ]
    monitor.alerts = [.info: ["chat"], .warning: ["chat"], .critical: ["chat", "pager", "retrain"]]
    monitor.retrain = RetrainPolicy(cooldown: .minutes(20), maximumPerWeek: 4, deadline: .hours(6))
    // For the second baseline one version has a part of its own, whose amounts are smaller.
    let isSliced = variant == .otherBaseline
    let rows = SampleMonitor.trainingRows(isSliced ? 1500 : 300, seed: isSliced ? 2 : 1).enumerated().map { i, row in
      var row = row
      row.amount = (row.amount / 5).rounded(.down)
      row.number = (row.number * 10).rounded(.up) / 10
      if isSliced, i % 5 > 0 {
        row.version = "v1"
        row.amount = (row.amount / 2).rounded(.down)
      }
      return row
    }
    var baseline = SampleMonitor.baseline(monitor, rows: rows)
    if variant == .otherExpectation {
      baseline.performance = PerformanceBaseline(labelled: 300, inSample: true, metrics: ["coverage": 1])
      // Writing it gives it the identity of what it is now.
      _ = baseline.encoded()
    }
    if variant == .less {
      monitor.labels?.early = nil
      monitor.features[0].range = monitor.features[0].range.map { $0.lowerBound + 1...$0.upperBound - 1 }
    }
    return try MonitorPlan(monitor: monitor, baseline: baseline, source: "plan \(variant)")
  }
}
