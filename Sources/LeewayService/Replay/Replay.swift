import Glibc
package import LeewayCore
import LeewayLedger
import LeewaySource

/// The service's own pipeline over files, in event time, without a broker. Every file is a partition until its end; all
/// labels are joined before any verdict on performance is given.
package struct Replay {
  private let plan: MonitorPlan
  private let predictions: [String]
  private let labels: [String]
  private let asOf: EventTime?
  private let progress: (_ file: String, _ fraction: Double?, _ rows: Int64) -> Void

  /// What was read, for the last line on standard error.
  package struct Summary: Sendable {
    package var events = EventCounts()
    package var joins = JoinCounts()
    package var tooLong = 0
    package var lines = 0
    package var quarantined: [QuarantineRecord] = []
  }

  /// - Parameter asOf: stands for every record's timestamp; nil: nothing is from the future.
  package init(
    plan: MonitorPlan, predictions: [String], labels: [String], asOf: EventTime?,
    progress: @escaping (String, Double?, Int64) -> Void = { _, _, _ in }
  ) {
    self.plan = plan
    self.predictions = predictions
    self.labels = labels
    self.asOf = asOf
    self.progress = progress
  }

  /// Runs to the end of the files, then calls `write` with every result line in its fixed order.
  package func run(write: (String) throws -> Void) throws -> Summary {
    let ledger = try SQLiteLedger.temporary()
    defer { ledger.close() }
    let monitor = plan.monitor.name
    let writer = "replay"
    let keys = partitions.map(\.key)
    let records = try ledger.write { tx in
      try tx.register(writer: writer, instance: InstanceIdentity(host: "", process: getpid()))
      try tx.put(
        generation: GenerationRecord(
          monitor: monitor, generation: plan.generation, startsAt: .distantPast, baseline: plan.baseline.identity))
      try tx.ensure(partitions: partitions.map { ($0.key, $0.role) })
      return try tx.claim(partitions: keys, owner: writer)
    }
    let intake = Intake(plans: [(plan, .distantPast)], writer: writer)
    for record in records { intake.open(record) }
    var summary = Summary()
    for partition in partitions { try read(partition, into: intake, ledger, &summary) }
    try flush(intake, ledger, &summary)

    // At their ends files hold nothing back: the watermarks are the maxima.
    let reached = try ledger.read { try $0.partitions(of: monitor) }
    func highest(_ role: StreamRole) -> EventTime {
      reached.filter { $0.role == role }.map(\.watermark).max() ?? .distantPast
    }
    let watermarks = Watermarks(predictions: highest(.predictions), labels: highest(.labels))
    let name = EvaluationLease.name(monitor: monitor)
    let epoch = try ledger.write {
      try $0.acquire(lease: name, holder: writer, lasting: .days(36_500))
    }
    guard let epoch else { throw LeaseLost(name: name) }
    let evaluator = Evaluator(plan: plan, maximumWindows: 4096)
    while true {
      let report = try evaluator.evaluate(
        ledger, lease: EvaluationLease(name: name, epoch: epoch), now: .distantPast, watermarks: watermarks)
      if report.isComplete { break }
    }
    try ledger.read { try print($0, &summary, write) }
    return summary
  }

  private struct Partition {
    var key: PartitionKey
    var role: StreamRole
    var path: String
  }

  private var partitions: [Partition] {
    func keyed(_ paths: [String], _ topic: String, _ role: StreamRole) -> [Partition] {
      paths.enumerated().map { i, path in
        Partition(
          key: PartitionKey(monitor: plan.monitor.name, topic: topic, partition: Int32(truncatingIfNeeded: i)),
          role: role,
          path: path)
      }
    }
    return keyed(predictions, plan.monitor.predictions.topic, .predictions)
      + (plan.monitor.labels.map { keyed(labels, $0.topic, .labels) } ?? [])
  }

  private func read(
    _ partition: Partition, into intake: Intake, _ ledger: any Ledger, _ summary: inout Summary
  ) throws {
    guard let slot = intake.slot(TopicPartition(partition.key.topic, partition.key.partition)) else { return }
    let stream = try ByteStream(path: partition.path)
    let lines = LineReader(stream)
    var rows: Int64 = 0
    while let line = try lines.next() {
      switch line {
      case .tooLong: summary.tooLong += 1
      case .text(let text, let number):
        if text.isEmpty { continue }
        intake.take(SourceMessage(offset: Int64(number), recordTime: asOf, key: nil, value: text), from: slot)
      }
      rows += 1
      if rows % 4096 == 0 {
        if intake.isFull { try flush(intake, ledger, &summary) }
        progress(partition.path, stream.totalBytes.map { Double(stream.consumedBytes) / Double(max($0, 1)) }, rows)
      }
    }
  }

  private func flush(_ intake: Intake, _ ledger: any Ledger, _ summary: inout Summary) throws {
    let report = try intake.flush(to: ledger)
    summary.events += report.events[plan.monitor.name] ?? EventCounts()
    summary.joins += report.joins[plan.monitor.name] ?? JoinCounts()
    if summary.quarantined.count < 20 { summary.quarantined.append(contentsOf: report.quarantined.prefix(20)) }
  }

  /// Stored lines and those of windows still open, merged in order.
  private func print(_ reader: any LedgerReader, _ summary: inout Summary, _ write: (String) throws -> Void) throws {
    let open = try OpenWindows(plan: plan).results(ResultQuery(monitor: plan.monitor.name, limit: .max), in: reader)
    var nextOpen = open.startIndex
    var query = ResultQuery(monitor: plan.monitor.name, limit: 2000)
    while true {
      let page = try reader.results(query)
      for record in page {
        while nextOpen < open.endIndex, open[nextOpen].position < record.position {
          try write(open[nextOpen].line)
          summary.lines += 1
          nextOpen += 1
        }
        try write(record.line)
        summary.lines += 1
      }
      guard page.count == query.limit, let last = page.last else { break }
      query.after = last.position
    }
    for record in open[nextOpen...] {
      try write(record.line)
      summary.lines += 1
    }
  }
}
