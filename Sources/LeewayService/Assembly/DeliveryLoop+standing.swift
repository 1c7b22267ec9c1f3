import LeewayCore
import LeewayDelivery

/// Messages that are sent again while their incident is open, to receivers that forget what they are not told again.
///
/// What stands is in the outbox: it outlives restarts, and of several instances the one that leases a row sends it.
extension DeliveryLoop {
  /// How long after it was taken a message is sent again; nil: it is done.
  func repetition(of row: OutboxRecord, _ receiver: Receiver) -> TimeSpan? {
    guard row.retrain == nil, !FailureNotice.isNotice(row) else { return nil }
    let now = WallClock.now()
    return receiver.format.repetition(
      of: Delivery(key: row.key, notification: Array(row.body.utf8)), first: (row.firstAttemptAt ?? now).milliseconds,
      now: now.milliseconds)
  }

  func repeatStanding(to receiver: Receiver, _ sender: Courier, _ stop: StopFlag) {
    do {
      let gate = gate()
      let silenced = try ledger.read { reader -> [String: String]? in
        guard try reader.outboxBacklog().contains(where: { $0.receiver == name && $0.standing > 0 }) else { return nil }
        return try gate.standing(in: reader)
      }
      guard let silenced else { return }
      let rows = try ledger.write { tx in
        try tx.leaseStanding(receiver: name, due: tx.now(), lasting: Self.leaseTime, limit: Self.rowsAtOnce)
      }
      for row in rows where !stop.isRaised {
        state.recordHeartbeat(of: .delivery, name, now: .now)
        let outcome =
          if let silence = silenced[row.key] {
            pause(row, for: silence)
          } else if row.retrain == nil {
            try sendAgain(row, receiver, sender)
          } else {
            try askAbout(row, receiver, sender)
          }
        guard let (settled, wait) = outcome else { continue }
        _ = try ledger.write { tx in
          var settled = settled
          if let wait {
            settled.waitingSince = try tx.now()
            settled.nextAttemptAt = settled.waitingSince + wait
          }
          return try tx.settle(delivery: settled)
        }
      }
    } catch {
      logger.warning("what stands for \(name) cannot be read now: \(error)", metadata: ["receiver": "\(name)"])
      WallClock.pause(milliseconds: 1000, unless: stop)
    }
  }

  /// Stands on, and is not sent: the receiver forgets what it is not told again, and is told once the silence is over.
  private func pause(_ row: OutboxRecord, for silence: String) -> (row: OutboxRecord, wait: TimeSpan?)? {
    var row = row
    if row.silence == nil {
      metrics.count(silenced: .held, receiver: name)
      logger.notice("\(row.key) is not sent again for now: \(silence) holds it back", metadata: .of(row))
    }
    row.silence = silence
    return (row, DeliveryGate.lookAgain)
  }

  /// The row with what came of it, and how long until the next time; nil if shutdown cut it short.
  private func sendAgain(
    _ row: OutboxRecord, _ receiver: Receiver, _ sender: Courier
  ) throws -> (row: OutboxRecord, wait: TimeSpan?)? {
    var row = row
    row.lastError = ""
    row.silence = nil
    row.state = .delivered
    // An incident that was resolved while this receiver was not configured has told it nothing of that.
    let incident = try ledger.read { try $0.incident(row.incident) }
    guard let incident, incident.state != .resolved || row.message.hasSuffix("-resolved"),
      let wait = repetition(of: row, receiver)
    else { return (row, nil) }
    row.state = .standing
    let delivery = Delivery(key: row.key, notification: Array(row.body.utf8))
    guard let rendered = try? receiver.format.render(delivery, now: WallClock.now().milliseconds), rendered.isSent
    else {
      row.state = .delivered
      return (row, nil)
    }
    let result = sender.deliver(rendered)
    if case .failure(let failure) = result, failure.kind == .aborted { return nil }
    if let problem = result.problem { row.lastError = receiver.redacted(problem) }
    if !row.lastError.isEmpty {
      logger.warning(
        "\(row.key): \(row.lastError) when it was sent again; the next time is in \(wait)", metadata: .of(row))
    }
    return (row, wait)
  }
}
