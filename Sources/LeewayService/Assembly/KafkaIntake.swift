import Foundation
import LeewayCore
import LeewaySource
import Logging
import ServiceLifecycle

/// Kafka to committed panes: one thread polls, decodes, aggregates and commits; it also answers rebalances, so nothing
/// is shared and nothing races.
struct KafkaIntake: Service {
  let live: LiveSetup
  let reload: Reload
  let settings: KafkaSettings
  /// Whether no other instance can use this ledger.
  let isAlone: Bool
  let ledger: any Ledger
  let metrics: ServiceMetrics
  let state: ServiceState
  let logger: Logger

  var configuration: ServiceConfiguration { live.current.configuration }

  func run() async throws {
    try await withDedicatedThread("leeway-intake") { stop in
      defer { live.withdraw("the service is stopping") }
      while !stop.isRaised {
        var loop: KafkaIntakeLoop?
        do {
          loop = try KafkaIntakeLoop(self)
          try loop?.run(until: stop)
        } catch let superseded as GenerationSuperseded {
          // Those who know the newer configuration go on with the partitions.
          loop?.leave()
          loop = nil
          catchUp(with: superseded, until: stop)
        }
      }
    }
  }
}

/// The state of the intake thread; made, used and dropped on it.
final class KafkaIntakeLoop {
  let service: KafkaIntake
  let consumer: KafkaConsumer
  /// Who reads which topic, as what.
  var topics: [(topic: String, monitor: String, role: StreamRole)]
  let logger: Logger
  var intake: Intake
  var slots: [UInt64: Intake.Slot] = [:]
  /// Before it has, a reload finds nothing to subscribe to anew.
  var hasSubscribed = false
  /// Partitions at whose end reading stands: the end's offset, and since when.
  private var ends: [TopicPartition: (offset: Int64, since: EventTime)] = [:]
  private var flushDue: EventTime
  var metadataDue: EventTime
  var heartbeatDue: EventTime
  private var flushBackoff = 0
  private var lastError: (text: String, at: EventTime)?

  init(_ service: KafkaIntake) throws {
    self.service = service
    logger = service.logger
    topics = Self.topics(service.live.current.plans)
    let logger = service.logger
    do {
      consumer = try KafkaConsumer(service.settings) { line in logger.log(kafka: line) }
    } catch {
      throw EnvironmentProblem("Kafka: \(error.description)")
    }
    intake = try Self.makeIntake(service)
    flushDue = WallClock.now()
    metadataDue = flushDue
    heartbeatDue = flushDue
  }

  private static func makeIntake(_ service: KafkaIntake) throws -> Intake {
    let writer = UUID().uuidString.lowercased()
    let setup = service.live.current
    let plans = try service.ledger.write { tx in
      if service.isAlone { for other in try tx.writers() where other.alive { try tx.retire(writer: other.id) } }
      try tx.register(writer: writer, instance: .ofThisProcess)
      return try setup.plans.map {
        (plan: $0, startsAt: try Generations.current($0, mayReturn: service.isAlone, in: tx))
      }
    }
    return Intake(plans: plans, writer: writer, limits: Self.limits(setup))
  }

  func run(until stop: StopFlag) throws {
    try awaitBroker(stop)
    guard !stop.isRaised else { return }
    try subscribe()
    logger.info(
      "reading \(Set(topics.map(\.topic)).sorted(by: utf8Order).joined(separator: ", ")) as group \(service.configuration.kafka.group)"
    )
    while !stop.isRaised {
      try step()
      try adoptProposal()
    }
    // Intake has stopped; what was taken is committed before the partitions go.
    try flush()
    leave()
    logger.info("intake has stopped and its last flush stands")
  }

  /// Waits for the first answer of a broker.
  ///
  /// - Throws: `EnvironmentProblem` if none comes within 30 s: whoever started the service wants to know.
  private func awaitBroker(_ stop: StopFlag) throws {
    let deadline = WallClock.now() + .seconds(30)
    while !stop.isRaised {
      do {
        try refreshPartitions(timeout: 5000)
        return
      } catch {
        service.state.set(brokerFailure: error.description)
        guard WallClock.now() < deadline else {
          throw EnvironmentProblem(
            "Kafka at \(service.settings.bootstrap) does not answer: \(error.description); check kafka.bootstrap and the network"
          )
        }
        warn("Kafka at \(service.settings.bootstrap) does not answer yet: \(error.description)")
        WallClock.pause(milliseconds: 500, unless: stop)
        try adoptProposal()
      }
    }
  }

