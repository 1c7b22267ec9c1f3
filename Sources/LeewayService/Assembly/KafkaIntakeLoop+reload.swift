import LeewayConfiguration
import LeewayCore
import LeewaySource
import LeewayWeb
import Logging

/// Going on with another setup.
extension KafkaIntakeLoop {
  static func topics(_ plans: [MonitorPlan]) -> [(topic: String, monitor: String, role: StreamRole)] {
    plans.flatMap { plan in
      [(plan.monitor.predictions.topic, plan.monitor.name, StreamRole.predictions)]
        + (plan.monitor.labels.map { [($0.topic, plan.monitor.name, StreamRole.labels)] } ?? [])
    }
  }

  static func limits(_ setup: Setup) -> IntakeLimits {
    let limits = setup.configuration.limits
    return IntakeLimits(
      decode: DecodeLimits(messageBytes: limits.messageBytes), pendingBytes: limits.flushBytes,
      quarantineRows: limits.quarantineRows,
      deadLetters: setup.configuration.deadLetterTopic == nil ? nil : DeadLetterLimits())
  }

  func subscribe() throws {
    let names = Set(topics.map(\.topic)).sorted(by: utf8Order)
    try consumerCall { () throws(KafkaError) in try consumer.subscribe(names) }
    hasSubscribed = true
    if groupWait == nil {
      let kafka = service.configuration.kafka
      groupWait = GroupWait(group: kafka.group, properties: kafka.properties.mapValues(\.revealed), began: .now)
    }
  }

  /// Puts the setup in force that a reload proposes, if one does: what was taken is committed under the old one, then the
  /// ledger takes new generations and claims in one transaction, and nothing after that can fail but the broker.
  ///
  /// - Throws: what ends the intake. What only ends the reload is the proposal's answer.
  func adoptProposal() throws {
    guard let proposal = service.live.takeProposal() else { return }
    do {
      try flush()
      try ensureRows(newRows(of: proposal.setup))
    } catch let error as DeadLettersOutstanding {
      return proposal.refuse(ReloadRefusal("\(error.description); reload again once they are"))
    } catch let error as EnvironmentProblem {
      return proposal.refuse(ReloadRefusal("\(error); reload again"))
    } catch let error as LedgerError {
      return proposal.refuse(ReloadRefusal(error.description))
    } catch {
      proposal.refuse(ReloadRefusal("\(error)"))
      throw error
    }
    do {
      try adopt(proposal.setup)
    } catch let error as LedgerError {
      let again = "; the ledger did not take the change, reload again"
      return proposal.refuse(ReloadRefusal(error.description + (error.outcomeUnknown ? again : "")))
    } catch {
      proposal.refuse(ReloadRefusal("\(error)"))
      throw error
    }
    proposal.adopted()
  }

  /// - Throws: `GenerationSuperseded` if another instance has changed a monitor, which a silent intake would not notice.
  func checkGenerations() throws {
    let plans = service.live.current.plans
    let other = try service.ledger.read { reader in
      try plans.first { try !Generations.isCurrent($0, in: reader) }
    }
    if let other { throw GenerationSuperseded(monitor: other.monitor.name) }
  }

  /// Streams that are new on partitions which this instance reads already: no rebalance will hand them out.
  private func newRows(of setup: Setup) -> [PartitionRows.Row] {
    let added = Self.topics(setup.plans).filter { entry in !topics.contains { $0 == entry } }
    return consumer.assignment.sorted().flatMap { place in
      added.filter { $0.topic == place.topic }.map { entry in
        (key: PartitionKey(monitor: entry.monitor, topic: place.topic, partition: place.partition), role: entry.role)
      }
    }
  }

  private func adopt(_ setup: Setup) throws {
    let wanted = Self.topics(setup.plans)
    let held = consumer.assignment.sorted()
    let rows = newRows(of: setup)
    let writer = intake.writer
    let running = service.live.current.plans
    let (plans, records) = try service.ledger.write { tx in
      // Whoever asks an instance that runs the ledger's own generations for an older one means it.
      let mayReturn = try service.isSingleInstance || running.allSatisfy { try Generations.isCurrent($0, in: tx) }
      let plans = try setup.plans.map { plan in
        try Generations.current(plan, mayReturn: mayReturn, in: tx, reading: service.superseded.read)
      }
      return (plans, try tx.claim(partitions: rows.map(\.key), owner: writer))
    }
    let before = Dictionary(held.map { ($0, intake.nextOffset($0)) }, uniquingKeysWith: { $1 })
    intake.replace(plans: plans, limits: Self.limits(setup))
    for record in records { intake.open(record) }
    slots.removeAll()
    let topicsBefore = Set(topics.map(\.topic))
    topics = wanted
    service.live.replace(with: setup)

    // A new stream may begin before the place where its partition is read now; the others pass over what they had.
    var back: [TopicPartition] = []
    for place in Set(rows.map { TopicPartition($0.key.topic, $0.key.partition) }).sorted() {
      guard let old = before[place] ?? nil, let next = intake.nextOffset(place), next < old else { continue }
      back.append(place)
    }
    // Other monitors may need other schemas, and longer messages.
    let waiting = gate.holds.keys.sorted()
    try forgetHolds(of: waiting)
    gate.topics = service.schemas == nil ? [] : Self.registryTopics(setup.plans)
    gate.messageBytes = setup.configuration.limits.messageBytes
    try seekToLedger(Set(back + waiting).sorted())
    try settleGapsAgain()
    guard topicsBefore != Set(wanted.map(\.topic)) else { return }
    metadataDue = nil
    if hasSubscribed { try subscribe() }
  }
}
