import LeewayCore
import LeewayDelivery
import LeewaySource
import Logging

/// Messages whose schemas a registry has: read from the ledger, or asked for and then stored there, before the first of
/// them is taken (rule F3). Meanwhile their partition is held, and the others go on.
extension KafkaIntakeLoop {
  /// Schemas that are read at once at the start; others are met and read one by one.
  private static let schemasAtStart = 100

  /// Which topics need what the registry has.
  static func registryTopics(_ plans: [MonitorPlan]) -> Set<String> {
    var topics: Set<String> = []
    for plan in plans {
      if plan.monitor.predictions.schemas?.isOfRegistry == true { topics.insert(plan.monitor.predictions.topic) }
      if let labels = plan.monitor.labels, labels.schemas?.isOfRegistry == true { topics.insert(labels.topic) }
    }
    return topics
  }

  /// What the ledger has of the newest numbers, so that a restart holds no partition for them.
  func recallSchemas() throws {
    guard let desk = service.schemas else { return }
    let records = try service.ledger.read {
      try $0.newestSchemas(registry: desk.registry.name, limit: Self.schemasAtStart)
    }
    for record in records { gate.learn(KnownSchemas.Entry(record), of: record.id) }
    intake.know(gate.known)
    tellOfHolds()
  }

  /// Learns what has become known, asks for what is due, and lets partitions go on.
  func settleSchemas(_ now: SteadyTime) throws {
    guard let desk = service.schemas else { return }
    noteHolds(now)
    for (id, answer) in desk.takeAnswers() {
      if let content = waits.take(answer, of: id, now: now) {
        unstored.append(SchemaRecord(registry: desk.registry.name, id: id, content: content))
      } else if gate.wanted.contains(id) {
        warn("schema \(id) is not known yet, and its messages wait: \(waits.reason(id))")
      }
    }
    waits.keep(gate.wanted)
    guard !waits.isEmpty || !unstored.isEmpty else { return }
    if now >= schemasDue {
      do { try settleWithLedger(desk, now) } catch let error as LedgerError {
        schemasDue = .now + .seconds(1)
        service.state.set(ledgerFailure: error.description)
        warn(
          "schemas cannot be read from the ledger or stored there yet, and their partitions wait: \(error.description)")
      }
    }
    try letGo(gate.released)
    tellOfHolds()
  }

  /// What another instance has stored stands, whatever this one was told.
  private func settleWithLedger(_ desk: SchemaDesk, _ now: SteadyTime) throws {
    let due = waits.due(now)
    guard !due.isEmpty || !unstored.isEmpty else { return }
    let ids = due + unstored.map(\.id)
    let records: [SchemaRecord]
    if unstored.isEmpty {
      records = try service.ledger.read { try $0.schemas(registry: desk.registry.name, ids: ids) }
    } else {
      records = try service.ledger.write { tx in
        try tx.add(schemas: unstored)
        return try tx.schemas(registry: desk.registry.name, ids: ids)
      }
      unstored = []
    }
    for record in records {
      let entry = KnownSchemas.Entry(record)
      if case .refused(let failure) = entry {
        logger.error("messages of schema \(record.id) are rejected from now on as \(failure.code): \(failure.reason)")
      }
      gate.learn(entry, of: record.id)
      waits.forget(record.id)
    }
    if !records.isEmpty { intake.know(gate.known) }
    let questions = due.filter { id in !records.contains { $0.id == id } }
    for id in questions { waits.asked(id) }
    desk.ask(questions)
  }

  /// Partitions that are held since the last look wait for their schema, and stand before their end.
  private func noteHolds(_ now: SteadyTime) {
    guard !gate.holds.isEmpty || !toldHolds.isEmpty else { return }
    for (partition, hold) in gate.holds where toldHolds[partition] != hold.offset {
      toldHolds[partition] = hold.offset
      ends[partition] = nil
      intake.endIdleness(partition)
      logger.notice(
        "\(partition) waits at offset \(hold.offset) for schema \(hold.id)", metadata: .of([partition]))
    }
    for id in gate.holds.values.map(\.id) { waits.want(id, isHeld: true, now: now) }
    for id in gate.ahead { waits.want(id, isHeld: false, now: now) }
  }

  /// Reads partitions again from where they are held.
  private func letGo(_ partitions: [TopicPartition]) throws {
    guard !partitions.isEmpty else { return }
    try forgetHolds(of: partitions)
    try seekToLedger(partitions.filter(consumer.assignment.contains))
    logger.notice(
      "\(partitions.map(\.description).joined(separator: ", ")): the registry has answered, and reading goes on",
      metadata: .of(partitions))
  }

  /// Partitions are not held any more, since they are gone or about to be read again: whoever calls this seeks.
  func forgetHolds(of partitions: [TopicPartition]) throws {
    let held = partitions.filter { gate.holds[$0] != nil }
    guard !held.isEmpty else { return }
    gate.forget(held)
    gate.resettling.formUnion(held)
    for partition in held { toldHolds[partition] = nil }
    waits.keep(gate.wanted)
    // Before the seek: what is paused and goes on stands where it was paused.
    let stopped = held.filter { paused.contains($0) && consumer.assignment.contains($0) }
    paused.subtract(held)
    if !stopped.isEmpty { try consumerCall { () throws(KafkaError) in try consumer.resume(stopped) } }
    tellOfHolds()
  }

  /// The same of partitions that are let go.
  func dropHolds(of partitions: [TopicPartition]) {
    gate.forget(partitions)
    gate.resettling.subtract(partitions)
    for partition in partitions { toldHolds[partition] = nil }
    guard service.schemas != nil else { return }
    waits.keep(gate.wanted)
    tellOfHolds()
  }

  /// For `/readyz` and the metrics.
  private func tellOfHolds() {
    let holds = gate.holds.sorted { ($0.value.since, $0.key) < ($1.value.since, $1.key) }
    service.metrics.set(schemaHolds: holds.count)
    service.state.set(
      schemaHolds: holds.map {
        (
          text: "\($0.key) waits at offset \($0.value.offset) for schema \($0.value.id): \(waits.reason($0.value.id))",
          since: $0.value.since
        )
      })
  }
}