  /// Every partition in the metadata gets a row, so that those nobody has read yet hold the watermark back.
  private func refreshPartitions(timeout: Int32) throws(EnvironmentProblem) {
    metadataDue = WallClock.now() + .seconds(30)
    let known: [String: [Int32]]
    do { known = try consumer.partitions(of: Array(Set(topics.map(\.topic))), timeoutMilliseconds: timeout) } catch {
      throw EnvironmentProblem(error.description)
    }
    for topic in Set(topics.map(\.topic)) where known[topic] == nil {
      warn("topic \(topic) does not exist yet; it will be read from its beginning once it does")
    }
    let rows = topics.flatMap { entry in
      (known[entry.topic] ?? []).map { id in
        (key: PartitionKey(monitor: entry.monitor, topic: entry.topic, partition: id), role: entry.role)
      }
    }
    do { try service.ledger.write { try $0.ensure(partitions: rows) } } catch {
      throw EnvironmentProblem("\(error)")
    }
    service.state.set(brokerFailure: nil)
  }

  // MARK: One step

  private func step() throws {
    let now = WallClock.now()
    let untilFlush = max(1, min(100, (flushDue - now).milliseconds))
    // A full intake waits for its flush; librdkafka holds what comes meanwhile, within its own limit.
    if intake.isFull, flushBackoff > 0 {
      usleep(UInt32(untilFlush) * 1000)
    } else {
      let (_, event) = try polling(Int32(untilFlush))
      if let event { try handle(event) }
    }
    let after = WallClock.now()
    if after >= flushDue || (intake.isFull && flushBackoff == 0) { try flushAndReport(after) }
    if after >= metadataDue {
      do {
        try refreshPartitions(timeout: 2000)
        try checkGenerations()
        try beat(WallClock.now())
      } catch let error as EnvironmentProblem {
        warn(error.description)
      } catch let error as LedgerError {
        warn(error.description)
      }
    }
  }

  private func polling(_ timeout: Int32) throws -> (Int, KafkaEvent?) {
    let intake = self.intake
    var slots = self.slots
    defer { self.slots = slots }
    let topics = consumer.topics
    return consumer.poll(timeoutMilliseconds: timeout, maximum: 5000) { message in
      let key = UInt64(truncatingIfNeeded: message.topic) << 32 | UInt64(UInt32(bitPattern: message.partition))
      let slot: Intake.Slot
      if let known = slots[key] {
        slot = known
      } else {
        guard let found = intake.slot(TopicPartition(topics[message.topic], message.partition)) else { return }
        slots[key] = found
        slot = found
      }
      intake.take(
        SourceMessage(
          offset: message.offset, recordTime: message.timestamp.map(EventTime.init(milliseconds:)), key: message.key,
          value: message.value),
        from: slot)
    }
  }

  private func handle(_ event: KafkaEvent) throws {
    switch event {
    case .assigned(let partitions): try assigned(partitions)
    case .revoked(let partitions):
      // Flush first: whoever comes next goes on from the ledger. What cannot be committed is theirs to read again.
      do { try flush() } catch let error as LedgerError {
        warn("the flush before handing partitions over failed: \(error.description)")
      }
      try release(partitions)
    case .lost(let partitions): try release(partitions)
    case .partitionEnd(let partition, let offset):
      ends[partition] = (offset, WallClock.now())
    case .error(let error): try failed(error)
    }
  }

  private func assigned(_ partitions: [TopicPartition]) throws {
    logger.info("assigned \(partitions.map(\.description).joined(separator: ", "))")
    let positions = try positions(partitions)
    try consumerCall { () throws(KafkaError) in try consumer.assign(positions) }
    service.state.set(assigned: consumer.assignment.count)
  }

  /// Claims partitions in the ledger, opens them, and says where reading goes on.
  private func positions(_ partitions: [TopicPartition]) throws -> [(TopicPartition, KafkaPosition)] {
    // Without a claim nothing may be read, and the group waits for the answer: insist for a while, then give up.
    var attempt = 1
    while true {
      do {
        try claim(partitions)
        break
      } catch let error as LedgerError where attempt < 30 {
        warn("claiming partitions failed and will be tried again: \(error.description)")
        service.state.set(ledgerFailure: error.description)
        attempt += 1
        usleep(1_000_000)
      }
    }
    return partitions.map { partition in
      let next = intake.nextOffset(partition) ?? 0
      if next > 0 { return (partition, .offset(next)) }
      return (partition, service.configuration.kafka.start == .latest ? .end : .beginning)
    }
  }

