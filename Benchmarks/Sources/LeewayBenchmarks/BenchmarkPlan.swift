import Glibc
import LeewayCore
import LeewayStatistics
import LeewayTestSupport

extension Traffic {
  /// The rows that baselines are fitted to.
  func training(_ count: Int) -> [[String?]] {
    var random = SeededGenerator(seed: 2)
    return (0..<count).map { _ in trainingRow(using: &random) }
  }

  /// A monitor of this traffic, with a baseline fitted to events of another seed.
  ///
  /// - Parameters:
  ///   - slices: whether versions and segments have baselines of their own.
  ///   - schemas: of events in a binary format.
  func plan(
    version: Bool = false, segments: Int = 0, labels: LabelStream? = nil,
    windows: [WindowDefinition] = [WindowDefinition(name: "1h", size: .hours(1), every: .minutes(5))],
    checks: [Check] = [], trainingRows: Int = BenchmarkIntake.trainingRows, slices: Bool = false,
    schemas: MessageSchemas? = nil
  ) throws -> MonitorPlan {
    var monitor = Monitor(
      name: "bench", task: .binary,
      predictions: PredictionStream(
        topic: "predictions", id: labels?.id ?? [], time: try FieldPath("timestamp_ms"), timeFormat: .epochMilliseconds,
        version: version ? try FieldPath("model_version") : nil, output: try FieldPath("score")),
      labels: labels,
      features: try (0..<features).map {
        Feature(name: name($0), kind: isNumeric($0) ? .numeric : .categorical, field: try FieldPath(path($0)))
      },
      segments: try (0..<segments).map { Segment(name: Self.segments[$0], field: try FieldPath(segmentPath($0))) },
      pane: .minutes(5),
      windows: windows, lateness: .minutes(10), skew: .hours(1), checks: checks)
    monitor.predictions.schemas = schemas
    let rows = training(trainingRows)
    var numbers = [[Double]](repeating: [], count: features + 1)
    var counts = [[String: Int]](repeating: [:], count: features + 1)
    for row in rows {
      for (subject, text) in row.enumerated() {
        guard let text else { continue }
        if let number = Double(text) {
          numbers[subject].append(number)
        } else {
          counts[subject][String(text.dropFirst().dropLast()), default: 0] += 1
        }
      }
    }
    func subject(_ name: String, _ values: [Double]) -> BaselineBuilder.Subject {
      let sorted = values.sorted()
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      return BaselineBuilder.Subject(
        name: name,
        domain: .numeric(
          NumericDomain(
            binning: .fit(sorted: sorted),
            fixedPoint: FixedPoint(origin: sorted[sorted.count / 2], standardDeviation: variance.squareRoot()))),
        mean: mean, standardDeviation: variance.squareRoot())
    }
    var subjects = (0..<features).map { feature -> BaselineBuilder.Subject in
      if isNumeric(feature) { return subject(name(feature), numbers[feature]) }
      let categories = counts[feature].sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
      return BaselineBuilder.Subject(
        name: name(feature), domain: .categorical(CategoricalDomain(categories: categories)))
    }
    subjects.append(subject("score", numbers[features]))
    let profiles =
      (slices ? [SegmentProfile(name: Slice.version, values: Self.versions)] : [])
      + (0..<segments).map { SegmentProfile(name: Self.segments[$0], values: Self.segmentValues[$0]) }
    var builder = BaselineBuilder(
      monitor: monitor, subjects: subjects, segments: profiles, classes: [], labels: false)
    for (number, row) in rows.enumerated() {
      for (subject, text) in row.enumerated() {
        guard let text else {
          builder.setMissing(subject)
          continue
        }
        if let number = Double(text) {
          builder.setNumber(subject, number)
        } else {
          Array(text.utf8.dropFirst().dropLast()).withUnsafeBytes { builder.setCategory(subject, $0) }
        }
      }
      let places = slices ? profiles.map { ($0.name, $0.values[number % $0.values.count]) } : []
      builder.commitRow(slices: places, output: nil, label: nil)
    }
    return try MonitorPlan(monitor: monitor, baseline: builder.finish())
  }
}

/// One monitor's intake over one partition, and one of labels if it has them, and a ledger in memory.
struct BenchmarkIntake {
  static let trainingRows = 20_000

  let plan: MonitorPlan
  let ledger = InMemoryLedger()
  let intake: Intake
  let slot: Intake.Slot
  private let labels: Intake.Slot?
  private var offset: Int64 = 0

  init(plan: MonitorPlan) throws {
    self.plan = plan
    let keys = [(name: "predictions", role: StreamRole.predictions), ("labels", .labels)]
      .prefix(plan.monitor.labels == nil ? 1 : 2)
      .map { (key: PartitionKey(monitor: plan.monitor.name, topic: $0.name, partition: 0), role: $0.role) }
    let records = try ledger.write { tx in
      try tx.put(
        generation: GenerationRecord(
          monitor: plan.monitor.name, generation: plan.generation, startsAt: .distantPast,
          baseline: plan.baseline.identity))
      try tx.ensure(partitions: keys)
      try tx.register(writer: "bench", instance: InstanceIdentity(host: "bench", process: 1))
      return try tx.claim(partitions: keys.map(\.key), owner: "bench")
    }
    intake = Intake(plans: [(plan, .distantPast)], writer: "bench")
    for record in records { intake.open(record) }
    guard let slot = intake.slot(TopicPartition("predictions", 0)) else { throw BenchmarkFailure("no partition") }
    self.slot = slot
    labels = intake.slot(TopicPartition("labels", 0))
  }

  mutating func take(_ events: EventBuffer) {
    let first = offset
    events.forEach { index, payload in
      intake.take(SourceMessage(offset: first + Int64(index), recordTime: nil, key: nil, value: payload), from: slot)
    }
    offset += Int64(events.count)
  }

  /// Labels of the first `count` events, a minute after them: every tenth is positive.
  func label(_ count: Int) throws {
    guard let labels else { throw BenchmarkFailure("the monitor has no labels") }
    for index in 0..<count {
      let time = Traffic.start + 60_000 + Int64(index / 2)
      var text =
        "{\"prediction_id\":\"p-\(10_000_000 + index)\",\"labelled_at_ms\":\(time),\"is_fraud\":\(index % 10 == 0 ? 1 : 0)}"
      text.withUTF8 { bytes in
        let payload = UnsafeRawBufferPointer(bytes)
        intake.take(SourceMessage(offset: Int64(index), recordTime: nil, key: nil, value: payload), from: labels)
      }
    }
  }

  /// All panes of the ledger, added up by slice.
  func merged(_ kind: PaneKind = .drift) throws -> [(slice: String, block: CellBlock)] {
    var blocks: [String: CellBlock] = [:]
    let range = EventTime.earliestWritable..<EventTime.latestWritable
    guard let shape = plan.shape(of: kind) else { throw BenchmarkFailure("the monitor has no panes of \(kind)") }
    let generation = kind == .drift ? plan.generation : plan.pairs
    try ledger.read { reader in
      try reader.panes(kind, monitor: plan.monitor.name, generation: generation, in: range) { _, slice, bytes in
        try blocks[slice, default: CellBlock(shape)].merge(encoded: bytes)
      }
    }
    return blocks.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}

struct BenchmarkFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
