import LeewayCore

// MARK: - Evaluation

extension InMemorySession {
  func progress(monitor: String, generation: String) throws -> EvaluationProgress? {
    tables.progress[InMemoryTables.Scope(monitor, generation)]
  }

  func put(progress: EvaluationProgress, monitor: String, generation: String) throws {
    tables.progress[InMemoryTables.Scope(monitor, generation)] = progress
  }

  func machine(monitor: String, group: CauseGroup) throws -> [UInt8]? {
    tables.machines[InMemoryTables.MachineKey(monitor: ByteName(monitor), group: group)]
  }

  func put(machine: [UInt8], monitor: String, group: CauseGroup) throws {
    tables.machines[InMemoryTables.MachineKey(monitor: ByteName(monitor), group: group)] =
      flaw?.damaged(machine) ?? machine
  }

  func acquire(lease: String, holder: String, lasting: TimeSpan) throws -> Int64? {
    let now = try now()
    let known = tables.leases[ByteName(lease)]
    if let known, let other = known.holder, other != ByteName(holder), known.until > now, known.until <= now + lasting {
      return nil
    }
    let epoch = known.map { $0.holder == ByteName(holder) || flaw == .leaseEpoch ? $0.epoch : $0.epoch + 1 } ?? 1
    tables.leases[ByteName(lease)] = InMemoryTables.Lease(
      holder: ByteName(holder), epoch: epoch, until: now + lasting)
    return epoch
  }

  func renew(leasesOf holder: String, lasting: TimeSpan) throws -> [String: Int64] {
    var renewed: [String: Int64] = [:]
    for (name, lease) in tables.leases where lease.holder == ByteName(holder) {
      tables.leases[name]?.until = try now() + lasting
      renewed[name.text] = lease.epoch
    }
    return renewed
  }

  func standings() throws -> [String: MonitorStanding] {
    var found: [String: MonitorStanding] = [:]
    for record in tables.generations {
      var generations = found[record.monitor, default: MonitorStanding()].generations
      generations.last = tables.generationNumbers[ByteName(record.monitor)] ?? 0
      generations.count += 1
      generations.drained += record.isDrained ? 1 : 0
      found[record.monitor, default: MonitorStanding()].generations = generations
    }
    for (key, partition) in tables.partitions.sorted(by: { $0.key < $1.key }) {
      found[key.monitor, default: MonitorStanding()].partitions.append(partition)
    }
    for (scope, progress) in tables.progress {
      found[scope.monitor.text, default: MonitorStanding()].progress[scope.generation.text] = progress
    }
    for mark in tables.marks {
      var marks = found[mark.scope.monitor.text]?.marks ?? .none
      marks.last = max(marks.last, mark.mark.id)
      marks.count += 1
      found[mark.scope.monitor.text, default: MonitorStanding()].marks = marks
    }
    for act in tables.acts where act.state == .queued {
      found[act.monitor, default: MonitorStanding()].queuedActs += 1
    }
    for record in tables.retrains.values
    where record.overdueWall == nil && [.requested, .candidate].contains(record.state) {
      let known = found[record.monitor]?.deadline ?? record.deadline
      found[record.monitor, default: MonitorStanding()].deadline = min(known, record.deadline)
    }
    return found
  }

  func leases() throws -> [LeaseRecord] {
    tables.leases.sorted { $0.key < $1.key }.map {
      LeaseRecord(name: $0.key.text, holder: $0.value.holder?.text, epoch: $0.value.epoch, until: $0.value.until)
    }
  }

  func epoch(ofLease lease: String) throws -> Int64? { tables.leases[ByteName(lease)]?.epoch }

  func release(lease: String, holder: String) throws {
    if tables.leases[ByteName(lease)]?.holder == ByteName(holder) { tables.leases[ByteName(lease)]?.holder = nil }
  }

  func setting(_ name: String) throws -> [UInt8]? { tables.settings[ByteName(name)] }
  func put(setting name: String, value: [UInt8]) throws { tables.settings[ByteName(name)] = value }

  func schemas(registry: String, ids: [SchemaID]) throws -> [SchemaRecord] {
    Set(ids).sorted().compactMap { tables.schemas[ByteName(registry)]?[$0] }
  }

  func newestSchemas(registry: String, limit: Int) throws -> [SchemaRecord] {
    Array((tables.schemas[ByteName(registry)] ?? [:]).values.sorted { $0.id > $1.id }.prefix(max(0, limit)))
  }

  func add(schemas: [SchemaRecord]) throws {
    for record in schemas where tables.schemas[ByteName(record.registry)]?[record.id] == nil {
      tables.schemas[ByteName(record.registry), default: [:]][record.id] = record
    }
  }
}

