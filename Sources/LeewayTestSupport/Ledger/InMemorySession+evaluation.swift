import LeewayCore

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
