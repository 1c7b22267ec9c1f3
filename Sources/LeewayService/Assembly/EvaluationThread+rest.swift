import LeewayCore

/// What costs nothing: monitors that have nothing to judge. Whatever may give one something to do is read for all at once, in a few
/// statements a round; only those where it has changed are read one by one.
extension EvaluationThread {
  /// What all monitors have, in one snapshot.
  struct Fleet {
    var now: EventTime
    var standings: [String: MonitorStanding]
    var writers: [WriterRecord]
    var leases: [String: LeaseRecord]

    /// Of a monitor of which nothing is stored: nothing.
    func standing(of monitor: String) -> MonitorStanding { standings[monitor] ?? MonitorStanding() }
  }

  /// What a monitor had when an evaluator found nothing to do.
  struct Rest {
    enum Whose {
      /// Nothing to judge, under this lease and with event time as it was.
      case mine(EvaluationLease, Watermarks)
      /// Another instance had the lease.
      case otherInstance
      /// Another instance had gone on to a generation that this one does not know.
      case otherGeneration
    }

    /// As read before the evaluator looked: what came meanwhile shows in the next.
    var generations: MonitorStanding.Generations
    var marks: MonitorStanding.Marks
    var whose: Whose

    init(_ standing: MonitorStanding, whose: Whose) {
      generations = standing.generations
      marks = standing.marks
      self.whose = whose
    }
  }

  /// What was true when what is shown of a monitor was read.
  struct Shown {
    var generations: MonitorStanding.Generations
    var progress: EvaluationProgress?
  }

  /// Renews the leases, and reads what all monitors have. Where the ledger fails each monitor is read by itself, and tells of it.
  func look() {
    fleetDue = .now + .seconds(1)
    do {
      try renewLeases()
      fleet = try ledger.read { reader in
        Fleet(
          now: try reader.now(), standings: try reader.standings(), writers: try reader.writers(),
          leases: Dictionary(try reader.leases().map { ($0.name, $0) }) { $1 })
      }
      for (monitor, held) in leases {
        let row = fleet?.leases[held.lease.name]
        if row?.holder != loop.holder || row?.epoch != held.lease.epoch { leases[monitor] = nil }
      }
    } catch { fleet = nil }
  }

  /// All of them in one transaction, when half of the time of one is over.
  private func renewLeases() throws {
    let now = SteadyTime.now
    guard leases.values.contains(where: { now + Self.leaseTime >= $0.until + .seconds(15) }) else { return }
    let until = now + Self.leaseTime
    let epochs = try ledger.write { try $0.renew(leasesOf: loop.holder, lasting: Self.leaseTime) }
    for (monitor, held) in leases {
      // One that another instance has taken meanwhile is missing, or has come back under a new epoch.
      if epochs[held.lease.name] == held.lease.epoch { leases[monitor]?.until = until } else { leases[monitor] = nil }
    }
    let mine = Set(leases.values.map(\.lease.name))
    for name in epochs.keys where !mine.contains(name) {
      // Nothing is judged under it any more: others need not wait until it ends.
      try ledger.write { try $0.release(lease: name, holder: loop.holder) }
    }
  }

  /// Whether nothing has happened to a monitor since nothing was found to do for it, and no time has come.
  func isAtRest(_ plan: MonitorPlan) -> Bool {
    let monitor = plan.monitor.name
    guard let rest = rests[monitor], let fleet else { return false }
    let standing = fleet.standing(of: monitor)
    guard standing.generations == rest.generations else { return false }
    switch rest.whose {
    case .otherGeneration: return true
    case .otherInstance:
      guard let lease = fleet.leases[EvaluationLease.name(monitor: monitor)], let holder = lease.holder else {
        return false
      }
      // As `acquire` says when a lease has ended.
      return holder != loop.holder && lease.until > fleet.now && lease.until <= fleet.now + Self.leaseTime
    case .mine(let lease, let watermarks):
      guard leases[monitor]?.lease == lease, leases[monitor].map({ $0.until > .now }) ?? false,
        fleet.leases[lease.name].map({ $0.holder == loop.holder && $0.epoch == lease.epoch }) ?? false,
        standing.marks == rest.marks, standing.queuedActs == 0,
        plan.monitor.retrain == nil || standing.deadline.map({ $0 >= WallClock.now() }) ?? true,
        let placed = placed[monitor]
      else { return false }
      let mine = standing.partitions.filter { placed.reads($0.key, as: $0.role) }
      return self.watermarks(of: placed, mine, at: fleet.now) == watermarks
    }
  }
}
