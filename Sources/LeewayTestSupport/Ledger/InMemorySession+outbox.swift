import LeewayCore

/// What receivers are owed.
extension InMemorySession {
  func amend(delivery: OutboxRecord) throws -> Bool {
    guard var row = tables.outbox[ByteName(delivery.key)], row.record.state == .owed, row.record.leases == 0 else {
      return false
    }
    row.record.body = delivery.body
    row.record.nextAttemptAt = delivery.nextAttemptAt
    tables.outbox[ByteName(delivery.key)] = row
    if delivery.isMessage { wake(delivery) }
    return true
  }

  /// What is held back before a message is judged again with it, at the message's time.
  private func wake(_ row: OutboxRecord) {
    for (key, var held) in tables.outbox
    where held.record.receiver == row.receiver && held.record.incident == row.incident && held.record.state == .owed
      && held.record.silence != nil && held.record.nextAttemptAt > row.nextAttemptAt
    {
      (held.record.nextAttemptAt, held.record.waitingSince) = (row.nextAttemptAt, row.nextAttemptAt)
      tables.outbox[key] = held
    }
  }

  func revive(delivery key: String, due: EventTime) throws -> Bool {
    guard var row = tables.outbox[ByteName(key)], row.record.state == .dead, row.record.retrain == nil else {
      return false
    }
    row.record.state = .owed
    row.record.nextAttemptAt = due
    row.record.waitingSince = due
    row.record.triedFor = .zero
    row.leasedUntil = nil
    tables.outbox[ByteName(key)] = row
    return true
  }

  func delivery(key: String) throws -> OutboxRecord? { tables.outbox[ByteName(key)]?.record }

  func deliveries(state: DeliveryState, limit: Int) throws -> [OutboxRecord] {
    Array(try deliveries(incident: nil, limit: .max).filter { $0.state == state }.prefix(max(0, limit)))
  }

  func enqueue(_ rows: [OutboxRecord]) throws {
    for row in rows where tables.outbox[ByteName(row.key)] == nil {
      tables.outbox[ByteName(row.key)] = InMemoryTables.Delivery(record: row)
      if row.isMessage { wake(row) }
    }
  }

  /// Owed rows that nothing of their incident is before, and that are due.
  private func due(_ receiver: String, _ due: EventTime) -> [InMemoryTables.Delivery] {
    let owed = tables.outbox.values.filter { $0.record.receiver == receiver && $0.record.state == .owed }
    let byIncident = Dictionary(grouping: owed) { ByteName($0.record.incident) }
    return byIncident.values.flatMap { rows in
      rows.filter { row in
        !rows.contains {
          isBefore($0.record, row.record) && ($0.record.silence == nil || row.record.isMessage)
        }
      }
    }.filter { $0.record.nextAttemptAt <= due || $0.record.waitingSince > due + OutboxRecord.clockDifference }
  }

  func dueDeliveries(receiver: String, due: EventTime, limit: Int) throws -> [OutboxRecord] {
    Array(
      self.due(receiver, due).map(\.record)
        .sorted {
          $0.nextAttemptAt == $1.nextAttemptAt ? utf8Order($0.key, $1.key) : $0.nextAttemptAt < $1.nextAttemptAt
        }
        .prefix(max(0, limit)))
  }

  func leaseDeliveries(receiver: String, due: EventTime, lasting: TimeSpan, limit: Int) throws -> [OutboxRecord] {
    let now = try now()
    let leased = self.due(receiver, due)
      .filter { $0.leasedUntil.map { $0 <= now || $0 > now + lasting } ?? true }.map(\.record)
      .sorted { $0.nextAttemptAt == $1.nextAttemptAt ? utf8Order($0.key, $1.key) : $0.nextAttemptAt < $1.nextAttemptAt }
      .prefix(max(0, limit))
    return leased.map { row in
      var row = row
      row.leases += 1
      tables.outbox[ByteName(row.key)] = InMemoryTables.Delivery(record: row, leasedUntil: now + lasting)
      return row
    }
  }

  func lease(delivery: OutboxRecord, lasting: TimeSpan) throws -> OutboxRecord? {
    guard var row = tables.outbox[ByteName(delivery.key)], row.record.leases == delivery.leases,
      row.record.state == .owed
    else { return nil }
    row.record.body = delivery.body
    row.record.silence = nil
    row.record.leases += 1
    row.leasedUntil = try now() + lasting
    tables.outbox[ByteName(delivery.key)] = row
    return row.record
  }

  func wakeSilenced(at: EventTime) throws {
    for (key, var row) in tables.outbox
    where [.owed, .standing].contains(row.record.state) && row.record.silence != nil && row.record.nextAttemptAt > at {
      (row.record.nextAttemptAt, row.record.waitingSince) = (at, at)
      tables.outbox[key] = row
    }
  }

