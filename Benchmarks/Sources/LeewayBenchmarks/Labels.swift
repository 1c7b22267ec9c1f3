import Glibc
import LeewayCore
import LeewayLedger
import LeewayTestSupport

extension Main {
  /// A monitor with labels, by the service's own intake and ledger: predictions that all wait, then labels that join them.
  static func labels(_ arguments: Arguments) throws {
    let waiting = try arguments.integer("waiting", 10_000_000)
    let joins = try arguments.integer("joins", 1_000_000)
    var server: TemporaryPostgreSQL?
    let ledger: any Ledger
    switch arguments.text("postgres") {
    case "own":
      // As one would run it, and not as tests do.
      let made = try TemporaryPostgreSQL(settings: [
        "fsync = on", "full_page_writes = on", "shared_buffers = 1GB", "max_wal_size = 4GB",
        "checkpoint_timeout = 15min",
      ])
      server = made
      ledger = try PostgreSQLLedger(address: made.address())
    case let address?: ledger = try PostgreSQLLedger(address: address)
    case nil: ledger = try SQLiteLedger(path: try arguments.path("sqlite"))
    }
    defer { withExtendedLifetime(server) {} }
    let bench = try LabelBenchmark(ledger: ledger)
    bench.server = server.flatMap { ServerProcesses(folder: $0.folder) }
    let predictions = try bench.run(waiting, of: &bench.predictions)
    let labels = try bench.run(joins, of: &bench.labels) { bench.permuted($0, of: waiting) }
    guard predictions.joins.duplicates == 0, labels.joins.matched == Int64(joins) else {
      throw BenchmarkFailure("not every label met its prediction: \(labels.joins)")
    }
    var json = JSONWriter()
    json.beginObject()
    for (name, phase) in [("predictions", predictions), ("joins", labels)] {
      json.key(name)
      json.beginObject()
      json.key("per_second")
      json.number((Double(phase.count) / phase.seconds).rounded())
      json.key("last_million_per_second")
      json.number(phase.lastMillion.rounded())
      json.key("processor_seconds_per_million")
      json.number(phase.processorSeconds * 1e6 / Double(phase.count))
      if server != nil {
        json.key("server_processor_seconds_per_million")
        json.number(phase.serverSeconds * 1e6 / Double(phase.count))
      }
      json.key("longest_flush_seconds")
      json.number(phase.longestFlush)
      json.key("longest_flush_processor_seconds")
      json.number(phase.longestFlushProcessor)
      json.endObject()
    }
    json.key("resident_megabytes")
    json.number(Measurement.peakResidentMegabytes())
    json.endObject()
    print(json.text)
  }
}

/// One monitor, one partition of predictions and one of labels, and a ledger as the service has it.
final class LabelBenchmark {
  struct Phase {
    var count = 0
    var seconds = 0.0
    /// Of the wall's clock, as `seconds`; all of it where there were fewer.
    var lastMillion = 0.0
    /// Of all threads of this process.
    var processorSeconds = 0.0
    /// Of the database's processes.
    var serverSeconds = 0.0
    var longestFlush = 0.0
    /// Of all threads of this process.
    var longestFlushProcessor = 0.0
    var joins = JoinCounts()
  }

  /// Messages of one partition, with a place for an id in each.
  struct Stream {
    let partition: TopicPartition
    var bytes: [UInt8] = []
    var ranges: [Range<Int>] = []
    var ids: [Int] = []
    var offset: Int64 = 0

    mutating func append(_ text: String) {
      guard let mark = text.utf8.firstRange(of: LabelBenchmark.placeholder.utf8) else { return }
      let start = bytes.count
      ids.append(start + text.utf8.distance(from: text.startIndex, to: mark.lowerBound))
      bytes.append(contentsOf: text.utf8)
      ranges.append(start..<bytes.count)
    }
  }

  private static let placeholder = "0123456789abcdef"
  private let ledger: any Ledger
  private let intake: Intake
  private let monitor: String
  var predictions = Stream(partition: TopicPartition("predictions", 0))
  var labels = Stream(partition: TopicPartition("labels", 0))
  var server: ServerProcesses?

