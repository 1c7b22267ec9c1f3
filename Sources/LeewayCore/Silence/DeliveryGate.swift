/// Leases what one receiver is owed, but for messages about incidents that silences or maintenance hold back.
///
/// A message is held back at the moment at which it would be sent, for as long as everything that its incident is about is matched. What
/// waits for one receiver about one incident then becomes one message with the whole story, or none where the incident has ended
/// and the receiver has never heard of it. Calls (to retrain, to promote, to fall back) and notices of failed deliveries are never
/// held. Nothing here touches an incident.
///
/// Rulings are made in a read snapshot, and put in force in a transaction for rows that are still as they were: a transaction that holds
/// rows of the outbox and waits for the decisions of a monitor would wait for one that has it the other way round.
package struct DeliveryGate {
  /// The name of a window of maintenance that is about what fires and holds the end of its window; nil: there is none.
  package typealias Maintenance = @Sendable (_ monitor: String, _ key: IncidentMachine.Key, _ end: EventTime) -> String?

  /// What is held back is looked at again after this long at the latest: what fires may change without a message.
  package static let lookAgain = TimeSpan.minutes(1)
  /// Rows of one incident that are looked through.
  private static let mostRows = 1000
  private static let mostStanding = 10_000

  let receiver: String
  let context: DecisionContext
  let maintenance: Maintenance?

  package init(receiver: String, context: DecisionContext, maintenance: Maintenance?) {
    self.receiver = receiver
    self.context = context
    self.maintenance = maintenance
  }

  enum Ruling {
    case send
    case hold(SilenceHold)
    /// No receiver is to be told of these any more.
    case drop([OutboxRecord], SilenceHold)
    /// One of them, with this body, tells what all would have told.
    case tell(String, by: OutboxRecord, insteadOf: [OutboxRecord])
  }

  /// By key, with the number of leases that the row had.
  package struct Rulings {
    var found: [String: (leases: Int64, ruling: Ruling)] = [:]

    package init() {}

    /// Whether nothing is due.
    package var isEmpty: Bool { found.isEmpty }
  }

  package struct Taken {
    /// To be sent now.
    package var rows: [OutboxRecord] = []
    /// Messages that began to wait for a silence.
    package var held: [OutboxRecord] = []
    /// Messages that will not be sent because of one.
    package var silenced: [OutboxRecord] = []
    /// Rows that were looked at.
    package var looked = 0
  }

  // MARK: Rulings

  /// What becomes of what is due now.
  package func rulings(limit: Int, in reader: any LedgerReader) throws -> Rulings {
    let now = try reader.now()
    var rulings = Rulings()
    let due = try reader.dueDeliveries(receiver: receiver, due: now, limit: limit)
    guard !due.isEmpty else { return rulings }
    let silences = try reader.silences([.active], limit: SilenceActs.mostAtOnce)
    for row in due { rulings.found[row.key] = (row.leases, try ruling(row, silences, reader)) }
    return rulings
  }

  private func ruling(
    _ row: OutboxRecord, _ silences: [SilenceRecord], _ reader: any LedgerReader
  ) throws -> Ruling {
    guard row.isMessage else { return .send }
    let pair = try messages(about: row.incident, reader)
    let silenced = pair.filter { $0.state == .silenced }
    // Mostly nothing is silenced.
    guard !silences.isEmpty || maintenance != nil || row.silence != nil || !silenced.isEmpty else { return .send }
    let record = try reader.incident(row.incident)
    let machine = try machine(of: record, reader)
    let owed = pair.filter { $0.state == .owed }.sorted { ($0.sequence, $0.key) < ($1.sequence, $1.key) }
    let isOfFinalVerdict = row.sequence >= IncidentMachine.sequenceOfFinalVerdicts
    let waiting = isOfFinalVerdict ? [row] : owed.filter { $0.sequence < IncidentMachine.sequenceOfFinalVerdicts }
    let firing = FiringKeys(waiting.map(\.body), machine: machine, record: record)
    let hold = SilenceHold.of(firing, monitor: row.monitor, silences, maintenance)
    let isTold = pair.contains { $0.state == .delivered || $0.state == .standing }
    // What was tried, or leased by a sender that has died since, may have come through.
    let mayKnow = isTold || owed.contains { $0.attempts > 0 || ($0.silence == nil && $0.leases > 0) }
    let name = hold?.name ?? row.silence ?? silenced.first?.silence
    // It may have reopened at a tier that this receiver does not hear of.
    let last = waiting.last { $0.message.hasSuffix("-resolved") || $0.message.hasSuffix("-reopened") }
    let isOver = record?.state ?? .resolved == .resolved || last?.message.hasSuffix("-resolved") == true
    if isOver, !mayKnow, let name {
      return .drop(owed, SilenceHold(name: name, until: .distantPast))
    }
    if let hold { return .hold(hold) }
    let wasHeld = row.silence != nil || (!isTold && !silenced.isEmpty)
    guard wasHeld, !isOfFinalVerdict, waiting.first?.key == row.key else { return .send }
    let story = SilencedStory(
      waiting: waiting, earlier: silenced, isTold: isTold, record: record,
      machine: isOver ? nil : machine, context: context,
      ended: row.silence.flatMap { hasEnded($0, silences, firing, row.monitor) ? $0 : nil })
    let (carrier, body) = try story.message(in: reader)
    return .tell(body, by: carrier, insteadOf: waiting.filter { $0.key != carrier.key })
  }

  private func messages(about incident: String, _ reader: any LedgerReader) throws -> [OutboxRecord] {
    try reader.deliveries(incident: incident, limit: Self.mostRows).filter { $0.receiver == receiver && $0.isMessage }
  }

  /// The machine that has the incident open; nil where it has ended.
  private func machine(of record: IncidentRecord?, _ reader: any LedgerReader) throws -> IncidentMachine? {
    guard let record, let bytes = try reader.machine(monitor: record.monitor, group: record.group) else { return nil }
    let machine = try IncidentMachine(encoded: bytes)
    return machine.incident?.id == record.id ? machine : nil
  }

  /// Whether what held a message is over, and not merely about something else than what fires now.
  private func hasEnded(
    _ name: String, _ silences: [SilenceRecord], _ firing: FiringKeys, _ monitor: String
  ) -> Bool {
    !silences.contains { $0.name == name } && !firing.ends.contains { maintenance?(monitor, $0.key, $0.value) == name }
  }

  // MARK: In force

  /// Leases what is due and may be sent; what may not waits on.
  package func take(
    _ rulings: Rulings, lasting: TimeSpan, limit: Int, in tx: any LedgerWriter
  ) throws -> Taken {
    let now = try tx.now()
    var taken = Taken()
    for var row in try tx.leaseDeliveries(receiver: receiver, due: now, lasting: lasting, limit: limit) {
      taken.looked += 1
      guard let (leases, ruling) = rulings.found[row.key], row.leases == leases + 1,
        try isAsItWas(ruling, row, in: tx)
      else {
        // It has come, or was sent elsewhere, since: the next round looks at it.
        _ = try tx.settle(delivery: row)
        continue
      }
      switch ruling {
      case .send:
        row.silence = nil
        taken.rows.append(row)
      case .hold(let hold):
        let isNew = row.silence == nil
        // Whoever leased it before has not said what came of it.
        if isNew { row.attempts = max(row.attempts, Int(row.leases) - 1) }
        row.silence = hold.name
        row.waitingSince = now
        // It ends by the clock that people read, and rows wait by the ledger's.
        let left = hold.until == .distantFuture ? Self.lookAgain : hold.until - (try tx.wallTime())
        row.nextAttemptAt = now + min(max(left, .zero), Self.lookAgain)
        if try tx.settle(delivery: row), isNew { taken.held.append(row) }
      case .drop(let rows, let hold):
        taken.silenced += try silence(rows, row, by: hold.name, in: tx)
      case .tell(let body, var carrier, let others):
        taken.silenced += try silence(others, row, by: row.silence ?? "", in: tx)
        carrier.body = body
        if carrier.key == row.key { carrier.leases = row.leases }
        if let leased = try tx.lease(delivery: carrier, lasting: lasting) { taken.rows.append(leased) }
      }
    }
    return taken
  }

  /// Whether nothing has joined a message meanwhile that is to be told otherwise or not at all.
  private func isAsItWas(_ ruling: Ruling, _ leased: OutboxRecord, in tx: any LedgerWriter) throws -> Bool {
    let rows: [OutboxRecord] =
      switch ruling {
      case .send, .hold: []
      case .drop(let rows, _): rows
      case .tell(_, let carrier, let others): others + [carrier]
      }
    return try rows.allSatisfy { row in
      let now = row.key == leased.key ? leased : try tx.delivery(key: row.key)
      return now?.body == row.body && now?.state == row.state
    }
  }

  /// - Parameter leased: that one of them which has just been leased.
  private func silence(
    _ rows: [OutboxRecord], _ leased: OutboxRecord, by name: String, in tx: any LedgerWriter
  ) throws -> [OutboxRecord] {
    var silenced: [OutboxRecord] = []
    for var row in rows {
      if row.key == leased.key { row.leases = leased.leases }
      row.state = .silenced
      row.silence = row.silence ?? name
      if try tx.settle(delivery: row) { silenced.append(row) }
    }
    return silenced
  }

  // MARK: What stands

  /// What holds back messages that would be sent again now, by key.
  package func standing(in reader: any LedgerReader) throws -> [String: String] {
    let now = try reader.now()
    let silences = try reader.silences([.active], limit: SilenceActs.mostAtOnce)
    guard !silences.isEmpty || maintenance != nil else { return [:] }
    var held: [String: String] = [:]
    for row in try reader.deliveries(state: .standing, limit: Self.mostStanding)
    where row.receiver == receiver && row.isMessage && row.nextAttemptAt <= now {
      let record = try reader.incident(row.incident)
      let firing = FiringKeys([row.body], machine: try machine(of: record, reader), record: record)
      held[row.key] = SilenceHold.of(firing, monitor: row.monitor, silences, maintenance)?.name
    }
    return held
  }
}
