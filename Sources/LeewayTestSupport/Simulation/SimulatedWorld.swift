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
    /// What tells it from others that are alike: a hash of its message, or of a message's hash and its index there.
    package var digest: [UInt8] = []

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
    /// Those of one message.
    case rows([Prediction])
    case label(Label)
    /// Logged as it is; nothing comes of it.
    case junk

    package var predictions: [Prediction] {
      switch self {
      case .prediction(let prediction): [prediction]
      case .rows(let rows): rows
      case .label, .junk: []
      }
    }
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
  /// Some checks are on `shift`.
  package var shifts: Bool { !refers }
  /// A message of predictions has one to four of them.
  package let packs: Bool
  /// Its incidents reopen, flap and are told of again, and some checks clear later than they would.
  package var recurs: Bool { seed % 7 < 4 }
  /// Partitions are called idle that speak again: windows close early and are revised.
  package let idlesEarly: Bool
  /// People act on its incidents.
  package var hasPeople: Bool { seed % 3 != 0 }
  /// Messages about it are silenced now and then.
  package var hasSilences: Bool { seed % 5 < 2 }

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
    packs = !isStaged && !refers && seed / 2 % 5 < 2
    let kinds = SimulatedMonitor.plans(
      task, compares: compares, isStaged: isStaged, refers: refers, packs: packs, recurs: seed % 7 < 4)
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
    guard packs else { return }
    // A generator of its own, so that nothing else of the world changes.
    var packing = SeededGenerator(seed: ~seed)
    for i in partitions.indices where partitions[i].role == .predictions { partitions[i].pack(using: &packing) }
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
  /// Puts predictions that follow each other within a phase into messages of one to four, with other elements among them that
  /// are no rows. Those whose record's timestamp matters stay apart.
  fileprivate mutating func pack(using random: inout SeededGenerator) {
    let (before, ends) = (entries, self.ends)
    entries = []
    self.ends = []
    var next = 0
    for end in ends {
      while next < end {
        guard case .prediction(let first) = before[next].event else {
          entries.append(before[next])
          next += 1
          continue
        }
        var rows = [first]
        next += 1
        let wanted = Int.random(in: 1...4, using: &random)
        while rows.count < wanted, next < end, first.recordTime == nil,
          case .prediction(let other) = before[next].event, other.recordTime == nil
        {
          rows.append(other)
          next += 1
        }
        append(rows: rows, withJunk: Int.random(in: 0..<10, using: &random) == 0)
      }
      self.ends.append(entries.count)
    }
  }

  private mutating func append(rows: [SimulatedWorld.Prediction], withJunk: Bool) {
    var rows = rows
    let texts = (withJunk ? ["7"] : []) + rows.map(\.event.json)
    let message = Array("{\"rows\":[\(texts.joined(separator: ","))]}".utf8)
    for i in rows.indices {
      let index = i + texts.count - rows.count
      rows[i].digest = SHA256.hash(SHA256.hash(message).bytes + [0, 0, 0, UInt8(index)]).bytes
    }
    entries.append(
      SimulatedWorld.Entry(
        event: .rows(rows), message: LoggedMessage(value: message, recordTime: rows[0].recordTime)))
  }

  fileprivate mutating func append(_ event: SimulatedWorld.Event) {
    let message: LoggedMessage
    switch event {
    case .prediction(let prediction): message = prediction.event.message(recordTime: prediction.recordTime)
    case .rows: return
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
