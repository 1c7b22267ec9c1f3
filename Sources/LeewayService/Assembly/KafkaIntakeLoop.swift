import Foundation
import LeewayConfiguration
import LeewayCore
import LeewaySource
import Logging

/// The state of the intake thread; made, used and dropped on it.
final class KafkaIntakeLoop {
  let service: KafkaIntake
  let consumer: KafkaConsumer
  /// Who reads which topic, as what.
  var topics: [(topic: String, monitor: String, role: StreamRole)]
  let logger: Logger
  var intake: Intake
  var slots: [UInt64: Intake.Slot] = [:]
  /// Room for the messages of a run, as the intake takes them.
  private var messages: [SourceMessage] = []
  /// Before it has, a reload finds nothing to subscribe to again.
  var hasSubscribed = false
  /// From the first subscription on.
  var groupWait: GroupWait?
  var rows: PartitionRows
  /// Partitions whose offset the broker refused, and when to ask what it has instead.
  var refusedOffsets: [TopicPartition: SteadyTime] = [:]
  /// Partitions that are not read until an operator decides.
  var gaps: [OffsetGap] = []
  /// Logs made again that are read from their oldest message, and whose offset has not been committed since.
  var skipped: Set<PartitionKey> = []
  var deadLetters: DeadLetterProducer?
  /// Monitors and their generations of which it has been told that predictions are from before them.
  var toldGenerations: Set<String> = []
  /// By monitor: what no prediction had, as last told.
  var unseenFields: [String: [WatchedField]] = [:]
  let started = SteadyTime.now
  /// Given by the group, which waits for the answer; not claimed in the ledger yet.
  var unclaimed: [TopicPartition] = []
  var claimDue: SteadyTime
  var claimBackoff = 0
  /// Held, and taken over by another instance since.
  var fenced: Set<TopicPartition> = []
  /// Not fetched, since nothing more may be taken.
  var paused: Set<TopicPartition> = []
  /// What holds partitions until their messages' schemas are known.
  let gate: SchemaGate
  var waits: SchemaWaits
  /// Answers of the registry that the ledger does not have yet.
  var unstored: [SchemaRecord] = []
  /// After a failure of the ledger: when it is asked again.
  var schemasDue: SteadyTime
  /// Holds that have been logged, by their offset.
  var toldHolds: [TopicPartition: Int64] = [:]
  /// Partitions at whose end reading stands, and since when. The end's offset may be beyond the offset that comes next:
  /// in between are records of transactions that carry no message.
  var ends: [TopicPartition: (offset: Int64, next: Int64, since: SteadyTime)] = [:]
  var flushDue: SteadyTime
  /// nil: at once.
  var metadataDue: SteadyTime?
  var heartbeatDue: SteadyTime
  var flushBackoff = 0
  var profile: IntakeProfile
  /// Those who take messages; nil: only this thread does.
  let crew: IntakeCrew?
  var lastError: (text: String, at: SteadyTime)?

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
    let lanes = service.configuration.kafka.threads
    profile = IntakeProfile(lanes: lanes)
    intake = try Self.makeIntake(service, profile)
    rows = PartitionRows(start: service.configuration.kafka.start, ledger: service.ledger)
    if let topic = service.configuration.deadLetterTopic {
      do {
        deadLetters = try DeadLetterProducer(service.settings, topic: topic) { line in logger.log(kafka: line) }
      } catch {
        throw EnvironmentProblem("Kafka: \(error.description)")
      }
    }
    flushDue = .now
    schemasDue = flushDue
    gate = SchemaGate(messageBytes: service.configuration.limits.messageBytes)
    waits = SchemaWaits(
      unknownAfter: service.schemas?.registry.unknownAfter ?? ServiceConfiguration.SchemaRegistry.standardUnknownAfter)
    claimDue = flushDue
    metadataDue = flushDue
    heartbeatDue = flushDue
    // Last: where something else fails, no thread is left behind.
    crew = lanes > 1 ? IntakeCrew(lanes: lanes) : nil
  }

  deinit { crew?.end() }

  static func makeIntake(_ service: KafkaIntake, _ profile: IntakeProfile) throws -> Intake {
    let writer = UUID().uuidString.lowercased()
    let setup = service.live.current
    let plans = try service.ledger.write { tx in
      if service.isSingleInstance {
        for other in try tx.writers() where other.alive { try tx.retire(writer: other.id) }
      }
      try tx.register(writer: writer, instance: .ofThisProcess)
      return try setup.plans.map {
        try Generations.current($0, mayReturn: service.isSingleInstance, in: tx, reading: service.superseded.read)
      }
    }
    return Intake(
      plans: plans, writer: writer, limits: Self.limits(setup), lanes: profile.aggregation.count,
      aggregation: profile.aggregation)
  }

  func run(until stop: StopFlag) throws {
    if service.schemas != nil { gate.topics = Self.registryTopics(service.live.current.plans) }
    try recallSchemas()
    try awaitBroker(stop)
    guard !stop.isRaised else { return }
    try subscribe()
    logger.info(
      "reading \(Set(topics.map(\.topic)).sorted(by: utf8Order).joined(separator: ", ")) as group \(service.configuration.kafka.group)"
    )
    while !stop.isRaised {
      try step()
      if unclaimed.isEmpty {
        try adoptProposal()
      } else {
        service.live.withdraw("partitions cannot be claimed in the ledger yet, see /readyz; reload again once they are")
      }
    }
    abandonClaims()
    // Intake has stopped; what was taken is committed before the partitions go.
    try flushLast()
    leave()
    logger.info("intake has stopped and its last flush stands")
  }

  /// Waits for the first answers of a broker.
  ///
  /// - Throws: `EnvironmentProblem` if none comes within 30 s: whoever started the service wants to know.
  private func awaitBroker(_ stop: StopFlag) throws {
    let deadline = SteadyTime.now + .seconds(30)
    while !stop.isRaised {
      service.state.recordHeartbeat(of: .intake, now: .now)
      guard let failure = try askForTopics() else { return }
      service.state.set(brokerFailure: failure.description)
      guard SteadyTime.now < deadline else {
        throw EnvironmentProblem(
          "Kafka at \(service.settings.bootstrap) does not answer: \(failure.description); check kafka.bootstrap and the network"
        )
      }
      warn("Kafka at \(service.settings.bootstrap) does not answer yet: \(failure.description)")
      WallClock.pause(milliseconds: 500, unless: stop)
      try adoptProposal()
    }
  }

  /// - Returns: why it is worth asking again; nil if all was answered.
  private func askForTopics() throws -> EnvironmentProblem? {
    do { try refreshPartitions(timeout: 5000) } catch let error as EnvironmentProblem { return error }
    do { try requireDeadLetterTopic() } catch  where error.mayPass { return error }
    return nil
  }

  /// Every partition in the metadata gets a row, so that partitions that were never read hold the watermark back.
  ///
  /// - Throws: `EnvironmentProblem` of the broker; `LedgerError`.
  private func refreshPartitions(timeout: Int32) throws {
    metadataDue = .now + .seconds(10)
    let known: [String: [Int32]]
    do { known = try consumer.partitions(of: Array(Set(topics.map(\.topic))), timeoutMilliseconds: timeout) } catch {
      throw EnvironmentProblem(error.description)
    }
    for topic in Set(topics.map(\.topic)) where known[topic] == nil {
      rows.noteMissing(topic)
      warn(
        "topic \(topic) does not exist yet; it will be read from its beginning once it does",
        metadata: ["topic": "\(topic)"])
    }
    try ensureRows(
      topics.flatMap { entry in
        (known[entry.topic] ?? []).map { id in
          (key: PartitionKey(monitor: entry.monitor, topic: entry.topic, partition: id), role: entry.role)
        }
      })
    service.state.set(brokerFailure: nil)
  }

  func ensureRows(_ wanted: [PartitionRows.Row]) throws {
    try rows.ensure(wanted) { partition in
      try consumerCall { () throws(KafkaError) in
        try consumer.queryWatermarks(of: partition, timeoutMilliseconds: 5000)
      }
    }
  }

  // MARK: One step

  private func step() throws {
    let now = SteadyTime.now
    service.state.recordHeartbeat(of: .intake, now: now)
    if let line = groupWait?.line(at: now) { logger.info("\(line)") }
    let due = unclaimed.isEmpty ? flushDue : claimDue
    // A full intake waits for its flush; librdkafka holds what comes meanwhile, within its own limit.
    try pause(whileFull: intake.isFull && (flushBackoff > 0 || !unclaimed.isEmpty))
    let (_, event) = try polling(Int32(max(1, min(100, (due - now).milliseconds))))
    if let event { try handle(event) }
    guard try answerGroup() else { return }
    let after = SteadyTime.now
    try settleSchemas(after)
    if after >= flushDue || (intake.isFull && flushBackoff == 0) { try flushAndReport(after) }
    try settleRefusedOffsets(after)
    if metadataDue.map({ after >= $0 }) ?? true {
      do {
        // First: a broker that does not answer must not make this instance look dead.
        try beat(after)
        try refreshPartitions(timeout: 2000)
        try checkGenerations()
      } catch let error as EnvironmentProblem {
        warn(error.description)
      } catch let error as LedgerError {
        warn(error.description)
      }
    }
  }

  /// Whoever does not poll is no member for long, so polling goes on without messages.
  private func pause(whileFull isFull: Bool) throws {
    guard isFull || !paused.isEmpty || !gate.holds.isEmpty else { return }
    let held = consumer.assignment
    paused.formIntersection(held)
    var wanted = held.intersection(gate.holds.keys)
    if isFull { wanted.formUnion(held.subtracting(gate.resettling)) }
    let stopping = wanted.subtracting(paused).sorted()
    let going = paused.subtracting(wanted).sorted()
    if !stopping.isEmpty {
      try consumerCall { () throws(KafkaError) in try consumer.pause(stopping) }
      paused.formUnion(stopping)
    }
    if !going.isEmpty {
      try consumerCall { () throws(KafkaError) in try consumer.resume(going) }
      paused.subtract(going)
    }
  }

  /// Only between two polls is it seen whether the intake is full, and a message may make tens of kilobytes: a row for
  /// every monitor that reads it, in panes that no other message has come to.
  private var messagesAtOnce: Int {
    let monitors = topics.count { $0.role == .predictions }
    return max(100, (deadLetters == nil ? 5000 : 500) / max(1, monitors))
  }

  private func polling(_ timeout: Int32) throws -> (Int, KafkaEvent?) {
    let intake = self.intake
    let crew = self.crew
    let topics = consumer.topics
    let gate = self.gate
    var slots = self.slots
    // Its only owner here, so that its room stays.
    var messages = self.messages
    self.messages = []
    defer { (self.slots, self.messages) = (slots, messages) }
    // Threads that wait for each other do so seldom.
    let batch = crew == nil ? 128 : 4096
    return consumer.poll(timeoutMilliseconds: timeout, maximum: messagesAtOnce, batch: batch) { run in
      let key = UInt64(truncatingIfNeeded: run.topic) << 32 | UInt64(UInt32(bitPattern: run.partition))
      let slot: Intake.Slot
      if let known = slots[key] {
        slot = known
      } else {
        guard let found = intake.slot(TopicPartition(topics[run.topic], run.partition)) else { return }
        slots[key] = found
        slot = found
      }
      let isGated = gate.topics.contains(topics[run.topic])
      if isGated { gate.enter(TopicPartition(topics[run.topic], run.partition)) }
      if let crew {
        crew.add(slot) { Self.append(run, to: &$0, through: isGated ? gate : nil) }
      } else {
        messages.removeAll(keepingCapacity: true)
        Self.append(run, to: &messages, through: isGated ? gate : nil)
        intake.take(messages[...], from: slot)
      }
    } settle: {
      crew?.run(into: intake)
    }
  }

  /// - Parameter gate: nil where messages need no registry.
  private static func append(
    _ run: borrowing KafkaRun, to messages: inout [SourceMessage], through gate: SchemaGate?
  ) {
    run.forEach { message in
      let message = SourceMessage(
        offset: message.offset, recordTime: message.timestamp.map(EventTime.init(milliseconds:)), key: message.key,
        value: message.value, headers: message.headers)
      if gate?.lets(message) ?? true { messages.append(message) }
    }
  }

  private func handle(_ event: KafkaEvent) throws {
    switch event {
    case .assigned(let partitions): try assigned(partitions)
    case .revoked(let partitions):
      // Flush first: whoever comes next goes on from the ledger. What cannot be committed is theirs to read again.
      do { try flush() } catch let error as LedgerError {
        warn("the flush before handing partitions over failed: \(error.description)")
      } catch let error as DeadLettersOutstanding {
        warn("messages are read again by the partitions' next owner: \(error.description)")
      } catch let error as EnvironmentProblem where error.mayPass {
        warn("partitions could not be taken back before others were handed over: \(error.description)")
      }
      service.metrics.count(rebalance: .revoked)
      try release(partitions)
      disown(partitions)
    case .lost(let partitions):
      service.metrics.count(rebalance: .lost)
      // What was given and not answered is gone with the rest.
      unclaimed = []
      service.state.set(claimFailure: nil)
      try release(partitions)
    case .partitionEnd(let partition, let offset):
      // A held partition has no next offset, and no end that matters.
      guard gate.holds[partition] == nil else { return }
      ends[partition] = intake.nextOffset(partition).map { (offset, $0, .now) }
    case .error(let error): try failed(error)
    }
  }

  private func failed(_ error: KafkaError) throws {
    switch error.kind {
    case .fatal: throw EnvironmentProblem("Kafka client failed for good: \(error.description)")
    case .permanent where error.isMissingTopic:
      // Deleted, or not there yet. The group takes the partitions back, and gives them once the topic is there.
      warn("Kafka: \(error.description)")
    case .permanent: throw EnvironmentProblem("Kafka: \(error.description)")
    case .transient:
      if error.name == "_ALL_BROKERS_DOWN" { service.state.set(brokerFailure: error.description) }
      warn("Kafka: \(error.description)")
    case .offsetOutOfRange:
      guard let partition = error.partition else { throw EnvironmentProblem("Kafka: \(error.description)") }
      refusedOffsets[partition] = .now
    }
  }

  @discardableResult
  func consumerCall<T>(_ body: () throws(KafkaError) -> T) throws(EnvironmentProblem) -> T {
    do { return try body() } catch {
      throw EnvironmentProblem("Kafka: \(error.description)", mayPass: error.isRetriable)
    }
  }

  /// Says a thing once a minute at most, unless it is another thing.
  func warn(_ text: String, metadata: Logger.Metadata? = nil) {
    let now = SteadyTime.now
    if let lastError, lastError.text == text, now < lastError.at + .minutes(1) { return }
    lastError = (text, now)
    logger.warning("\(text)", metadata: metadata)
  }
}