// MARK: - Results

extension InMemorySession {
  /// Index of the first line whose position is not below `position`.
  private func index(of position: ResultPosition) -> Int {
    var low = 0
    var high = tables.results.count
    while low < high {
      let middle = (low + high) / 2
      if tables.results[middle].position < position { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func put(results: [ResultRecord]) throws {
    for var result in results {
      if result.value?.isNaN == true { result.value = nil }
      if flaw == .stageOfResults { result.stage = .final }
      result.revision = 0
      let position = result.position
      let i = index(of: position)
      if i < tables.results.count, !(position < tables.results[i].position) {
        let known = tables.results[i]
        result.revision = known.revision + (known.line.utf8.elementsEqual(result.line.utf8) ? 0 : 1)
        tables.results[i] = result
      } else {
        tables.results.insert(result, at: i)
      }
    }
  }

  func reclaimResults(monitor: String, generation: String, before: EventTime, limit: Int) throws -> Int {
    let scope = InMemoryTables.Scope(monitor, generation)
    var left = max(0, limit)
    let count = tables.results.count
    tables.results.removeAll { line in
      guard left > 0, line.end < before, InMemoryTables.Scope(line.monitor, line.generation) == scope else {
        return false
      }
      left -= 1
      return true
    }
    return count - tables.results.count
  }

  func delete(results: [ResultPosition]) throws -> Int {
    var gone = 0
    for position in results {
      let i = index(of: position)
      guard i < tables.results.count, !(position < tables.results[i].position) else { continue }
      tables.results.remove(at: i)
      gone += 1
    }
    return gone
  }

  func resultKeys(monitor: String, after: EventTime, through: EventTime) throws -> [ResultKey] {
    tables.results.lazy.filter { $0.end > after && $0.end <= through && ByteName($0.monitor) == ByteName(monitor) }
      .map { ResultKey(position: $0.position, rawTier: $0.rawTier) }
  }

  func thinning(of monitor: String) throws -> ThinningProgress? { tables.thinnings[ByteName(monitor)] }
  func put(thinning: ThinningProgress, monitor: String) throws { tables.thinnings[ByteName(monitor)] = thinning }
  /// Lines in memory are what they are.
  func packResults(monitor: String, generation: String, limit: Int) throws -> Int { 0 }

  func results(_ query: ResultQuery) throws -> [ResultRecord] {
    func matches(_ wanted: String?, _ value: String) -> Bool { wanted.map { ByteName($0) == ByteName(value) } ?? true }
    return Array(
      tables.results.lazy.filter { line in
        matches(query.monitor, line.monitor) && (query.type ?? line.type) == line.type
          && matches(query.window, line.window) && matches(query.slice, line.slice)
          && matches(query.subject, line.subject) && (query.stage ?? line.stage) == line.stage
          && line.end >= query.from ?? line.end
          && (query.to.map { line.end < $0 } ?? true) && (query.after.map { $0 < line.position } ?? true)
      }.prefix(max(0, query.limit)))
  }

  func verdicts(monitor: String, generation: String, check: String, stage: Stage, ends: [EventTime]) throws
    -> [VerdictRecord]
  {
    let ends = Set(ends)
    let scope = InMemoryTables.Scope(monitor, generation)
    return tables.results.compactMap { line in
      guard line.type == .verdict, line.stage == stage || flaw == .stageOfVerdicts, ends.contains(line.end),
        let tier = line.rawTier,
        InMemoryTables.Scope(line.monitor, line.generation) == scope, ByteName(line.check) == ByteName(check)
      else { return nil }
      return VerdictRecord(end: line.end, slice: line.slice, subject: line.subject, rawTier: tier, value: line.value)
    }
  }

  func latestResults(monitor: String, generation: String, type: ResultType) throws -> [ResultRecord] {
    let scope = InMemoryTables.Scope(monitor, generation)
    var newest: [[ByteName]: ResultRecord] = [:]
    for line in tables.results
    where line.type == type && InMemoryTables.Scope(line.monitor, line.generation) == scope {
      let key = [line.window, line.slice, line.subject, line.check, line.metric, line.stage.rawValue].map(ByteName.init)
      if let known = newest[key], (known.end, known.sequence) > (line.end, line.sequence) { continue }
      newest[key] = line
    }
    return newest.values.sorted { $0.position < $1.position }
  }
}

// MARK: - Decisions

extension InMemorySession: LedgerWriter {
  func incidents(_ query: IncidentQuery) throws -> [IncidentRecord] {
    Array(
      tables.incidents.values.filter { incident in
        (query.monitor == nil || incident.monitor == query.monitor)
          && (query.open == nil || (incident.state != .resolved) == query.open)
      }.sorted { $0.openedAt == $1.openedAt ? utf8Order($1.id, $0.id) : $0.openedAt > $1.openedAt }
        .prefix(max(0, query.limit)))
  }

  func incident(_ id: String) throws -> IncidentRecord? { tables.incidents[ByteName(id)] }
  func put(incident: IncidentRecord) throws { tables.incidents[ByteName(incident.id)] = incident }

  func retrains(monitor: String?, state: RetrainState?, limit: Int) throws -> [RetrainRecord] {
    Array(
      tables.retrains.values.filter { (monitor == nil || $0.monitor == monitor) && (state == nil || $0.state == state) }
        .sorted { $0.requestedWall == $1.requestedWall ? utf8Order($1.id, $0.id) : $0.requestedWall > $1.requestedWall }
        .prefix(max(0, limit)))
  }

  func retrain(_ id: String) throws -> RetrainRecord? { tables.retrains[ByteName(id)] }
  func put(retrain: RetrainRecord) throws {
    let key = ByteName(retrain.id)
    guard flaw != .retrainRecords || tables.retrains[key] == nil else { return }
    tables.retrains[key] = retrain
  }
  func record(input: OutsideInput) throws { tables.inputs.append(input) }

  func inputs(monitor: String?, incident: String?, limit: Int) throws -> [OutsideInput] {
    Array(
      tables.inputs.reversed()
        .filter { (monitor == nil || $0.monitor == monitor) && (incident == nil || $0.incident == incident) }
        .prefix(max(0, limit)))
  }

  func append(decision: DecisionRecord) throws {
    let log = InMemoryTables.MachineKey(monitor: ByteName(decision.monitor), group: decision.group)
    guard tables.decisions[log]?.contains(where: { $0.number == decision.number }) != true else {
      throw LedgerError("logging a decision: number \(decision.number) of \(decision.group.rawValue) is taken")
    }
    tables.decisions[log, default: []].append(decision)
  }

  func finalVerdicts(monitor: String) throws -> [Int64] {
    try decisions(monitor: monitor, group: .performanceEarly, outside: false, after: nil, limit: .max)
      .filter { $0.kind == DecisionInput.finalVerdictKind }.map(\.number)
  }

  func decisions(
    monitor: String, group: CauseGroup?, outside: Bool, after: (group: CauseGroup, number: Int64)?, limit: Int
  ) throws -> [DecisionRecord] {
    let logs = tables.decisions.filter {
      $0.key.monitor == ByteName(monitor) && (group == nil || $0.key.group == group)
    }
    .sorted { utf8Order($0.key.group.rawValue, $1.key.group.rawValue) }
    return Array(
      logs.flatMap { $0.value.sorted { $0.number < $1.number } }.filter { entry in
        guard !outside || entry.wall != nil else { return false }
        guard let after else { return true }
        return entry.group == after.group
          ? entry.number > after.number : utf8Order(after.group.rawValue, entry.group.rawValue)
      }.prefix(max(0, limit)))
  }

  func reclaimDecisions(monitor: String, before: EventTime, limit: Int) throws -> Int {
    var left = max(0, limit)
    var gone = 0
    for group in CauseGroup.allCases.sorted(by: { utf8Order($0.rawValue, $1.rawValue) }) {
      let log = InMemoryTables.MachineKey(monitor: ByteName(monitor), group: group)
      let old = min(left, tables.decisions[log]?.prefix { $0.at < before }.count ?? 0)
      tables.decisions[log]?.removeFirst(old)
      left -= old
      gone += old
    }
    return gone
  }

  func reclaimIncidents(monitor: String, resolvedBefore before: EventTime, limit: Int) throws -> Int {
    let old = tables.incidents.values.compactMap { incident -> (at: EventTime, id: String)? in
      guard incident.monitor == monitor, incident.state == .resolved, let at = incident.resolvedAt, at < before else {
        return nil
      }
      return (at, incident.id)
    }.sorted { $0.at != $1.at ? $0.at < $1.at : utf8Order($0.id, $1.id) }.prefix(max(0, limit))
    let ids = Set(old.map { ByteName($0.id) })
    for id in ids { tables.incidents[id] = nil }
    tables.retrains = tables.retrains.filter { !ids.contains(ByteName($0.value.incident)) }
    tables.inputs.removeAll { ids.contains(ByteName($0.incident)) }
    tables.acts.removeAll { ids.contains(ByteName($0.incident)) }
    return ids.count
  }

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