  private func claim(_ partitions: [TopicPartition]) throws {
    let rows = partitions.flatMap { partition in
      topics.filter { $0.topic == partition.topic }.map { entry in
        (
          key: PartitionKey(monitor: entry.monitor, topic: entry.topic, partition: partition.partition),
          role: entry.role
        )
      }
    }
    let writer = intake.writer
    let records = try service.ledger.write { tx in
      try tx.ensure(partitions: rows)
      return try tx.claim(partitions: rows.map(\.key), owner: writer)
    }
    for record in records { intake.open(record) }
    slots.removeAll()
  }

  private func release(_ partitions: [TopicPartition]) throws {
    for partition in partitions {
      intake.close(partition)
      ends[partition] = nil
    }
    slots.removeAll()
    try consumerCall { () throws(KafkaError) in try consumer.unassign(partitions) }
    service.state.set(assigned: consumer.assignment.count)
    logger.info("released \(partitions.map(\.description).joined(separator: ", "))")
  }

  private func failed(_ error: KafkaError) throws {
    switch error.kind {
    case .fatal: throw EnvironmentProblem("Kafka client failed for good: \(error.description)")
    case .permanent: throw EnvironmentProblem("Kafka: \(error.description)")
    case .transient:
      if error.name == "_ALL_BROKERS_DOWN" { service.state.set(brokerFailure: error.description) }
      warn("Kafka: \(error.description)")
    case .offsetOutOfRange: try outOfRange(error)
    }
  }

  /// What lies between the ledger's offset and the log's start is lost, and said so; an offset past the log's end means
  /// that the topic is not the one that was read.
  private func outOfRange(_ error: KafkaError) throws {
    guard let partition = error.partition else { throw EnvironmentProblem("Kafka: \(error.description)") }
    let wanted = intake.nextOffset(partition) ?? error.offset ?? 0
    let (low, high) = try consumerCall { () throws(KafkaError) in
      try consumer.queryWatermarks(of: partition, timeoutMilliseconds: 10_000)
    }
    guard wanted < low else {
      throw EnvironmentProblem(
        "\(partition): the ledger stands at offset \(wanted) and the topic ends at \(high): it was deleted and made anew, or this is another cluster; start with a new ledger or restore the topic"
      )
    }
    logger.error(
      "\(partition): \(low - wanted) messages from offset \(wanted) are gone from the broker and lost; going on at \(low)"
    )
    intake.skip(partition, to: low)
    try consumerCall { () throws(KafkaError) in try consumer.seek(partition, to: .offset(low)) }
  }

  @discardableResult
  func consumerCall<T>(_ body: () throws(KafkaError) -> T) throws(EnvironmentProblem) -> T {
    do { return try body() } catch { throw EnvironmentProblem("Kafka: \(error.description)") }
  }

  // MARK: Flush

  private func flushAndReport(_ now: EventTime) throws {
    claimIdleness(now)
    noteEnds()
    do {
      try flush()
      flushBackoff = 0
      flushDue = WallClock.now() + service.configuration.limits.flushEvery
    } catch let error as LedgerError {
      // Nothing is lost: the deltas stay and the next flush carries them.
      service.metrics.flushed(seconds: 0, .failed)
      service.state.set(ledgerFailure: error.description)
      flushBackoff = min(flushBackoff + 1, 6)
      flushDue = WallClock.now() + .milliseconds(Int64(250 << flushBackoff))
      warn("flush failed and will be tried again: \(error.description)")
    }
  }

  func flush() throws {
    let started = ContinuousClock.now
    let report: FlushReport
    do {
      report = try intake.flush(to: service.ledger)
    } catch let fenced as WriterFenced {
      warn(fenced.description)
      service.metrics.flushed(seconds: 0, .fenced)
      try startAnew()
      return
    }
    service.state.set(ledgerFailure: nil)
    let seconds = started.duration(to: .now) / .seconds(1)
    if !report.committed.isEmpty {
      service.metrics.flushed(seconds: seconds, report.fenced.isEmpty ? .committed : .fenced)
    }
    publish(report)
    if !report.fenced.isEmpty { try reclaim(report.fenced) }
  }