  init(ledger: any Ledger) throws {
    let traffic = Traffic(segments: 0)
    var random = SeededGenerator(seed: 1)
    for index in 0..<50_000 {
      let event = traffic.event(index, using: &random)
      predictions.append(event.replacing("p-\(10_000_000 + index)", with: Self.placeholder))
      let time = Traffic.start + 60_000 + Int64(index / 2)
      let label = "\"labelled_at_ms\":\(time),\"is_fraud\":\(index % 10 == 0 ? 1 : 0)"
      labels.append("{\"prediction_id\":\"\(Self.placeholder)\",\(label)}")
    }
    let plan = try traffic.plan(
      labels: LabelStream(
        topic: "labels", id: [try FieldPath("prediction_id")], time: try FieldPath("labelled_at_ms"),
        timeFormat: .epochMilliseconds, value: try FieldPath("is_fraud"), horizon: .days(30)))
    monitor = plan.monitor.name
    self.ledger = ledger
    let keys = [
      (key: PartitionKey(monitor: monitor, topic: "predictions", partition: 0), role: StreamRole.predictions),
      (key: PartitionKey(monitor: monitor, topic: "labels", partition: 0), role: StreamRole.labels),
    ]
    let records = try ledger.write { tx in
      try tx.put(
        generation: GenerationRecord(
          monitor: plan.monitor.name, generation: plan.generation, startsAt: .distantPast,
          baseline: plan.baseline.identity))
      try tx.ensure(partitions: keys)
      try tx.register(writer: "bench", instance: InstanceIdentity(host: "bench", process: 1))
      return try tx.claim(partitions: keys.map(\.key), owner: "bench")
    }
    // What `leeway run` has by default.
    intake = Intake(plans: [(plan, .distantPast)], writer: "bench", limits: IntakeLimits(pendingBytes: 64 << 20))
    for record in records { intake.open(record) }
  }

  /// Takes `count` messages, with a flush every second and where the intake is full, until all are committed.
  func run(_ count: Int, of stream: inout Stream, id: (Int) -> Int = { $0 }) throws -> Phase {
    guard let slot = intake.slot(stream.partition) else { throw BenchmarkFailure("no partition") }
    var phase = Phase(count: count)
    let started = ContinuousClock.now
    let processor = Measurement.processorSeconds()
    let serverBefore = server?.processorSeconds() ?? 0
    var flushed = started
    var marks: [(taken: Int, at: ContinuousClock.Instant)] = [(0, started)]
    var taken = 0
    while taken < count {
      // As many as a poll of the consumer brings.
      for _ in 0..<min(5000, count - taken) {
        let index = taken % stream.ranges.count
        stream.write(id: UInt64(id(taken)), at: index)
        stream.bytes.withUnsafeBytes { bytes in
          intake.take(
            SourceMessage(
              offset: stream.offset, recordTime: nil, key: nil,
              value: UnsafeRawBufferPointer(rebasing: bytes[stream.ranges[index]])), from: slot)
        }
        stream.offset += 1
        taken += 1
      }
      guard taken == count || intake.isFull || flushed.duration(to: .now) >= .seconds(1) else { continue }
      let before = ContinuousClock.now
      let processorBefore = Measurement.processorSeconds()
      let report = try intake.flush(to: ledger)
      flushed = .now
      phase.longestFlush = max(phase.longestFlush, before.duration(to: flushed) / .seconds(1))
      phase.longestFlushProcessor = max(
        phase.longestFlushProcessor, Measurement.processorSeconds() - processorBefore)
      phase.joins += report.joins[monitor] ?? JoinCounts()
      marks.append((taken, flushed))
    }
    phase.seconds = started.duration(to: .now) / .seconds(1)
    phase.processorSeconds = Measurement.processorSeconds() - processor
    phase.serverSeconds = (server?.processorSeconds() ?? 0) - serverBefore
    if let last = marks.last, let mark = marks.last(where: { $0.taken + 1_000_000 <= last.taken }) ?? marks.first {
      phase.lastMillion = Double(last.taken - mark.taken) / (mark.at.duration(to: last.at) / .seconds(1))
    }
    return phase
  }

  /// Every number below `count` once, far apart: the factor is a prime.
  func permuted(_ index: Int, of count: Int) -> Int { (index &* 1_000_003 &+ 7) % count }
}

extension LabelBenchmark.Stream {
  /// A number as ids are: sixteen hexadecimal digits without order.
  mutating func write(id: UInt64, at index: Int) {
    let mixed = Digest64.mix(id &+ 1)
    for digit in 0..<16 {
      let nibble = UInt8(truncatingIfNeeded: mixed >> UInt64(60 - 4 * digit)) & 15
      bytes[ids[index] + digit] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
  }
}
