package import LeewayCore

/// What was decided, and what receivers were told of it.
extension ServiceMetrics {
  // MARK: Decisions

  package func count(transition: String, monitor: String) { add(1, to: .incidentTransitions, [monitor, transition]) }

  /// Replaces the counts of incidents; resolved ones are left out.
  package func set(incidents: some Sequence<IncidentRecord>) {
    var counts: [[String]: Double] = [:]
    for incident in incidents where incident.state != .resolved {
      counts[[incident.monitor, incident.tier.name, incident.state.rawValue], default: 0] += 1
    }
    replace(.incidents, counts.map { ($0.key, $0.value) })
  }

  /// `outcome` is a ``RetrainState`` or a guard's name, such as `held`.
  package func count(retrain outcome: String, monitor: String) { add(1, to: .retrains, [monitor, outcome]) }

  package func corrected(seconds: Double, monitor: String) {
    observe(.correctiveAction, [monitor], seconds, in: .correctiveAction)
  }

  // MARK: Delivery

  /// Replaces the counts of silences by state.
  package func set(silences: [SilenceState: Int]) {
    replace(.silences, silences.map { ([$0.key.rawValue], Double($0.value)) })
  }

  package func count(silenced outcome: SilencedOutcome, receiver: String) {
    add(1, to: .silencedMessages, [receiver, outcome.rawValue])
  }

  package func count(delivery outcome: DeliveryOutcome, receiver: String) {
    add(1, to: .deliveries, [receiver, outcome.rawValue])
  }

  /// Replaces the state of the outbox as of `now`.
  package func set(outbox: [OutboxBacklog], now: EventTime) {
    var rows: [([String], Double)] = []
    var ages: [([String], Double)] = []
    for backlog in outbox {
      rows.append(([backlog.receiver, DeliveryState.owed.rawValue], Double(backlog.owed)))
      rows.append(([backlog.receiver, DeliveryState.dead.rawValue], Double(backlog.dead)))
      ages.append(([backlog.receiver], backlog.oldest.map { max(0, (now - $0).seconds) } ?? 0))
    }
    replace(.outboxRows, rows)
    replace(.outboxOldest, ages)
  }

  /// Dead letters that have a series each; ``set(outbox:now:)`` counts them all.
  package static let deadLimit = 100

  /// Replaces the series of dead letters: of the newest, ``deadLimit`` at most. Each receiver also has one of 0 that names no
  /// message, so that none being dead can be told from nothing being measured.
  package func set(dead: [OutboxRecord], receivers: [String]) {
    replace(
      .deliveriesDead,
      receivers.map { ([$0, "", "", ""], 0) } + dead.map { ([$0.receiver, $0.monitor, $0.incident, $0.message], 1) })
  }
}