  /// Under a new writer id everything assigned is claimed again and read from the ledger's offsets.
  func startAnew() throws {
    let fenced = intake
    intake = try Self.makeIntake(service)
    slots.removeAll()
    let held = consumer.assignment.sorted()
    do { try claim(held) } catch {
      // Messages of unclaimed partitions would pass unread; the fenced writer is fenced again at the next flush, and this
      // is tried again.
      intake = fenced
      throw error
    }
    try seekToLedger(held)
  }

  /// Partitions that another instance took and the group still gives to this one.
  private func reclaim(_ keys: [PartitionKey]) throws {
    let held = Set(keys.map { TopicPartition($0.topic, $0.partition) }).intersection(consumer.assignment).sorted()
    guard !held.isEmpty else { return }
    warn("partitions were taken over and are claimed again: \(held.map(\.description).joined(separator: ", "))")
    try claim(held)
    try seekToLedger(held)
  }

  func seekToLedger(_ partitions: [TopicPartition]) throws {
    for partition in partitions {
      let next = intake.nextOffset(partition) ?? 0
      try consumerCall { () throws(KafkaError) in
        try consumer.seek(partition, to: next > 0 ? .offset(next) : .beginning)
      }
    }
  }

  private func publish(_ report: FlushReport) {
    for (monitor, counts) in report.events {
      let metrics = service.metrics
      metrics.count(events: counts.accepted, .accepted, monitor: monitor)
      metrics.count(events: counts.late, .late, monitor: monitor)
      metrics.count(events: counts.invalid, .invalid, monitor: monitor)
      metrics.count(events: counts.quarantined, .quarantined, monitor: monitor)
      for (code, count) in counts.rejected { metrics.count(rejected: count, reason: code, monitor: monitor) }
      if counts.unjoinable > 0 { metrics.count(rejected: counts.unjoinable, reason: "unjoinable", monitor: monitor) }
    }
    for (monitor, counts) in report.joins {
      let metrics = service.metrics
      metrics.count(events: counts.duplicates, .duplicate, monitor: monitor)
      for (count, outcome) in [
        (counts.matched, LabelOutcome.matched), (counts.early, .early), (counts.repeated, .repeated),
        (counts.corrected, .corrected), (counts.retracted, .retracted), (counts.beyondHorizon, .beyondHorizon),
      ] where count > 0 { metrics.count(labels: count, outcome, monitor: monitor) }
    }
    for (monitor, delays) in report.labelDelays {
      var histogram = MetricHistogram.labelDelay
      for delay in delays { histogram.observe(delay) }
      service.metrics.add(labelDelays: histogram, monitor: monitor)
    }
    for record in report.quarantined.prefix(3) {
      logger.warning("\(record.topic)[\(record.partition)] offset \(record.offset): \(record.code): \(record.reason)")
    }
    publishLag(moved: !report.committed.isEmpty)
    // For Kafka's own lag tools; a failure costs them their view only.
    let offsets = Dictionary(
      report.committed.map { (TopicPartition($0.key.topic, $0.key.partition), $0.value) }, uniquingKeysWith: min)
    let held = offsets.filter { consumer.assignment.contains($0.key) }
    if !held.isEmpty { try? consumer.commit(held.map { ($0.key, $0.value) }) }
  }

  private func publishLag(moved: Bool) {
    var lag: [(topic: String, partition: Int32, messages: Int64)] = []
    for partition in consumer.assignment.sorted() {
      guard let high = consumer.watermarks(of: partition).high else { continue }
      let next = intake.nextOffset(partition) ?? 0
      lag.append((partition.topic, partition.partition, max(0, high - next)))
    }
    service.metrics.set(lag: lag)
    service.state.flushed(lag: lag.reduce(0) { $0 + $1.messages }, moved: moved, now: WallClock.now())
  }

  /// A partition at its end for `idle_after` holds no watermark back while this instance says so.
  private func claimIdleness(_ now: EventTime) {
    let patience = service.configuration.kafka.idleAfter
    for (partition, end) in ends {
      guard let next = intake.nextOffset(partition), next == max(end.offset, 0) else {
        if (intake.nextOffset(partition) ?? 0) > end.offset { ends[partition] = nil }
        continue
      }
      guard now >= end.since + patience else { continue }
      intake.claimIdle(partition, lasting: patience * 2, now: now)
    }
  }

  /// Says a thing once a minute at most, unless it is another thing.
  private func warn(_ text: String) {
    let now = WallClock.now()
    if let lastError, lastError.text == text, now < lastError.at + .minutes(1) { return }
    lastError = (text, now)
    logger.warning("\(text)")
  }
}
