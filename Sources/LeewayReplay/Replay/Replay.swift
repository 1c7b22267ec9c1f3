import Foundation
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
  private let inputs: [DecisionRecord]
  private let threads: Int
  private let messageBytes: Int
  private let progress: (_ file: String, _ fraction: Double?, _ rows: Int64) -> Void

  /// What was read, for the last line on standard error.
  package struct Summary: Sendable {
    package var events = EventCounts()
    package var joins = JoinCounts()
    /// Lines that were longer than a message may be, and skipped.
    package var tooLongPredictions = 0
    package var tooLongLabels = 0
    package var lines = 0
    /// Whether files of labels were given, if only empty ones.
    package var hasLabelFiles = false
    /// Messages of the labels' files.
    package var labelMessages: Int64 = 0
    /// Fields that no prediction had.
    package var unseenFields: [WatchedField] = []
    /// Fields that only messages behind the first 1,000 had.
    var lateFields: [WatchedField] = []
    /// Inputs whose place in the log the verdicts did not reach.
    package var unusedInputs = 0
    /// What became of the verdicts.
    package var verdicts = VerdictTally()
    /// Features, or the output, that had values which cannot be used.
    var invalidSubjects: Set<String> = []
    /// Examples of such values, and what made others late; nil where there was nothing to look for.
    var secondLook: SecondLook?
    /// The first twenty of each topic and the first of each reason, by topic, file and line; a file's number stands for the partition.
    package var quarantined: [QuarantineRecord] = []

    fileprivate mutating func add(_ record: ResultRecord) {
      lines += 1
      guard record.type == .drift, record.slice == Slice.all, !invalidSubjects.contains(record.subject),
        // Most lines say that nothing was; the others are parsed.
        record.line.range(of: "\"invalid_ratio\":0.0,") == nil,
        let root = (try? JSONValue(parsing: Array(record.line.utf8))).map(JSONReader.init),
        let ratio = try? root.member("metrics").member("invalid_ratio").double(), ratio > 0
      else { return }
      invalidSubjects.insert(record.subject)
    }

    /// - Parameter files: how many partitions stand for a file.
    fileprivate mutating func add(_ report: FlushReport, of monitor: String, files: Int) {
      events += report.events[monitor] ?? EventCounts()
      joins += report.joins[monitor] ?? JoinCounts()
      quarantined += report.quarantined.map {
        var record = $0
        record.partition /= Int32(truncatingIfNeeded: files)
        return record
      }
      quarantined.sort { ($0.topic, $0.partition, $0.offset) < ($1.topic, $1.partition, $1.offset) }
      quarantined = Dictionary(grouping: quarantined, by: \.topic).sorted { utf8Order($0.key, $1.key) }
        .flatMap { _, records in
          var codes: Set<String> = []
          return records.enumerated().filter { codes.insert($1.code).inserted || $0 < 20 }.map(\.element)
        }
    }
  }

  /// - Parameters:
  ///   - asOf: stands for every record's timestamp; nil: nothing is from the future.
  ///   - inputs: what came from outside where the service ran, as `/api/v1/inputs` gives it; each takes part where it did then.
  ///   - threads: that decode predictions, at least 1; nil: one for each processor. What comes out is the same.
  ///   - messageBytes: the longest line that counts, 1 to 2^30.
  ///   - progress: called on any of them, on one at a time.
  package init(
    plan: MonitorPlan, predictions: [String], labels: [String], asOf: EventTime?, inputs: [DecisionRecord] = [],
    threads: Int? = nil, messageBytes: Int = DecodeLimits().messageBytes,
    progress: @escaping (String, Double?, Int64) -> Void = { _, _, _ in }
  ) {
    self.plan = plan
    self.predictions = predictions
    self.labels = labels
    self.asOf = asOf
    self.inputs = inputs
    self.threads = min(max(threads ?? ProcessInfo.processInfo.activeProcessorCount, 1), 64)
    self.messageBytes = messageBytes
    self.progress = progress
  }

  /// Runs to the end of the files, then calls `write` with every result line in its fixed order.
  ///
  /// - Parameter isWholeProcess: a signal that ends the process leaves nothing on disk.
  package func run(isWholeProcess: Bool = false, write: (String) throws -> Void) throws -> Summary {
    try run(isWholeProcess ? Interruption() : nil, rounds: { _ in }, prints: true, write: write)
  }

  /// Runs to the end of the files for what each round of evaluation says, in their order, and makes no lines.
  func judge(_ interruption: Interruption?, rounds: (EvaluationReport) -> Void) throws -> Summary {
    try run(interruption, rounds: rounds, prints: false) { _ in }
  }

  private func run(
    _ interruption: Interruption?, rounds: (EvaluationReport) -> Void, prints: Bool, write: (String) throws -> Void
  ) throws -> Summary {
    let ledger = try SQLiteLedger.temporary()
    interruption?.remove(ledger)
    defer { ledger.close() }
    let monitor = plan.monitor.name
    let workers = try ledger.write { tx in
      try tx.put(
        generation: GenerationRecord(
          monitor: monitor, generation: plan.generation, startsAt: .distantPast, baseline: plan.baseline.identity))
      return try (0..<threads).map { try worker($0, in: tx) }
    }
    var summary = Summary()
    summary.hasLabelFiles = !labels.isEmpty
    for file in predictions.indices {
      if plan.monitor.predictions.rows == nil {
        try read(file, by: workers, ledger, &summary)
      } else {
        // A run has room for so many messages, and not for whatever rows they have.
        try read(predictions[file], .predictions, file, by: workers[0], ledger, &summary)
      }
    }
    for worker in workers { try summary.add(worker.flush(to: ledger), of: monitor, files: threads) }
    summary.unseenFields = unseenFields(workers)
    let unseen = Set(summary.unseenFields.map(\.path))
    if let file = predictions.first {
      summary.lateFields = try FirstMessages(file, of: plan.monitor, messageBytes: messageBytes).unseen.filter {
        !unseen.contains($0.path)
      }
    }
    // The order of labels shows in what is counted of them, so one reads them all.
    for file in labels.indices where plan.monitor.labels != nil {
      try read(labels[file], .labels, file, by: workers[0], ledger, &summary)
    }
    try summary.add(workers[0].flush(to: ledger), of: monitor, files: threads)

    // At their ends files hold nothing back: the watermarks are the maxima.
    let reached = try ledger.read { try $0.partitions(of: monitor) }
    func highest(_ role: StreamRole) -> EventTime {
      reached.filter { $0.role == role }.map(\.watermark).max() ?? .distantPast
    }
    let watermarks = Watermarks(predictions: highest(.predictions), labels: highest(.labels))
    let name = EvaluationLease.name(monitor: monitor)
    let epoch = try ledger.write {
      try $0.acquire(lease: name, holder: "replay", lasting: .days(36_500))
    }
    guard let epoch else { throw LeaseLost(name: name) }
    let evaluator = Evaluator(plan: plan, recorded: inputs, maximumWindows: 4096)
    while true {
      let report = try evaluator.evaluate(
        ledger, lease: EvaluationLease(name: name, epoch: epoch), now: .distantPast, watermarks: watermarks)
      summary.verdicts.add(report)
      rounds(report)
      if report.isComplete { break }
    }
    try ledger.read { reader in
      let used = try reader.decisions(monitor: monitor, group: nil, outside: true, after: nil, limit: .max).count
      summary.unusedInputs = inputs.count - used
      if prints { try print(reader, &summary, write) }
    }
    let isLate = ReplayFindings.areManyLate(summary.events)
    if isLate || !summary.invalidSubjects.isEmpty {
      summary.secondLook = try SecondLook(
        predictions, of: plan.monitor, subjects: summary.invalidSubjects, isLate: isLate, asOf: asOf,
        messageBytes: messageBytes)
    }
    return summary
  }

  /// One thread's writer, and a partition for each file: `threads` of them share a file of predictions, and the first has
  /// all labels.
  private func worker(_ index: Int, in tx: any LedgerWriter) throws -> Intake {
    let writer = "replay-\(index)"
    var partitions: [(key: PartitionKey, role: StreamRole)] = []
    for file in predictions.indices {
      partitions.append((key(plan.monitor.predictions.topic, file, index), .predictions))
    }
    if index == 0, let labels = plan.monitor.labels {
      for file in self.labels.indices { partitions.append((key(labels.topic, file, 0), .labels)) }
    }
    try tx.register(writer: writer, instance: InstanceIdentity(host: "", process: getpid()))
    try tx.ensure(partitions: partitions)
    let intake = Intake(
      plans: [(plan, .distantPast)], writer: writer,
      limits: IntakeLimits(
        decode: DecodeLimits(messageBytes: messageBytes),
        // A message of rows may have a quarter of it.
        pendingBytes: max(16 << 20, (128 << 20) / threads, 4 * messageBytes)))
    for record in try tx.claim(partitions: partitions.map(\.key), owner: writer) { intake.open(record) }
    return intake
  }

  private func key(_ topic: String, _ file: Int, _ worker: Int) -> PartitionKey {
    PartitionKey(
      monitor: plan.monitor.name, topic: topic, partition: Int32(truncatingIfNeeded: file * threads + worker))
  }

  private func slot(_ key: PartitionKey, of intake: Intake) throws -> Intake.Slot {
    guard let slot = intake.slot(TopicPartition(key.topic, key.partition)) else {
      throw LedgerError("replay: partition \(key.partition) of \(key.topic) was not claimed")
    }
    return slot
  }

  /// Reads one file of predictions with all workers.
  private func read(_ file: Int, by workers: [Intake], _ ledger: any Ledger, _ summary: inout Summary) throws {
    let log = try SharedLog(path: predictions[file], limit: messageBytes, progress: progress)
    let readers = try workers.enumerated().map { index, intake in
      RunReader(
        intake: intake, slot: try slot(key(plan.monitor.predictions.topic, file, index), of: intake), asOf: asOf,
        ledger: ledger, log: log,
        envelope: plan.monitor.readsRecords ? try RecordEnvelope(messageBytes: messageBytes) : nil)
    }
    RunReader.runAll(readers)
    if let failure = log.failure { throw failure }
    summary.tooLongPredictions += log.tooLongLines
    for reader in readers {
      for report in reader.reports { summary.add(report, of: plan.monitor.name, files: threads) }
    }
  }

  /// Reads one file with one worker.
  private func read(
    _ path: String, _ role: StreamRole, _ file: Int, by intake: Intake, _ ledger: any Ledger, _ summary: inout Summary
  ) throws {
    guard let topic = role == .labels ? plan.monitor.labels?.topic : plan.monitor.predictions.topic else { return }
    let slot = try slot(key(topic, file, 0), of: intake)
    let isOfRecords = role == .labels ? plan.monitor.labels?.readsRecords == true : plan.monitor.readsRecords
    let lines = try MessageLines(path, ofRecords: isOfRecords, asOf: asOf, messageBytes: messageBytes)
    let stream = lines.stream
    var rows: Int64 = 0
    while let message = try lines.next() {
      intake.take(message, from: slot)
      if role == .labels { summary.labelMessages += 1 }
      rows += 1
      if rows % 4096 == 0 {
        if intake.isFull { summary.add(try intake.flush(to: ledger), of: plan.monitor.name, files: threads) }
        progress(path, stream.totalBytes.map { Double(stream.consumedBytes) / Double(max($0, 1)) }, rows)
      }
    }
    if role == .labels {
      summary.tooLongLabels += lines.tooLongLines
    } else {
      summary.tooLongPredictions += lines.tooLongLines
    }
  }

  private func unseenFields(_ workers: [Intake]) -> [WatchedField] {
    let sightings = workers.compactMap { $0.sightings(of: plan.monitor.name) }
    guard var all = sightings.first else { return [] }
    for other in sightings.dropFirst() { all.formUnion(other) }
    return all.rows > 0 ? all.unseen : []
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
          summary.add(open[nextOpen])
          nextOpen += 1
        }
        try write(record.line)
        summary.add(record)
      }
      guard page.count == query.limit, let last = page.last else { break }
      query.after = last.position
    }
    for record in open[nextOpen...] {
      try write(record.line)
      summary.add(record)
    }
  }
}