  func settle(delivery: OutboxRecord) throws -> Bool {
    guard var row = tables.outbox[ByteName(delivery.key)],
      flaw == .settlement || (row.record.leases == delivery.leases && [.owed, .standing].contains(row.record.state))
    else { return false }
    row.record.state = flaw == .silencedMessages && delivery.state == .silenced ? .owed : delivery.state
    row.record.attempts = delivery.attempts
    row.record.firstAttemptAt = delivery.firstAttemptAt
    row.record.nextAttemptAt = delivery.nextAttemptAt
    row.record.waitingSince = delivery.waitingSince
    row.record.triedFor = delivery.triedFor
    row.record.lastError = delivery.lastError
    row.record.run = delivery.run
    row.record.silence = flaw == .heldMessages ? nil : delivery.silence
    row.leasedUntil = nil
    tables.outbox[ByteName(delivery.key)] = row
    if delivery.state == .standing {
      for (key, var earlier) in tables.outbox
      where earlier.record.receiver == row.record.receiver && earlier.record.incident == row.record.incident
        && earlier.record.state == .standing && isBefore(earlier.record, row.record)
      {
        earlier.record.state = .delivered
        earlier.leasedUntil = nil
        tables.outbox[key] = earlier
      }
    }
    return true
  }

  private func isBefore(_ a: OutboxRecord, _ b: OutboxRecord) -> Bool {
    a.sequence == b.sequence ? utf8Order(a.key, b.key) : a.sequence < b.sequence
  }

  func leaseStanding(receiver: String, due: EventTime, lasting: TimeSpan, limit: Int) throws -> [OutboxRecord] {
    let now = try now()
    let due = tables.outbox.values
      .filter { $0.record.receiver == receiver && $0.record.state == .standing }
      .filter { $0.record.nextAttemptAt <= due || $0.record.waitingSince > due + OutboxRecord.clockDifference }
      .filter { $0.leasedUntil.map { $0 <= now || $0 > now + lasting } ?? true }.map(\.record)
      .sorted { $0.nextAttemptAt == $1.nextAttemptAt ? utf8Order($0.key, $1.key) : $0.nextAttemptAt < $1.nextAttemptAt }
      .prefix(max(0, limit))
    return due.map { row in
      var row = row
      row.leases += 1
      tables.outbox[ByteName(row.key)] = InMemoryTables.Delivery(record: row, leasedUntil: now + lasting)
      return row
    }
  }

  func reclaimDeliveries(createdBefore before: EventTime, limit: Int) throws -> Int {
    func older(_ a: OutboxRecord, _ b: OutboxRecord) -> Bool {
      if a.createdAt != b.createdAt { return a.createdAt < b.createdAt }
      return a.sequence == b.sequence ? utf8Order(a.key, b.key) : a.sequence < b.sequence
    }
    let all = tables.outbox.values.map(\.record)
    let open = Set(tables.incidents.values.filter { $0.state != .resolved }.map { ByteName($0.id) })
    let awaited = Set(all.filter { $0.state == .owed }.map { [ByteName($0.receiver), ByteName($0.incident)] })
    let done = all.filter {
      $0.createdAt < before && ![.owed, .standing].contains($0.state) && !open.contains(ByteName($0.incident))
        && !awaited.contains([ByteName($0.receiver), ByteName($0.incident)])
    }
    let gone = done.sorted(by: older).prefix(max(0, limit))
    for row in gone { tables.outbox[ByteName(row.key)] = nil }
    return gone.count
  }

  func outboxBacklog() throws -> [OutboxBacklog] {
    Dictionary(
      grouping: tables.outbox.values.map(\.record).filter { $0.state != .delivered && $0.state != .silenced },
      by: \.receiver
    )
    .map { receiver, rows in
      let owed = rows.filter { $0.state == .owed }
      return OutboxBacklog(
        receiver: receiver, owed: owed.count, dead: rows.count { $0.state == .dead },
        standing: rows.count { $0.state == .standing }, oldest: owed.filter { $0.silence == nil }.map(\.createdAt).min()
      )
    }.sorted { utf8Order($0.receiver, $1.receiver) }
  }

  func deliveries(incident: String?, limit: Int) throws -> [OutboxRecord] {
    Array(
      tables.outbox.values.map(\.record).filter { incident == nil || $0.incident == incident }.sorted { a, b in
        if a.createdAt != b.createdAt { return a.createdAt > b.createdAt }
        return a.sequence == b.sequence ? utf8Order(b.key, a.key) : a.sequence > b.sequence
      }.prefix(max(0, limit)))
  }
}
